"""The learner's path: a folder, guesses, checks that survive everything, hints, solutions, progress."""

import ast
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from minirl.lessons import isolate
from minirl.lessons.__main__ import main
from minirl.lessons.lesson import find_exercise, find_lesson, find_prediction, lessons, numbered
from minirl.lessons.mine import reveal, self_test
from minirl.lessons.progress import Progress, code_hash
from minirl.lessons.score import guesses

SOLUTION = find_lesson("1").folder / "solution.py"
STUB = '    raise NotImplementedError("write {}")'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    assert main(["init"]) == 0
    monkeypatch.chdir(tmp_path / "minirl-lessons")
    return Path.cwd()


@pytest.fixture
def write(folder: Path) -> Callable[[str, str], None]:
    """write("after", "return 1") puts this line in place of the stub."""
    file = folder / "01_decisions" / "exercises.py"

    def put(name: str, code: str) -> None:
        text = file.read_text(encoding="utf-8")
        assert STUB.format(name) in text
        file.write_text(text.replace(STUB.format(name), f"    {code}"), encoding="utf-8")

    return put


def test_init_brings_every_lesson_and_overwrites_nothing(folder: Path) -> None:
    for lesson in lessons().values():
        assert (folder / lesson.name / "exercises.py").is_file()
        assert json.loads((folder / lesson.name / "lesson.ipynb").read_text(encoding="utf-8"))["cells"]
    mine = folder / "01_decisions" / "exercises.py"
    mine.write_text("mine")
    assert main(["init", str(folder)]) == 0
    assert mine.read_text() == "mine" and "tutor" in (folder / "AGENTS.md").read_text()


def test_start_says_what_a_lesson_builds_on(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number, words in (("9", "It builds on lessons 3 and 8."), ("8", "It builds on lesson 1.")):
        assert main(["start", number]) == 0
        assert words in capsys.readouterr().out
    assert numbered(["1", "3", "8"]) == "lessons 1, 3 and 8"


def test_the_folder_is_found_from_inside_and_from_above(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in (folder / "01_decisions", folder.parent):
        monkeypatch.chdir(place)
        assert Progress.open().folder == folder
    monkeypatch.chdir(folder.parents[1])


def test_without_a_folder_the_message_says_how_to_make_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["list"]) == 3
    assert "init" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["check", "9.9"], ["start", "77"], ["predict", "1.z"], ["predict", "1.a", "x"]])
def test_a_name_that_does_not_exist_is_explained(
    folder: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 3
    assert max(map(len, capsys.readouterr().err.splitlines())) <= 80


@pytest.mark.parametrize(
    "words, said",
    [
        (["check", "0.9"], "lesson 0 has 0.1 to 0.3"),
        (["check", "0.a"], "0.a is a question: `predict 0.a`"),
        (["predict", "0.1"], "0.1 is an exercise: `check 0.1`"),
        (["check", "square"], "square is exercise 0.1: `check 0.1`"),
    ],
)
def test_a_name_of_another_kind_is_recognised(
    folder: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 3
    assert said in " ".join(capsys.readouterr().err.split())


def test_a_command_that_is_spelled_wrongly_is_recognised(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["chek", "0.1"])
    said = capsys.readouterr().err
    assert "did you mean check?" in said and max(map(len, said.splitlines())) <= 80


def test_all_that_is_listed_fits_a_terminal(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in lessons():
        assert main(["start", number]) == 0
    for command in ("list", "progress"):
        assert main([command]) == 0
    said = capsys.readouterr().out.replace(str(folder), "minirl-lessons")
    assert max(map(len, said.splitlines())) <= 80
    for page in ("README.md", "AGENTS.md"):
        assert max(map(len, (folder / page).read_text(encoding="utf-8").splitlines())) <= 80


def test_what_describes_an_exercise_in_c_fits_a_terminal() -> None:
    for file in (lesson.folder / name for lesson in lessons().values() for name in lesson.files if ".c" in name):
        comments = [line for line in file.read_text(encoding="utf-8").splitlines() if line.startswith(("/*", " *"))]
        assert max(map(len, comments)) <= 80, file


@pytest.mark.parametrize("name", ["exercises.py", "solution.py"])
def test_what_describes_an_exercise_fits_a_terminal(name: str) -> None:
    for lesson in lessons().values():
        file = lesson.folder / name
        if not file.is_file():  # a lesson in C alone
            continue
        text = file.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node):
                lines = text.splitlines()[node.body[0].lineno - 1 : node.body[0].end_lineno]
                assert max(map(len, lines)) <= 80, (lesson.number, lines)


def test_a_check_passes_and_is_remembered(
    folder: Path, write: Callable[[str, str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    write("after", "return (*state, action)")
    assert main(["check", "1.1", "--junit", "results.xml"]) == 0
    assert "1.1 after: passed" in capsys.readouterr().out
    (case,) = ElementTree.parse(folder / "results.xml").getroot()
    assert case.attrib["name"] == "1.1 after" and not list(case)
    assert main(["list"]) == 0 and "passed" in capsys.readouterr().out
    assert main(["progress", "--json"]) == 0
    exercises = json.loads(capsys.readouterr().out)["exercises"]
    first = next(one for one in exercises if one["exercise"] == "1.1")
    assert first["passed"] and first["unchanged_since"] and first["tries"] == 1
    write("draw", "return 0")  # another exercise of the same file
    file, exercise, progress = folder / "01_decisions" / "exercises.py", find_exercise("1.1")[1], Progress.open()
    assert progress.passed_as_is(exercise, file)
    file.write_text(file.read_text().replace("(*state, action)", "[*state, action]"))
    assert progress.passed(exercise) and not progress.passed_as_is(exercise, file)
    assert main(["list"]) == 0 and "passed, changed since" in capsys.readouterr().out


def test_a_function_has_changed_if_one_that_it_uses_has(tmp_path: Path) -> None:
    file = tmp_path / "exercises.py"
    text = "import math\n\nn = 2\n\ndef half(x):\n    return x / n\n\ndef quarter(x):\n    return half(half(x))\n"
    file.write_text(text)
    before = {name: code_hash(file, name) for name in ("half", "quarter")}

    def changed(old: str, new: str) -> set[str]:
        assert old in text
        file.write_text(text.replace(old, new))
        return {name for name in before if code_hash(file, name) != before[name]}

    assert changed("half(half(x))", "half(x) / 2") == {"quarter"}
    assert changed("x / n", "x * 0.5") == changed("n = 2", "n = 3") == {"half", "quarter"}
    assert changed("n = 2", "n = 2  # a comment") == set()
    assert changed("def half", "def half(:") == {"half", "quarter"}


def test_what_is_not_written_yet_is_no_try(folder: Path, write: Callable[[str, str], None]) -> None:
    write("draw", "return 0")
    assert main(["check", "1.1"]) == 1  # a stub
    assert main(["check"]) == 1  # what has been begun
    assert main(["check", "1.3"]) == 1
    progress = Progress.open()
    assert [progress.of(exercise).get("tries", 0) for exercise in find_lesson("1").exercises[:3]] == [0, 0, 2]


def test_the_same_seed_tries_the_same_cases(
    folder: Path, write: Callable[[str, str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    write("draw", "return int(pi.argmax())")
    texts = []
    for _ in range(2):
        assert main(["check", "1.3", "--seed", "5", "--json"]) == 1
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1] and "likeliest action, whatever u is" in texts[0]


@pytest.mark.parametrize(
    "code, words",
    [
        ("import ctypes; ctypes.string_at(0)", "crashed Python itself (SIGSEGV), at line"),
        ("import os; os._exit(0)", "ended Python (exit status 0)"),
        ("return bytearray(10**13)", "MemoryError"),
        ("return state +", "cannot be read: line"),
    ],
)
def test_what_ends_a_child_is_explained(
    folder: Path, write: Callable[[str, str], None], capsys: pytest.CaptureFixture[str], code: str, words: str
) -> None:
    write("after", code)
    assert main(["check", "1.1"]) == 1
    assert words in capsys.readouterr().out


def test_a_file_that_cannot_be_imported_is_no_try(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = folder / "01_decisions" / "exercises.py"
    fresh = file.read_text()
    for broken, words in (
        (fresh.replace("import numpy as np", "import numpie as np"), "exercises.py stops in line "),
        (fresh + "\ndef f(:\n", "exercises.py cannot be read: line "),
    ):
        file.write_text(broken)
        for _ in range(2):
            assert main(["check", "1.1"]) == 1
        said = capsys.readouterr().out
        assert words in said and "--seed" not in said
    assert Progress.open().of(find_exercise("1.1")[1]).get("tries", 0) == 0


def test_the_cases_of_a_failed_check_can_be_repeated(
    folder: Path, write: Callable[[str, str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "1.3"]) == 1
    assert "--seed" not in capsys.readouterr().out  # nothing is written yet
    write("draw", "return 0")
    assert main(["check", "1.3", "--seed", "5"]) == 1
    assert "Repeat these cases: `check 1.3 --seed 5`." in " ".join(capsys.readouterr().out.split())


def test_an_endless_loop_is_shown_with_its_line(folder: Path, write: Callable[[str, str], None]) -> None:
    write("after", "while True: pass")
    exercise = find_exercise("1.1")[1]
    result = isolate.run_check(exercise, folder / "01_decisions" / "exercises.py", seconds=1)
    assert result.verdict in ("fail", "inconclusive")  # a busy machine gives the loop too little time to tell
    assert "did not return within 1 seconds" in result.text and "`while True: pass`" in result.text


@pytest.mark.parametrize(
    "code, words",
    [
        ("while not done:\n    for x in y:\n        z = 1", "goes on as long as `not done` is true"),
        ("while True:\n    x = 1\n    z = 1", "Only `break` and `return` leave it"),
        ("for x in y:\n    y.append(x)\n    z = 1", "grow in the loop"),
        ("x = 1\ny = 2\nz = 1", "Is there a loop that never ends?"),
    ],
)
def test_a_loop_without_end_is_asked_about(tmp_path: Path, code: str, words: str) -> None:
    file = tmp_path / "exercises.py"
    file.write_text(code)
    assert words in isolate.endless(3, file)


def test_waiting_is_inconclusive(folder: Path, write: Callable[[str, str], None]) -> None:
    write("after", "import time; time.sleep(60)")
    exercise = find_exercise("1.1")[1]
    result = isolate.run_check(exercise, folder / "01_decisions" / "exercises.py", seconds=2)
    assert "sleep" in result.text and result.verdict == "inconclusive"


def test_a_file_without_the_function_is_explained(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "01_decisions" / "exercises.py").write_text("x = 1\n")
    assert main(["check", "1.2"]) == 1
    assert "has no `policy`" in capsys.readouterr().out


def test_hints_come_one_by_one_and_the_solution_after_three_tries(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["hint", "1.2"]) == 0
    assert capsys.readouterr().out.count("Hint") == 1
    assert main(["hint", "1.2"]) == 0
    assert capsys.readouterr().out.count("Hint") == 2
    assert main(["solution", "1.2"]) == 1
    assert "def policy" not in capsys.readouterr().out
    exercise = find_exercise("1.2")[1]
    progress = Progress.open()
    for _ in range(3):
        progress.checked(exercise, folder / "01_decisions" / "exercises.py", "fail")
    assert main(["solution", "decisions.policy"]) == 0
    assert "def policy" in capsys.readouterr().out
    assert Progress.open().of(exercise)["solution"] is True


def test_guesses_are_stored_and_scored(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", "1.a", "c", "--sure", "80"]) == 0
    assert main(["predict", "1.b", "a", "--sure", "60"]) == 0
    capsys.readouterr()
    assert main(["predict", "1.a"]) == 0
    assert "(c), 80% sure" in capsys.readouterr().out
    assert main(["progress"]) == 0
    said = capsys.readouterr().out
    assert "Right" not in said and "has shown you the answer: 1.a, 1.b." in " ".join(said.split())
    for number in ("1.a", "1.b"):
        reveal(number)
    capsys.readouterr()
    assert main(["progress"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Right: 1 of 2 guesses." in said and "Brier score 0.20" in said  # (0.2^2 + 0.6^2) / 2
    assert "0.20 is what blind guesses give" in said  # among three 2/9, among four 3/16
    assert main(["predict", "1.c", "c", "--sure", "800"]) == 3


def test_a_guess_that_is_no_choice_is_asked_for_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = iter(["x", "(B)", "very", "101", "70%"])
    monkeypatch.setattr("builtins.input", lambda text: next(said))
    assert main(["predict", "1.a"]) == 0
    assert Progress.open().guess(find_prediction("1.a")[1]) == {"choice": 1, "sure": 70}
    assert "choose one of a, b, c" in capsys.readouterr().out


def test_only_the_first_guess_counts(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", "1.a", "a", "--sure", "60"]) == 0
    assert main(["predict", "1.a", "c", "--sure", "100"]) == 0
    assert "The first guess is the one that counts" in capsys.readouterr().out
    _, question = find_prediction("1.a")
    assert Progress.open().guess(question) == {"choice": 0, "sure": 60}
    assert Progress.open().guessed(question, 2, 100) == {"choice": 0, "sure": 60}
    reveal("1.a")
    assert guesses(Progress.open()) == [(60, False)]


def test_a_guess_after_the_answer_is_kept_and_does_not_count(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reveal("1.a")
    assert "You stored no guess" in capsys.readouterr().out
    assert main(["predict", "1.a", "c", "--sure", "100"]) == 0
    assert "left out of your score" in " ".join(capsys.readouterr().out.split())
    reveal("1.a")
    assert "Your guess was right" in capsys.readouterr().out
    assert guesses(Progress.open()) == []


def test_an_answer_that_was_guessed_before_is_not_late(folder: Path) -> None:
    assert main(["predict", "1.a", "c", "--sure", "80"]) == 0
    reveal("1.a")
    assert guesses(Progress.open()) == [(80, True)]


def test_a_self_test_names_the_sections_that_are_needed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sections = {"0b.a": "section 1", "0b.b": "section 2"}
    self_test(sections, then="Go on to lesson 1.")
    assert "Were all of yours right? Go on to lesson 1." in capsys.readouterr().out
    for number, choice in (("0b.c", "c"), ("0b.d", "a")):
        main(["predict", number, choice, "--sure", "50"])
    capsys.readouterr()
    self_test({"0b.c": "section 3", "0b.d": "section 4"}, then="Go on to lesson 1.")
    said = capsys.readouterr().out
    assert "1 of 2 right. Read section 4;" in said and "Your guess was (a): see section 4." in said
    self_test({"0b.c": "section 3"}, then="Go on to lesson 1.")
    assert "All 1 right. Go on to lesson 1." in capsys.readouterr().out


def test_reset_says_what_it_replaces(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("builtins.input", lambda text: "n")
    assert main(["reset", "1.1"]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "the whole file" in said and "exercises.old1.py" in said


def test_a_lesson_that_is_done_points_to_the_next_one(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = folder / "00_start" / "exercises.py"
    shutil.copyfile(find_lesson("0").folder / "solution.py", file)
    progress = Progress.open()
    for exercise in find_lesson("0").exercises:
        progress.checked(exercise, file, "pass")
    assert main(["start", "0"]) == 0
    said = capsys.readouterr().out
    assert "lessons start 0b\n" in said and "Before you read" not in said


def test_reset_keeps_the_old_file(folder: Path, write: Callable[[str, str], None]) -> None:
    write("after", "return 1")
    before = (folder / "01_decisions" / "exercises.py").read_text()
    assert main(["reset", "1", "--yes"]) == 0
    assert (folder / "01_decisions" / "exercises.old1.py").read_text() == before
    assert "write after" in (folder / "01_decisions" / "exercises.py").read_text()


def test_progress_survives_a_new_id_and_refuses_a_newer_version(folder: Path) -> None:
    from dataclasses import replace

    exercise = find_exercise("1.2")[1]
    progress = Progress.open()
    progress.exercises["decisions.softmax"] = {"passed": "abc", "tries": 2}
    assert progress.of(replace(exercise, was=("decisions.softmax",))) == {"passed": "abc", "tries": 2}
    (folder / "progress.json").write_text('{"version": 99}')
    with pytest.raises(ValueError, match="version 99"):
        Progress.open()
    (folder / "progress.json").write_text("{")
    with pytest.raises(ValueError, match="not a file of progress"):
        Progress.open()
    (folder / "progress.json").rename(folder / "damaged.json")  # as the message says
    assert main(["init"]) == 0
    assert (folder / "progress.json").is_file() and not (folder / "minirl-lessons").exists()


def test_a_copied_solution_passes_as_a_learners_file(folder: Path) -> None:
    shutil.copyfile(SOLUTION, folder / "01_decisions" / "exercises.py")
    assert main(["check", "1.1", "1.6"]) == 0
