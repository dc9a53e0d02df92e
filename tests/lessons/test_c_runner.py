"""Exercises in C on the learner's path: files, checks, solutions, fresh copies, and a machine without a compiler."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from minirl.lessons import commands, exercises_of, isolate
from minirl.lessons.c import has_compiler
from minirl.lessons.c.compiler import find_compiler
from minirl.lessons.c.source import spliced
from minirl.lessons.folder import make_folder
from minirl.lessons.lesson import find_exercise, find_lesson
from minirl.lessons.overview import overview, state
from minirl.lessons.progress import Progress

LESSON = find_lesson("4")
EXERCISE = find_exercise("4.2")[1]
A, B = np.array([[2, 3]], np.float32), np.array([[10], [1]], np.float32)

compiled = pytest.mark.skipif(not has_compiler(), reason="there is no C compiler")


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The learner's exercises.c, in a folder that was just made; programs start in it."""
    folder = make_folder(tmp_path / "minirl-lessons").folder / LESSON.name
    monkeypatch.chdir(folder)
    return folder / "exercises.c"


@pytest.fixture
def no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "/nonexistent/cc")


def written(file: Path, body: str) -> None:
    """Write the body of `naive`."""
    head = "int K, int N) {\n"
    file.write_text(file.read_text().replace(head, f"{head}{body}\n", 1))


def test_both_files_of_exercises_are_there(mine: Path) -> None:
    assert mine.is_file() and mine.with_suffix(".py").is_file()
    assert LESSON.files == ["exercises.py", "exercises.c"]


@compiled
def test_what_is_not_written_says_so(mine: Path) -> None:
    result = isolate.run_check(EXERCISE, mine)
    assert result.verdict == "fail" and result.text == "`naive` is not written yet."


@compiled
def test_a_message_of_the_compiler_comes_with_its_line(mine: Path) -> None:
    written(mine, "    c[0] = a[0] * b[0]")
    number = mine.read_text().splitlines().index("    c[0] = a[0] * b[0]") + 1
    result = isolate.run_check(EXERCISE, mine)
    place = re.search(r"exercises.c does not compile: line (\d+): expected ';'", result.text)
    assert result.refused and place and int(place[1]) in (number, number + 1), result.text


@compiled
def test_what_is_out_of_bounds_comes_with_the_smallest_case(mine: Path) -> None:
    written(mine, "    for (int i = 0; i <= M * N; i++) c[i] = 1;")
    result = isolate.run_check(EXERCISE, mine, seed=0)
    assert result.verdict == "fail" and "writes c[6]" in result.text and "naive(np.zeros((2, 0)" in result.text


@compiled
def test_a_solution_passes_and_is_used(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.solution("4.2", plain=True) == 1 and "The solution appears after three" in capsys.readouterr().out
    shutil.copyfile(LESSON.folder / "solution.c", mine)
    result = isolate.run_check(EXERCISE, mine)
    assert result.verdict == "pass" and result.cases > 20
    progress = Progress.open()
    progress.checked(EXERCISE, mine, "pass")
    assert state(progress, LESSON, EXERCISE) == "passed"
    my = exercises_of(4)
    assert my.naive(A, B).tolist() == [[23.0]] and my.whose("naive") == "your"
    assert my.whose("row_wise") == "the course's"
    assert commands.solution("4.2", plain=True) == 0
    assert capsys.readouterr().out.rstrip().endswith("}")
    mine.write_text(mine.read_text().replace("float sum = 0;", "float sum = 0; /* same */"))
    assert state(progress, LESSON, EXERCISE) == "passed"
    mine.write_text(mine.read_text().replace("float sum = 0;", "float sum = 1;"))
    assert state(progress, LESSON, EXERCISE) == "passed, changed since"


def test_reset_keeps_both_files(mine: Path) -> None:
    written(mine, "    /* mine */ c[0] = 1;")
    assert commands.reset("4.2", yes=True, plain=True) == 0
    assert "mine" in mine.with_name("exercises.old1.c").read_text()
    assert mine.read_text() == (LESSON.folder / "exercises.c").read_text()
    assert mine.with_name("exercises.old1.py").is_file() and mine.with_suffix(".py").is_file()


def test_without_a_compiler_an_exercise_waits_and_the_lesson_goes_on(
    mine: Path, no_compiler: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert commands.check(("4.2",), plain=True) == 2
    said = " ".join(capsys.readouterr().out.split())
    assert "4.2 naive: needs a compiler" in said and "written in C, and there is no C compiler here" in said
    assert state(Progress.open(), LESSON, EXERCISE) == "needs a compiler"
    assert overview(Progress.open())["exercises"]
    assert commands.start("4", plain=True) == 0 and "needs a compiler" in " ".join(capsys.readouterr().out.split())
    my = exercises_of(4)
    said = capsys.readouterr().out
    assert "no C compiler here, so a reference in NumPy stands in: 4.2 naive" in said and "4.1 intensity" in said
    assert my.naive(A, B).tolist() == [[23.0]] and not hasattr(my.naive, "raw")


CALLS = (
    "void four_steps(const float *a, const float *b, float *c, int M, int K, int N) { blocked(a, b, c, M, K, N); }\n"
)


@compiled
def test_another_exercise_is_named_where_it_is_to_blame(mine: Path) -> None:
    """`four_steps` is right, and calls a `blocked` that is not written, and then one that leaves blocks out."""
    last = find_exercise("4.5")[1]
    stub, solution = mine.read_text(), (LESSON.folder / "solution.c").read_text()
    mine.write_text(spliced(stub, CALLS))
    result = isolate.run_check(last, mine)
    assert result.text == "`four_steps` calls `blocked`, which is not written yet. It is exercise 4.4."
    mistake = (LESSON.folder / "wrong" / "blocked__last_steps.c").read_text()
    mine.write_text(spliced(spliced(solution, CALLS), mistake))
    result = isolate.run_check(last, mine)
    assert result.verdict == "fail" and "it is `blocked` that needs another look: `check 4.4`" in result.text


@compiled
def test_without_sanitizers_guard_bands_watch_alone_and_the_check_says_so(
    mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "cc"
    script.write_text(
        f'#!/bin/sh\ncase "$*" in *-fsanitize*) echo "no sanitizers" >&2; exit 1;; esac\nexec {find_compiler()} "$@"\n'
    )
    script.chmod(0o755)
    monkeypatch.setenv("CC", str(script))
    shutil.copyfile(LESSON.folder / "solution.c", mine)
    result = isolate.run_check(EXERCISE, mine)
    assert result.verdict == "pass" and "no sanitizers" in result.text
    mine.write_text(mine.read_text().replace("c[i * N + j] = sum;", "c[i * N + j] = sum; c[M * N] = 1;"))
    result = isolate.run_check(EXERCISE, mine)
    assert result.verdict == "fail" and "writes c[" in result.text and "no sanitizers" in result.text
