"""Silent bugs, planted in a small model: see what each does, or find one from its measures: python -m minirl.bugs

    python -m minirl.bugs                  # the list, and which test finds each
    python -m minirl.bugs "masked end"     # a small run, with and without this bug
    python -m minirl.bugs --mystery 3      # a run with one of the bugs: which one?
    python -m minirl.bugs --mystery 3 --answer "masked end"    # right or wrong?
    python -m minirl.bugs --reveal 3       # the solution

Each bug is a file in minirl/bugs/: its story, the wrong code, and the test that fails.
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
from minirl.bugs import BUGS, Bug, no_bug, planted
from minirl.bugs.experiment import MEASURES, Curve, experiment
from minirl.console import run_program

BARS = "▁▂▃▄▅▆▇█"
COURSE = 12  # the most bars that a curve is drawn with
WRONG = 3  # the exit status of a wrong answer


@dataclass
class Arguments:
    bug: Annotated[str | None, tyro.conf.Positional] = None
    """Run the experiment with this bug and without it. Default: list the bugs."""
    mystery: int | None = None
    """Run the experiment with one of the bugs, chosen by this number, and do not say which."""
    answer: str | None = None
    """With --mystery: the bug you think it is. Says right or wrong; the exit status is 0 if right, 3 if wrong."""
    reveal: int | None = None
    """Say which bug --mystery with this number has."""
    seed: int = 0
    """Seed of the experiment."""


def main(argv: Sequence[str] | None = None) -> int:
    """The program; returns its exit status."""
    arguments = flags.parse(Arguments, argv, "python -m minirl.bugs", __doc__)
    console = Console()
    if sum(x is not None for x in (arguments.bug, arguments.mystery, arguments.reveal)) > 1:
        print("give one of BUG, --mystery and --reveal", file=sys.stderr)
        return 1
    if arguments.answer is not None and arguments.mystery is None:
        print("--answer answers a mystery: give --mystery N too", file=sys.stderr)
        return 1
    named = arguments.bug if arguments.answer is None else arguments.answer
    if named is not None and named not in BUGS:
        print(no_bug(named), file=sys.stderr)
        return 1
    if arguments.answer is not None and arguments.mystery is not None:
        return graded(arguments.mystery, arguments.answer)
    if arguments.bug is not None:
        tell(BUGS[arguments.bug], console)
        console.print(compared(arguments.bug, arguments.seed))
    elif arguments.mystery is not None:
        console.print(compared(hidden(arguments.mystery).name, arguments.seed, f"mystery {arguments.mystery}"))
        console.print(
            f'Which bug is it? `python -m minirl.bugs` lists them. --mystery {arguments.mystery} --answer "NAME" '
            f"checks your answer; --reveal {arguments.mystery} gives the solution.",
            markup=False, highlight=False,
        )  # fmt: skip
    elif arguments.reveal is not None:
        tell(hidden(arguments.reveal), console)
    else:
        console.print(listed())
    return 0


def hidden(number: int) -> Bug:
    """The bug of the mystery with this number."""
    return random.Random(number).choice(list(BUGS.values()))


def graded(number: int, answer: str) -> int:
    """Print whether the answer is right, without naming the bug if it is not; returns the exit status."""
    if hidden(number).name == answer:
        print(f"right: mystery {number} is {answer!r}. --reveal {number} tells its story.")
        return 0
    print(f"wrong: mystery {number} is not {answer!r}. Look at the measures again: --mystery {number}")
    return WRONG


def listed() -> Table:
    """All bugs, with the measures that they change and the function that each is planted in."""
    table = Table("bug", "what the curves show, and where it is", show_lines=True)
    for bug in BUGS.values():
        table.add_row(bug.name, Text.assemble(bug.symptom, "\n", (bug.where, "dim")))
    return table


def tell(bug: Bug, console: Console) -> None:
    """A bug's name, its story, and the test."""
    console.print(Text(f"{bug.name}, in {bug.where}\n", style="bold"))
    for paragraph in bug.story.strip().split("\n\n"):
        console.print(Text(" ".join(paragraph.split()) + "\n"))
    console.print(Text(f'See it fail: python -m pytest --planted "{bug.name}" {bug.exposed_by}\n'), soft_wrap=True)


def compared(name: str, seed: int, title: str | None = None) -> Table:
    """The measures without and with a bug. The signs of the bug are red, unless a title hides its name."""
    right = experiment(seed)
    with planted(name):
        wrong = experiment(seed)
    table = Table("measure", "without", f"with {title or name}")
    for measure, (meaning, healthy) in MEASURES.items():
        curves = right[measure], wrong[measure]
        highest = max(map(max, curves))
        what = Text.assemble((measure, "bold"), (f"\n{meaning}\nhealthy: {healthy}", "dim"))
        sign = title is None and measure in BUGS[name].signs
        table.add_row(what, *(drawn(curve, highest) for curve in curves), style="red" if sign else None)
    return table


def drawn(curve: Curve, highest: float) -> str:
    """A number; or a curve: its first and last value, and under them its course, in bars from 0 up to `highest`."""
    if len(curve) == 1:
        return f"{curve[0]:.2g}"
    means = [sum(part) / len(part) for part in np.array_split(curve, min(COURSE, len(curve)))]
    course = "".join(BARS[round(max(mean, 0) / (highest or 1) * (len(BARS) - 1))] for mean in means)
    return f"{curve[0]:.2g} to {curve[-1]:.2g}\n{course}"


if __name__ == "__main__":
    sys.exit(run_program(main))
