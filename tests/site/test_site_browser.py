"""The built site in a real browser: nothing to correct for axe-core, nothing wider than a phone, no request to the
network, and a search that finds.

    python site/build.py
    pip install playwright axe-playwright-python         and Chromium, such as Debian's package chromium
    python -m pytest -m slow tests/site
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HTML = Path(__file__).resolve().parents[2] / "build" / "site" / "html"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
WIDTHS = (390, 1280)  # a phone, a desktop
SCHEMES = ("light", "dark")
QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
EXAMINED = (
    *("index.html", "lessons/01_decisions.html", "docs/metrics.html", "docs/glossary.html", "reference/rl.html"),
    *("solutions/01_decisions.html", "source/minirl/rl/mdp.py.html", "search.html?q=baseline"),
)

sync_api = pytest.importorskip("playwright.sync_api", reason="a browser needs the packages playwright and chromium")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs the package axe-playwright-python")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium to look at the site with"),
    pytest.mark.skipif(not (HTML / "index.html").is_file(), reason="build the site first: python site/build.py"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with (
        sync_api.sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET) as browser,
    ):
        yield browser


@pytest.fixture(params=[(width, scheme) for width in WIDTHS for scheme in SCHEMES], ids=lambda p: f"{p[0]}-{p[1]}")
def page(request: pytest.FixtureRequest, browser: Any) -> Iterator[Any]:
    width, scheme = request.param
    with browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme) as context:
        yield context.new_page()


def visit(page: Any, name: str) -> None:
    page.goto(f"{HTML.as_uri()}/{name}")
    page.wait_for_load_state("load")


@pytest.mark.parametrize("name", EXAMINED)
def test_axe_finds_nothing(page: Any, name: str) -> None:
    visit(page, name)
    found = axe.Axe().run(page).response["violations"]
    assert [f"{one['id']} at {one['nodes'][0]['target']}: {one['help']}" for one in found] == []


def test_no_page_is_wider_than_the_screen_and_none_asks_the_network(page: Any) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    wide = []
    names = [path.relative_to(HTML).as_posix() for path in HTML.rglob("*.html") if "source" not in path.parts]
    for name in sorted(names):
        visit(page, name)
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            wide.append(name)
    assert wide == []
    assert [address for address in asked if not address.startswith(("file:", "data:"))] == []


def test_what_scrolls_can_be_reached_with_the_keyboard(page: Any) -> None:
    visit(page, "docs/performance.html")
    boxes = page.query_selector_all("article pre, article .table-wrapper")
    scrolling = [box for box in boxes if box.evaluate("box => box.scrollWidth > box.clientWidth")]
    assert scrolling or page.viewport_size["width"] > 1000
    assert [box.inner_text() for box in scrolling if box.get_attribute("tabindex") != "0"] == []


def test_the_search_finds_pages_and_terms(page: Any) -> None:
    visit(page, "search.html?q=leave-one-out")
    page.wait_for_selector("#search-results li a")
    links = page.eval_on_selector_all("#search-results li a", "links => links.map(link => link.href)")
    assert any("docs/glossary.html" in link for link in links) and any(
        "lessons/12_reinforce.html" in link for link in links
    )
