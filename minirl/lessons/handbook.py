"""The handbook, `docs/`, in the learner's folder, and the links of a lesson, which lead to it.

A lesson links to a page as `../docs/results.md`. Its notebook stands in `lessons/` in the source and on the site, and
in a folder of its own in the learner's folder. `docs/` lies one folder up from each of them, so the same link works in
all three places.
"""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from minirl.lessons.lesson import Lesson
from minirl.lessons.notebook import lesson_cells
from minirl.storage.files import atomic_write
from minirl.storage.shipped import shipped

PAGES = "docs"
KINDS = (".md", ".png", ".svg", ".html")
LINK = re.compile(r"(?<!!)\[((?:[^][]|\[[^]]*\])*)\]\(([^)\s]+)\)")
CODE = re.compile(r"^ *```.*?^ *```", re.DOTALL | re.MULTILINE)


def add_handbook(folder: Path) -> None:
    """Put the pages of the handbook and their pictures into the learner's folder.

    Pages of an older minirl are replaced. A link of a page to the source of minirl leads nowhere there, so its text
    alone is kept.
    """
    source = shipped(PAGES)
    for path in sorted(source.rglob("*")):
        if path.suffix not in KINDS:
            continue
        copy = folder / PAGES / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix != ".md":
            shutil.copyfile(path, copy)
            continue
        with atomic_write(copy) as file:
            file.write(LINK.sub(inside, path.read_text(encoding="utf-8")))


def inside(link: re.Match[str]) -> str:
    """A link of a page, or its text alone where it leads out of the handbook."""
    return link[1] if link[2].startswith("../") else link[0]


def dead_links(lesson: Lesson, learner: Path) -> list[str]:
    """The links in a lesson's text that lead nowhere: in the source, where the site takes them from, or in the lesson's
    folder in the folder of a learner."""
    places = ((lesson.notebook.parent, "in the source"), (learner, "in a learner's folder"))
    return [
        f"lesson {lesson.number}: the link to {target} leads nowhere {where}"
        for target in sorted(set(targets(lesson)))
        for folder, where in places
        if not leads_somewhere(folder, target)
    ]


def targets(lesson: Lesson) -> Iterator[str]:
    """Where the links of a lesson's text lead, apart from addresses on the web."""
    for cell in lesson_cells(lesson):
        if cell.kind == "markdown":
            for _, target in LINK.findall(CODE.sub("", cell.source)):
                if not re.match(r"https?://", target):
                    yield target


def leads_somewhere(folder: Path, target: str) -> bool:
    """Whether a link in a page of this folder finds a file, and in it the heading that it may name after a #."""
    path, _, place = target.partition("#")
    page = folder / path
    if not path or not page.is_file():
        return False
    return not place or place in headings(page.read_text(encoding="utf-8"))


def headings(page: str) -> set[str]:
    """What may stand after the # of a link to this page: its headings, as GitHub writes them."""
    found = re.findall(r"^#+ +(.+)$", CODE.sub("", page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}
