"""From a failed case to an explanation: what a patient teacher would say about it.

In this order:

1. the form is wrong: an error, None, another type, shape or dtype, a changed input;
2. the smallest input that fails, as a call to paste;
3. the first number that differs, how far it is off, how far it may be, and why;
4. whether another exercise is to blame, or which known mistake gives exactly this result;
5. otherwise, which property does not hold, or what the exception or a nan means, in words;
6. a picture of where the errors are.

A wrong diagnosis is worse than none. So a mistake is only named if the learner's function does what it does in nearly
all cases, and is never right where the mistake is wrong.
"""

import functools
import io
import itertools
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np

from minirl.lessons.c.source import reached
from minirl.lessons.check import Case, Check, Failure, Names, Outcome, as_typed, broken_property, call, judge
from minirl.lessons.code_lines import laid_out
from minirl.lessons.compare import EXACT, Bound, difference
from minirl.lessons.errors import known, meaning, not_finite
from minirl.lessons.lesson import Exercise, Lesson, namespace, source_text
from minirl.lessons.names import says, variant, with_solution_of

WIDEST = 40  # columns of a picture
PLACE = re.compile(r" in line \d+, `[^`]*`")  # in a file in C: two files stop in different lines
NUMBER = re.compile(r"-?\d[\d.e+-]*")
AGREED = 0.75  # the share of them in which both must do the same: a second mistake may spoil the others


@dataclass(frozen=True)
class Part:
    """One paragraph of an explanation."""

    kind: str
    """"form", "call", "where", "mistake", "property", "meaning" or "picture"."""
    text: str


def explain(
    check: Check, lesson: Lesson, exercise: Exercise, names: Names, failure: Failure, rng: np.random.Generator
) -> list[Part]:
    """The explanation of a failure, a paragraph for each step that has something to say."""
    if missing := unwritten(lesson, exercise, failure.outcome.error):
        return [Part("form", missing)]
    parts = []
    typed = laid_out(f"    {as_typed(check, exercise.name, failure.case)}")
    forms = {
        "error": " ".join(filter(None, (f"`{exercise.name}` {failure.text}.", sentence(failure.outcome.handed)))),
        "form": f"{sentence(failure.text)}",
        "input": f"`{exercise.name}` changes what it was given: {failure.text}. The caller may still need "
        "it as it was. `-=`, `+=`, `x[...] = ...`, `append` and `sort` change the very object that was given: make a "
        "new one.",
    }
    if failure.kind in forms:
        parts.append(Part("form", forms[failure.kind]))
    parts.append(Part("call", f"The smallest input that fails:\n{typed}"))
    if failure.kind == "value":
        parts.append(Part("where", sentence(failure.text)))
    mistake = blamed(check, lesson, exercise, names, failure) or mistaken(check, lesson, exercise, names, failure, rng)
    broken = failure.text if failure.kind == "property" else broken_property(check, exercise.name, names, failure.case)
    if mistake:
        parts.append(Part("mistake", mistake))
    elif words := meaning(failure.outcome.error) or strayed(check, failure):
        parts.append(Part("meaning", words))
    elif broken and failure.kind in ("value", "property"):
        parts.append(Part("property", f"This should hold, but does not: {broken}."))
    shown = failure.mask is not None and failure.mask.ndim in (1, 2) and failure.mask.size > 3
    if shown and not failure.mask.all():
        parts.append(Part("picture", picture(failure.mask)))
    return parts


def sentence(text: str) -> str:
    """The text as a sentence of its own. Names such as c.data and x[0] keep their small letters."""
    if text.split(" ")[0].isalpha():
        text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "?", "!")) or not text else text + "."


def strayed(check: Check, failure: Failure) -> str:
    """Where nan or inf comes from, in a result that should have none; empty for other failures."""
    if failure.kind != "value":
        return ""
    strange = not_numbers(failure.outcome.value) - not_numbers(check.expected(*failure.case))
    return not_finite(max(strange), failure.outcome.warned) if strange else ""


def not_numbers(value: Any) -> set[str]:
    """Which of "nan" and "inf" occur in a result, its tuples, lists and dicts included."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, tuple | list):
        return set[str]().union(*map(not_numbers, value))
    if not isinstance(value, float | np.floating | np.ndarray) or np.asarray(value).dtype.kind != "f":
        return set()
    return {kind for kind, found in (("nan", np.isnan(value)), ("inf", np.isinf(value))) if np.any(found)}


# ---- step 4: other exercises ----


def unwritten(lesson: Lesson, exercise: Exercise, error: str) -> str:
    """Which exercise is not written yet, where the error says so; empty for other errors."""
    if not error.startswith("NotImplementedError"):
        return ""
    for other in lesson.exercises:
        if other.name != exercise.name and error.endswith(f"write {other.name}"):
            return f"`{exercise.name}` calls `{other.name}`, which is not written yet. It is exercise {other.number}."
    part = error.rpartition("write ")[2]  # of a class, the method
    name = part if part.startswith(f"{exercise.name}.") else exercise.name
    return f"`{name}` is not written yet: it still raises NotImplementedError."


def blamed(check: Check, lesson: Lesson, exercise: Exercise, names: Names, failure: Failure) -> str:
    """Which other exercise is at fault: the learner's function calls it, and is right in this case once the course's
    own stands in its place. Empty where there is none."""
    for other in called_by(lesson, exercise, names):
        if right_with(check, lesson, exercise, other, names, failure.case):
            return (
                f"`{exercise.name}` is right here once the course's own `{other.name}` stands in for yours. So it is "
                f"`{other.name}` that needs another look: `check {other.number}`."
            )
    return ""


def called_by(lesson: Lesson, exercise: Exercise, names: Names) -> list[Exercise]:
    """The other exercises whose functions the learner's function calls."""
    if exercise.compiled:
        called = reached(source_text(Path(names["__file__"])), exercise.name)
    else:
        called = names_in(getattr(names[exercise.name], "__wrapped__", names[exercise.name]))
    others = [one for one in lesson.exercises if one.name != exercise.name and one.language == exercise.language]
    return [one for one in others if one.name in called and one.name in names]


def right_with(check: Check, lesson: Lesson, exercise: Exercise, other: Exercise, names: Names, case: Case) -> bool:
    """Whether the learner's function is right in this case with the course's own `other` in place of the learner's."""
    if exercise.compiled:
        file = Path(names["__file__"])
        return judge(check, exercise.name, with_solution_of(lesson, source_text(file), other, file), case) is None
    with exchanged(names, other.name, namespace(lesson.solution(other))[other.name]):
        return judge(check, exercise.name, names, case) is None


@contextmanager
def exchanged(names: Names, name: str, function: Any) -> Iterator[None]:
    """Put another function under a name of the learner's file for a while, where its other functions look it up."""
    mine = names[name]
    names[name] = function
    try:
        yield
    finally:
        names[name] = mine


def names_in(function: Any) -> set[str]:
    """Every name that a function mentions, in its inner functions too."""
    found: set[str] = set()
    waiting = [function.__code__] if hasattr(function, "__code__") else []
    while waiting:
        code = waiting.pop()
        found.update(code.co_names)
        waiting += [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    return found


# ---- step 4: known mistakes ----


def mistaken(
    check: Check, lesson: Lesson, exercise: Exercise, names: Names, failure: Failure, rng: np.random.Generator
) -> str:
    """The sentence for the mistake of this lesson, or else of a general kind, that the learner's function makes; empty
    for one that nobody knows."""
    more = itertools.islice(check.cases(rng), check.compared)
    cases = [case for case in more if difference(case, failure.case, EXACT) is not None]
    tried = Trials(check, [failure.case, *cases], functools.partial(call, check, exercise.name, names))
    best, most = "", 0.0
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")  # what a mistake prints and warns of would look like the learner's
        for path in lesson.wrong(exercise).values():
            wrong = variant(lesson, exercise, path, watch=True)
            if judge(check, exercise.name, wrong, failure.case) is None:  # what is right here explains nothing
                continue
            share = tried.agreement(functools.partial(call, check, exercise.name, wrong))
            if share >= AGREED and share > most:
                best, most = says(path), share
    return best or (usual(tried) if failure.kind == "value" else "")


class Trials:
    """What the learner's function does in many cases, the failed one first."""

    def __init__(self, check: Check, cases: list[Case], mine: Callable[[Case], Outcome]) -> None:
        self.check, self.cases = check, cases
        self.mine = functools.cache(lambda index: mine(cases[index]))

    def agreement(self, wrong: Callable[[Case], Outcome]) -> float:
        """The share of cases in which `wrong` does the same; 0 where it does not in the failed one, or where the
        learner's function is right and `wrong` is not."""
        agreed = 0
        for index, case in enumerate(self.cases):
            mine, theirs = self.mine(index), wrong(case)
            if same(self.check, case, mine, theirs):
                agreed += 1
            elif index == 0 or (self.right(case, in_format(mine, theirs)) and not self.right(case, theirs)):
                return 0.0
        return agreed / len(self.cases)

    def right(self, case: Case, outcome: Outcome) -> bool:
        """Whether this outcome is the expected one."""
        if outcome.error or outcome.unusable or outcome.changed:
            return False
        return difference(outcome.value, self.check.expected(*case), self.check.bound_of(case)) is None


def same(check: Check, case: Case, mine: Outcome, theirs: Outcome) -> bool:
    """Whether two functions did the same: the same kind of error, or the same value up to rounding, in whichever format
    of floating-point numbers."""
    if mine.error or theirs.error:
        kinds = [(error.partition(":")[0], known(error)) for error in (mine.error, theirs.error)]
        return kinds[0] == kinds[1]
    if mine.unusable or theirs.unusable:
        return PLACE.sub("", mine.unusable) == PLACE.sub("", theirs.unusable)
    bound = check.bound_of(case)
    loose = replace(bound, factor=4 * bound.factor)
    agree = difference(in_format(mine, theirs).value, theirs.value, loose) is None
    return bool(mine.changed) == bool(theirs.changed) and agree


def in_format(mine: Outcome, theirs: Outcome) -> Outcome:
    """The first outcome, its floating-point numbers in the format of the second one's."""
    value, other = mine.value, theirs.value
    if isinstance(value, np.ndarray) and isinstance(other, np.ndarray) and value.dtype.kind == "f":
        return replace(mine, value=value.astype(other.dtype))
    return mine


def usual(tried: Trials) -> str:
    """A mistake of a general kind that the learner's function makes in nearly all cases in which it is wrong, and in
    which something else than 0 is expected; empty where there is none."""
    found = []
    for index, case in enumerate(tried.cases):
        outcome, expected = tried.mine(index), tried.check.expected(*case)
        if isinstance(expected, np.ndarray | float) and np.any(expected) and not tried.right(case, outcome):
            found.append(usual_mistake(outcome.value, expected, tried.check.bound_of(case)))
    kinds = [NUMBER.sub("", one) for one in found]
    return found[0] if found and kinds.count(kinds[0]) >= AGREED * len(kinds) else ""


def usual_mistake(got: Any, expected: Any, bound: Bound) -> str:
    """A mistake of a general kind that turns `expected` into `got`; empty where none does."""
    if not isinstance(got, np.ndarray | float) or not isinstance(expected, np.ndarray | float):
        return ""
    g, e = np.asarray(got, np.float64), np.asarray(expected, np.float64)
    if g.shape != e.shape or not (np.isfinite(g).all() and np.isfinite(e).all()) or not np.any(e):
        return ""

    def equal(other: np.ndarray) -> bool:
        return difference(g, np.array(other, order="C"), bound) is None

    if equal(-e):
        return "This is the right result with the opposite sign."
    if g.size < 2:
        return ""
    factor = float((g * e).sum() / (e * e).sum())
    telling = len({f"{abs(number):.9g}" for number in e.flat if number}) > 1  # a single number has a factor to any
    if telling and abs(factor) > 1e-12 and f"{factor:.4g}" != "1" and equal(e * factor):
        return f"This is the right result multiplied by {factor:.4g}. Is there a factor too much, or one missing?"
    if g.ndim == 1 and g.size > 2:
        turned: Mapping[str, np.ndarray] = {
            "in the opposite order": e[::-1],
            "moved one place to the right": np.roll(e, 1),
            "moved one place to the left": np.roll(e, -1),
        }
        return next((f"These are the right numbers, {how}." for how, other in turned.items() if equal(other)), "")
    if g.ndim == 2 and g.shape[0] == g.shape[1] and equal(e.T):
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
