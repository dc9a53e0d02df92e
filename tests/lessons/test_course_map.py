"""The map of the course and its tracks: what lesson.toml says is what pages show."""

import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from minirl.lessons.__main__ import main
from minirl.lessons.build import page_of_course
from minirl.lessons.course_map import ALT, FILE, arrows, before, columns, course_map, map_table
from minirl.lessons.lesson import NotFound, lessons
from minirl.lessons.notebook import lesson_cells
from minirl.lessons.tracks import TRACKS, of_track, tracks_table
from minirl.storage import shipped

NEW = {"15", "20", "21", "22"}  # that a track may name before they are written


def test_the_committed_map_and_tables_are_what_the_lessons_say() -> None:
    assert shipped(FILE).read_text(encoding="utf-8") == course_map(lessons()), "`python -m minirl.lessons build`"
    page = shipped("lessons/README.md").read_text(encoding="utf-8")
    assert page_of_course(page) == page and f"![{ALT}](../{FILE})" in page


def test_a_change_of_a_lesson_changes_the_map() -> None:
    changed = dict(lessons()) | {"10": replace(lessons()["10"], needs=("9",))}
    assert course_map(changed) != course_map(lessons()) and ("9", "10") in arrows(changed)
    assert map_table(changed) != map_table(lessons())


def test_every_lesson_stands_to_the_right_of_what_it_needs_and_arrows_say_all() -> None:
    course = lessons()
    column = columns(course)
    drawn = arrows(course)
    for number, lesson in course.items():
        assert all(column[need] < column[number] for need in lesson.needs)
        reached, waiting = set[str](), [number]
        while waiting:
            last = waiting.pop()
            new = {one for one, other in drawn if other == last} - reached
            reached |= new
            waiting += new
        assert reached == before(course, number)  # what was left out follows from what is drawn
    assert ("3", "14") not in drawn and ("9", "11") in drawn


def test_boxes_lie_in_the_picture_apart_and_hold_their_titles() -> None:
    root = ElementTree.fromstring(course_map(lessons()))
    space = "{http://www.w3.org/2000/svg}"
    (title,) = root.findall(f"{space}title")
    assert title.text == ALT
    width, height = (int(root.attrib[name]) for name in ("width", "height"))
    boxes = [
        tuple(int(one.attrib[k]) for k in ("x", "y", "width", "height")) for one in root.findall(f"{space}rect")[1:]
    ]
    assert len(boxes) == len(lessons())
    for x, y, w, h in boxes:
        assert min(x, y) >= 0 and x + w <= width and y + h <= height
        assert sum(x < u + w and u < x + w and y < v + h and v < y + h for u, v, _, _ in boxes) == 1
    texts = [text.text or "" for text in root.findall(f"{space}text")]
    assert all(lesson.number in texts for lesson in lessons().values())
    assert max(map(len, texts[1:])) <= 24


@pytest.mark.parametrize("name", TRACKS)
def test_a_track_has_what_its_lessons_need_and_before_them(name: str) -> None:
    named = TRACKS[name].numbers
    assert len(set(named)) == len(named) and set(named) - lessons().keys() <= NEW
    some = of_track(name)
    for index, lesson in enumerate(some):
        known = {other.number for other in some[:index]}
        missing = {need for need in lesson.needs if need not in known}
        assert not missing, (name, lesson.number, missing)


def test_every_lesson_stands_in_the_table_of_tracks() -> None:
    table = tracks_table()
    assert all(f" {number}" in table.replace(",", " ,") for number in lessons())
    assert "| beside them | 16, 17" in table


def test_the_runner_lists_a_track(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["init", "."]) == 0
    capsys.readouterr()
    assert main(["list", "--track", "rl"]) == 0
    said = capsys.readouterr().out
    assert "Lesson 12. REINFORCE" in said and "Lesson 4." not in said and "Track RL" in said
    assert main(["list", "--track", "nothing"]) == 3
    assert "there are weekend, systems, RL" in " ".join(capsys.readouterr().err.split())
    with pytest.raises(NotFound):
        of_track("nothing")


def pointers(number: str) -> list[str]:
    """The lessons that the last paragraph of a lesson points at, each as it is called there."""
    *_, last = lesson_cells(lessons()[number])
    _, found, text = last.source.rpartition("\n**Next:** ")
    assert found and "\n\n" not in text, f"lesson {number} does not end with **Next:**"
    return [word for pair in re.findall(r"[Ll]essons? (\d+b?)|[Tt]he (capstone)", text) for word in pair if word]


def test_every_lesson_ends_with_pointers_and_every_lesson_is_pointed_at() -> None:
    course = list(lessons())
    at = {number: pointers(number) for number in course}
    assert {one for named in at.values() for one in named} == set(course[1:])
    assert all(at[number] for number in course[:-1])
    for number, named in at.items():
        assert number not in named, number
