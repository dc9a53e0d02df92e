"""What a check is, and how one is carried out: cases, what must come out of them, and what must be true of it.

    CHECKS = {
        "policy": Check(
            cases=lambda rng: [(np.zeros(2), 1.0), ...],     # the smallest first
            expected=oracle,                                 # oracle(logits, temperature), apart from the solution
            bound=lambda logits, temperature: Bound(...),    # how much rounding may do
            properties=(Property("the probabilities add up to 1", adds_up),),
        ),
    }

A check passes when every case gives what the oracle gives, leaves its inputs alone, and has the properties. Cases are
fixed ones and generated ones; generated cases come from a seed, which is new each time unless it is given.
"""

import copy
import inspect
import itertools
import linecache
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from minirl.lessons.compare import EXACT, Bound, BoundOf, Difference, brief, difference, literal, named, widened
from minirl.lessons.gate import Memory, Speed
from minirl.lessons.unusable import Unusable, Waited

Case = tuple[Any, ...]
Names = dict[str, Any]  # the names that a file of exercises defines
MOST_LINES = 3  # that led to an error and are shown; of a recursion one is enough
SHRINKS = 200  # the most smaller inputs that are tried


def always(*case: Any) -> bool:
    """True, whatever the input is."""
    return True


@dataclass(frozen=True)
class Property:
    """Something that must be true of the function, in words and as a test: holds(call, *case)."""

    says: str
    holds: Callable[..., bool]


@dataclass(frozen=True)
class Check:
    """How one exercise is checked."""

    cases: Callable[[np.random.Generator], Iterable[Case]]
    """All inputs, the smallest first."""
    expected: Callable[..., Any]
    """The oracle: expected(*case)."""
    given: Callable[..., Case] | None = None
    """given(*case): what the function is called with, where a case only describes it; default: the case itself."""
    observe: Callable[..., Any] | None = None
    """observe(names, *case) uses the learner's names and returns what is compared; default: call the function."""
    show: Callable[..., str] | None = None
    """show(*case): the call as a learner would type it; default: the function with the case as arguments."""
    parts: Sequence[str] | Callable[..., Sequence[str]] = ()
    """What to call the elements of the result, such as ("the next state", "the reward"); it may depend on the case."""
    bound: BoundOf = EXACT
    properties: tuple[Property, ...] = ()
    compared: int = 25
    """In how many cases a known mistake is compared with the learner's function."""
    shrink: bool = True
    """Whether a failing input may be made smaller by leaving out parts."""
    only: Callable[..., bool] = always
    """Which inputs are allowed; shrinking makes no others."""
    speed: Speed | None = None
    """How fast it must be, once all cases are right."""
    memory: Memory | None = None
    """How much memory it may take, once all cases are right; in C only."""
    order: Callable[[Callable[..., Any]], str] | None = None
    """order(function): which file of wrong/ has another order of steps and the same results; empty for the right order.
    In C and CUDA only. It is asked once all cases are right, and in C its arrays may overlap: nothing copies or watches
    them. What a kernel reads, and when, is in its trace (c/trace.py)."""

    def bound_of(self, case: Case) -> Bound:
        """How much rounding may do in this case."""
        return self.bound(*case) if callable(self.bound) else self.bound

    def in_words(self, text: str, case: Case) -> str:
        """The text of a difference, with the names of the result's elements in it."""
        return named(text, self.parts(*case) if callable(self.parts) else self.parts)


@dataclass(frozen=True)
class Outcome:
    """What came out of one call: a value, or an error."""

    value: Any = None
    error: str = ""
    """The exception, as "IndexError: ..."; empty where there was none."""
    line: str = ""
    """Where in the learner's file the exception arose."""
    changed: str = ""
    """Which input is another one after the call, and where; empty where all are as before."""
    unusable: str = ""
    """Why the value is of no use; empty where it is."""
    handed: str = ""
    """What the function that raised was called with, where the function that is checked had called it."""
    warned: tuple[str, ...] = ()
    """NumPy's warnings, as "line 12, `y / x`: divide by zero encountered in divide", the first one first."""


@dataclass(frozen=True)
class Failure:
    """A case that fails, and why."""

    case: Case
    outcome: Outcome
    kind: str
    """"error", "form", "input", "value" or "property"."""
    text: str
    mask: Any = None


def call(check: Check, name: str, names: Names, case: Case) -> Outcome:
    """Call the learner's function with a copy of the case."""
    made = case if check.given is None else check.given(*case)
    given, file, changed = copy.deepcopy(made), str(names.get("__file__", "")), ""
    with numpy_warnings(file) as warned:
        try:
            value = names[name](*given) if check.observe is None else check.observe(names, *given)
            value = copy.deepcopy(value)  # a result may share memory with what the next call changes
        except Unusable as error:
            return Outcome(unusable=str(error))
        except Waited:
            raise
        except Exception as error:
            said = f"{type(error).__name__}: {error}".strip()
            return Outcome(error=said, line=line_of(error, file), handed=handed(error, file))
    for before, after, argument in zip(made, given, arguments(check, names[name], len(made)), strict=True):
        if difference(after, before, EXACT):
            changed = changed or f"{argument} was {brief(before)} and is {brief(after)} after the call"
    return Outcome(value, changed=changed, warned=tuple(warned))


@contextmanager
def numpy_warnings(file: str) -> Iterator[list[str]]:
    """Collect NumPy's warnings about numbers, such as 0 / 0, with their lines in the file, and print none."""
    found: list[str] = []
    with warnings.catch_warnings(record=True) as noted:
        warnings.simplefilter("always", RuntimeWarning)
        yield found
    for one in noted:
        if not issubclass(one.category, RuntimeWarning):
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
            continue
        code = linecache.getline(one.filename, one.lineno).strip()
        found.append(f"line {one.lineno}, `{code}`: {one.message}" if one.filename == file else str(one.message))


def arguments(check: Check, function: Callable[..., Any], n: int) -> list[str]:
    """What to call the n inputs of a case: the function's own names, where it is called with them."""
    named = list(inspect.signature(function).parameters)
    if check.observe is not None or len(named) != n:
        return ["an input"] * n
    return [f"`{argument}`" for argument in named]


def line_of(error: BaseException, file: str) -> str:
    """The line of the learner's file in which the error arose, and the lines that led there where these are few: line
    12, `x = y[3]`, called from line 20, `f(y)`."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    lines = [line for line, _ in itertools.groupby(f"line {frame.lineno}, `{frame.line}`" for frame in frames)]
    return ", called from ".join(reversed(lines if len(frames) <= MOST_LINES else lines[-1:]))


def handed(error: BaseException, file: str) -> str:
    """The arguments of the first function that the checked one called on the way to the error: "`norm` was given `x`,
    an array of shape (3,)". Empty where the error arose in the checked function itself."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__) if frame.f_code.co_filename == file]
    inner = [frame for frame in frames if frame.f_code is not frames[0].f_code and frame.f_code.co_name[0] != "<"]
    if not inner:
        return ""
    code, values = inner[0].f_code, inner[0].f_locals
    told = {name: in_short(values[name]) for name in code.co_varnames[: code.co_argcount] if name in values}
    words = [f"`{name}`, {kind}" for name, kind in told.items() if kind]
    return f"`{code.co_name}` was given {'; '.join(words)}" if words else ""


def in_short(value: Any) -> str:
    """What a value is, in a few words; empty for objects of other kinds."""
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if isinstance(value, Mapping):
        first = ", ".join(repr(key) for key in itertools.islice(value, 2))
        return f"a dict with {first}{', ...' if len(value) > 2 else ''}" if value else "an empty dict"
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of length {len(value)}"
    return ""


def judge(check: Check, name: str, names: Names, case: Case) -> Failure | None:
    """Whether one case is right: what the first of the steps finds that is wrong with it."""
    outcome = call(check, name, names, case)
    if outcome.error:
        kind, _, said = outcome.error.partition(": ")
        where = f" in {outcome.line}" if outcome.line else ""
        return Failure(case, outcome, "error", f"raises {kind}{where}{': ' if said else ''}{said}")
    if outcome.unusable:
        return Failure(case, outcome, "form", outcome.unusable)
    found: Difference | None = difference(outcome.value, check.expected(*copy.deepcopy(case)), check.bound_of(case))
    if found and found.kind == "form":
        return Failure(case, outcome, "form", check.in_words(widened(found, case), case))
    if outcome.changed:
        return Failure(case, outcome, "input", outcome.changed)
    if found:
        return Failure(case, outcome, "value", check.in_words(found.text, case), found.mask)
    for wanted in check.properties:
        try:
            held = wanted.holds(lambda *inputs: call(check, name, names, inputs).value, *copy.deepcopy(case))
        except Waited:
            raise
        except Exception:
            held = False
        if not held:
            return Failure(case, outcome, "property", wanted.says)
    return None


def broken_property(check: Check, name: str, names: Names, case: Case) -> str:
    """The first property that does not hold in this case; empty where all hold."""
    for wanted in check.properties:
        try:
            if not wanted.holds(lambda *inputs: call(check, name, names, inputs).value, *copy.deepcopy(case)):
                return wanted.says
        except Exception:
            return wanted.says
    return ""


def first_failure(check: Check, name: str, names: Names, rng: np.random.Generator) -> tuple[Failure | None, int]:
    """The smallest failure that is found, and the number of cases tried until the first one.

    Where inputs may be shrunk, it is the first failing case, made as small as it gets. Otherwise it is the case with
    the fewest numbers among those that fail in the same way.
    """
    first, tried = None, 0
    for case in check.cases(rng):
        if first is None:
            tried += 1
        elif numbers_in(case) >= numbers_in(first.case):
            continue
        found = judge(check, name, names, case)
        if found is None or (first and found.kind != first.kind):
            continue
        if check.shrink:
            return shrunk(check, name, names, found), tried
        first = found
    return first, tried


def numbers_in(value: Any) -> int:
    """How many numbers, texts and other single things a case holds."""
    if isinstance(value, np.ndarray):
        return int(value.size)
    if isinstance(value, Mapping):
        return sum(map(numbers_in, value.values()))
    return sum(map(numbers_in, value)) if isinstance(value, tuple | list) else 1


def shrunk(check: Check, name: str, names: Names, failure: Failure) -> Failure:
    """The smallest input, found by leaving out parts, that fails in the same way."""
    for _ in range(SHRINKS):
        for case in itertools.islice(smaller_case(failure.case), SHRINKS):
            try:
                if not check.only(*case):
                    continue
                found = judge(check, name, names, case)
            except Exception:  # the oracle does not take it
                continue
            if found and found.kind == failure.kind:
                failure = found
                break
        else:
            return failure
    return failure


def smaller_case(case: Case) -> Iterator[Case]:
    """Cases of which one argument is simpler."""
    for index, member in enumerate(case):
        for less in smaller(member):
            yield (*case[:index], less, *case[index + 1 :])


def smaller(value: Any) -> Iterator[Any]:
    """Simpler values of the same kind: shorter sequences and arrays, smaller and rounder numbers."""
    if isinstance(value, tuple | list):
        make = type(value)._make if hasattr(value, "_make") else type(value)
        if not hasattr(value, "_fields") and not isinstance(value[0] if value else None, np.ndarray):
            yield from (make([*value[:i], *value[i + 1 :]]) for i in range(len(value)))
        for index, member in enumerate(value):
            for less in smaller(member):
                yield make([*value[:index], less, *value[index + 1 :]])
    elif isinstance(value, np.ndarray):
        for axis, size in enumerate(value.shape):
            if size > 1:
                yield np.ascontiguousarray(np.take(value, range(size - 1), axis))
                yield np.ascontiguousarray(np.take(value, range(1, size), axis))
        if value.dtype.kind == "f" and np.isfinite(value).all() and value.size:
            for rounder in (np.zeros_like(value), np.sign(value), np.round(value), np.round(value, 1)):
                if _simplicity(rounder) < _simplicity(value):
                    yield rounder
    elif isinstance(value, bool | np.bool_):
        return
    elif isinstance(value, int):
        yield from (less for less in (0, value // 2, value - 1) if 0 <= less < value)
    elif isinstance(value, float) and np.isfinite(value):
        yield from (round(value, digits) for digits in (0, 1) if len(repr(round(value, digits))) < len(repr(value)))


def _simplicity(value: np.ndarray) -> float:
    """Smaller for arrays that are easier to read."""
    return float(sum(len(repr(number)) for number in value.ravel().tolist()) + np.abs(value).sum() * 1e-9)


def as_typed(check: Check, name: str, case: Case) -> str:
    """The call as a learner would type it."""
    return check.show(*case) if check.show is not None else f"{name}({', '.join(map(literal, case))})"
