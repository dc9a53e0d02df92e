"""Readings of runs with every bug and with none, recorded once, so that nobody needs to wait for them.

    recorded()["masked end"][0]["finished"]      # seed 0, with the bug "masked end"

    python -m minirl.bugs.recorded 0 1 2         # authors: train and measure again with these seeds, and write the file

A run takes about two seconds of one core, and a seed has nine: each bug, and none.
"""

import functools
import json
import sys
from collections.abc import Sequence
from contextlib import nullcontext

from minirl.bugs import BUGS, planted
from minirl.bugs.experiment import MEASURES, experiment, reading
from minirl.storage import shipped
from minirl.storage.files import atomic_write

HEALTHY = "healthy"
FILE = "data/bugs/runs.json"
KNOWN = (0, 1, 2, 3, 4, 5)  # seeds of the runs to learn from
UNSEEN = (20, 21, 22)  # seeds of the runs to be tested with
DIGITS = 4  # that are kept

Readings = dict[str, float]


def recorded(seeds: Sequence[int] = KNOWN) -> dict[str, list[Readings]]:
    """For each cause, a bug or "healthy", the readings of its runs with these seeds, in this order.

    Raises KeyError for a seed that was not recorded.
    """
    return {cause: [runs[str(seed)] for seed in seeds] for cause, runs in _kept().items()}


@functools.cache
def _kept() -> dict[str, dict[str, Readings]]:
    kept: dict[str, dict[str, Readings]] = json.loads(shipped(FILE).read_text(encoding="utf-8"))
    return kept


def healthy_range(name: str) -> tuple[float, float]:
    """The lowest and the highest reading of a measure in the healthy runs to learn from."""
    values = [run[name] for run in recorded()[HEALTHY]]
    return min(values), max(values)


def run(cause: str, seed: int) -> Readings:
    """Train and measure one run; returns its readings, rounded as they are kept."""
    with nullcontext() if cause == HEALTHY else planted(cause):
        found = experiment(seed)
    return {name: float(f"{reading(name, found[name]):.{DIGITS}g}") for name in MEASURES}


def main(argv: Sequence[str]) -> None:
    """Put runs with these seeds into the file; without seeds, all of them."""
    kept = _kept()
    for seed in map(int, argv) if argv else (*KNOWN, *UNSEEN):
        for cause in (*BUGS, HEALTHY):
            kept.setdefault(cause, {})[str(seed)] = run(cause, seed)
            print(seed, cause, flush=True)
        with atomic_write(shipped(FILE)) as file:
            json.dump(kept, file, indent=1)
            file.write("\n")


if __name__ == "__main__":
    main(sys.argv[1:])
