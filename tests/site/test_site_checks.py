"""The checks of the finished site find what they look for, and accept a page on which all is well."""

from pathlib import Path

import pytest
from book.checks import broken_links, external_loads, missing_names, missing_pages, problems, read_pages, silent_images

GOOD = """<!doctype html><html><head>
<link rel="stylesheet" href="style.css"><link rel="next" href="sub/two.html"><script src="own.js"></script>
<style>b { background: url(data:image/png;base64,AA) }</style>
<script>const address = "https://example.org/a"; say(address);</script></head>
<body id="top"><h1 id="here">One</h1>
<a href="https://example.org/">elsewhere</a> <a href="sub/two.html#there">two</a> <a href="#here">here</a>
<a href="mailto:a@example.org">mail</a> <img src="a%20b.png" alt="a figure">
<img src="data:image/png;base64,AA" alt="dot">
</body></html>"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A small site on which all is well."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "one.html").write_text(GOOD)
    (tmp_path / "sub" / "two.html").write_text('<h1 id="there">Two</h1><a href="../one.html">one</a>')
    (tmp_path / "style.css").write_text('@import "own.css"; b { background: url("a b.png") }')
    (tmp_path / "own.css").write_text("")
    (tmp_path / "own.js").write_text('// see https://example.org\nfetch(address); ns = "http://www.w3.org/2000/svg";')
    (tmp_path / "a b.png").write_bytes(b"")
    return tmp_path


def add(site: Path, text: str) -> None:
    page = site / "one.html"
    page.write_text(page.read_text().replace("</body>", f"{text}</body>"))


def test_a_good_site_has_no_problems(site: Path) -> None:
    pages = read_pages(site)
    assert [*broken_links(site, pages), *external_loads(site, pages), *silent_images(pages)] == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('<a href="no.html">x</a>', "one.html: a link to no.html, which does not exist"),
        ('<img src="no.png" alt="x">', "one.html: a link to no.png, which does not exist"),
        ('<a href="sub/two.html#no">x</a>', "one.html: a link to sub/two.html#no, but sub/two.html has no place #no"),
        ('<a href="#no">x</a>', "one.html: a link to #no, but one.html has no place #no"),
        ('<a href="sub">x</a>', "one.html: a link to sub, which does not exist"),
    ],
)
def test_broken_links_are_found(site: Path, text: str, problem: str) -> None:
    add(site, text)
    assert list(broken_links(site, read_pages(site))) == [problem]


@pytest.mark.parametrize(
    "text",
    [
        '<script src="https://cdn.example.org/a.js"></script>',
        '<script src="//cdn.example.org/a.js"></script>',
        '<link rel="stylesheet" href="https://cdn.example.org/a.css">',
        '<link rel="preconnect" href="https://cdn.example.org">',
        '<img src="https://cdn.example.org/a.png" alt="a">',
        '<img srcset="one.png 1x, https://cdn.example.org/a.png 2x" alt="a">',
        '<iframe src="https://cdn.example.org/"></iframe>',
        '<video poster="https://cdn.example.org/a.png"></video>',
        '<object data="https://cdn.example.org/a.svg"></object>',
        '<svg><use xlink:href="https://cdn.example.org/a.svg#x"></use></svg>',
        '<p style="background: url(https://cdn.example.org/a.png)">x</p>',
        "<style>@import 'https://cdn.example.org/a.css';</style>",
        "<style>@font-face { src: url('//cdn.example.org/a.woff2') }</style>",
        '<script>fetch("https://cdn.example.org/a.json")</script>',
        "<script>image.src = 'https://cdn.example.org/a.png'</script>",
        '<script type="module">import x from "https://cdn.example.org/a.mjs"</script>',
    ],
)
def test_what_comes_from_the_network_is_found(site: Path, text: str) -> None:
    add(site, text)
    (problem,) = external_loads(site, read_pages(site))
    assert problem.startswith("one.html: loads ") and "cdn.example.org" in problem


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("own.css", "b { background: url(https://cdn.example.org/a.png) }"),
        ("own.js", 'const a = await import("https://cdn.example.org/a.mjs");'),
        ("own.js", 'fetch(`//cdn.example.org/a.json`);'),
    ],
)  # fmt: skip
def test_styles_and_scripts_are_read_too(site: Path, name: str, text: str) -> None:
    (site / name).write_text(text)
    (problem,) = external_loads(site, read_pages(site))
    assert problem.startswith(f"{name}: loads ")


def test_images_without_a_text_are_found(site: Path) -> None:
    add(site, '<img src="a%20b.png"><img src="a%20b.png" alt=" "><div class="system-message">x</div>')
    assert list(silent_images(read_pages(site))) == [
        *2 * ["one.html: the image a%20b.png has no alternative text"],
        "one.html: Sphinx left 1 messages in the page",
    ]


def test_missing_lessons_and_names_are_found(site: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    for name in ("docs/guide.md", "lessons/01_first.ipynb", "lessons/02_second.ipynb"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")
    (root / "minirl").mkdir()
    (root / "minirl" / "__init__.py").write_text('"""Package."""')
    (root / "minirl" / "part.py").write_text("def shown(): ...\n\n\nclass Lost: ...\n\n\ndef _private(): ...\n")
    for name in ("docs/guide.html", "lessons/01_first.html", "solutions/01_first.html", "solutions/02_second.html"):
        (site / name).parent.mkdir(exist_ok=True)
        (site / name).write_text("")
    (site / "reference").mkdir()
    (site / "reference" / "part.html").write_text(
        '<p id="module-minirl"></p><p id="module-minirl.part"></p><p id="minirl.part.shown"></p>'
    )
    assert list(missing_pages(root, read_pages(site))) == ["lessons/02_second.html is missing"]
    assert list(missing_names(root, read_pages(site))) == ["the reference lacks minirl.part.Lost"]
    assert problems(site, root) == ["lessons/02_second.html is missing", "the reference lacks minirl.part.Lost"]
