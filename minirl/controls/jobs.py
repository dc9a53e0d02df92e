"""From variants to runs: the folder of each variant, the command that trains it, and its number of steps.

    runs/controls/roger/kl=0.01,steps=100/         the variant of runs/roger with these settings
    runs/controls/roger/kl=0.01,steps=100.log      what its training printed

The name lists all settings that differ from the base's. So a variant that stands in several tables is trained once,
and a variant without a difference is the base itself.
"""

import os
import subprocess
import sys
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from signal import SIGINT
from statistics import median
from tempfile import TemporaryDirectory

from minirl import kernels
from minirl.controls.variants import MoreSFT, Variant
from minirl.kernels.peak import clock
from minirl.runs import CONFIG, RESULTS, RLStageConfig, Run, Screen
from minirl.train.branch import branch
from minirl.train.rl import RLStage

FOLDER = "controls"
TIMED_STEPS = 5
LAST_LINES = 5  # of a training that failed


@dataclass(frozen=True)
class Job:
    """A variant of one base. steps: its RL steps; a variant with `same_time` has as many as take equally long."""

    base: Run
    variant: Variant
    steps: int

    @property
    def settings(self) -> RLStageConfig:
        """The settings of its RL, as far as they are known before anything is timed."""
        return replace(self.variant.applied(self.base.config.rl), steps=self.steps)

    @property
    def changes(self) -> dict[str, object]:
        """The RL settings that differ from the base's."""
        before = asdict(self.base.config.rl)
        return {name: value for name, value in asdict(self.settings).items() if value != before[name]}

    @property
    def folder(self) -> Path:
        """The folder of its run."""
        words = [f"{name}={value}" for name, value in sorted(self.changes.items())]
        if isinstance(self.variant, MoreSFT):
            words.insert(0, "more-sft")
        return self.base.folder.parent / FOLDER / self.base.folder.name / ",".join(words) if words else self.base.folder

    @property
    def stage(self) -> str:
        """Its last stage."""
        return "sft" if isinstance(self.variant, MoreSFT) else "rl"

    @property
    def done(self) -> bool:
        """Whether its run is finished."""
        return (self.folder / RESULTS).is_file()

    def run(self) -> Run:
        """Its run. Raises FileNotFoundError where it does not exist yet."""
        return Run.open(self.folder)

    def command(self, problems: int, steps: int) -> list[str]:
        """The command that trains it, or resumes it if it was interrupted."""
        program = [sys.executable, "-m", "minirl.train"]
        if (self.folder / CONFIG).is_file():
            return [*program, "--resume", str(self.folder)]
        flags: dict[str, object] = {"base": self.base.folder, "runs": self.folder.parent, "name": self.folder.name}
        if isinstance(self.variant, MoreSFT):
            flags |= {"base-stage": "pretrain", "last-stage": "sft", "sft.epochs": self.epochs()}
        else:
            changes = {**self.changes, "steps": steps}
            flags |= {f"rl.{name.replace('_', '-')}": value for name, value in changes.items()}
        flags |= {"evaluation.problems": problems}
        return [*program, *(word for name, value in flags.items() for word in (f"--{name}", str(value)))]

    def epochs(self) -> int:
        """Epochs of fine-tuning that take as long as the base's fine-tuning and RL together."""
        fine_tuning, reinforcement = seconds(self.base, "sft"), seconds(self.base, "rl")
        share = self.steps / self.base.config.rl.steps
        return round(self.base.config.sft.epochs * (1 + share * reinforcement / fine_tuning))


def seconds(run: Run, stage: str) -> float:
    """The seconds that a stage took."""
    state = run.state(stage)
    return float(state["seconds"]) if state is not None else 0.0


def step_seconds(base: Run, first: RLStageConfig, second: RLStageConfig) -> tuple[float, float]:
    """The seconds that an RL step takes with the one settings and with the other, from the base's SFT model on. With
    one thread they are seconds of the processor, from which other programs take little. The steps are timed in turns
    and the medians count, so that what the others do take is taken from both alike."""
    now = clock()
    with TemporaryDirectory() as folder, kernels.using_precision(base.config.precision):
        stages = [timed_stage(base, settings, Path(folder) / name) for name, settings in (("a", first), ("b", second))]
        times: list[list[float]] = [[], []]
        for step in range(TIMED_STEPS + 1):
            for stage, found in zip(stages, times, strict=True):
                began = now()
                stage.optimizer.lr = stage.learning_rate(step)
                stage.update(step)
                found.append(now() - began)
        one, other = (median(found[1:]) for found in times)  # the first step fetches everything into memory
        return one, other


def timed_stage(base: Run, settings: RLStageConfig, folder: Path) -> RLStage:
    """RL of a copy of the base. From its first step on the policy learns, as it does for most of a run: while only the
    value function learns, a step is shorter."""
    run = branch(base, "sft", replace(base.config, runs=str(folder), rl=replace(settings, value_warmup=0)))
    return RLStage(run, run.model("sft"), run.tokenizer(), run.task())


def train(commands: Mapping[Path, Sequence[str]], parallel: int, screen: Screen) -> list[Path]:
    """Run the command of each folder, `parallel` at a time; with more than one at a time, each gets one thread.

    Returns the folders whose command failed. After Ctrl-C all running commands save and stop.
    """
    waiting, running, failed = deque(commands.items()), dict[Path, subprocess.Popen[bytes]](), []
    began, total = time.perf_counter(), len(commands)
    try:
        while waiting or running:
            while waiting and len(running) < parallel:
                folder, command = waiting.popleft()
                running[folder] = start(folder, command, one_thread=parallel > 1)
            time.sleep(0.1)
            for folder, process in list(running.items()):
                if process.poll() is not None:
                    del running[folder]
                    minutes = (time.perf_counter() - began) / 60
                    screen.say(f"{total - len(waiting) - len(running)} of {total}, {minutes:.1f} minutes: {folder}")
                    if process.returncode:
                        failed.append(folder)
                        screen.say(f"failed, see {log_of(folder)}:\n{last_lines(log_of(folder))}")
    except BaseException:
        for process in running.values():
            process.send_signal(SIGINT)
        for process in running.values():
            process.wait()
        raise
    return failed


def start(folder: Path, command: Sequence[str], one_thread: bool) -> "subprocess.Popen[bytes]":
    """Start a command. Ctrl-C does not reach it directly: interrupted twice, it would stop without saving."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, **({"MINIRL_THREADS": "1"} if one_thread else {})}
    with open(log_of(folder), "ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, env=environment, start_new_session=True)


def log_of(folder: Path) -> Path:
    """Where the output of the process that trains the run in `folder` goes."""
    return folder.with_name(f"{folder.name}.log")


def last_lines(path: Path) -> str:
    """The last lines of a log, for an error message."""
    return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_LINES:])
