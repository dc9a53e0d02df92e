"""What a program owes the terminal: closed pipes, Ctrl-C, narrow encodings, control characters."""

import os
import subprocess
import sys

import pytest

from minirl.console import printable, run_program
from minirl.runs import Run


def python(code: str, **environment: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, env={**os.environ, **environment}, timeout=120, check=False
    )


PROGRAM = "import sys; from minirl.console import run_program\ndef main():\n    {}\nsys.exit(run_program(main))"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 🎾\n\tx", "plain é 🎾\n\tx"),
        ("\x1b[31m\x07", r"\x1b[31m\x07"),
        ("a\rb\x7f\x9b", r"a\rb\x7f\x9b"),
        ("\u202egnp\u2028", r"\u202egnp\u2028"),
        ("\udcff", r"\udcff"),
    ],
)
def test_printable(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert printable(shown) == shown


@pytest.mark.parametrize("status", [0, 3])
def test_the_status_is_that_of_the_program(status: int) -> None:
    assert run_program(lambda: status) == status


def test_ctrl_c_ends_quietly() -> None:
    done = python(PROGRAM.format("raise KeyboardInterrupt"))
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


@pytest.mark.parametrize("lines", ["1", "100_000"])
def test_a_reader_that_leaves(lines: str) -> None:
    """Whether the program notices while it writes or only at its end."""
    reader, writer = os.pipe()
    os.close(reader)
    code = PROGRAM.format(f"[print('x' * 60) for _ in range({lines})]; return 0")
    done = subprocess.run([sys.executable, "-c", code], stdout=writer, stderr=subprocess.PIPE, timeout=120, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.parametrize(
    ("encoding", "written"),
    [("ascii", rb"### - \n \xe9 \U0001f3be \udcff"), ("cp1252", b"### - \\n \xe9 \\U0001f3be \\udcff")],
)
def test_signs_that_the_encoding_lacks_are_replaced(encoding: str, written: bytes) -> None:
    done = python(PROGRAM.format(r"print('███ − ↵ é 🎾 \udcff'); return 0"), PYTHONIOENCODING=encoding)
    assert done.returncode == 0 and done.stdout.strip() == written


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "utf-8"])
def test_a_trace_in_a_terminal_of_any_encoding(encoding: str, run: Run) -> None:
    question = "Is \x1b[31m é 🎾 worth −5?"
    done = subprocess.run(
        [sys.executable, "-m", "minirl.trace", str(run.folder), question, "--answer", "5", "--max-new-tokens", "3"],
        capture_output=True, env={**os.environ, "PYTHONIOENCODING": encoding}, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0 and not done.stderr
    assert b"\x1b" not in done.stdout and rb"\x1b[31m" in done.stdout
    assert "advantage A" in done.stdout.decode(encoding)
