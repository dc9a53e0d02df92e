"""What must hold for the finished site: links lead somewhere, nothing comes from the network, nothing is missing.

Each check takes the pages and returns a line for every problem.
"""

import ast
import os.path
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from book.reference import modules, path_of

# Attributes whose address the browser loads by itself; that of <a> it follows only when somebody asks for it
LOADS = {"src", "srcset", "poster", "data", "background", "xlink:href"}
STYLE_LOADS = re.compile(r"(?:url\(\s*|@import\s+)[\"']?((?:https?:)?//[^\"')\s]+)", re.IGNORECASE)
SCRIPT_LOADS = re.compile(
    r"(?:\b(?:fetch|import|importScripts|Worker|EventSource|WebSocket|open)\s*\(\s*|\bfrom\s*|\.(?:src|href)\s*=\s*)"
    r"[\"'`]((?:(?:https?|wss?):)?//[^\"'`]+)"
)


@dataclass
class Page:
    """What the checks need to know of one page of HTML."""

    path: str
    """Inside the site, with /."""
    ids: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    """Addresses that a reader can follow."""
    loads: list[str] = field(default_factory=list)
    """Addresses that the browser loads with the page."""
    silent: list[str] = field(default_factory=list)
    """Images without a text that says what they show."""
    errors: int = 0
    """Messages of Sphinx inside the page."""


class Reader(HTMLParser):
    """Fills in a Page."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self.page = page
        self.inside = ""  # the script or style that is open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what one tag says."""
        named = {name: value or "" for name, value in attrs}
        self.inside = tag if tag in ("script", "style") else ""
        self.page.ids.update(named[name] for name in ("id", "name") if name in named)
        for name in LOADS & named.keys():
            self.page.loads += [part.split()[0] for part in named[name].split(", ") if part.strip()]
        if tag == "link" or tag == "use":
            self.page.loads.append(named.get("href", ""))
        elif "href" in named:
            self.page.links.append(named["href"])
        self.page.loads += STYLE_LOADS.findall(named.get("style", ""))
        if tag == "img" and not named.get("alt", "").strip():
            self.page.silent.append(named.get("src", ""))
        self.page.errors += "system-message" in named.get("class", "").split()

    def handle_data(self, data: str) -> None:
        """Scripts and styles may stand in the page itself."""
        if self.inside == "style":
            self.page.loads += STYLE_LOADS.findall(data)
        elif self.inside == "script":
            self.page.loads += SCRIPT_LOADS.findall(data)

    def handle_endtag(self, tag: str) -> None:
        """The script or style is over."""
        self.inside = ""


def read_pages(site: Path) -> dict[str, Page]:
    """All pages by their paths."""
    found = {}
    for file in sorted(site.rglob("*.html")):
        page = Page(file.relative_to(site).as_posix())
        Reader(page).feed(file.read_text(encoding="utf-8"))
        found[page.path] = page
    return found


def is_external(address: str) -> bool:
    """Whether an address leaves the site. data: and the like are part of the page."""
    return address.startswith("//") or urlsplit(address).scheme in ("http", "https", "ftp", "ws", "wss", "file")


def broken_links(site: Path, pages: dict[str, Page]) -> Iterator[str]:
    """Local addresses whose file, or whose place in it, does not exist."""
    for page in pages.values():
        for address in sorted({*page.links, *page.loads}):
            parts = urlsplit(address)
            if parts.scheme or address.startswith("//"):
                continue
            folder, place = os.path.dirname(page.path), unquote(parts.fragment)
            target = os.path.normpath(os.path.join(folder, unquote(parts.path))) if parts.path else page.path
            if not (site / target).is_file():
                yield f"{page.path}: a link to {address}, which does not exist"
            elif place and target in pages and place not in pages[target].ids and place != "top":
                yield f"{page.path}: a link to {address}, but {target} has no place #{place}"


def external_loads(site: Path, pages: dict[str, Page]) -> Iterator[str]:
    """Scripts, styles, fonts and images that would come over the network when a page is opened."""
    for page in pages.values():
        for address in sorted({address for address in page.loads if is_external(address)}):
            yield f"{page.path}: loads {address} from the network"
    for pattern, suffix in ((STYLE_LOADS, "css"), (SCRIPT_LOADS, "js")):
        for file in sorted(site.rglob(f"*.{suffix}")):
            for address in sorted(set(pattern.findall(file.read_text(encoding="utf-8")))):
                yield f"{file.relative_to(site).as_posix()}: loads {address} from the network"


def silent_images(pages: dict[str, Page]) -> Iterator[str]:
    """Images without alternative text, and messages of Sphinx left in a page."""
    for page in pages.values():
        yield from (f"{page.path}: the image {source} has no alternative text" for source in page.silent)
        if page.errors:
            yield f"{page.path}: Sphinx left {page.errors} messages in the page"


def missing_pages(root: Path, pages: dict[str, Page]) -> Iterator[str]:
    """Notebooks, pages of solutions and pages of the handbook that the site does not have."""
    expected = [f"docs/{path.stem}" for path in root.glob("docs/*.md")]
    for notebook in root.glob("lessons/*.ipynb"):
        expected += [f"lessons/{notebook.stem}", f"solutions/{notebook.stem}"]
    yield from (f"{name}.html is missing" for name in sorted(expected) if f"{name}.html" not in pages)


def missing_names(root: Path, pages: dict[str, Page]) -> Iterator[str]:
    """Public modules, classes and functions that the reference does not have."""
    documented = set().union(*(page.ids for page in pages.values() if page.path.startswith("reference/")))
    for module in modules(root):
        tree = ast.parse(path_of(root, module).read_text(encoding="utf-8"))
        defined = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
        names = [f"module-{module}", *(f"{module}.{name}" for name in defined if not name.startswith("_"))]
        yield from (f"the reference lacks {name}" for name in names if name not in documented)


def problems(site: Path, root: Path) -> list[str]:
    """Everything that is wrong with the site in a folder, which was built from the checkout at `root`."""
    pages = read_pages(site)
    return [
        *broken_links(site, pages), *external_loads(site, pages), *silent_images(pages), *missing_pages(root, pages),
        *missing_names(root, pages),
    ]  # fmt: skip
