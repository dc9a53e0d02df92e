"""The folder of a run: what is in it, how it is written, and how an interrupted run is found again.

runs/<name>/
  config.json         everything needed to repeat the run
  tokenizer.json
  pretrain/ sft/ rl/  a checkpoint each: config.json, model.safetensors, tokenizer.json (Hugging Face's layout),
                      and optimizer.safetensors and state.json, to go on from there
  metrics.jsonl       one line a step
  samples.jsonl       what the model said after each stage, and episodes
  results.json        the final table
  plots/*.png report.md
"""

import json
import os
import platform
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from minirl import kernels
from minirl.files import atomic_write
from minirl.model import GPT
from minirl.model.tensor_file import TensorFile, write_tensors
from minirl.tokenizer import Tokenizer
from minirl.train.config import TrainConfig, from_json, to_json
from minirl.transaction import recover, replacing_files

STAGES = ("pretrain", "sft", "rl")
CONFIG, METRICS, SAMPLES, RESULTS, STATE = (
    "config.json", "metrics.jsonl", "samples.jsonl", "results.json", "state.json",
)  # fmt: skip
TOKENIZER, OPTIMIZER = "tokenizer.json", "optimizer.safetensors"


class Run:
    """A run's folder and its configuration. `Run.create` makes one, `Run.open` finds it again."""

    def __init__(self, folder: Path, config: TrainConfig) -> None:
        self.folder, self.config = folder, config

    @classmethod
    def create(cls, config: TrainConfig) -> "Run":
        """A new folder runs/<name>, or <name>-2, -3, ... where that exists: no run is ever overwritten."""
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
        run.write_json(CONFIG, {"config": to_json(config), "environment": environment()})
        return run

    @classmethod
    def open(cls, folder: str | os.PathLike[str]) -> "Run":
        """The run in `folder`. Raises FileNotFoundError naming the command that makes one."""
        folder = Path(folder)
        if not (folder / CONFIG).is_file():
            others = sorted(str(path.parent) for path in Path("runs").glob(f"*/{CONFIG}"))
            known = f"there is {', '.join(others)}" if others else "`python -m minirl.train` makes one"
            raise FileNotFoundError(f"there is no run in {folder}: {folder / CONFIG} is missing; {known}")
        contents = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        return cls(folder, from_json(TrainConfig, contents["config"]))

    # ---- small files ----

    def write_json(self, name: str, contents: Any) -> None:
        """Write a file of the folder, atomically."""
        with atomic_write(self.folder / name) as file:
            json.dump(contents, file, indent=2, ensure_ascii=False)
            file.write("\n")

    def read_json(self, name: str) -> Any:
        """The contents of a file of the folder, or None where it does not exist yet."""
        path = self.folder / name
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None

    def append(self, name: str, record: Mapping[str, Any]) -> None:
        """Add one line to a .jsonl file, in one write: a killed run leaves whole lines."""
        line = (json.dumps(record, ensure_ascii=False, default=_plain) + "\n").encode()
        handle = os.open(self.folder / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            os.write(handle, line)
        finally:
            os.close(handle)

    def records(self, name: str = METRICS, **wanted: Any) -> list[dict[str, Any]]:
        """The lines of a .jsonl file whose fields equal those given: records(stage="rl")."""
        return [record for record in _lines(self.folder / name) if all(record.get(k) == v for k, v in wanted.items())]

    # ---- checkpoints ----

    def tokenizer(self) -> Tokenizer:
        """The run's tokenizer. Raises FileNotFoundError where it was not trained yet."""
        return Tokenizer.load(self.folder / TOKENIZER)

    def state(self, stage: str) -> dict[str, Any] | None:
        """state.json of a stage: its step, whether it is done, what its loop needs to go on; None before it began."""
        if not (self.folder / stage).is_dir():
            return None
        recover(self.folder / stage)
        found: dict[str, Any] | None = self.read_json(f"{stage}/{STATE}")
        return found

    def last_stage(self) -> str:
        """The last stage with a checkpoint. Raises FileNotFoundError where there is none."""
        for stage in reversed(STAGES):
            if self.state(stage) is not None:
                return stage
        raise FileNotFoundError(
            f"{self.folder} has no checkpoint yet; `python -m minirl.train --resume {self.folder}` goes on with it"
        )

    def model(self, stage: str | None = None) -> GPT:
        """The model after a stage, by default the last one that has a checkpoint."""
        stage = stage or self.last_stage()
        if stage not in STAGES:
            raise ValueError(f"there is no stage {stage!r}; choose one of {', '.join(STAGES)}")
        if self.state(stage) is None:
            raise FileNotFoundError(
                f"{self.folder} has no {stage} checkpoint; `python -m minirl.train --resume {self.folder}` makes it"
            )
        return GPT.from_pretrained(self.folder / stage)

    def save(self, stage: str, model: GPT, optimizer: Mapping[str, np.ndarray], state: Mapping[str, Any]) -> None:
        """Replace a stage's checkpoint: all files, or none where this is interrupted.

        The lengths of the logs go along, so that a resumed run can take back the lines that were written after it.
        """
        logs = {name: path.stat().st_size for name in (METRICS, SAMPLES) if (path := self.folder / name).exists()}
        with replacing_files(self.folder / stage) as new:
            model.save_pretrained(new)
            (new / TOKENIZER).write_bytes((self.folder / TOKENIZER).read_bytes())
            write_tensors(new / OPTIMIZER, optimizer)
            (new / STATE).write_text(json.dumps({**state, "logs": logs}, indent=2, default=_plain), encoding="utf-8")

    def load_optimizer(self, stage: str) -> dict[str, np.ndarray]:
        """The optimizer's arrays in a stage's checkpoint."""
        file = TensorFile(self.folder / stage / OPTIMIZER)
        return {name: file.read(name) for name in file.shapes()}

    def rewind_logs(self, lengths: Mapping[str, int]) -> None:
        """Cut the logs to the lengths they had when the checkpoint was written."""
        for name in (METRICS, SAMPLES):
            path = self.folder / name
            if path.exists():
                os.truncate(path, min(lengths.get(name, 0), path.stat().st_size))


def environment() -> dict[str, Any]:
    """What the numbers may depend on besides the configuration: versions, backend, instruction set, processor."""
    versions = {"python": platform.python_version(), "numpy": np.__version__}
    try:
        versions["minirl"] = version("minirl")
    except PackageNotFoundError:  # run from its source folder without being installed
        versions["minirl"] = "not installed"
    return {
        "versions": versions,
        "machine": f"{platform.system()} {platform.machine()}",
        "backend": kernels.backend(),
        "isa": kernels.isa(),
        "precision": kernels.precision(),
        "threads": kernels.get_threads(),
    }


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    if path.exists():
        with open(path, encoding="utf-8") as file:
            for line in file:
                yield json.loads(line)


def _plain(value: Any) -> Any:
    """JSON knows no NumPy numbers and arrays."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"cannot write {type(value).__name__} as JSON")
