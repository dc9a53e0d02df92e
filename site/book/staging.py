"""The pages of the book, as files for Sphinx. What is in `docs/` and `lessons/` keeps its path, so its links hold.

Written for the site alone are: the terms of the glossary as Sphinx wants them, a page of solutions for each lesson, the
pages of the reference, and lists of contents. New lessons and new pages are found by themselves.
"""

import json
import re
from pathlib import Path
from typing import Any

from book.glossary import with_glossary
from book.reference import reference_pages
from book.solutions import solution_page, solutions_index
from minirl.lessons.lesson import Lesson, read_lesson

LINK = re.compile(r"\]\(([\w-]+\.md)(?:#[\w-]*)?\)")
AFTER = """\
## Now you

{files} what each function must do. The rest is yours.
`python -m minirl.lessons init` puts all this and this notebook into a folder of your own. There `check` explains
what is wrong with an answer.

When you have tried, compare yours with [one way to write them](../solutions/{name}.md).
"""


def pages(root: Path) -> dict[str, str | bytes]:
    """Path and contents of every file that Sphinx reads, for a checkout of minirl at `root`."""
    lessons = [read_lesson(path.parent) for path in sorted(root.glob("lessons/*/lesson.toml"))]
    guide = [path for path in sorted(root.glob("docs/*.md")) if path.name != "README.md"]
    made: dict[str, str | bytes] = {
        path.relative_to(root).as_posix(): path.read_text(encoding="utf-8")
        for path in (
            *guide,
            root / "docs/README.md",
            root / "lessons/README.md",
        )
    }
    made |= {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.glob("docs/**/*.png"))}
    made |= {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.glob("docs/**/*.svg"))}
    made |= {name: (root / name).read_text(encoding="utf-8") for name in ("CONTRIBUTING.md", "CHANGELOG.md")}
    made["README.txt"] = (root / "README.md").read_text(encoding="utf-8")  # the landing page includes parts of it
    made["docs/glossary.md"] = with_glossary((root / "docs/glossary.md").read_text(encoding="utf-8"))
    for lesson in lessons:
        made[f"lessons/{lesson.notebook.name}"] = lesson_page(lesson)
        made[f"solutions/{lesson.name}.md"] = solution_page(lesson)
    made["solutions/index.md"] = solutions_index(lessons)
    made |= reference_pages(root)
    course = ["lessons/README", *(f"lessons/{lesson.name}" for lesson in lessons), "solutions/index"]
    order = LINK.findall((root / "docs/README.md").read_text(encoding="utf-8"))
    listed = [name for name in dict.fromkeys([*order, *(path.name for path in guide)]) if name != "glossary.md"]
    made["index.md"] = "\n".join(
        [
            (root / "site/index.md").read_text(encoding="utf-8"),
            contents("Course", course),
            contents("Guide", ["docs/README", *(f"docs/{name.removesuffix('.md')}" for name in listed)]),
            contents("Look up", ["docs/glossary", "reference/index", "genindex"]),
            contents("Project", ["CONTRIBUTING", "CHANGELOG"]),
        ]
    )
    return made


def contents(caption: str, documents: list[str]) -> str:
    """A part of the table of contents, which the sidebar shows."""
    return "\n".join(["```{toctree}", ":hidden:", f":caption: {caption}", "", *documents, "```", ""])


def lesson_page(lesson: Lesson) -> str:
    """The committed notebook, with alternative texts where Sphinx looks for them, and pointers at its end."""
    book: dict[str, Any] = json.loads(lesson.notebook.read_text(encoding="utf-8"))
    for cell in book["cells"]:
        described = [output["metadata"]["image/png"]["alt"] for output in cell.get("outputs", ()) if is_figure(output)]
        if len(described) > 1:
            raise ValueError(f"{lesson.notebook}: a cell shows {len(described)} figures; the site describes one a cell")
        if described:
            cell["metadata"]["mystnb"] = {"image": {"alt": described[0]}}
    links = [f"[{file}]({lesson.name}/{file})" for file in lesson.files]
    text = AFTER.format(name=lesson.name, files=f"{' and '.join(links)} {'say' if links[1:] else 'says'}")
    book["cells"].append({"cell_type": "markdown", "id": "now-you", "metadata": {}, "source": text})
    return json.dumps(book, ensure_ascii=False)


def is_figure(output: dict[str, Any]) -> bool:
    """Whether an output of a cell is a picture."""
    return "image/png" in output.get("data", {})


def write(files: dict[str, str | bytes], into: Path) -> None:
    """Make the folder hold these files and no others. What is the same stays untouched: Sphinx looks at times."""
    for path in sorted(into.rglob("*"), reverse=True) if into.exists() else ():
        if path.is_file() and path.relative_to(into).as_posix() not in files:
            path.unlink()
    for name, text in files.items():
        path, data = into / name, text.encode() if isinstance(text, str) else text
        if not path.exists() or path.read_bytes() != data:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
