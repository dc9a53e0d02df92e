"""Prose fits into a line, and program text is never folded: not in a terminal, not in a pipe."""

import io
import sys
from pathlib import Path

import pytest
from rich.console import Console

from minirl.lessons import mine
from minirl.lessons.execute import CellError, execute
from minirl.lessons.folder import make_folder
from minirl.lessons.isolate import Result
from minirl.lessons.lesson import find_exercise, find_prediction
from minirl.lessons.mine import Picture
from minirl.lessons.notebook import cells
from minirl.lessons.progress import Progress
from minirl.lessons.score import calibration
from minirl.lessons.screen import Live, Screen

PROSE = "many words " * 30
CALL = "    attention(" + "1.25, " * 40 + ")"


@pytest.fixture(params=["pipe", "terminal"])
def said(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> tuple[Screen, io.StringIO]:
    """A screen, and what is written on it."""
    view, out = Screen(plain=request.param == "pipe"), io.StringIO()
    if not view.plain or request.param == "terminal":
        view.plain, view.console = False, Console(file=out, width=80, highlight=False)
    else:
        out.getvalue = lambda: capsys.readouterr().out  # type: ignore[method-assign]
    return view, out


def test_an_explanation_folds_prose_and_keeps_calls_whole(said: tuple[Screen, io.StringIO]) -> None:
    view, out = said
    exercise = find_exercise("1.1")[1]
    parts = (("call", f"The smallest input that fails:\n{CALL}"), ("mistake", PROSE))
    view.result(Result(exercise, "fail", parts, seed=0, printed="x" * 100 + " y"), "1.1")
    lines = out.getvalue().splitlines()
    assert CALL in [line.rstrip() for line in lines] or CALL in lines
    assert "x" * 100 + " y" in lines
    assert lines[0] == "1.1 after: not yet"
    prose = [line for line in lines if "many" in line]
    assert len(prose) > 3 and max(map(len, prose)) <= 80 and prose[0].startswith("What this looks like")


def test_program_text_is_not_folded(said: tuple[Screen, io.StringIO]) -> None:
    view, out = said
    code = "def f(" + "a, " * 40 + "b):\n    return " + "a + " * 40 + "b"
    view.code(code)
    assert out.getvalue() == code + "\n"


def test_only_guesses_whose_answer_was_shown_are_counted() -> None:
    progress = Progress(Path())
    for number, right in (("0.a", True), ("0.b", False), ("0.c", True)):
        question = find_prediction(number)[1]
        choice = question.answer if right else question.answer - 1
        progress.predictions[question.id] = {
            "choice": choice % len(question.choices),
            "sure": 80,
            "seen": number != "0.c",
        }
    said = calibration(progress)
    assert "Right: 1 of 2 guesses." in said and "(80% on average): right 1 of 2." in said
    assert "0.22 is what blind guesses among three give" in said  # (1/3) (2/3)^2 + (2/3) (1/3)^2
    assert "counted once the lesson has shown you the answer: 0.c." in said


def test_what_a_cell_prints_is_shown_line_by_line_while_it_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    live = Live(Screen(plain=True), tmp_path)
    seen: list[str] = []

    def look() -> None:
        seen.append(capsys.readouterr().out)

    source = "# %% [markdown]\n# # Title\n#\n# ## One\n# ## Two\n# %%\nprint('first')\nlook()\nprint('end', end='')\n"
    source += "# %%\nPicture('two bars of the same height')\n# %%\nprint('last words')\n1 / 0\n"
    with pytest.raises(CellError) as failed:
        execute(cells(source), "lesson.ipynb", {"look": look, "Picture": Picture}, live)
    look()
    assert seen[0].split() == ["Title", "Two", "first"]
    assert seen[1].startswith("end\nFigure: two bars") and (tmp_path / "02_0.png").is_file()
    assert seen[1].endswith("last words\n") and "last words" not in str(failed.value).partition("It begins")[2][30:]


def test_a_line_does_not_wait_in_a_buffer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Waiting(io.StringIO):
        """What has been written since the last flush is not there for a reader yet."""

        arrived = ""

        def flush(self) -> None:
            self.arrived = self.getvalue()

    monkeypatch.setattr(sys, "stdout", out := Waiting())
    cell = Live(Screen(plain=True), tmp_path).cell()
    cell.write("first\nsec")
    assert out.arrived == "first\n"
    cell.finish()
    assert out.arrived == "first\nsec\n"


def test_a_run_does_not_show_answers_to_open_questions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_folder(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(mine, "SPOIL", False)
    question = find_prediction("0.a")[1]
    mine.reveal("0.a")
    assert "Answer" not in capsys.readouterr().out and not Progress.open().seen(question)
    Progress.open().guessed(question, 0, 50)
    mine.reveal("0.a")
    assert "Answer: (c)" in capsys.readouterr().out
