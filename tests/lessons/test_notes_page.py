"""docs/notes.md: every statement of the notes has its command or code, its result, and the lesson that teaches it."""

import re

from minirl.lessons.lesson import lessons
from minirl.storage import shipped

PAGE = shipped("docs/notes.md").read_text(encoding="utf-8")


def tables() -> list[list[list[str]]]:
    """The tables of the page as rows of cells, each with its heading first and without the line below it."""
    found = re.findall(r"(?:^\|.*\|$\n?)+", PAGE, re.MULTILINE)
    return [[re.split(r" ?(?<!\\)\| ?", row)[1:-1] for row in one.splitlines() if "---" not in row] for one in found]


def test_every_row_names_its_lessons() -> None:
    taught = [one for one in tables() if one[0][-1] == "lesson"]
    assert len(taught) == 4  # pictures, causes, steps A to F, roadmap
    for head, *rows in taught:
        for row in rows:
            assert len(row) == len(head), row
            numbers = re.sub(r" \([^)]*\)", "", row[-1]).split(", ")
            assert row[-1] == "none" or set(numbers) <= lessons().keys(), row


def test_every_row_shows_how_to_see_it_and_no_cell_is_empty() -> None:
    for head, *rows in tables():
        for row in rows:
            assert all(cell.strip() for cell in row[1:]), row
            assert head[1] == "the code" or re.search(r"`python -m minirl|\babove\b", " ".join(row)), row
