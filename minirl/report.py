"""Write the report of a run again, RUN/report.md and RUN/report.html, and RUN/plots: python -m minirl.report RUN"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from minirl import flags
from minirl.console import printable, run_program
from minirl.evaluation.report import PAGE, write_report
from minirl.runs import Run


@dataclass
class Arguments:
    run: Annotated[Path, tyro.conf.Positional]
    """Folder of a run, such as runs/roger."""


def main(argv: Sequence[str] | None = None) -> int:
    """The program; returns its exit status: 0 done, 1 an error."""
    arguments = flags.parse(Arguments, argv, "python -m minirl.report", __doc__)
    try:
        path = write_report(Run.open(arguments.run))
        print(printable(f"{path}\n{path.with_name(PAGE)}"))
    except (OSError, ValueError) as error:
        print(printable(str(error)), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(run_program(main))
