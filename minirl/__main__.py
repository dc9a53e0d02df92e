"""`minirl`, or `python -m minirl`: the list of programs, and the way to each: minirl train --preset smoke

`minirl NAME ...` is `python -m minirl.NAME ...`. The programs are found in the package's folder, and what is said about
each is the first line of its own docstring.
"""

import ast
import difflib
import runpy
import shutil
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

from minirl import __version__
from minirl.console import run_program

PACKAGE = Path(__file__).parent
USAGE = "usage: minirl NAME [FLAGS]      the same as: python -m minirl.NAME [FLAGS]"
FIRST = ("train", "chat", "trace", "evaluate", "plot", "report")  # in the order in which they are first of use


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program that the first word names; returns its exit status. Without words, list the programs."""
    words = list(sys.argv[1:] if argv is None else argv)
    if not words or words[0] in ("-h", "--help", "help"):
        print(overview())
        return 0
    if words[0] in ("-V", "--version"):
        print(f"minirl {__version__}")
        return 0
    name, *flags = words
    if name not in (known := programs()):
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
        meant = f"; did you mean {' or '.join(near)}?" if near else "."
        print(f"minirl: there is no program {name!r}{meant} `minirl --help` lists all.", file=sys.stderr)
        return 2
    return run(name, flags)


def programs() -> dict[str, str]:
    """The name of each program and its summary, the most needed ones first."""
    found = {}
    for path in [*PACKAGE.glob("*.py"), *PACKAGE.glob("*/__main__.py")]:
        source = path.read_text(encoding="utf-8")
        name = path.parent.name if path.name == "__main__.py" else path.stem
        if path.parent != PACKAGE or "\nif __name__ == " in source:
            found[name] = summary(source)
    found.pop(PACKAGE.name, None)  # this file
    order = [*(name for name in FIRST if name in found), *sorted(set(found) - set(FIRST))]
    return {name: found[name] for name in order}


def summary(source: str) -> str:
    """The first line of the docstring, up to the command that it may end with."""
    text = ast.get_docstring(ast.parse(source)) or ""
    return text.partition("\n")[0].partition(": python -m")[0]


def overview() -> str:
    """What `minirl --help` prints."""
    found = programs()
    width = max(map(len, found))
    columns = min(shutil.get_terminal_size().columns, 120)
    lines = [
        textwrap.fill(text, columns, initial_indent=f"  {name:<{width}}  ", subsequent_indent=" " * (width + 4))
        for name, text in found.items()
    ]
    about = f"minirl {__version__}: a reasoning language model from scratch."
    last = "Begin with `minirl train`. `minirl NAME --help` explains a program and its flags."
    return "\n".join([USAGE, "", about, "", *lines, "", last])


def run(name: str, flags: Sequence[str]) -> int:
    """Run `python -m minirl.NAME FLAGS` in this process; returns its exit status."""
    before = sys.argv
    sys.argv = [f"minirl {name}", *flags]
    try:
        runpy.run_module(f"minirl.{name}", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
            return 1
        return end.code or 0
    finally:
        sys.argv = before
    return 0


if __name__ == "__main__":
    sys.exit(run_program(main))
