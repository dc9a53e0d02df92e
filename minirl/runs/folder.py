"""The folder of a run: what is in it, how it is written, and how an interrupted run is found again.

runs/<name>/
  config.json         everything needed to repeat the run, and the run that it branches off from, if it does
  tokenizer.json
  pretrain/ sft/ rl/  a checkpoint each: config.json, model.safetensors, tokenizer.json (Hugging Face's layout),
                      optimizer.safetensors and state.json, to go on from there, and SHA256SUMS
  reward/             the reward model, where reinforcement learning is paid by one
  previous/           the checkpoint before the last of each stage, see checkpoints.py
  metrics.jsonl       one line a step
  samples.jsonl       what the model said after each stage, and episodes
  results.json        the final table
  SHA256SUMS          of config.json, tokenizer.json and results.json
  plots/*.png report.md report.html
"""

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from minirl.generate import Prompt
from minirl.model import GPT
from minirl.model.tensor_file import TensorFile, write_tensors
from minirl.runs.checkpoints import read, replacing_checkpoint
from minirl.runs.command import accept, resume
from minirl.runs.config import TrainConfig, from_json, settings, to_json
from minirl.runs.environment import environment
from minirl.runs.limits import ConfigError, check_numbers
from minirl.runs.shapes import Contents, read_lines, read_results, read_state, shaped
from minirl.runs.task import task_of
from minirl.storage.checksums import (
    DamagedError,
    check_listed,
    check_sums,
    digest,
    parse_json,
    read_sums,
    write_sums,
)
from minirl.storage.files import TEXT, append, atomic_write, naming
from minirl.tasks import Problem, Task
from minirl.tasks.prompt import Form
from minirl.tokenizer import Tokenizer, conventions

STAGES = ("pretrain", "sft", "rl")
MODEL = "model"  # the one stage of what is no run: see model_folder.py
STAGE_NAMES = {"pretrain": "pretraining", "sft": "SFT", "rl": "RL", MODEL: "loading"}
CHECKPOINT = ("config.json", "model*.safetensors", "tokenizer.json")  # files that a model's answers depend on
CONFIG, METRICS, SAMPLES, RESULTS, STATE = (
    "config.json", "metrics.jsonl", "samples.jsonl", "results.json", "state.json",
)  # fmt: skip
TOKENIZER, OPTIMIZER, PLOTS = "tokenizer.json", "optimizer.safetensors", "plots"
LOGS = (METRICS, SAMPLES)

R = TypeVar("R", bound="RunFolder")


class RunFolder:
    """A run's folder and its configuration. `create` makes one, `open` finds it again."""

    def __init__(self, folder: Path, config: TrainConfig) -> None:
        self.folder, self.config = folder, config

    @classmethod
    def create(cls: type[R], config: TrainConfig, base: Mapping[str, Any] | None = None) -> R:
        """A new folder runs/<name>, or <name>-2, -3, ... where that exists: no run is ever overwritten.

        base: where it branches off from another run (branch.py), for config.json.
        """
        parent = Path(config.runs)
        parent.mkdir(parents=True, exist_ok=True)
        number = 1
        while True:
            folder = parent / (config.name if number == 1 else f"{config.name}-{number}")
            try:
                folder.mkdir()
                break
            except FileExistsError:
                number += 1
        run = cls(folder, config)
        write_sums(folder, {})
        origin = {} if base is None else {"base": dict(base)}
        run.write_json(CONFIG, {**origin, "config": to_json(config), "environment": run.environment()})
        return run

    @classmethod
    def open(cls: type[R], folder: str | os.PathLike[str]) -> R:
        """The run in `folder`.

        Raises FileNotFoundError for a folder that is no run, saying what it is instead or which command makes one;
        DamagedError where config.json is damaged, ConfigError where it has settings that this version does not know, or
        that cannot work.
        """
        folder = Path(folder)
        if not (folder / CONFIG).is_file():
            raise FileNotFoundError(f"there is no run in {folder}: {what_else(folder)}")
        try:
            check_listed(folder, [CONFIG])
            contents = parse_json((folder / CONFIG).read_bytes(), folder / CONFIG)
            if isinstance(contents, dict) and isinstance(contents.get("config"), dict):
                shaped(Contents, contents, folder / CONFIG)
        except DamagedError as error:
            raise DamagedError(
                f"{error}. The whole run follows from it, so the run cannot go on: start a new one with the same flags "
                "(the report of a finished run ends with them). Or mend the file by hand, and accept it with "
                f"`{accept(folder, '*.json')}`. The models are there all the same: "
                f"GPT.from_pretrained({str(folder / STAGES[-1])!r})"
            ) from None
        if not isinstance(contents, dict) or not isinstance(contents.get("config"), dict):
            raise FileNotFoundError(f"there is no run in {folder}: {what_else(folder)}")
        try:
            config = from_json(TrainConfig, contents["config"])
            check_numbers(dict(settings(to_json(config))))
        except ValueError as error:
            raise ConfigError(f"{folder / CONFIG}: {error}") from None
        return cls(folder, config)

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages that this run goes through, in order. Fine-tuning with no epochs is left out."""
        stages = STAGES[: STAGES.index(self.config.last_stage) + 1]
        return stages if self.config.sft.epochs else tuple(stage for stage in stages if stage != "sft")

    @property
    def before_rl(self) -> str:
        """The stage whose model RL begins with."""
        return "sft" if self.config.sft.epochs else STAGES[0]

    def task(self) -> Task:
        """The run's task, with the run's tools. Raises ValueError for a task that this program does not know."""
        return task_of(self.config)

    @property
    def form(self) -> Form:
        """The form in which the model was taught to be asked."""
        return self.config.form

    @property
    def shots(self) -> int:
        """How many worked examples stand in front of each problem."""
        return self.config.shots

    def ask(self, problem: Problem) -> Prompt:
        """A problem as the model was taught to read it."""
        if self.form == "reasoning":
            return problem.prompt
        return self.task().prompt(problem, self.form, shots=self._shown())

    def _shown(self) -> list[Problem]:
        """The worked examples."""
        if not hasattr(self, "_shots"):
            self._shots = self.task().shots(self.shots)
        return self._shots

    def chosen_stages(self, wanted: Sequence[str]) -> list[str]:
        """The wanted stages that have a checkpoint, in order. Raises ValueError for an unknown stage."""
        unknown = [stage for stage in wanted if stage not in STAGES]
        if unknown:
            raise ValueError(f"there is no stage {unknown[0]!r}; choose from {', '.join(STAGES)}")
        self.last_stage()  # raises where there is no checkpoint at all
        return [stage for stage in STAGES if stage in wanted and self.state(stage) is not None]

    def checkpoint_files(self, stage: str) -> list[Path]:
        """The files that hold a stage's model and its tokenizer."""
        return sorted(path for pattern in CHECKPOINT for path in (self.folder / stage).glob(pattern))

    # ---- where it was computed ----

    def environment(self) -> dict[str, Any]:
        """The environment of this process, with the run's precision."""
        return {**environment(), "precision": self.config.precision}

    def environments(self) -> list[dict[str, Any]]:
        """The environments that computed this run, in order: the first, and one for each change that was accepted."""
        contents = shaped(Contents, self.read_json(CONFIG), self.folder / CONFIG)
        return [*(contents["environment"] for _ in range("environment" in contents)), *contents.get("environments", [])]

    def note_environment(self, since: str) -> None:
        """Add this process's environment to config.json. since: what of the run was there before, in words."""
        contents = self.read_json(CONFIG)
        added = {**self.environment(), "since": since}
        # A process may be killed at any moment: until the new file is sealed, none is expected
        write_sums(self.folder, {name: sha for name, sha in read_sums(self.folder).items() if name != CONFIG})
        self.write_json(CONFIG, {**contents, "environments": [*contents.get("environments", []), added]})

    # ---- small files ----

    def write_json(self, name: str, contents: Any) -> None:
        """Write a file of the folder, atomically, and its checksum."""
        with atomic_write(self.folder / name) as file:
            json.dump(contents, file, indent=2, ensure_ascii=False)
            file.write("\n")
        self.seal(name)

    def seal(self, name: str) -> None:
        """Note the checksum of a file that was just written: from now on it is part of the run."""
        write_sums(self.folder, read_sums(self.folder) | {name: digest(self.folder / name)})

    def is_whole(self, name: str) -> bool:
        """Whether the folder holds this file, whole."""
        try:
            check_sums(self.folder, [name])
        except DamagedError:
            return False
        return True

    def read_json(self, name: str) -> Any:
        """The contents of a file of the folder, or None where it does not exist yet. Raises DamagedError."""
        path = self.folder / name
        return parse_json(path.read_bytes(), path) if path.is_file() else None

    def results(self) -> list[dict[str, Any]] | None:
        """The final table, one entry a stage and split; None where it does not exist yet. Raises DamagedError.

        Runs of earlier versions call the split `unseen` by its former name.
        """
        if not (self.folder / RESULTS).is_file():
            return None
        table, renamed = read_results(self.folder / RESULTS), self.task().renamed
        return [{**entry, "split": renamed.get(entry["split"], entry["split"])} for entry in table]

    def append(self, name: str, record: Mapping[str, Any]) -> None:
        """Add one line to a .jsonl file: a whole one, or none where the disk is full."""
        line = json.dumps(record, ensure_ascii=False, default=_plain) + "\n"
        append(self.folder / name, line.encode(TEXT["encoding"], TEXT["errors"]))

    def records(self, name: str = METRICS, **wanted: Any) -> list[dict[str, Any]]:
        """The lines of a .jsonl file whose fields equal those given: records(stage="rl"). Raises DamagedError."""
        return [
            record for record in read_lines(self.folder / name) if all(record.get(k) == v for k, v in wanted.items())
        ]

    # ---- checkpoints ----

    def tokenizer(self) -> Tokenizer:
        """The run's tokenizer. Raises FileNotFoundError where it was not trained yet, DamagedError."""
        try:
            check_listed(self.folder, [TOKENIZER])
        except DamagedError as error:
            raise DamagedError(f"{error}; `{resume(self.folder)}` takes the copy in a checkpoint") from None
        settings = self.folder / conventions.TOKENIZER_CONFIG  # of a run that began with a model of others
        return Tokenizer.load(self.folder if settings.is_file() else self.folder / TOKENIZER)

    def state(self, stage: str) -> dict[str, Any] | None:
        """state.json of a stage: its step, whether it is done, what its loop needs to go on; None before it began."""
        return read(self.folder / stage, lambda folder: read_state(folder / STATE))

    def last_stage(self) -> str:
        """The last stage with a checkpoint. Raises FileNotFoundError where there is none."""
        for stage in reversed(STAGES):
            if self.state(stage) is not None:
                return stage
        raise FileNotFoundError(f"{self.folder} has no checkpoint yet; `{resume(self.folder)}` goes on with it")

    def model(self, stage: str | None = None) -> GPT:
        """The model after a stage, by default the last one that has a checkpoint."""
        stage = stage or self.last_stage()
        if stage not in STAGES:
            raise ValueError(f"there is no stage {stage!r}; choose one of {', '.join(STAGES)}")
        model = read(self.folder / stage, self._load)
        if model is None:
            raise FileNotFoundError(f"{self.folder} has no {stage} checkpoint; `{resume(self.folder)}` makes it")
        return model

    def _load(self, folder: Path) -> GPT:
        try:
            check_listed(folder)
        except DamagedError as error:
            raise DamagedError(f"{error}; `{resume(self.folder)}` goes back to the checkpoint before it") from None
        try:
            return GPT.from_pretrained(folder)
        except (ValueError, TypeError) as error:
            raise DamagedError(f"{folder} is damaged: {error}") from None

    def save(self, stage: str, model: GPT, optimizer: Mapping[str, np.ndarray], state: Mapping[str, Any]) -> None:
        """Replace a stage's checkpoint, and keep the one it replaces: all files, or none where this is interrupted.

        The lengths of the logs go along, so that a resumed run can take back the lines that were written after it.
        """
        logs = {}
        for name in LOGS:
            if (self.folder / name).exists():
                with naming(self.folder / name), open(self.folder / name, "rb+") as file:
                    os.fsync(file.fileno())
                    logs[name] = file.seek(0, os.SEEK_END)
        with replacing_checkpoint(self.folder / stage) as new:
            model.save_pretrained(new, tokenizer=self.tokenizer())
            shutil.copyfile(self.folder / TOKENIZER, new / TOKENIZER)
            write_tensors(new / OPTIMIZER, optimizer)
            with naming(new / STATE):
                (new / STATE).write_text(json.dumps({**state, "logs": logs}, indent=2, default=_plain), "utf-8")

    def load_optimizer(self, stage: str) -> dict[str, np.ndarray]:
        """The optimizer's arrays in a stage's checkpoint."""
        file = TensorFile(self.folder / stage / OPTIMIZER)
        return {name: file.read(name) for name in file.shapes()}


def what_else(folder: Path) -> str:
    """What a path is that is no run, and what to give instead."""
    if folder.is_file():
        return "it is a file; give the folder of a run, such as runs/roger"
    if not folder.exists():
        return f"{folder} does not exist; {known_runs(Path('runs'))}"
    if (folder / CONFIG).is_file():
        real = folder.resolve()
        for parent in (real.parent, real.parent.parent):  # the parent's parent: of previous/rl and aside/rl
            if real.name in STAGES and (parent / CONFIG).is_file():
                run = folder.parent if parent == real.parent else folder.parent.parent
                return f"it is a stage of {run}; give {run}, and --stage {real.name} where a program has that flag"
        return (
            "its config.json is not that of a run. If it is a model's folder (Hugging Face), chat, evaluate, trace and "
            f"zoo take it, and GPT.from_pretrained({str(folder)!r}) loads it"
        )
    return f"{folder / CONFIG} is missing; {known_runs(folder if runs_in(folder) else Path('runs'))}"


def known_runs(folder: Path) -> str:
    """Which runs lie in a folder, or how one is made."""
    found = runs_in(folder)
    if not found:
        return "`python -m minirl.train` makes one"
    return f"there is {', '.join(found[:5])}" + (f" and {len(found) - 5} more" if len(found) > 5 else "")


def runs_in(folder: Path) -> list[str]:
    """The folders in it that are runs; a model's folder has a config.json too, which says nothing of a run's config."""
    return sorted(str(path.parent) for path in folder.glob(f"*/{CONFIG}") if b'"config":' in path.read_bytes())


def _plain(value: Any) -> Any:
    """JSON knows no NumPy numbers and arrays."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"cannot write {type(value).__name__} as JSON")
