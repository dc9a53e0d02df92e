"""The links, the questions and the widths of a lesson: the same wherever a learner reads it."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from minirl.lessons import gates
from minirl.lessons.folder import make_folder
from minirl.lessons.handbook import dead_links, targets
from minirl.lessons.lesson import find_lesson, lessons, read_lesson
from minirl.lessons.notebook import asked, lesson_cells


@pytest.fixture(scope="module")
def learner(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A learner's folder."""
    return make_folder(tmp_path_factory.mktemp("learner")).folder


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A copy of lesson 12 to break, in a folder `lessons` beside the handbook."""
    lesson = find_lesson("12")
    shutil.copytree(lesson.folder.parents[1] / "docs", tmp_path / "docs")
    return Path(shutil.copytree(lesson.folder, tmp_path / "lessons" / lesson.name))


def rewrite(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_the_links_of_all_lessons_lead_somewhere(learner: Path) -> None:
    assert [problem for lesson in lessons().values() for problem in dead_links(lesson, learner / lesson.name)] == []
    assert "../docs/results.md" in targets(find_lesson("12"))


def test_a_dead_link_is_found_in_each_place(broken: Path, learner: Path) -> None:
    rewrite(broken / "lesson.py", "../docs/results.md", "../docs/nothing.md")
    found = dead_links(read_lesson(broken), learner / broken.name)
    assert found == [f"lesson 12: the link to ../docs/nothing.md leads nowhere {where}" for where in
                     ("in the source", "in a learner's folder")]  # fmt: skip
    rewrite(broken / "lesson.py", "../docs/nothing.md", "../docs/results.md#no-such-heading")
    assert len(dead_links(read_lesson(broken), learner / broken.name)) == 2
    rewrite(broken / "lesson.py", "#no-such-heading", "#the-default-run-with-eight-seeds")
    assert dead_links(read_lesson(broken), learner / broken.name) == []


def test_a_link_that_works_in_the_source_alone_is_found(broken: Path, learner: Path) -> None:
    (broken.parents[1] / "tests").mkdir()
    (broken.parents[1] / "tests" / "test_x.py").write_text("")
    rewrite(broken / "lesson.py", "../docs/results.md", "../tests/test_x.py")
    assert dead_links(read_lesson(broken), learner / broken.name) == [
        "lesson 12: the link to ../tests/test_x.py leads nowhere in a learner's folder"
    ]


def test_the_learners_handbook_has_no_links_out_of_it(learner: Path) -> None:
    page = (learner / "docs" / "results.md").read_text(encoding="utf-8")
    assert "](../" not in page and "](your-own-task.md" in (learner / "docs" / "README.md").read_text(encoding="utf-8")
    assert (learner / "docs" / "reward.png").is_file()


def test_a_question_has_the_words_of_its_description(broken: Path) -> None:
    rewrite(broken / "lesson.toml", "What does this tell you about the model?", "What now?")
    lesson = read_lesson(broken)
    text = "\n".join(cell.source for cell in lesson_cells(lesson))
    assert "**Predict** (`predict 12.a`)." in text and "What now?" in text and "- (c) Nothing." in text
    assert asked(lesson) == [one.number for one in lesson.predictions]


def test_a_question_that_is_not_asked_or_does_not_exist_is_found(broken: Path) -> None:
    rewrite(broken / "lesson.py", "# {predict 12.c}\n", "# Guess 12.c.\n")
    found = gates.course([read_lesson(broken)], "", "")
    assert any("must ask each of its questions once" in problem for problem in found)
    rewrite(broken / "lesson.py", "{predict 12.d}", "{predict 12.x}")
    with pytest.raises(ValueError, match=r"asks 12.x, which is not in its lesson.toml"):
        lesson_cells(read_lesson(broken))


def test_a_work_without_its_title_is_found(broken: Path) -> None:
    rewrite(broken / "lesson.py", "- Williams, R. J. (1992).", "- Somebody (1992).")
    found = gates.sources("12", "\n".join(cell.source for cell in lesson_cells(read_lesson(broken))))
    assert found == ["lesson 12 cites Williams, 1992 and does not list it under 'Sources'"]


def test_a_line_that_is_too_wide_is_found(broken: Path) -> None:
    with (broken / "exercises.py").open("a") as file:
        file.write("#" * 101)
    (found,) = gates.wide_lines(replace(read_lesson(broken)))
    assert "exercises.py" in found and "has 101 columns; at most 100" in found
