"""Measure the speed of kernels, training and generation, beside other libraries: python -m minirl.bench [WHAT]"""

import ast
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

from minirl.bench.runner import OptionError
from minirl.console import run_program

NAMES = (
    "kernels", "steps", "train", "generate", "recipe", "tokenizer", "tools", "retrieval", "hits", "serve", "busy",
    "scaling", "duplicates",
)  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Run a benchmark, `kernels` unless the first word of `argv` names another; returns the exit status.

    Without `argv` this is the program itself, which may start again with other environment variables (see kernels.py).
    """
    words = list(sys.argv[1:] if argv is None else argv)
    what = words.pop(0) if words and not words[0].startswith("-") else ""
    if what and what not in NAMES:
        print(f"python -m minirl.bench: there is no benchmark {what!r}; choose one of {', '.join(NAMES)}",
              file=sys.stderr)  # fmt: skip
        return 2
    if not what and {"-h", "--help"} & set(words):
        print(overview())
    try:
        module = importlib.import_module(f"minirl.bench.{what or 'kernels'}")
        if argv is None:
            sys.argv[1:] = words
        return module.main(None if argv is None else words) or 0
    except OptionError as error:
        print(f"python -m minirl.bench: {error}", file=sys.stderr)
        return 2


def overview() -> str:
    """The benchmarks, a line each: the first of their docstrings."""
    lines = ["usage: python -m minirl.bench [WHAT] [FLAGS]", "", "WHAT is one of:"]
    for name in NAMES:
        source = Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8")
        summary = (ast.get_docstring(ast.parse(source)) or "").splitlines()[0].partition(": python -m")[0]
        lines.append(f"  {name:<10} {summary}")
    return "\n".join([*lines, "", "`python -m minirl.bench WHAT --help` explains one. Without WHAT it is kernels:", ""])


if __name__ == "__main__":
    sys.exit(run_program(main))
