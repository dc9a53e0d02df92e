"""Draw a run's curves, or lay several runs over each other: python -m minirl.plot RUN [RUN ...] [--out FOLDER]

Runs that differ only in their seed are one line, their mean, in a band from the lowest to the highest. A single run is
drawn step by step, faint, under its smoothed line. Writes one .png for each plot: into RUN/plots for one run, otherwise
into the folder given by --out.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from minirl import flags
from minirl.console import printable, run_program
from minirl.runs import PLOTS, Run, curves


@dataclass
class Arguments:
    runs: Annotated[list[Path], tyro.conf.Positional, tyro.conf.arg(metavar="RUN [RUN ...]", help_behavior_hint="")]
    """Folders of runs, such as runs/roger."""
    out: Path | None = None
    """Folder for the images. Default: plots/ in the run's folder, or for several runs plots/ here."""


def main(argv: Sequence[str] | None = None) -> int:
    """The program; returns its exit status."""
    arguments = flags.parse(Arguments, argv, "python -m minirl.plot", __doc__)
    try:
        if not arguments.runs:
            raise ValueError("there is no run to draw; give its folder: python -m minirl.plot runs/roger")
        runs = [Run.open(folder) for folder in arguments.runs]
        out = arguments.out or (runs[0].folder / PLOTS if len(runs) == 1 else Path("plots"))
        written = [drawn.path for drawn in curves.draw(runs, out)]
        if not written:
            raise ValueError(curves.nothing_to_draw(runs))
    except (OSError, ValueError) as error:
        print(printable(str(error)), file=sys.stderr)
        return 1
    print("\n".join(printable(str(path)) for path in written))
    return 0


if __name__ == "__main__":
    sys.exit(run_program(main))
