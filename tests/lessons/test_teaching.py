"""docs/teaching.md: its commands do what it says, its excerpts are real, and its minutes come from the lessons."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from minirl.lessons.__main__ import main
from minirl.lessons.build import teaching
from minirl.lessons.lesson import lessons
from minirl.lessons.timetable import filled

PAGE = teaching().read_text(encoding="utf-8")
ROOT = teaching().parents[1]
TRACK = ["0", "0b", "1", "2", "3", "8", "9", "11", "12", "14"]


def block(mark: str) -> str:
    """The contents of the first block of code after a mark such as <!-- run: class -->."""
    found = re.search(rf"<!-- {mark} -->\n```\w*\n(.*?)\n```", PAGE, re.DOTALL)
    assert found is not None, mark
    return found[1]


@pytest.fixture
def ada(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a learner with one right function, one wrong one, and one that crashes."""
    monkeypatch.chdir(tmp_path)
    assert main(["init", "ada"]) == 0
    monkeypatch.chdir(tmp_path / "ada")
    file = Path("00_start", "exercises.py")
    text = file.read_text(encoding="utf-8")
    for name, code in (("square", "return x * x"), ("penalty", "return square(sure - right)")):
        assert f'raise NotImplementedError("write {name}")' in text
        text = text.replace(f'raise NotImplementedError("write {name}")', code)
    file.write_text(text, encoding="utf-8")
    return Path.cwd()


def test_the_excerpts_are_what_the_commands_write(ada: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "0", "--junit", "ada.xml"]) == 1
    capsys.readouterr()
    assert main(["progress", "--json"]) == 0
    (first, *_) = json.loads(capsys.readouterr().out)["exercises"]
    shown = json.loads(block("excerpt: progress"))
    assert len(shown.pop("hash")) == len(first.pop("hash")) and shown == first

    suite = ElementTree.parse("ada.xml").getroot()
    excerpt = ElementTree.fromstring(block("excerpt: junit") + "</testsuite>")
    assert excerpt.attrib == suite.attrib and len(excerpt) == 2
    for shown_case, case in zip(excerpt, suite, strict=False):
        assert shown_case.attrib.keys() == case.attrib.keys() and shown_case.attrib["name"] == case.attrib["name"]
        assert [failure.text for failure in shown_case] == [failure.text for failure in case]


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_the_commands_for_a_class_do_what_the_page_says(ada: Path, tmp_path: Path) -> None:
    assert main(["check", "0"]) == 1 and main(["hint", "0.2"]) == 0
    (tmp_path / "bert").mkdir()
    handed_in = tmp_path / "handed-in"
    (handed_in / "ada").mkdir(parents=True)
    shutil.copyfile("00_start/exercises.py", handed_in / "ada" / "exercises.py")
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    (bin_ / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (bin_ / "python").chmod(0o755)
    variables = {"PATH": f"{bin_}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}

    def bash(text: str, folder: Path) -> str:
        done = subprocess.run(["bash", "-c", text], cwd=folder, env={**os.environ, **variables}, capture_output=True,
                              text=True)  # fmt: skip
        assert not done.stderr, done.stderr
        return done.stdout

    bash(f"python -m minirl.lessons progress --json > {handed_in}/ada.json", ada)
    bash("python -m minirl.lessons init . && python -m minirl.lessons check 0.1", tmp_path / "bert")
    bash(f"python -m minirl.lessons progress --json > {handed_in}/bert.json", tmp_path / "bert")
    after = PAGE.partition("<!-- run: class -->")[2].split("```")
    assert bash(block("run: class"), tmp_path).strip() == after[3].strip()

    said = bash(block("run: again"), tmp_path)
    assert "0.1 square: passed" in said and "0.2 penalty: not yet" in said
    cases = list(ElementTree.parse(handed_in / "ada" / "exercises.xml").getroot())
    assert [len(case) for case in cases] == [0, 1, 1]


@pytest.mark.parametrize("number", TRACK)
def test_each_lesson_of_the_weekend_track_has_slides_and_a_rubric(number: str) -> None:
    found = re.search(rf"^### Lesson {number}\. (.*?)\n(.*?)(?=^##)", PAGE, re.DOTALL | re.MULTILINE)
    assert found is not None
    title, text = found.groups()
    if number in lessons():
        assert title == lessons()[number].title
    slides = re.findall(r"^(\d+)\. .", text, re.MULTILINE)
    assert len(slides) >= 6 and slides == [str(i + 1) for i in range(len(slides))]
    for row in ("Works", "Explains", "Doubts"):
        (cells,) = re.findall(rf"^\| {row} \| (.+) \|$", text, re.MULTILINE)
        assert len(cells.split(" | ")) == 3


def test_minutes_are_sums_from_the_lessons() -> None:
    minutes = {number: lesson.minutes for number, lesson in lessons().items()}
    plan = "<!-- minutes: begin -->\n| when | lessons | minutes |\n|---|---|---:|\n{}\n<!-- minutes: end -->\n"
    made = filled(plan.format("| Monday, 2 hours | 0, 0b | 7 |\n| all | 3 | |\n| later | 1, 99 | 7 |"))
    assert f"| Monday, 2 hours | 0, 0b | {minutes['0'] + minutes['0b']} |" in made
    assert f"| all | 3 | {minutes['3']} |" in made
    assert "| later | 1, 99 | 7 |" in made  # lesson 99 is still to be written
    assert filled("| outside | 0 | 7 |") == "| outside | 0 | 7 |"


def test_every_plan_ends_within_the_track() -> None:
    plans = re.findall(r"<!-- minutes: begin -->\n(.*?)<!-- minutes: end -->", PAGE, re.DOTALL)
    assert len(plans) == 3
    for plan in plans:
        rows = re.findall(r"^\| [^|]+ \| ([\w, ]+) \| [\d,]+ \|$", plan, re.MULTILINE)
        named = [number for row in rows for number in row.split(", ")]
        assert rows and set(named) <= set(TRACK)
