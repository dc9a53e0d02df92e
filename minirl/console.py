"""What every program owes the terminal: no tracebacks for a closed pipe, Ctrl-C or a narrow encoding, no control codes.

A program is a function `main(argv=None)` that returns its exit status. Its module ends with

    if __name__ == "__main__":
        sys.exit(run_program(main))
"""

import codecs
import io
import os
import re
import sys
from collections.abc import Callable

INTERRUPTED, READER_GONE = 130, 1  # what a shell reports after SIGINT; what Python's manual and rich give

# Characters that a terminal obeys instead of showing, or that reorder what is around them: C0 and C1 controls without
# tab and line feed, marks of writing direction, line separators; and surrogates, which no encoding can hold.
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")

# What is written for signs of our own where the terminal's encoding lacks them.
SUBSTITUTES = {
    "█": "#", "▏": "|", "▲": "^", "▼": "v", "↵": "\\n", "␣": "_", "−": "-", "–": "-", "…": "...", "·": ".", "±": "+-",
    "×": "x", "→": "->", "π": "pi", "“": '"', "”": '"', "’": "'",
}  # fmt: skip


def run_program(main: Callable[[], int]) -> int:
    """Run a program's `main` and return the exit status of the process.

    Where the reader of the output has left (`... | head`) the program ends quietly with status 1, and after Ctrl-C with
    130. A sign that the terminal's encoding lacks is replaced.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="minirl.substitute")
    try:
        try:
            return main()
        finally:
            sys.stdout.flush()  # here, where a closed pipe is caught, and not while Python shuts down
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is still buffered goes nowhere
        return READER_GONE
    except KeyboardInterrupt:
        return INTERRUPTED


def printable(text: str) -> str:
    r"""The text with every control character written as an escape, so that no terminal obeys it.

    A question or a model may contain terminal codes, which could clear the screen or change the window's title.

    >>> print(printable("red: \x1b[31m"))
    red: \x1b[31m
    """
    return CONTROLS.sub(lambda found: ascii(found[0])[1:-1], text)


def substitute(error: UnicodeError) -> tuple[str, int]:
    """The error handler "minirl.substitute" for streams: our own signs get a look-alike, all others their code."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lost = error.object[error.start : error.end]
    return "".join(SUBSTITUTES.get(sign) or ascii(sign)[1:-1] for sign in lost), error.end


codecs.register_error("minirl.substitute", substitute)
