"""Silent bugs, planted in a small model: see what each does, or find one from its measures: python -m minirl.bugs

    python -m minirl.bugs                  # the list, and the function of each
    python -m minirl.bugs "masked end"     # its story, its file, its effect
    python -m minirl.bugs --mystery 3      # a run: which bug, or none?
    python -m minirl.bugs --mystery 3 --measure "trained on"    # take a measure
    python -m minirl.bugs --mystery 3 --measure "trained on" \\
        --answer "masked end=0.8" healthy=0.1                   # and answer
    python -m minirl.bugs --reveal 3       # the solution

An answer gives probabilities, and gets points: 100 for a probability of 1 on the truth, 0 where all nine causes have
the same one. The measures that you name with it are paid from them. Each bug is a file in minirl/bugs/: its story, the
wrong code, and the test that fails.
"""

import inspect
import sys
import textwrap
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
from minirl.bugs.experiment import MEASURES, Curve, experiment, reading
from minirl.bugs.mystery import CAUSES, PRICES, Mystery, cause_of, in_order, points
from minirl.bugs.recorded import HEALTHY, healthy_range
from minirl.console import run_program

BARS = "▁▂▃▄▅▆▇█"
COURSE = 12  # the most bars that a curve is drawn with
WRONG = 3  # the exit status of a wrong answer


@dataclass
class Arguments:
    bug: Annotated[str | None, tyro.conf.Positional] = None
    """Run the experiment with this bug and without it. Default: list the bugs."""
    mystery: int | None = None
    """A run with one of the bugs or with none, chosen by this number: find out which. Says what each measure costs."""
    measure: tuple[str, ...] = ()
    """With --mystery: the measures to take, such as finished "trained on"; "all" takes all."""
    answer: tuple[str, ...] = ()
    """With --mystery: what you believe, such as "masked end=0.8" healthy=0.1. All other causes share the rest; a name
    alone means 1. The exit status is 0 if the true cause has the highest probability, otherwise 3. Name the
    measures that you have taken too: they are paid."""
    reveal: int | None = None
    """Say what --mystery with this number has."""
    seed: int | None = None
    """Seed of the run. Default: 0, and for a mystery its number + 1000."""


def main(argv: Sequence[str] | None = None) -> int:
    """The program; returns its exit status."""
    arguments = flags.parse(Arguments, argv, "python -m minirl.bugs", __doc__)
    console = Console()
    try:
        return carried_out(arguments, console)
    except Refused as error:
        print(textwrap.fill(str(error), 79, break_long_words=False, break_on_hyphens=False), file=sys.stderr)
        return 1


class Refused(ValueError):
    """A request that cannot be carried out; the message says what to do."""


def carried_out(arguments: Arguments, console: Console) -> int:
    """Do what the arguments ask for; returns the exit status. Raises Refused."""
    if sum(x is not None for x in (arguments.bug, arguments.mystery, arguments.reveal)) > 1:
        raise Refused("give one of BUG, --mystery and --reveal")
    for flag, given in (("--answer", arguments.answer), ("--measure", arguments.measure)):
        if given and arguments.mystery is None:
            raise Refused(f"{flag} belongs to a mystery: give --mystery N too")
    if arguments.bug is not None:
        if arguments.bug not in BUGS:
            raise Refused(no_bug(arguments.bug))
        tell(BUGS[arguments.bug], console)
        console.print(compared(arguments.bug, arguments.seed or 0))
    elif arguments.mystery is not None:
        names, beliefs = asked_for(arguments.measure), believed(arguments.answer)
        if beliefs is None:
            return examined(Mystery(arguments.mystery, arguments.seed), arguments.mystery, names, console)
        return graded(arguments.mystery, names, beliefs, arguments.seed)
    elif arguments.reveal is not None:
        if cause_of(arguments.reveal) == HEALTHY:
            print(f"healthy: mystery {arguments.reveal} has no bug. A run can look odd by chance.")
        else:
            tell(BUGS[cause_of(arguments.reveal)], console)
    else:
        console.print(listed())
    return 0


def asked_for(names: Sequence[str]) -> list[str]:
    """The measures with these names, each once. Raises Refused for a name that no measure has."""
    if "all" in names:
        return [*MEASURES]
    for name in names:
        if name not in MEASURES:
            raise Refused(f"no measure {name!r}; there are {', '.join(map(repr, MEASURES))}, and 'all'")
    return [name for name in MEASURES if name in names]


def believed(words: Sequence[str]) -> dict[str, float] | None:
    """Probabilities of all causes from words such as "masked end=0.8"; None without words. Raises Refused."""
    given: dict[str, float] = {}
    for word in words:
        name, equals, number = word.partition("=")
        if name not in CAUSES:
            raise Refused(f"{no_bug(name)}; or {HEALTHY!r}")
        try:
            given[name] = float(number) if equals else 1.0
        except ValueError:
            raise Refused(f"{word!r} gives no probability; write {name + '=0.8'!r}") from None
    if not given:
        return None
    others, rest = [name for name in CAUSES if name not in given], 1 - sum(given.values())
    if not all(0 <= p <= 1 for p in given.values()) or rest < -1e-9 or (rest > 1e-9 and not others):
        raise Refused(f"these probabilities add up to {1 - rest:g}: they must be 0 to 1 each, and 1 in all; what is "
                      "left of 1 goes to the causes that you do not name")  # fmt: skip
    shared = max(rest, 0.0) / max(len(others), 1)
    return {name: given.get(name, shared) for name in CAUSES}


def examined(mystery: Mystery, number: int, names: Sequence[str], console: Console) -> int:
    """Show the measures with these names, or without names what each costs; returns the exit status."""
    if not names:
        console.print(menu(number))
        console.print(
            f'Take some: --mystery {number} --measure "trained on". Then answer with probabilities: --measure "trained '
            f'on" --answer "masked end=0.8" {HEALTHY}=0.1. Name all measures that you have taken: they are paid, and '
            'nothing here remembers them. `python -m minirl.bugs` lists the bugs.',
            markup=False, highlight=False,
        )  # fmt: skip
        return 0
    table = Table("measure", "healthy runs", f"mystery {number}")
    for name in names:
        curve, (low, high) = mystery.measure(name), healthy_range(name)
        what = Text.assemble((name, "bold"), (f"\n{MEASURES[name].meaning}", "dim"))
        mine = drawn(curve, max(curve)) + ("" if len(curve) == 1 else f"\n{in_words(name)}: {reading(name, curve):.2g}")
        table.add_row(what, f"{low:.2g} to {high:.2g}", mine)
    console.print(table)
    console.print(f"Spent: {mystery.spent} points. What do you believe? --answer NAME=PROBABILITY ...", highlight=False)
    return 0


def menu(number: int) -> Table:
    """Every measure, and what it costs."""
    table = Table(f"measure of mystery {number}")
    table.add_column("points", justify="right")
    table.add_column("what it is")
    for name, measure in MEASURES.items():
        table.add_row(name, str(PRICES[name]), measure.meaning)
    return table


def in_words(name: str) -> str:
    """How the curve of a measure becomes the number that is compared with healthy runs."""
    return {"mean": "mean", "end": "mean of the last ten", "start": "the first"}[MEASURES[name].reading]


def graded(number: int, names: Sequence[str], beliefs: dict[str, float], seed: int | None) -> int:
    """Print the points of an answer, without naming the cause; returns the exit status."""
    mystery, spent = Mystery(number, seed), sum(PRICES[name] for name in names)
    got = points(beliefs, mystery.cause, spent)
    right = max(beliefs, key=beliefs.__getitem__) == mystery.cause
    print(f"{got + spent:.0f} points for the answer - {spent} for {len(names)} measures = {got:.0f}")
    print(
        f"{'right' if right else 'wrong'}: the cause that you believe in most is {'' if right else 'not '}the true one"
    )
    theirs, paid = in_order(mystery.reading)
    print(f"Taking the measures in order until one is odd gives {points(theirs, mystery.cause, paid):.0f} points.")
    print(f"--reveal {number} tells the solution.")
    return 0 if right else WRONG


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
    console.print(Text(f"The wrong code: {inspect.getsourcefile(bug.break_)}\n"), soft_wrap=True)
    console.print(Text(f'See it fail: python -m pytest --planted "{bug.name}" {bug.exposed_by}\n'), soft_wrap=True)


def compared(name: str, seed: int) -> Table:
    """The measures without and with a bug, and the signs of the bug in red."""
    right = experiment(seed)
    with planted(name):
        wrong = experiment(seed)
    table = Table("measure", "without", f"with {name}")
    for measure, about in MEASURES.items():
        curves = right[measure], wrong[measure]
        highest = max(map(max, curves))
        what = Text.assemble((measure, "bold"), (f"\n{about.meaning}\nhealthy: {about.healthy}", "dim"))
        sign = measure in BUGS[name].signs
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
