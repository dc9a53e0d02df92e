"""Who is faster? Contenders run in turns, so that what slows the machine down for a while slows them all.

Nothing makes a computation faster than it is, and much makes it slower: another program, a clock that is turned down.
So of each contender the fastest run counts.
"""

import os
import time
from collections.abc import Callable, Mapping
from typing import Any

from minirl.lessons.blas import blas_threads

ROUNDS = 3  # at the least
SHORTEST = 0.002  # seconds of one timing: a faster contender is called several times


def race(
    contenders: Mapping[str, Callable[[], Any]], seconds: float = 1.0, threads: int = 1, rounds: int = ROUNDS
) -> dict[str, float]:
    """Seconds of the fastest call of each contender, by name.

    seconds: how long the whole race goes on, if it takes more rounds than `rounds` to fill them. threads: with one
    thread, processor time is measured, from which other programs take little; several threads wait for each other, so
    there it is the time on the clock. NumPy's products use as many, where that can be arranged.
    """
    with blas_threads(threads):
        return _race(contenders, seconds, threads, rounds)


def _race(contenders: Mapping[str, Callable[[], Any]], seconds: float, threads: int, rounds: int) -> dict[str, float]:
    now = time.process_time if threads == 1 else time.perf_counter
    calls: dict[str, int] = {}
    for name, call in contenders.items():  # the first call is not counted: it may load code or memory
        start = now()
        call()
        calls[name] = max(1, int(SHORTEST / max(now() - start, 1e-9)))
    best = dict.fromkeys(contenders, float("inf"))
    stop, done = time.perf_counter() + seconds, 0
    while done < rounds or time.perf_counter() < stop:
        for name, call in contenders.items():
            start = now()
            for _ in range(calls[name]):
                call()
            best[name] = min(best[name], (now() - start) / calls[name])
        done += 1
    return best


def children_seconds() -> float:
    """Seconds of processor that all ended child processes used."""
    times = os.times()
    return times.children_user + times.children_system
