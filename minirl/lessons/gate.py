"""Gates for speed and memory: a function that is right in all cases may still be too slow, or need too much.

A limit in seconds would fail on a slow machine and pass everything on a fast one. So the learner's function is
compared with the course's own and with one that is known to be slow, all in one process and in turns. The gate is the
geometric mean of these two times: as many times slower than the one as it is faster than the other. A time above it is
measured once more. Where the two known versions come out nearly alike, the machine is too busy for a verdict:
inconclusive. A gate for several threads is left out where only one can run, or nobody could ever pass it there.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from minirl.kernels.threads import available_cores
from minirl.lessons.c import compile_c
from minirl.lessons.lesson import Exercise, Lesson
from minirl.lessons.names import Names, says, variant
from minirl.lessons.race import race

NEAR = 1.4  # a time within this factor of a known slow version's is explained by that version
ALIKE = 0.3  # exponents that differ by no more are alike
TRIES = 2
UNTIMED = "Its time is not measured"
WITH_OPENMP = """
int with_openmp(void) {
#ifdef _OPENMP
    return 1;
#else
    return 0;
#endif
}
"""


@dataclass(frozen=True)
class Speed:
    """How fast an exercise has to be: faster than the gate between the course's function and a slow one."""

    case: Callable[[np.random.Generator], tuple[Any, ...]]
    """The inputs that are timed."""
    slow: Sequence[str]
    """Files of wrong/ that are right in every case and too slow, such as "rows__column_walk"."""
    apart: float = 1.5
    """How many times the fastest of them must be slower than the course's, for a measurement that counts."""
    threads: int = 1
    seconds: float = 1.0
    """How long one measurement goes on."""


@dataclass(frozen=True)
class Memory:
    """How an exercise's memory may grow: peak bytes in proportion to size to a power below `exponent`."""

    case: Callable[[int, np.random.Generator], tuple[Any, ...]]
    """case(size, rng): the inputs of this size."""
    sizes: Sequence[int]
    exponent: float
    wasteful: Sequence[str] = ()
    """Files of wrong/ that are right in every case and need too much."""


@dataclass(frozen=True)
class Ruling:
    """What a gate says."""

    verdict: str
    """"pass", "fail" or "inconclusive"."""
    parts: list[tuple[str, str]] = field(default_factory=list)
    """Paragraphs: (kind, text)."""


def judge_speed(lesson: Lesson, exercise: Exercise, mine: Names, speed: Speed, rng: np.random.Generator) -> Ruling:
    """Whether the learner's function is fast enough. mine: the names of the learner's file, not watched."""
    if speed.threads > 1 and (why := one_thread(lesson)):
        return Ruling("pass", [("speed", f"All results of `{exercise.name}` are right. {UNTIMED}: {why}.")])
    case = speed.case(rng)
    wrong = lesson.wrong(exercise)
    functions = {"yours": mine[exercise.name]}
    functions["course"] = variant(lesson, exercise, lesson.solution(exercise))[exercise.name]
    functions |= {name: variant(lesson, exercise, wrong[name])[exercise.name] for name in speed.slow}
    contenders: dict[str, Callable[[], Any]] = {
        name: (lambda function=function: function(*case)) for name, function in functions.items()  # type: ignore[misc]
    }  # fmt: skip
    clear = 0
    for _ in range(TRIES):
        times = race(contenders, speed.seconds, speed.threads)
        slow = min(times[name] for name in speed.slow)
        gate = math.sqrt(times["course"] * slow)
        if slow < speed.apart * times["course"]:
            continue
        clear += 1
        if times["yours"] <= gate:
            said = f"It takes {ratio(times['yours'], times['course'])} as the course's own function"
            return Ruling("pass", [("speed", f"{said}; up to {gate / times['course']:.1f} times as long passes.")])
    if clear < TRIES:
        return Ruling("inconclusive", [("speed",
            f"All results of `{exercise.name}` are right. But this machine is too busy to tell whether it is fast: the "
            "course's own function and one that is known to be slow came out nearly alike. Check again.")])  # fmt: skip
    words = (
        f"All results of `{exercise.name}` are right, and it is too slow: {times['yours'] * 1e3:.3g} ms, where the "
        f"course's own function takes {times['course'] * 1e3:.3g} ms. Up to {gate / times['course']:.1f} times as long "
        "passes."
    )
    parts = [("speed", words)]
    nearest = min(speed.slow, key=lambda name: abs(math.log(times[name] / times["yours"])))
    if times["yours"] > times[nearest] / NEAR and times["yours"] < times[nearest] * NEAR:
        parts.append(("mistake", says(wrong[nearest])))
    return Ruling("fail", parts)


def judge_order(lesson: Lesson, exercise: Exercise, mine: Names, order: Callable[[Any], str]) -> Ruling:
    """Whether the learner's function takes its steps in the right order. mine: the learner's names, not watched."""
    name = order(mine[exercise.name])
    if not name:
        return Ruling("pass")
    words = (
        f"All results of `{exercise.name}` are right, and it takes its steps in another order than the exercise says."
    )
    return Ruling("fail", [("order", words), ("mistake", says(lesson.wrong(exercise)[name]))])


def one_thread(lesson: Lesson) -> str:
    """Why only one thread can run at a time here; empty where several can."""
    if available_cores() < 2:
        return "there is only one processor core here"
    if lesson.openmp and not compile_c(WITH_OPENMP, "int with_openmp(void);", openmp=True).with_openmp():
        return "the compiler here has no OpenMP, so one thread does all the work"
    return ""


def ratio(time: float, other: float) -> str:
    """How many times as long, in words: "as long" or "1.7 times as long"."""
    times = f"{time / other:.2g}"
    return "as long" if times == "1" else f"{times} times as long"


def judge_memory(lesson: Lesson, exercise: Exercise, mine: Names, memory: Memory, rng: np.random.Generator) -> Ruling:
    """Whether the learner's function needs little enough memory. mine: the names of the learner's file, watched."""
    peaks, exponent = growth(mine[exercise.name], memory, rng)
    if exponent < memory.exponent:
        return Ruling("pass")
    said = ", ".join(f"{peak:,} bytes at {size:,}" for size, peak in zip(memory.sizes, peaks, strict=True))
    words = (
        f"All results of `{exercise.name}` are right, and it needs too much memory: {said}. That grows like the size "
        f"to the power of {exponent:.1f}; expected less than {memory.exponent:g}."
    )
    parts = [("memory", words)]
    for name in memory.wasteful:
        path: Path = lesson.wrong(exercise)[name]
        other = growth(variant(lesson, exercise, path, watch=True)[exercise.name], memory, rng)[1]
        if abs(other - exponent) < ALIKE:
            parts.append(("mistake", says(path)))
            break
    return Ruling("fail", parts)


def growth(function: Any, memory: Memory, rng: np.random.Generator) -> tuple[list[int], float]:
    """The peak bytes at each size, and the exponent with which they grow from the first size to the last."""
    peaks = []
    for size in memory.sizes:
        function(*memory.case(size, rng))
        peaks.append(int(function.raw.peak_bytes))
    if not peaks[-1]:
        return peaks, 0.0
    return peaks, math.log(peaks[-1] / max(peaks[0], 1)) / math.log(memory.sizes[-1] / memory.sizes[0])
