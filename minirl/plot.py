"""Draw a run's curves, or lay several runs over each other: python -m minirl.plot RUN [RUN ...] [--out FOLDER]

Runs that differ only in their seed are one line, their mean, in a band from the lowest to the highest. A single run is
drawn step by step, faint, under its smoothed line. Writes one .png a figure: into RUN/plots for one run, otherwise into
the folder given by --out.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from minirl import flags
from minirl.runs import Run, curves
from minirl.storage.checksums import DamagedError


@dataclass
class Arguments:
    runs: Annotated[list[Path], tyro.conf.Positional]
    """Folders of runs, such as runs/roger."""
    out: Path | None = None
    """Folder for the images. One run: its own plots/ by default. Several: plots/ here."""


def main(argv: Sequence[str] | None = None) -> int:
    """The program; returns its exit status."""
    arguments = flags.parse(Arguments, argv, "python -m minirl.plot", __doc__)
    try:
        runs = [Run.open(folder) for folder in arguments.runs]
        out = arguments.out or (runs[0].folder / "plots" if len(runs) == 1 else Path("plots"))
        written = curves.draw(runs, out)
    except (FileNotFoundError, DamagedError) as error:
        print(error, file=sys.stderr)
        return 1
    print("\n".join(map(str, written)) or "these runs have no measures yet: nothing to draw")
    return 0


if __name__ == "__main__":
    sys.exit(main())
