"""Silent bugs, planted in a small model: see what they do, or find one from what it does.

python -m minirl.bugs                    # the bugs, where they sit, and what exposes them
python -m minirl.bugs "masked end"       # the same small run, with and without the bug
python -m minirl.bugs --mystery 3        # a run with one bug in it; which one?
python -m minirl.bugs --reveal 3         # that one
"""

import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import tyro
from rich.console import Console
from rich.table import Table
from rich.text import Text

from minirl import flags
from minirl.bugs import BUGS, Bug, planted
from minirl.bugs.experiment import MEASURES, Curve, experiment

BARS = "▁▂▃▄▅▆▇█"
COURSE = 12  # bars at most that a curve is drawn with


@dataclass
class Arguments:
    bug: Annotated[str | None, tyro.conf.Positional] = None
    """Run the experiment with this bug and without it. Default: list the bugs."""
    mystery: int | None = None
    """Run the experiment with a bug that this number decides, and do not say which."""
    reveal: int | None = None
    """Say which bug the number stands for."""
    seed: int = 0
    """Seed of the experiment."""


def main(argv: Sequence[str] | None = None) -> int:
    """The program; returns its exit status."""
    arguments = flags.parse(Arguments, argv, "python -m minirl.bugs", __doc__)
    console = Console()
    if sum(x is not None for x in (arguments.bug, arguments.mystery, arguments.reveal)) > 1:
        print("give one of BUG, --mystery and --reveal", file=sys.stderr)
        return 1
    if arguments.bug is not None:
        if arguments.bug not in BUGS:
            print(f"no bug {arguments.bug!r}; there are {', '.join(map(repr, BUGS))}", file=sys.stderr)
            return 1
        tell(BUGS[arguments.bug], console)
        console.print(compared(arguments.bug, arguments.seed))
    elif arguments.mystery is not None:
        console.print(compared(hidden(arguments.mystery).name, arguments.seed, f"mystery {arguments.mystery}"))
        console.print(f"Which bug is it? python -m minirl.bugs lists them; --reveal {arguments.mystery} tells.")
    elif arguments.reveal is not None:
        tell(hidden(arguments.reveal), console)
    else:
        console.print(listed())
    return 0


def hidden(number: int) -> Bug:
    """The bug that a number stands for."""
    return random.Random(number).choice(list(BUGS.values()))


def listed() -> Table:
    table = Table("bug", "what the curves show", show_lines=True)
    table.add_column("where it sits, and the test that exposes it", overflow="fold")
    for bug in BUGS.values():
        table.add_row(bug.name, bug.symptom, f"{bug.where}\n{bug.exposed_by}")
    return table


def tell(bug: Bug, console: Console) -> None:
    """A bug's name, its story, and the test."""
    console.print(Text(f"{bug.name}, in {bug.where}\n", style="bold"))
    for paragraph in bug.story.strip().split("\n\n"):
        console.print(Text(" ".join(paragraph.split()) + "\n"))
    console.print(Text(f'See it fail: python -m pytest --planted "{bug.name}" {bug.exposed_by}\n'), soft_wrap=True)


def compared(name: str, seed: int, title: str | None = None) -> Table:
    """The measures of the experiment without and with a bug. Those that tell of it are marked, unless a title hides
    its name."""
    right = experiment(seed)
    with planted(name):
        wrong = experiment(seed)
    table = Table("measure; in a healthy run", "without", f"with {title or name}")
    for measure, meaning in MEASURES.items():
        curves = right[measure], wrong[measure]
        highest = max(map(max, curves))
        what = Text.assemble((measure, "bold"), (f"\n{meaning}", "dim"))
        sign = title is None and measure in BUGS[name].signs
        table.add_row(what, *(drawn(curve, highest) for curve in curves), style="red" if sign else None)
    return table


def drawn(curve: Curve, highest: float) -> str:
    """A number; or a curve: its first and last value, and under them its course in bars of heights 0 to `highest`."""
    if len(curve) == 1:
        return f"{curve[0]:.2g}"
    means = [sum(part) / len(part) for part in np.array_split(curve, min(COURSE, len(curve)))]
    course = "".join(BARS[round(max(mean, 0) / (highest or 1) * (len(BARS) - 1))] for mean in means)
    return f"{curve[0]:.2g} to {curve[-1]:.2g}\n{course}"


if __name__ == "__main__":
    sys.exit(main())
