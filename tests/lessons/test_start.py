"""Lesson 0: it comes first, says how the course works, and its planted crash ends only the check."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from minirl.lessons import isolate
from minirl.lessons.__main__ import COMMANDS, main
from minirl.lessons.build import table
from minirl.lessons.lesson import find_exercise, find_lesson, lessons
from minirl.lessons.notebook import lesson_cells
from minirl.lessons.score import brier

LESSON = find_lesson("0")
TEXT = "\n".join(cell.source for cell in lesson_cells(LESSON) if cell.kind == "markdown")
PLANTED = "from_address(before)"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    monkeypatch.chdir(tmp_path)
    assert main(["init"]) == 0
    assert "lessons start 0\n" in capsys.readouterr().out  # the first lesson is where to go on
    monkeypatch.chdir(tmp_path / "minirl-lessons")
    return Path.cwd()


@pytest.fixture
def change(folder: Path) -> Callable[[str, str], Path]:
    """change(old, new) edits the learner's file."""
    file = folder / LESSON.name / "exercises.py"

    def edit(old: str, new: str) -> Path:
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")
        return file

    return edit


def test_the_course_begins_with_0_then_0b_then_1() -> None:
    assert list(lessons())[:3] == ["0", "0b", "1"]
    rows = re.findall(r"^\| (\w+) \| \[", table(), re.MULTILINE)
    assert rows == list(lessons())


def test_the_number_0_means_this_lesson_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "0"]) == 1
    assert re.findall(r"^([\w.]+) \w+: not yet$", capsys.readouterr().out, re.MULTILINE) == ["0.1", "0.2", "0.3"]


@pytest.mark.parametrize("number", lessons())
def test_each_lesson_points_to_a_later_one_or_to_a_program(number: str) -> None:
    text = lesson_cells(lessons()[number])[-1].source.partition("**Next:**")[2]
    order = list(lessons())
    named = re.search(r"lesson (\w+)|`python -m", text)
    assert named is not None
    if named[1] in order:  # a lesson that is still to be written may be named too
        assert order.index(named[1]) > order.index(number)


def test_the_text_says_how_the_course_works() -> None:
    for words in ("`exercises.py`", "is where you write", "check 0.1", "hint 0.1", "solution 0.1", "--show",
                  "Any order is allowed", "To skip an exercise", "do not understand what a check says"):  # fmt: skip
        assert words in TEXT, words
    rows = re.findall(r"^\| `(\w+)[^`]*` \| ", TEXT, re.MULTILINE)
    assert len(rows) == 8 and set(rows) <= COMMANDS.keys()


def test_the_crash_ends_the_check_alone_and_is_explained(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "0.3"]) == 1
    said = capsys.readouterr().out
    assert "crashed Python itself (SIG" in said and PLANTED in said and "nothing else is hurt" in said


def test_a_crash_in_a_file_of_any_name_is_the_files_own(tmp_path: Path) -> None:
    file = tmp_path / "handed_in.py"
    file.write_text((LESSON.folder / "exercises.py").read_text(encoding="utf-8"), encoding="utf-8")
    result = isolate.run_check(find_exercise("0.3")[1], file)
    assert result.verdict == "fail" and PLANTED in result.text


@pytest.mark.parametrize("mended", ["from_address(numbers.ctypes.data + before)", "from_buffer(numbers[-1:])"])
def test_the_crash_can_be_mended_with_addresses_too(change: Callable[[str, str], Path], mended: str) -> None:
    change(PLANTED, mended)
    assert main(["check", "0.3"]) == 0


def test_what_a_known_mistake_prints_is_not_shown_as_the_learners(
    change: Callable[[str, str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """One known mistake prints the right answer instead of returning it."""
    change('raise NotImplementedError("write square")', 'print("mine"); return 2 * x')
    assert main(["check", "0.1"]) == 1
    shown = capsys.readouterr().out.partition("that your code printed:\n")[2].split("\n\n")[0]
    assert set(shown.split()) == {"mine"}


def test_the_score_of_guesses_is_the_mean_of_their_penalties() -> None:
    assert brier([(100, True), (0, False)]) == 0
    assert brier([(80, True), (60, False)]) == pytest.approx((0.04 + 0.36) / 2)
    with pytest.raises(ValueError, match="there are no guesses"):
        brier([])
