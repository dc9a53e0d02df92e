"""The learner's functions inside minirl: `implements` marks them, `swapped` puts them to work.

    @implements("rl.policy")
    def policy(logits, temperature): ...            # in exercises.py

    with swapped("rl.policy") as used:              # in the lesson
        plain_reinforce(...)                        # minirl's own training, with the learner's policy
    print(used)                                     # how many of its actions came from that policy

A place where a function can go is a seam. Lessons declare theirs in seams.py. Each seam has an oracle: the first calls,
and then every 50th, are compared with it. A call that differs, raises or changes its input stops the run, and is
written down as a small program that repeats it. And each seam has a meter, which counts the work that there was in all.
So learners see how much of it their own function did, and a function that is never called does not go unnoticed.
"""

import copy
import functools
import inspect
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from minirl.lessons import isolate
from minirl.lessons.compare import EXACT, BoundOf, counted, difference, literal, widened
from minirl.lessons.lesson import Exercise, all_exercises, lessons
from minirl.lessons.progress import NoFolder, Progress
from minirl.storage.files import atomic_write
from minirl.swap import Function, replaced

FIRST = 20  # calls that are all compared with the oracle
REACHED: set[str] = set()  # the seams that were called in this process


def one(*arguments: Any) -> float:
    """1, whatever the arguments are: each call counts the same."""
    return 1


@dataclass
class Ledger:
    """What the adapter between minirl and a learner's function keeps, where it does part of the work itself."""

    sites: Counter[str] = field(default_factory=Counter)
    """Calls, by what they were for."""
    seconds: float = 0
    """Of processor time, in the adapter and not in the learner's function."""

    def clear(self) -> None:
        """Begin again."""
        self.sites.clear()
        self.seconds = 0

    def __str__(self) -> str:
        calls = [f"    {site}: {counted(count, 'calls')}" for site, count in self.sites.most_common()]
        return "\n    ".join([f"the adapter took {self.seconds:.2f} s besides, and was called for", *calls])


@dataclass(frozen=True)
class Seam:
    """A place in minirl where a learner's function can go."""

    id: str
    places: Sequence[tuple[str, Callable[[Function, Function], Function]]]
    """(where, fit): fit(learner's function, original) is what stands at `where`, with the original's signature."""
    oracle: Function
    """What the learner's function must return, with the same arguments."""
    bound: BoundOf = EXACT
    meter: str = ""
    """The function of minirl whose calls are all the work there is."""
    unit: str = "calls"
    """What the meter counts, in the plural."""
    work: Callable[..., float] = one
    """How much work one call of the learner's function is, in units of the meter."""
    metered: Callable[..., float] = one
    """How much work one call of the metered function is."""
    compare: bool = True
    """Whether calls are compared with the oracle: only where the arguments can be copied."""
    ledger: Ledger | None = None
    """For an adapter that reports calls by site and its own time."""


class SwapError(RuntimeError):
    """A learner's function cannot be swapped in, or misbehaved there; the message says what to do."""


@dataclass
class Use:
    """What happened to one seam while it was swapped."""

    seam: Seam
    calls: int = 0
    work: float = 0
    total: float = 0
    compared: int = 0
    seconds: float = 0
    """Of processor time, in the learner's function."""

    @property
    def share(self) -> float:
        """The share of all work that the learner's function did, 0 to 1."""
        return self.work / self.total if self.total else 0.0

    def __str__(self) -> str:
        if not self.seam.meter:
            done = counted(self.calls, "calls")
        else:
            done = f"{self.work:,.0f} of {counted(self.total, self.seam.unit)} ({self.share:.0%})"
        whose = "the course's" if self.seam.id in STAND_INS else "your"
        verb = "was" if self.compared == 1 else "were"
        agreed = f"; {counted(self.compared, 'calls')} {verb} checked, all right" if self.compared else ""
        apart = f"\n    {self.seam.ledger}" if self.seam.ledger else ""
        return f"{self.seam.id}: {whose} function did {done}{agreed}{apart}"

    @property
    def ledger(self) -> Ledger:
        """What the adapter kept: calls by site, and its own time. Raises ValueError for a seam without one."""
        if self.seam.ledger is None:
            raise ValueError(f"{self.seam.id} has no adapter that keeps a ledger")
        return self.seam.ledger


@dataclass
class Uses:
    """The seams of one `swapped`, by id."""

    by_id: dict[str, Use] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Use:
        return self.by_id[name]

    def __str__(self) -> str:
        return "\n".join(map(str, self.by_id.values()))


PARTS: dict[str, Function] = {}  # seam -> the learner's function, as last defined
STAND_INS: set[str] = set()  # seams whose function in PARTS is the course's, as the learner's has not passed
LOADED: WeakValueDictionary[str, Any] = WeakValueDictionary()  # lesson -> what its notebook has of `exercises_of`
WATCHING: dict[str, Callable[..., Any]] = {}  # seam -> what counts its calls now


def implements(seam: str) -> Callable[[Function], Function]:
    """Mark a function as the learner's own version of what stands at a seam."""

    def mark(function: Function) -> Function:
        @functools.wraps(function)
        def part(*args: Any, **named: Any) -> Any:
            watch = WATCHING.get(seam)
            return function(*args, **named) if watch is None else watch(function, *args, **named)

        PARTS[seam] = part
        return part

    return mark


@functools.cache
def seams() -> dict[str, Seam]:
    """Every seam that a lesson declares, by id."""
    found: dict[str, Seam] = {}
    for lesson in lessons().values():
        if (lesson.folder / "seams.py").is_file():
            found |= {seam.id: seam for seam in lesson.module("seams").SEAMS}
    return found


@contextmanager
def unmarked() -> Iterator[None]:
    """What is marked with `implements` inside this context does not stay marked: a file that is read for other reasons
    takes nobody's place."""
    before = dict(PARTS)
    try:
        yield
    finally:
        PARTS.clear()
        PARTS.update(before)


@contextmanager
def swapped(*names: str, verify: int = 50, force: bool = False) -> Iterator[Uses]:
    """Inside this context minirl uses the learner's functions at the seams with these names.

    verify: after the first calls, each one of this number is compared with the oracle; 0: none at all. force: take
    functions that have not passed their checks. Raises SwapError for a seam that does not exist or is swapped already,
    for a function that has not passed, and for a call that raises, changes its input or returns something else than the
    oracle.
    """
    for name in names:  # a function may have been written, or have passed, since the notebook read it
        lesson = next((one.number for one, exercise in all_exercises() if exercise.seam == name), "")
        if functions := LOADED.get(lesson):
            functions.refresh()
    uses = Uses()
    with ExitStack() as stack:
        for name in names:
            uses.by_id[name] = _enter(stack, name, verify, force)
        for use in uses.by_id.values():  # after all functions are in place, so that the meters count around them
            if use.seam.meter:
                stack.enter_context(replaced(use.seam.meter, functools.partial(_metered, use), watches=True))
        yield uses


def _enter(stack: ExitStack, name: str, verify: int, force: bool) -> Use:
    if name not in seams():
        raise SwapError(f"swapped: there is no seam {name!r}; there are {', '.join(sorted(seams()))}")
    if name in WATCHING:
        raise SwapError(f"swapped: {name!r} is swapped already; leave the other `with` first")
    if name not in PARTS:
        raise SwapError(f"swapped: no function here implements {name!r}; import your exercises first")
    part = PARTS[name]
    if not force and name not in STAND_INS:
        require_passed(name, part)
    use = Use(seams()[name])
    if use.seam.ledger:
        use.seam.ledger.clear()
    WATCHING[name] = functools.partial(_watched, use, verify)
    stack.callback(WATCHING.pop, name)
    for where, fit in use.seam.places:
        stack.enter_context(replaced(where, functools.partial(fit, part)))
    return use


def _metered(use: Use, original: Function) -> Function:
    takes_names = use.seam.metered is not one and any(
        parameter.kind == parameter.VAR_KEYWORD for parameter in inspect.signature(use.seam.metered).parameters.values()
    )

    @functools.wraps(original)
    def metered(*args: Any, **named: Any) -> Any:
        use.total += use.seam.metered(*args, **named) if takes_names else use.seam.metered(*args)
        return original(*args, **named)

    return metered


def _watched(use: Use, verify: int, function: Function, *args: Any) -> Any:
    """Call the learner's function, count it, and now and then compare it with the oracle."""
    comparing = use.seam.compare and verify > 0 and (use.calls < FIRST or use.calls % verify == 0)
    given = copy.deepcopy(args) if comparing else args
    start = time.process_time()
    try:
        result = function(*args)
    except SwapError:  # of another part, which this one has called
        raise
    except Exception as error:
        raise SwapError(replay(use.seam, function, given, f"raised {type(error).__name__}: {error}")) from error
    use.seconds += time.process_time() - start
    use.calls += 1
    use.work += use.seam.work(*args)
    REACHED.add(use.seam.id)
    if comparing:
        for before, after in zip(given, args, strict=True):
            if difference(after, before, EXACT):
                raise SwapError(replay(use.seam, function, given, "changed its input"))
        bound = use.seam.bound(*given) if callable(use.seam.bound) else use.seam.bound
        if found := difference(result, use.seam.oracle(*copy.deepcopy(given)), bound):
            raise SwapError(replay(use.seam, function, given, f"differs from minirl's: {widened(found, given)}"))
        use.compared += 1
    return result


def replay(seam: Seam, function: Function, args: Sequence[Any], what: str) -> str:
    """Write the call down as a program that repeats it; returns the message about it."""
    path = Path.cwd() / f"replay_{function.__name__}.py"
    typed = ", ".join(map(literal, args))
    with atomic_write(path) as file:
        file.write(
            f"import numpy as np\n\n{imported(seam, function)}\n\n"
            f"# {' '.join(what.split())}\nprint({function.__name__}({typed}))\n"
        )
    numbers = [exercise.number for _, exercise in all_exercises() if exercise.seam == seam.id]
    small = f", and `check {numbers[0]}` tries small ones" if numbers else ""
    end = "" if what.endswith((".", "?", "!")) else "."
    return (
        f"{seam.id}: your {function.__name__} {what}{end} The run stops here. `python {path.name}` repeats the "
        f"call{small}."
    )


def imported(seam: Seam, function: Function) -> str:
    """The line of a program that brings the learner's function."""
    name = function.__name__
    lesson = next((one for one, exercise in all_exercises() if exercise.seam == seam.id and exercise.compiled), None)
    if lesson is None:
        return f"from exercises import {name}"
    return f"from minirl.lessons import exercises_of\n\n{name} = exercises_of({lesson.number!r}).{name}"


def require_passed(name: str, part: Function) -> None:
    """Raise SwapError unless the file that defines the function passes the exercise at this seam."""
    exercise, file = exercise_at(name), written_in(part)
    try:
        progress = Progress.open(file.resolve().parent)
    except NoFolder:
        raise SwapError(
            f"swapped: {exercise.name} is not in a folder of lessons, so nobody knows whether it has passed; "
            "force=True takes it all the same"
        ) from None
    if not passes(progress, exercise, file):
        raise SwapError(
            f"{exercise.name} has not passed its check; `check {exercise.number}` says why. force=True takes it "
            "all the same."
        )


def written_in(part: Function) -> Path:
    """The file that a learner's function is written in."""
    function = getattr(part, "__wrapped__", part)
    return Path(getattr(function, "file", "") or function.__code__.co_filename)


def passes(progress: Progress, exercise: Exercise, file: Path) -> bool:
    """Whether the exercise passes as the file is now. A file that changed since it passed is checked again."""
    if progress.passed_as_is(exercise, file):
        return True
    result = isolate.run_check(exercise, file)
    progress.checked(exercise, file, result.verdict)
    return result.verdict == "pass"


def exercise_at(seam: str) -> Exercise:
    """The exercise whose function goes to a seam."""
    return next(exercise for _, exercise in all_exercises() if exercise.seam == seam)
