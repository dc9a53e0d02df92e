"""What the README and the handbook show is what happens, and what they link to exists."""

import doctest
import re
from pathlib import Path

import pytest
from test_house import LAYERS

from minirl import tasks
from minirl.runs import Run

ROOT = Path(__file__).resolve().parent.parent
HANDBOOK = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PAGES = sorted({*HANDBOOK, *ROOT.glob("*.md"), *(ROOT / "lessons").rglob("*.md")})
LINK = re.compile(r"!?\[[^]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"^ *```.*?^ *```", re.DOTALL | re.MULTILINE)


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def anchors(page: str) -> set[str]:
    """What #links may point to in a page: its headings, as GitHub writes them."""
    headings = re.findall(r"^#+ +(.+)$", CODE.sub("", page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(page: Path) -> list[str]:
    """The relative links of a page whose file, or whose heading in it, does not exist."""
    broken = []
    for link in LINK.findall(CODE.sub("", page.read_text(encoding="utf-8"))):
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if "://" in link or link.startswith("mailto:"):
            continue
        found = target.exists()
        if found and anchor and target.suffix == ".md":
            found = anchor in anchors(target.read_text(encoding="utf-8"))
        if not found:
            broken.append(link)
    return broken


@pytest.mark.parametrize("page", [page for page in HANDBOOK if ">>> " in page.read_text("utf-8")], ids=name)
def test_the_examples_print_what_the_page_says(page):
    failures, tried = doctest.testfile(str(page), module_relative=False, encoding="utf-8")
    assert tried > 4 and failures == 0


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_somewhere(page):
    assert broken_links(page) == []


def test_a_broken_link_is_found(tmp_path):
    (tmp_path / "other.md").write_text("# A title, with `code`\n```\n# no title\n```\n")
    page = tmp_path / "page.md"
    page.write_text(
        "[1](other.md) [2](other.md#a-title-with-code) [3](https://example.org/x) ![4](no.png) [5](other.md#no-title)\n"
        "## Here\n[6](#here) [7](#there)\n```\n[8](in-code.md)\n```\n"
    )
    assert broken_links(page) == ["no.png", "other.md#no-title", "#there"]


def test_the_index_lists_every_page():
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    for page in (ROOT / "docs").glob("*.*"):
        assert page.suffix == ".png" or page.name == "README.md" or f"({page.name})" in index, page.name


def test_the_page_about_the_code_names_every_room():
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = page.partition("| layer |")[2].partition("\n\n")[0]
    for number, rooms in LAYERS.items():
        (row,) = re.findall(rf"^\| {number} \|.*$", table, re.MULTILINE)
        assert set(rooms.split()) <= set(re.findall(r"`(\w+)`", row)), f"docs/architecture.md, layer {number}"


def test_every_program_has_its_section():
    page = (ROOT / "docs" / "programs.md").read_text(encoding="utf-8")
    sections = " ".join(re.findall(r"^## (.*)$", page, re.MULTILINE)).split()
    for program in [*LAYERS[5].split(), "data", "tokenizer"]:
        assert program in sections, f"docs/programs.md has no section on {program}"


def test_every_measure_is_explained(run: Run):
    page = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    fixed = {"stage", "step", "seconds", "tokens", "learning_rate", "dev_accuracy"}
    for measure in run.records(stage="rl")[-1].keys() - fixed:
        assert f"`{measure}`" in page, f"docs/metrics.md does not explain {measure}"


def test_the_task_of_the_page_is_a_task(monkeypatch: pytest.MonkeyPatch):
    """The first block of the page, run as the file larger.py."""
    page = (ROOT / "docs" / "your-own-task.md").read_text(encoding="utf-8")
    source = page.partition("```python\n")[2].partition("```")[0]
    monkeypatch.setattr(tasks, "TASKS", dict(tasks.TASKS))
    exec(compile(source, "larger.py", "exec"), {"__name__": "larger"})
    task = tasks.get("larger")
    problems = {split: task.problems(split, 50, seed=1) for split in task.splits}
    assert task.problems("train", 20, seed=1) == problems["train"][:20]
    keys = [{problem.key for problem in drawn} for drawn in problems.values()]
    assert sum(map(len, keys)) == len(set().union(*keys))
    for problem in problems["test"]:
        assert task.checker.check(problem, problem.completion)
        assert not task.checker.check(problem, f" Answer: {int(problem.answer) + 1}")
    with pytest.raises(ValueError, match="no split 'unseen'"):
        task.problems("unseen", 1)
