"""The pages that the site is built from: everything is found by itself, nothing gives a solution away."""

import json
import os
import re
import shutil
from pathlib import Path

import pytest
from book.docstrings import to_rst
from book.glossary import with_glossary
from book.reference import modules, reference_pages, summary
from book.solutions import shared_source
from book.staging import lesson_page, pages, write

from minirl.lessons.lesson import read_lesson, source_of

ROOT = Path(__file__).resolve().parents[2]
LESSONS = [read_lesson(path.parent) for path in sorted(ROOT.glob("lessons/*/lesson.toml"))]


@pytest.fixture(scope="module")
def staged() -> dict[str, str | bytes]:
    return pages(ROOT)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what the site is made from, to change."""
    for name in ("docs", "lessons", "minirl", "site"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "*.so", "_shipped"))
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    return tmp_path


def test_every_lesson_and_every_page_of_the_handbook_is_there(staged: dict[str, str | bytes]) -> None:
    assert len(LESSONS) >= 7
    expected = [f"lessons/{lesson.name}.ipynb" for lesson in LESSONS]
    expected += [f"solutions/{lesson.name}.md" for lesson in LESSONS]
    expected += [path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/*.md")]
    assert set(expected) <= staged.keys()
    listed = str(staged["index.md"]).split() + str(staged["solutions/index.md"]).split()
    for name in expected:
        document = name.rpartition(".")[0]
        assert document in listed or document.rpartition("/")[2] in listed, name


def test_new_lessons_and_pages_need_no_entry_anywhere(checkout: Path) -> None:
    shutil.copytree(checkout / "lessons" / "00b_basics", checkout / "lessons" / "99_later")
    shutil.copyfile(checkout / "lessons" / "00b_basics.ipynb", checkout / "lessons" / "99_later.ipynb")
    (checkout / "docs" / "later.md").write_text("# Later\n")
    (checkout / "minirl" / "rl" / "later.py").write_text('"""A module that comes later."""\n')
    made = pages(checkout)
    assert {"lessons/99_later.ipynb", "solutions/99_later.md", "docs/later.md"} <= made.keys()
    assert {"lessons/99_later", "docs/later"} <= set(str(made["index.md"]).split())
    assert "automodule:: minirl.rl.later" in str(made["reference/rl.rst"])


class TestLessons:
    @pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
    def test_solutions_stand_on_a_page_of_their_own(self, lesson, staged: dict[str, str | bytes]) -> None:  # type: ignore[no-untyped-def]
        shown, solutions = str(staged[f"lessons/{lesson.name}.ipynb"]), str(staged[f"solutions/{lesson.name}.md"])
        for exercise in lesson.exercises:
            answer = source_of(lesson.solution(exercise), exercise.name)
            assert answer in solutions and f"## {exercise.number} " in solutions
            assert json.dumps("\n".join(answer.splitlines()[-3:]), ensure_ascii=False)[1:-1] not in shown
            lines = [json.dumps(line, ensure_ascii=False)[1:-1] for line in answer.splitlines()]
            assert sum(line in shown for line in lines if len(line) > 30) <= len(lines) / 2  # a formula may be
        assert f"(../solutions/{lesson.name}.md)" in shown

    @pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
    def test_every_figure_keeps_its_description(self, lesson) -> None:  # type: ignore[no-untyped-def]
        figures = 0
        for cell in json.loads(lesson_page(lesson))["cells"]:
            for output in cell.get("outputs", ()):
                if "image/png" in output.get("data", {}):
                    figures += 1
                    assert cell["metadata"]["mystnb"]["image"]["alt"] == output["metadata"]["image/png"]["alt"]
        assert figures == lesson.notebook.read_text("utf-8").count('"image/png": "')

    def test_two_figures_in_a_cell_are_refused(self, checkout: Path) -> None:
        lesson = read_lesson(checkout / "lessons" / "01_decisions")
        book = json.loads(lesson.notebook.read_text("utf-8"))
        for cell in book["cells"]:
            cell["outputs"] = [*cell.get("outputs", ()), *cell.get("outputs", ())]
        lesson.notebook.write_text(json.dumps(book))
        with pytest.raises(ValueError, match=r"01_decisions.ipynb: a cell shows 2 figures"):
            lesson_page(lesson)

    def test_what_answers_share_has_no_answer(self) -> None:
        source = '"""Doc."""\n\nimport math\n\n# ---- 1.1 ----\n\n\n@mark\ndef f():\n    return 1\n\n\nX = 2\n'
        assert shared_source(source, {"f"}) == "import math\n\n\nX = 2"


class TestGlossary:
    def test_terms_become_a_glossary(self) -> None:
        page = "# G\n\n## Terms\n\n**A, b.** First.\n\n**SFT** (long form). On\ntwo lines.\n\n**k3.** See [x](y.md).\n"
        assert with_glossary(page).partition("## Terms\n")[2] == (
            "\n::::{glossary}\nA\nb\n  First.\n\nSFT\nlong form\n  On\n  two lines.\n\nk3\n  See [x](y.md).\n\n::::\n"
        )

    def test_no_word_of_the_page_is_lost(self, staged: dict[str, str | bytes]) -> None:
        before, after = (ROOT / "docs" / "glossary.md").read_text("utf-8"), str(staged["docs/glossary.md"])
        words = [re.sub(r"[*.,()]", " ", text.partition("## Terms")[2]).split() for text in (before, after)]
        assert set(words[0]) <= set(words[1])

    @pytest.mark.parametrize("paragraph", ["No term at all.", "**Open. Text."])
    def test_what_is_no_entry_is_refused(self, paragraph: str) -> None:
        with pytest.raises(ValueError, match=r"begins with \*\*Term\.\*\*, and this does not: "):
            with_glossary(f"# G\n\n## Terms\n\n**A.** First.\n\n{paragraph}\n")

    def test_a_page_without_terms_is_refused(self) -> None:
        with pytest.raises(ValueError, match="no heading '## Terms'"):
            with_glossary("# G\n\n**A.** First.\n")


class TestReference:
    def test_every_module_stands_on_one_page(self) -> None:
        made = reference_pages(ROOT)
        shown = [line.split()[-1] for page in made.values() for line in page.splitlines() if "automodule::" in line]
        assert sorted(shown) == modules(ROOT)
        assert {"minirl", "minirl.rl.mdp", "minirl.kernels.softmax.reference"} <= set(shown)

    def test_a_package_that_is_in_no_layer_is_named(self, checkout: Path) -> None:
        (checkout / "minirl" / "later.py").write_text('"""A module."""\n')
        with pytest.raises(ValueError, match=r"the table of layers in docs/architecture.md does not name later"):
            reference_pages(checkout)

    def test_a_summary_is_one_sentence(self, tmp_path: Path) -> None:
        (tmp_path / "one.py").write_text('"""First of\ntwo lines: x.py. Second."""\n')
        assert summary(tmp_path, "one") == "First of two lines: x.py."
        (tmp_path / "one.py").write_text('"""First: `f` of\nx: `python -m minirl.x`. Second."""\n')
        assert summary(tmp_path, "one") == "First: `f` of x"
        (tmp_path / "two.py").write_text("x = 1\n")
        with pytest.raises(ValueError, match="has no docstring"):
            summary(tmp_path, "two")


@pytest.mark.parametrize(
    ("docstring", "expected"),
    [
        ("One * two_\nand `a_b`s.", ["One \\* two\\_", "and ``a_b``\\ s."]),
        ("For\n    y = W x  (so)\nand on.", ["For", "", "::", "", "        y = W x  (so)", "", "and on."]),
        ("    >>> f(1)\n    2", [".. code-block:: python", "", "        >>> f(1)", "        2"]),
        ("    a = f(b)", [".. code-block:: python", "", "        a = f(b)"]),
        ("- one_\n  more\n- two", ["- one\\_", "  more", "- two"]),
        ("1. one\n2. two", ["1. one", "2. two"]),
        ("D. is no list", ["\\D. is no list"]),
        ("| a | b |\n|---|---|", ["::", "", "    | a | b |", "    |---|---|"]),
        ("Args:\n    x: the `x`\n        and more", ["**Args**", "", "``x``", "    the ``x``", "    and more"]),
    ],
)  # fmt: skip
def test_docstrings_are_translated(docstring: str, expected: list[str]) -> None:
    made = to_rst(docstring.splitlines())
    while made[-1] == "":
        made.pop()
    assert made == expected


def test_only_what_changed_is_written(tmp_path: Path) -> None:
    write({"a/kept.md": "same", "gone.md": "x", "changed.md": "before"}, tmp_path)
    os.utime(tmp_path / "a" / "kept.md", (1, 1))
    write({"a/kept.md": "same", "changed.md": "after", "new.png": b"\x89"}, tmp_path)
    assert (tmp_path / "a" / "kept.md").stat().st_mtime == 1
    assert (tmp_path / "changed.md").read_text() == "after" and (tmp_path / "new.png").read_bytes() == b"\x89"
    assert not (tmp_path / "gone.md").exists()
