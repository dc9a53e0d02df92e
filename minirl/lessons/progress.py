"""What a learner has done, in one file of the learner's folder: progress.json.

It is written whole or not at all. Exercises and predictions are kept under their ids, so a lesson that grows a new
exercise loses nothing. A passed exercise is kept with a hash of the code that passed: when this code has changed since,
minirl checks it again before it trusts it.
"""

import ast
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from minirl.lessons.c.source import meaning_of
from minirl.lessons.lesson import Exercise, Prediction, is_compiled
from minirl.storage.files import atomic_write

FILE = "progress.json"
FOLDER = "minirl-lessons"
VERSION = 1


class NoFolder(FileNotFoundError):
    """There is no learner's folder here; the message names the command that makes one."""


@dataclass
class Progress:
    """The contents of progress.json."""

    folder: Path
    exercises: dict[str, dict[str, Any]] = field(default_factory=dict)
    """id -> tries, hints, passed (hash), solution (whether it was shown)"""
    predictions: dict[str, dict[str, Any]] = field(default_factory=dict)
    """id -> choice (index), sure (percent), late (true for a guess after the answer), seen (true once the answer was
    shown, with or without a guess)"""
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    """number of a lesson -> seconds of its last run"""

    @classmethod
    def open(cls, start: Path | None = None) -> "Progress":
        """The progress in `start` or a folder above it, or else in its subfolder minirl-lessons.

        Raises NoFolder where there is none, ValueError for a file that is not progress, or of a newer version.
        """
        start = Path.cwd() if start is None else start
        for folder in (start, *start.parents, start / FOLDER):
            if (folder / FILE).is_file():
                return cls.read(folder)
        raise NoFolder(
            f"no folder with {FILE} here or above {start}: go to your folder {FOLDER}, or make one with "
            "`python -m minirl.lessons init`"
        )

    @classmethod
    def read(cls, folder: Path) -> "Progress":
        """The progress stored in this very folder."""
        path = folder / FILE
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            version = stored["version"]
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(
                f"{path} is not a file of progress ({error}). Rename it; `python -m minirl.lessons init` then makes a "
                "new one, and leaves your exercises as they are"
            ) from None
        if version > VERSION:
            raise ValueError(f"{path} has version {version}, and this minirl knows {VERSION}: update minirl")
        parts = (stored.get(name, {}) for name in ("exercises", "predictions", "runs"))
        return cls(folder, *parts)

    def save(self) -> None:
        """Write progress.json."""
        contents = {
            "version": VERSION, "exercises": self.exercises, "predictions": self.predictions, "runs": self.runs,
        }  # fmt: skip
        with atomic_write(self.folder / FILE) as file:
            json.dump(contents, file, indent=1, sort_keys=True)
            file.write("\n")

    def of(self, exercise: Exercise) -> dict[str, Any]:
        """What is stored about an exercise, also under an earlier id; empty where there is nothing."""
        for old in exercise.was:
            if old in self.exercises and exercise.id not in self.exercises:
                self.exercises[exercise.id] = self.exercises.pop(old)
        return self.exercises.setdefault(exercise.id, {})

    def guess(self, prediction: Prediction) -> dict[str, Any] | None:
        """The stored guess: choice (index) and sure (percent), and late where the answer was seen before; None where
        there is none."""
        stored = self.predictions.get(prediction.id, {})
        return stored if "choice" in stored else None

    def guessed(self, prediction: Prediction, choice: int, sure: int) -> dict[str, Any]:
        """Store the first guess, and return what is stored. A second one changes nothing: the answer may be known."""
        if self.guess(prediction) is None:
            late = {"late": True, "seen": True} if self.seen(prediction) else {}
            self.predictions[prediction.id] = {"choice": choice, "sure": sure, **late}
            self.save()
        return self.predictions[prediction.id]

    def answered(self, prediction: Prediction) -> dict[str, Any] | None:
        """Note that the learner sees the answer now. Returns the guess that was made before; None where none was."""
        if not self.seen(prediction):
            self.predictions.setdefault(prediction.id, {})["seen"] = True
            self.save()
        return self.guess(prediction)

    def seen(self, prediction: Prediction) -> bool:
        """Whether the learner has seen the answer."""
        return bool(self.predictions.get(prediction.id, {}).get("seen"))

    def checked(self, exercise: Exercise, file: Path, verdict: str) -> None:
        """Store one check of the file and its verdict."""
        entry = self.of(exercise)
        if "passed" not in entry:
            entry["tries"] = entry.get("tries", 0) + 1
        if verdict == "pass":
            entry["passed"] = code_hash(file, exercise.name)
        self.save()

    def passed(self, exercise: Exercise) -> bool:
        """Whether the exercise has passed once."""
        return "passed" in self.of(exercise)

    def passed_as_is(self, exercise: Exercise, file: Path) -> bool:
        """Whether the exercise has passed, and its code has not changed since."""
        return file.is_file() and self.of(exercise).get("passed") == code_hash(file, exercise.name)


def code_hash(file: Path, name: str) -> str:
    """A hash of the code that decides whether the function `name` in the file is right: the function itself, those
    functions and classes of the file that it mentions, directly or through others, and all that stands outside of
    functions. Comments and the other functions may change. For a file that is no Python: the hash of the file."""
    if is_compiled(file):
        return shortened(meaning_of(file.read_text(encoding="utf-8"), name).encode("utf-8", "surrogatepass"))
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except (SyntaxError, ValueError):
        return file_hash(file)
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    reached = {name}.union(*(mentioned(node) for node in tree.body if not isinstance(node, kinds)))
    waiting = set(reached)
    while waiting:
        wanted = waiting.pop()
        for node in tree.body:
            if isinstance(node, kinds) and node.name == wanted:
                waiting |= set(mentioned(node)) - reached
                reached |= waiting
    code = [ast.dump(node) for node in tree.body if not isinstance(node, kinds) or node.name in reached]
    return shortened("\n".join(code).encode("utf-8", "surrogatepass"))


def mentioned(node: ast.AST) -> Iterator[str]:
    """The names that a piece of code mentions."""
    return (inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name))


def file_hash(file: Path) -> str:
    """The SHA-256 of a file, shortened to what tells files apart."""
    return shortened(file.read_bytes())


def shortened(content: bytes) -> str:
    """The SHA-256 of some bytes, 16 of its 64 digits."""
    return hashlib.sha256(content).hexdigest()[:16]
