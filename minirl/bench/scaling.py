"""Several ranks against several threads, and over slow networks: python -m minirl.bench scaling

An update, of the same batch: by one process with as many threads as there are ranks, then by ranks with one thread
each. Rollouts too. With --network, each rank gets a machine of its own: a network namespace of Linux, joined to the
others by links of a limited speed (needs root, `ip` and `tc`). The measured update stands beside the formula of
docs/scaling.md. Needs mpi4py and mpiexec (MPICH: `pip install mpi4py mpich`).

    python -m minirl.bench scaling                            # ranks against threads
    python -m minirl.bench scaling --network 1000 100         # and over links of 1000 and 100 Mbit/s
    python -m minirl.bench scaling --paper                    # 8 to 64 machines, by the formulas
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from typing import Any

from rich.console import Console
from rich.table import Table

from minirl import flags
from minirl.bench.network import machines
from minirl.bench.runner import OptionError
from minirl.bench.scaling_case import Case, exchange_seconds
from minirl.bench.scaling_paper import tables

WORKER = "minirl.bench.scaling_case"


@dataclass(frozen=True)
class Options:
    """Time updates and rollouts on several ranks, against threads and against a formula."""

    ranks: int = 2
    """Ranks, a power of two; also the threads of the one process."""
    shards: int = 0
    """Shards of the ranks' batch; 0: as many as ranks."""
    layers: int = 5
    """Layers of the model."""
    width: int = 256
    """Width of the model; heads are 64 wide, and the MLP 2.75 times as wide."""
    vocabulary: int = 4096
    """Tokens of the vocabulary."""
    rows: int = 8
    """Texts in the batch."""
    length: int = 512
    """Tokens of each text."""
    updates: int = 5
    """Updates in each round of measuring, after one to warm up."""
    rounds: int = 3
    """How often each contender has its turn; the table has the shortest times."""
    network: tuple[int, ...] = ()
    """Speeds of the links, in Mbit/s, for runs over network namespaces."""
    inner_steps: int = 0
    """Over the network, a round of DiLoCo with this many updates by each rank besides; 0: none."""
    overlap: bool = True
    """Whether large models exchange gradients while backward is still at work."""
    paper: bool = False
    """Measure nothing: print what the formulas say for 8 to 64 machines."""
    gigaflops: float = 200.0
    """With --paper: what a machine computes in a second of training, in 10^9 operations; `train --plan` measures it."""
    json: str | None = None
    """Write the measured times to this file."""


def main(argv: Sequence[str] | None = None) -> int:
    """The program; returns its exit status."""
    options = flags.parse(Options, argv, "python -m minirl.bench scaling", __doc__)
    if options.paper:
        for table in tables(options.gigaflops, options.inner_steps or 50):
            Console().print(table)
        return 0
    if options.ranks < 2 or options.ranks & (options.ranks - 1):
        raise OptionError(f"--ranks is {options.ranks}; give 2 or another power of two")
    if shutil.which("mpiexec") is None:
        raise OptionError("there is no mpiexec; `pip install mpi4py mpich` brings one")
    case = Case(
        options.shards or options.ranks, options.layers, options.width, options.vocabulary, options.rows,
        options.length, options.updates, options.inner_steps,
        options.overlap,
    )  # fmt: skip
    alone = replace(case, shards=1, inner_steps=0)
    found: dict[str, list[dict[str, float]]] = {"threads": [], "ranks": []}
    for _ in range(options.rounds):  # in turns, so that both meet the same moods of the machine
        found["threads"].append(run(alone, 1, options.ranks))
        found["ranks"].append(run(case, options.ranks, 1))
    best = {name: shortest(times) for name, times in found.items()}
    console = Console()
    console.print(against_threads(best, options.ranks))
    measured: dict[str, Any] = {"options": asdict(options), **best}
    if options.network:
        measured["network"] = over_networks(case, options, best["ranks"])
        console.print(beside_the_formula(measured["network"]))
    if options.json is not None:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(measured, file, indent=2)
    return 0


def run(case: Case, ranks: int, threads: int, launcher: Sequence[str] = (), **more: str) -> dict[str, float]:
    """What a case measures on so many ranks, each with so many threads."""
    start = [*launcher, "-n", str(ranks)] if launcher else ["mpiexec", "-n", str(ranks)]
    words = [*(start if ranks > 1 else []), sys.executable, "-m", WORKER, json.dumps(asdict(case))]
    environment = {**os.environ, **more, "OMP_NUM_THREADS": str(threads), "MINIRL_THREADS": str(threads)}
    done = subprocess.run(words, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise OptionError(f"`{' '.join(words[:3])} ...` failed:\n{done.stdout}{done.stderr}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def shortest(times: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Of each measure the shortest time of all rounds."""
    return {name: min(one[name] for one in times) for name in times[0]}


def over_networks(case: Case, options: Options, local: Mapping[str, float]) -> list[dict[str, float]]:
    """Updates over links of each speed, with what the formula says from the update without a network."""
    found = []
    for speed in options.network:
        with ExitStack() as stack:
            launcher, environment = stack.enter_context(machines(options.ranks, speed))
            row = run(case, options.ranks, 1, launcher, **environment)
        meeting = exchange_seconds(local["parameters"], options.ranks, speed * 1e6)
        row |= {"speed": speed, "formula": local["update"] + meeting}
        if options.inner_steps:
            row["diloco_formula"] = local["diloco"] + meeting / options.inner_steps
        found.append(row)
    return found


def against_threads(best: Mapping[str, Mapping[str, float]], ranks: int) -> Table:
    """Ranks beside threads, in milliseconds."""
    title = f"{best['ranks']['parameters'] / 1e6:.1f}M parameters, on one machine"
    table = Table(title=title, title_justify="left")
    for column in ("", f"1 x {ranks} threads, ms", f"{ranks} ranks x 1 thread, ms", "speed-up"):
        table.add_column(column, justify="right" if column else "left")
    for name in ("update", "rollout"):
        before, now = (best[side][name] for side in ("threads", "ranks"))
        table.add_row(name, f"{1e3 * before:.0f}", f"{1e3 * now:.0f}", f"{before / now:.2f}")
    return table


def beside_the_formula(rows: Sequence[Mapping[str, float]]) -> Table:
    """Measured updates over links, and what the formula said, in milliseconds."""
    table = Table(title="updates over network namespaces", title_justify="left")
    diloco = "diloco" in rows[0]
    names = ["Mbit/s", "update, ms", "formula, ms", *(["DiLoCo update, ms", "formula, ms"] if diloco else [])]
    for column in names:
        table.add_column(column, justify="right")
    for row in rows:
        shown = ["update", "formula", *(["diloco", "diloco_formula"] if diloco else [])]
        table.add_row(f"{row['speed']:.0f}", *(f"{1e3 * row[name]:.0f}" for name in shown))
    return table
