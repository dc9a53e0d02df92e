"""A study in the learner's folder: what was planned, sealed, tried and run, and what came out.

A folder of a study holds exercises.py with `MyTask`, `jobs(seed)` and `measure(runs, split)`, the plan in plan.toml,
and the report in report.md. The ledger, and the folders `sealed`, `tries` and `runs`, are written by the runner alone.
"""

import dataclasses
import hashlib
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minirl.lessons.lesson import namespace
from minirl.lessons.parts import unmarked
from minirl.lessons.study import ledger, seal
from minirl.lessons.study.plan import PLAN, Plan, PlanError, read_plan
from minirl.runs import Run, Screen, TrainConfig, to_json
from minirl.storage.checksums import DamagedError
from minirl.tasks import TASKS
from minirl.train import train

FILE = "exercises.py"
CODE = ("MyTask", "jobs", "measure")
RUNS, TRIES, SEALED = "runs", "tries", "sealed"
FREE = ("name", "runs", "seed")  # settings that the runner fills in
KEPT = ("config.json", "metrics.jsonl")  # the files of a run that the ledger keeps a hash of


class StudyError(RuntimeError):
    """A study that cannot go on; the message says what to do."""


@dataclass(frozen=True)
class Study:
    """A study, as its folder has it now."""

    folder: Path
    plan: Plan
    names: dict[str, Any]
    """What exercises.py defines."""

    @classmethod
    def open(cls, folder: Path) -> "Study":
        """The study in a folder, and its task among minirl's tasks. Raises PlanError, StudyError, and what exercises.py
        raises."""
        plan = read_plan(folder)
        with unmarked():
            names = namespace(folder / FILE)
        if missing := [name for name in CODE if name not in names]:
            raise StudyError(f"{folder / FILE} does not define {', '.join(missing)}")
        task = names["MyTask"]
        known = TASKS.get(getattr(task, "name", ""))
        if known is not None and known.__module__ != task.__module__:
            raise StudyError(f"minirl has a task {task.name!r} of its own: give MyTask another name")
        TASKS[task.name] = task
        return cls(folder, plan, names)

    # ---- the seal ----

    def jobs(self, seed: int) -> list[TrainConfig]:
        """The runs that are compared, of one seed. Raises StudyError for jobs of another task or seed, or none."""
        made = list(self.names["jobs"](seed))
        wanted = self.names["MyTask"].name
        if not made or any(not isinstance(job, TrainConfig) for job in made):
            raise StudyError("`jobs(seed)` must return a list of one TrainConfig or more")
        for job in made:
            if job.task != wanted or job.seed != seed:
                raise StudyError(
                    f"`jobs({seed})` has a job with the task {job.task!r} and the seed {job.seed}; expected {wanted!r} "
                    f"and {seed}: runs that are compared differ in what is asked, and in nothing else"
                )
        return made

    def contents(self) -> dict[str, Any]:
        """What is sealed: the plan, the code, and the settings of the jobs."""
        return {
            "plan": self.plan.as_json(),
            "code": seal.text_hash((self.folder / FILE).read_text(encoding="utf-8")),
            "jobs": [{key: value for key, value in to_json(job).items() if key not in FREE} for job in self.jobs(0)],
        }

    def seal(self) -> str:
        """The seal of the study as it is now."""
        return seal.seal_of(self.contents())

    def sealed(self) -> dict[str, Any] | None:
        """The newest seal of the ledger; None where nothing is sealed. Raises LedgerError."""
        found = [entry for entry in ledger.read_ledger(self.folder) if entry["what"] == "seal"]
        return found[-1] if found else None

    def set_seal(self) -> dict[str, Any]:
        """Seal the study as it is now. Raises PlanError for a plan that is not complete, StudyError where this very
        study is sealed already."""
        if faults := self.plan.faults():
            raise PlanError("\n".join([f"{PLAN} is not complete:", *(f"- {fault}" for fault in faults)]))
        before, now = self.sealed(), self.seal()
        if before and before["seal"] == now:
            raise StudyError(f"this plan was sealed at {before['time']}, and nothing has changed since")
        copies = self.folder / SEALED / now[: seal.SHORT]
        copies.mkdir(parents=True, exist_ok=True)
        for name in (FILE, PLAN):
            shutil.copyfile(self.folder / name, copies / name)
        return ledger.add(self.folder, "seal", {"seal": now, **self.contents()})

    def require_sealed(self) -> dict[str, Any]:
        """The newest seal. Raises StudyError where there is none, or the study has changed since."""
        newest = self.sealed()
        if newest is None:
            raise StudyError("nothing is sealed yet: `python -m minirl.lessons study seal` comes before the runs")
        if newest["seal"] != self.seal():
            changed = [part for part in ("plan", "code", "jobs") if newest[part] != self.contents()[part]]
            raise StudyError(
                f"the {' and the '.join(changed)} changed after {newest['time']}, when they were sealed. {SEALED}/ "
                "holds a copy of what was sealed: put it back, or seal again. Then there are new seeds, and the page "
                "shows both predictions"
            )
        return newest

    # ---- the runs ----

    def seeds(self) -> list[int]:
        """The seeds of the sealed study's runs."""
        return seal.seeds(self.require_sealed()["seal"], self.plan.runs)

    def entries(self) -> list[dict[str, Any]]:
        """The runs of the newest seal, as the ledger has them."""
        newest = self.sealed()
        found = ledger.read_ledger(self.folder)
        return [one for one in found if one["what"] == "run" and newest and one["seal"] == newest["seal"]]

    def pilot(self, screen: Screen) -> dict[str, Any]:
        """Train the jobs with the seed 0, and measure them on dev. It goes into the ledger, and onto the page."""
        number = sum(entry["what"] == "try" for entry in ledger.read_ledger(self.folder)) + 1
        runs = self.trained(0, self.folder / TRIES, f"try-{number}", screen)
        return ledger.add(self.folder, "try", {"value": self.value(runs, "dev"), "folders": self.places(runs)})

    def missing(self) -> list[int]:
        """The seeds that have no run yet."""
        done = {entry["seed"] for entry in self.entries()}
        return [seed for seed in self.seeds() if seed not in done]

    def run(self, seed: int, screen: Screen) -> dict[str, Any]:
        """Train the jobs with one of the seeds, and measure them on test. Raises StudyError where nothing is sealed."""
        newest = self.require_sealed()
        name = f"{newest['seal'][: seal.SHORT]}-{self.seeds().index(seed) + 1}"
        runs = self.trained(seed, self.folder / RUNS, name, screen)
        contents = {"seal": newest["seal"], "seed": seed, "value": self.value(runs, "test")}
        return ledger.add(
            self.folder, "run", {**contents, "folders": self.places(runs), "files": list(map(files_hash, runs))}
        )

    def trained(self, seed: int, inside: Path, name: str, screen: Screen) -> list[Run]:
        """A new run of each job. What is left of runs that were stopped is removed first."""
        found = []
        for letter, job in zip("abcdefgh", self.jobs(seed), strict=False):
            folder = inside / f"{name}{letter}"
            shutil.rmtree(folder, ignore_errors=True)
            found.append(train(dataclasses.replace(job, name=folder.name, runs=str(inside)), screen))
        return found

    def value(self, runs: Sequence[Run], split: str) -> float:
        """What the learner's `measure` says of runs. Raises StudyError for what is no number, or out of range."""
        measure: Callable[[Sequence[Run], str], Any] = self.names["measure"]
        value = float(measure(runs, split))
        if not self.plan.least <= value <= self.plan.most:
            raise StudyError(
                f"`measure` returned {value:g}, and the plan says that it lies between {self.plan.least:g} and "
                f"{self.plan.most:g}"
            )
        return value

    def places(self, runs: Sequence[Run]) -> list[str]:
        """The folders of runs, as the ledger names them."""
        return [run.folder.relative_to(self.folder).as_posix() for run in runs]

    # ---- does the ledger tell the truth? ----

    def faults(self) -> list[str]:
        """What does not hold of the runs in the ledger, a sentence each: seeds, files, values measured again. Raises
        LedgerError for a chain that is broken, StudyError for a study that changed after its seal."""
        seeds, entries, found = self.seeds(), self.entries(), []
        if twice := len(entries) - len({entry["seed"] for entry in entries}):
            found.append(f"{twice} of the runs in the ledger have a seed that another one has")
        for entry in entries:
            seed = entry["seed"]
            if seed not in seeds:
                found.append(f"a run has the seed {seed}, which does not follow from the seal")
                continue
            try:
                runs = [Run.open(self.folder / place) for place in entry["folders"]]
            except FileNotFoundError:
                found.append(f"the runs of seed {seed} are missing: {', '.join(entry['folders'])}")
                continue
            except DamagedError:
                found.append(f"the files of the runs of seed {seed} are damaged, or were changed")
                continue
            if any(run.config.seed != seed for run in runs) or list(map(files_hash, runs)) != entry["files"]:
                found.append(f"the files of the runs of seed {seed} are not those that the ledger knows")
            elif abs(self.value(runs, "test") - entry["value"]) > 1e-6:
                found.append(f"measured again, the runs of seed {seed} do not give {entry['value']:g}")
        return found


def files_hash(run: Run) -> str:
    """A hash of the files of a run that its numbers come from."""
    digest = hashlib.sha256()
    for name in KEPT:
        path = run.folder / name
        digest.update(path.read_bytes() if path.is_file() else b"")
    return digest.hexdigest()
