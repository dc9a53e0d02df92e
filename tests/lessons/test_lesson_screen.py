"""Prose fits into a line, and program text is never folded: not in a terminal, not in a pipe."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from minirl.lessons.isolate import Result
from minirl.lessons.lesson import find_exercise, find_prediction
from minirl.lessons.progress import Progress
from minirl.lessons.score import calibration
from minirl.lessons.screen import Screen

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


def test_one_guess_was_right_and_two_were() -> None:
    progress = Progress(Path())
    for number, right in (("1.a", True), ("1.b", False)):
        question = find_prediction(number)[1]
        choice = question.answer if right else question.answer - 1
        progress.predictions[question.id] = {"choice": choice % len(question.choices), "sure": 80}
    said = calibration(progress)
    assert "1 of 2 guesses was right." in said and "1 of 2 was right." in said
    progress.predictions[question.id]["choice"] = question.answer
    assert "2 of 2 guesses were right." in calibration(progress)
