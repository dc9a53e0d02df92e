"""Names and texts with terminal codes and markup: a terminal, a table and a report show them and obey none."""

import html
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from minirl import plot, report
from minirl.console import printable
from minirl.runs import Run, Screen

ENCODINGS = ["ascii", *(pytest.param(name, marks=pytest.mark.slow) for name in ("cp1252", "latin-1"))]
NAMES = ["_a", "$x_{$", "[bold]x[/bold]", "a\nb", "\x1b[31mred", "🎾", "-x", "|pipe|", "<b>", "é" * 127 + "x"]


@pytest.mark.parametrize("name", ["\x1b[31m", "\x1b]0;title\x07", "\u202e"])
def test_a_screen_obeys_no_text(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen()
    screen.say(name)
    screen.command(name)
    screen.sample(name, f"Q: {name}", f"[bold]{name}")
    screen.table(name, [name, "x"], [[name, name]])
    printed = capsys.readouterr().out
    assert name[0] not in printed and "[bold]" in printed
    assert printed.count(ascii(name)[1:-1]) == 9


@pytest.mark.parametrize("name", NAMES)
def test_a_run_of_any_name_is_plotted_and_reported(
    name: str, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / name
    shutil.copytree(run.folder, folder, ignore=shutil.ignore_patterns("plots", "answers", "previous"))
    monkeypatch.setattr("minirl.runs.curves.Figure.save", lambda *_: b"a PNG with its size at byte 16")
    assert report.main([str(folder)]) == 0
    assert plot.main([str(folder)]) == 0
    assert "\x1b" not in capsys.readouterr().out
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert f"<h1>{html.escape(printable(folder.name))}</h1>" in page
    title = (folder / "report.md").read_text(encoding="utf-8").splitlines()[0]
    assert title.startswith("# ") and not any(sign in title.replace("\\" + sign, "") for sign in "*_[]<>|$")


@pytest.mark.parametrize("program", [
    "report",
    *(pytest.param(program, marks=pytest.mark.slow) for program in ("train --resume", "evaluate", "plot")),
])  # fmt: skip
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_programs_in_a_terminal_of_any_encoding(encoding: str, program: str, run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "🎾 é"
    shutil.copytree(run.folder, folder)
    done = subprocess.run(
        [sys.executable, "-m", *f"minirl.{program}".split(), str(folder)], capture_output=True, timeout=300,
        env={**os.environ, "PYTHONIOENCODING": encoding}, check=False,
    )  # fmt: skip
    assert done.returncode == 0 and not done.stderr
    assert rb"\U0001f3be" in done.stdout
