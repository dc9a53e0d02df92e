"""From a failed case to an explanation: what a patient teacher would say about it.

In this order:

1. the form is wrong: an error, None, another type, shape or dtype, a changed input;
2. the smallest input that fails, as a call to paste;
3. the first number that differs, how far it is off, how far it may be, and why;
4. which known mistake gives exactly this result;
5. otherwise, which property does not hold, in words;
6. a picture of where the errors are.
"""

import ast
import contextlib
import io
import itertools
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from minirl.lessons.check import Case, Check, Failure, Names, as_typed, broken_property, call
from minirl.lessons.compare import Bound, difference
from minirl.lessons.lesson import Exercise, Lesson, namespace

WIDEST = 40  # columns of a picture
TRIED = 25  # cases in which a known mistake is compared with the learner's function


@dataclass(frozen=True)
class Part:
    """One paragraph of an explanation."""

    kind: str
    """"form", "call", "where", "mistake", "property" or "picture"."""
    text: str


def explain(
    check: Check, lesson: Lesson, exercise: Exercise, names: Names, failure: Failure, rng: np.random.Generator
) -> list[Part]:
    """The explanation of a failure, a paragraph for each step that has something to say."""
    if failure.outcome.error.startswith("NotImplementedError"):
        return [Part("form", f"`{exercise.name}` is not written yet: it still raises NotImplementedError.")]
    parts = []
    typed = as_typed(check, exercise.name, failure.case)
    forms = {
        "error": f"`{exercise.name}` {failure.text}.",
        "form": f"{sentence(failure.text)}",
        "input": f"`{exercise.name}` changed its input: {failure.text}. Work on a copy, or make a new object.",
    }
    if failure.kind in forms:
        parts.append(Part("form", forms[failure.kind]))
    parts.append(Part("call", f"The smallest input that fails:\n    {typed}"))
    if failure.kind == "value":
        parts.append(Part("where", sentence(failure.text)))
    mistake = known_mistake(check, lesson, exercise, names, failure, rng)
    if not mistake and failure.kind == "value":
        mistake = usual_mistake(failure.outcome.value, check.expected(*failure.case), check.bound_of(failure.case))
    broken = failure.text if failure.kind == "property" else broken_property(check, exercise.name, names, failure.case)
    if mistake:
        parts.append(Part("mistake", mistake))
    elif broken and failure.kind in ("value", "property"):
        parts.append(Part("property", f"This does not hold: {broken}."))
    if failure.mask is not None and failure.mask.ndim in (1, 2) and failure.mask.size > 3:
        parts.append(Part("picture", picture(failure.mask)))
    return parts


def sentence(text: str) -> str:
    """The text as a sentence of its own."""
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "?", "!")) else text + "."


# ---- step 4: known mistakes ----


def known_mistake(
    check: Check, lesson: Lesson, exercise: Exercise, names: Names, failure: Failure, rng: np.random.Generator
) -> str:
    """The sentence of the mistake in wrong/ that gives what the learner's function gives in this case, and in more of
    the other cases than any other mistake; empty where none agrees with most of them."""
    cases: list[Case] = [failure.case, *itertools.islice(check.cases(rng), TRIED)]
    best, most = "", len(cases) / 2
    with contextlib.redirect_stdout(io.StringIO()):  # what a mistake prints is not what the learner's code printed
        for path in lesson.wrong(exercise).values():
            wrong = namespace(lesson.folder / "solution.py", path)
            if not _same(check, exercise.name, names, wrong, failure.case):
                continue
            agreed = sum(_same(check, exercise.name, names, wrong, case) for case in cases)
            if agreed > most:
                best, most = says(path), agreed
    return best


def _same(check: Check, name: str, one: Names, other: Names, case: Case) -> bool:
    mine, theirs = call(check, name, one, case), call(check, name, other, case)
    if mine.error or theirs.error:
        return mine.error.partition(":")[0] == theirs.error.partition(":")[0]
    bound = check.bound_of(case)
    loose = Bound(bound.terms, bound.scale, 4 * bound.factor)
    return bool(mine.changed) == bool(theirs.changed) and difference(mine.value, theirs.value, loose) is None


def says(path: Path) -> str:
    """The sentence that a file of wrong/ must draw: its docstring, as one paragraph."""

    return " ".join((ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").split())


def usual_mistake(got: Any, expected: Any, bound: Bound) -> str:
    """A mistake of a general kind that turns `expected` into `got`; empty where none does."""
    if not isinstance(got, np.ndarray | float) or not isinstance(expected, np.ndarray | float):
        return ""
    g, e = np.asarray(got, np.float64), np.asarray(expected, np.float64)
    if g.shape != e.shape or not (np.isfinite(g).all() and np.isfinite(e).all()) or not np.any(e):
        return ""

    def same(other: np.ndarray) -> bool:
        return difference(g, np.ascontiguousarray(other), bound) is None

    if same(-e):
        return "This is the right result with the opposite sign."
    if g.size < 2:
        return ""
    factor = float((g * e).sum() / (e * e).sum())
    if abs(factor) > 1e-12 and abs(factor - 1) > 1e-9 and same(e * factor):
        return f"This is the right result multiplied by {factor:.4g}. Is there a factor too much, or one missing?"
    if g.ndim == 1 and g.size > 2:
        turned: Mapping[str, np.ndarray] = {
            "in the opposite order": e[::-1],
            "moved one place to the right": np.roll(e, 1),
            "moved one place to the left": np.roll(e, -1),
        }
        return next((f"These are the right numbers, {how}." for how, other in turned.items() if same(other)), "")
    if g.ndim == 2 and g.shape[0] == g.shape[1] and same(e.T):
        return "This is the right result transposed: rows and columns are exchanged."
    return ""


# ---- step 6 ----


def picture(wrong: np.ndarray) -> str:
    """Where an array is right (.) and where it is wrong (X)."""
    rows = np.atleast_2d(wrong)[:12, :WIDEST]
    lines = ["    " + "".join("X" if cell else "." for cell in row) for row in rows]
    cut = "" if rows.size == wrong.size else " (the first part of it)"
    return "\n".join([f"Where it is right (.) and wrong (X){cut}:", *lines])


def as_json(parts: list[Part]) -> list[dict[str, str]]:
    """Plain data for the process that asked."""
    return [asdict(part) for part in parts]
