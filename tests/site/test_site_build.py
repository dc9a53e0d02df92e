"""A small book, built by Sphinx with the settings of the real one."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

for needed in ("sphinx", "myst_nb", "furo", "sphinx_design", "latex2mathml"):
    pytest.importorskip(needed, reason="building the site needs more packages: pip install -e '.[docs]'")

ROOT = Path(__file__).resolve().parents[2]
INDEX = """# Small

```{toctree}
:caption: All

docs/page
reference/rl
```
"""
PAGE = """# A page

A formula, $\\pi(a \\mid s)$, and one in a line of its own:

$$J = \\sum_t r_t$$

No formula: 1$a$2, $5 and $6, $x or $y.

[A file](../minirl/rl/mdp.py), [a folder](../minirl/kernels/softmax), [C](../csrc/softmax.c),
[a licence](../LICENSE), [the front page](../README.md), [a web page](episode.html), [below](#a-heading-with-code).

## A heading, with `code`

| | a column |
|---|---|
| a row | 1 |
"""
REFERENCE = """minirl.rl
=========

.. automodule:: minirl.rl.mdp
   :members:
"""


def build(folder: Path, page: str = PAGE) -> subprocess.CompletedProcess[str]:
    """Build a book with this page into folder/html."""
    for name, text in (("index.md", INDEX), ("docs/page.md", page), ("reference/rl.rst", REFERENCE)):
        (folder / "pages" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "pages" / name).write_text(text)
    words = ["-q", "-W", "--keep-going", "-c", ROOT / "site", folder / "pages", folder / "html"]
    command = [sys.executable, "-m", "sphinx", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT)


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("book")
    done = build(folder)
    assert done.returncode == 0, done.stderr
    return folder / "html"


@pytest.fixture(scope="module")
def page(html: Path) -> str:
    return (html / "docs" / "page.html").read_text(encoding="utf-8")


def test_formulas_are_mathml(page: str) -> None:
    formulas = re.findall(r"<math [^>]*display=\"(\w+)\"", page)
    assert formulas == ["inline", "block"] and not re.search("<script[^>]*mathjax", page, re.IGNORECASE)
    assert "1$a$2, $5 and $6, $x or $y." in page


@pytest.mark.parametrize(
    ("text", "target", "shown"),
    [
        ("A file", "../source/minirl/rl/mdp.py.html", "class"),
        ("a folder", "../source/minirl/kernels/softmax.html", 'href="softmax/reference.py.html"'),
        ("C", "../source/csrc/softmax.c.html", "softmax"),
        ("a licence", "../source/LICENSE.html", "MIT"),
        ("the front page", "../index.html", "Small"),
        ("a web page", "episode.html", "<html"),
    ],
)
def test_links_into_the_checkout_lead_to_pages(html: Path, page: str, text: str, target: str, shown: str) -> None:
    found = re.search(rf'<a [^>]*href="([^"]*)"[^>]*>(?:<[^>]*>)*{text}<', page)
    assert found and found[1] == target
    assert shown in (html / "docs" / target).resolve().read_text(encoding="utf-8")


def test_the_reference_leads_to_the_line_of_the_source(html: Path) -> None:
    text = (html / "reference" / "rl.html").read_text(encoding="utf-8")
    lines = (ROOT / "minirl" / "rl" / "mdp.py").read_text(encoding="utf-8").splitlines()
    pattern = r'id="minirl\.rl\.mdp\.(\w+)".*?href="\.\./source/minirl/rl/mdp\.py\.html#line-(\d+)"'
    found = dict(re.findall(pattern, text, re.DOTALL))
    assert "class Environment" in lines[int(found["Environment"]) - 1]
    assert 'id="line-1"' in (html / "source/minirl/rl/mdp.py.html").read_text(encoding="utf-8")


def test_the_markup_suits_screen_readers(html: Path, page: str) -> None:
    assert '<th class="head"><p>a column</p></th>' in page and '<th class="head"><p></p></th>' not in page
    sides = re.findall("<aside [^>]*>", page)
    assert len(sides) == 2 and all("aria-label=" in side for side in sides)
    captions = re.findall('<p class="caption"[^>]*>', page)
    assert captions and all('role="heading" aria-level="2"' in caption for caption in captions)
    text = (html / "reference" / "rl.html").read_text(encoding="utf-8")
    assert text.count('<span class="sig-lines">') > 0 and not re.search(r"<dl>\s*<dd>", text)


@pytest.mark.parametrize(
    ("link", "warning"),
    [
        ("[x](../minirl/rl/no.py)", "'myst' cross-reference target not found: '../minirl/rl/no.py'"),
        ("[x](../../outside)", "cross-reference target not found"),
        ("[x](#no-heading)", "cross-reference target not found: 'no-heading'"),
    ],
)
def test_a_link_that_leads_nowhere_fails_the_build(tmp_path: Path, link: str, warning: str) -> None:
    done = build(tmp_path, f"# A page\n\n{link}\n")
    assert done.returncode != 0 and warning in done.stderr
