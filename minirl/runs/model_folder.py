"""A model's folder in the place of a run: what was published, or what a run wrote, can be asked, judged and traced.

    open_run("runs/roger")           a run
    open_run("runs/roger/rl")        the run, with the model after that stage alone
    open_run("SmolLM2-135M")         a model's folder: config.json, model.safetensors and a tokenizer
    open_run("model.gguf")           a model in one file

A model's folder says nothing of a task, of a seed, or of how long answers may be. The values are those of the main job,
except that a chat model may write more. Its one stage is called "model".
"""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from minirl.generate import Prompt
from minirl.model import GPT
from minirl.runs.config import TrainConfig
from minirl.runs.folder import CONFIG, MODEL, STAGES
from minirl.runs.presets import PRESETS
from minirl.runs.run import Run
from minirl.storage.strict_json import parse
from minirl.tasks import Problem
from minirl.tasks.prompt import Form, as_messages
from minirl.tokenizer import Tokenizer

CHAT_TOKENS = 256  # of an answer in a conversation


class StageFolder(Run):
    """A run, of which only the model after one stage is looked at."""

    def __init__(self, folder: Path, config: TrainConfig, only: str) -> None:
        super().__init__(folder, config)
        self.only = only

    def state(self, stage: str) -> dict[str, Any] | None:
        return super().state(stage) if stage == self.only else None


class ModelFolder(Run):
    """A model that no run of minirl's made, or that was taken out of its run."""

    def __init__(self, path: Path) -> None:
        """path: a folder, or a GGUF file. Raises what Tokenizer.load raises."""
        self.path, self._tokenizer = path, Tokenizer.load(path)
        settings = PRESETS["roger"]
        if self.form == "chat":
            rl, evaluation = settings.rl, settings.evaluation
            settings = replace(
                settings,
                rl=replace(rl, max_new_tokens=CHAT_TOKENS),
                evaluation=replace(evaluation, max_new_tokens=CHAT_TOKENS, science_tokens=CHAT_TOKENS),
            )
        super().__init__(path if path.is_dir() else path.parent, settings)

    @property
    def form(self) -> Form:
        return "reasoning" if self._tokenizer.conventions.chat_template is None else "chat"

    @property
    def stages(self) -> tuple[str, ...]:
        return (MODEL,)

    def chosen_stages(self, wanted: object) -> list[str]:
        return [MODEL]

    def state(self, stage: str) -> dict[str, Any] | None:
        return {"step": 0, "done": True} if stage == MODEL else None

    def last_stage(self) -> str:
        return MODEL

    def checkpoint_files(self, stage: str) -> list[Path]:
        if not self.path.is_dir():
            return [self.path]
        patterns = ("config.json", "model*.safetensors", "tokenizer*.json", "vocab.json", "merges.txt", "*.gguf")
        return sorted(path for pattern in patterns for path in self.path.glob(pattern))

    def results(self) -> None:
        return None

    def records(self, name: str = "", **wanted: Any) -> list[dict[str, Any]]:
        return []

    def tokenizer(self) -> Tokenizer:
        return self._tokenizer

    def model(self, stage: str | None = None) -> GPT:
        """The model. Raises ValueError for a stage: what was not trained here has none."""
        if stage not in (None, MODEL):
            raise ValueError(f"{self.path} is a model, which has no stage {stage!r}; leave it out")
        return GPT.from_pretrained(self.path)

    def ask(self, problem: Problem) -> Prompt:
        return as_messages(problem.question) if self.form == "chat" else problem.prompt

    def __repr__(self) -> str:
        return f"ModelFolder({str(self.path)!r}: {self._tokenizer!r})"


def open_run(path: str | os.PathLike[str]) -> Run:
    """The run, the stage of a run, or the model in this place. Raises what Run.open raises, and what Tokenizer.load
    raises for a model's folder without a tokenizer."""
    path = Path(path)
    if path.is_file() and path.suffix == ".gguf":
        return ModelFolder(path)
    if not path.is_dir() or is_run(path):
        return Run.open(path)
    stage = path.resolve().name
    parent = path.parent if path.name == stage else path.resolve().parent
    if stage in STAGES and is_run(parent):
        return StageFolder(parent, Run.open(parent).config, stage)
    return ModelFolder(path) if is_model(path) else Run.open(path)


def is_model(path: Path) -> bool:
    """Whether a folder, or a file, looks like a model's."""
    if path.is_file():
        return path.suffix == ".gguf"
    return "model_type" in _settings(path) or (not (path / CONFIG).is_file() and len(list(path.glob("*.gguf"))) == 1)


def is_run(folder: Path) -> bool:
    """Whether a folder's config.json is that of a run."""
    return isinstance(_settings(folder).get("config"), dict)


def _settings(folder: Path) -> Mapping[str, Any]:
    try:
        found = parse((folder / CONFIG).read_bytes())
    except (OSError, ValueError):  # Run.open says what is wrong with it
        return {}
    return found if isinstance(found, dict) else {}
