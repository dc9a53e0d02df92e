"""Source files in the book. A link such as ../minirl/rl/mdp.py works in a checkout and on a forge. Here it leads to a
page that shows the file. So does [source], which stands beside each name in the reference."""

import html
import importlib
import inspect
import os.path
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_for_filename
from pygments.util import ClassNotFound
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.osutil import relative_uri

ROOT = Path(__file__).resolve().parents[2]
SHOWN = {".py", ".c", ".h", ".cu", ".cuh"}  # the files that a folder's page lists
PAGES = {"README.md": "index.html"}  # what a page of the book stands for


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("doctree-read", follow_links)
    app.connect("env-purge-doc", forget)
    app.connect("html-collect-pages", source_pages)
    app.connect("html-page-context", without_contents, priority=400)  # before the theme's
    app.connect("build-finished", copy_web_pages)


def linked(env: BuildEnvironment) -> dict[str, set[str]]:
    """For each page, the files and folders of the checkout that it links to and that Sphinx does not know."""
    if not hasattr(env, "minirl_linked"):
        env.minirl_linked = {}  # type: ignore[attr-defined]
    found: dict[str, set[str]] = env.minirl_linked  # type: ignore[attr-defined]
    return found


def forget(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    """A page is read again, so its links are collected again."""
    linked(env).pop(docname, None)


def address(path: str) -> str:
    """Where the book has a file or folder of the checkout."""
    if path in PAGES:
        return PAGES[path]
    return path if path.endswith(".html") else f"source/{path}.html"


def follow_links(app: Sphinx, page: nodes.document) -> None:
    """Point the links of a page to the addresses of files. What leads to no file stays, and Sphinx warns of it."""
    docname = app.env.docname
    used = linked(app.env).setdefault(docname, set())
    here = f"{docname}.html"
    for node in list(page.findall(addnodes.pending_xref)):
        if path := checkout_path(docname, node):
            used.add(path)
            target = relative_uri(here, address(path))
            node.replace_self(nodes.reference("", "", *node.children, refuri=target, internal=True))
    for signature in page.findall(addnodes.desc_signature):
        if found := defined_at(signature.get("module"), signature.get("fullname")):
            path, line = found
            used.add(path)
            target = f"{relative_uri(here, address(path))}#line-{line}"
            words = nodes.inline("", "[source]", classes=["viewcode-link"])
            signature += nodes.reference("", "", words, refuri=target, internal=True)


def checkout_path(docname: str, link: addnodes.pending_xref) -> str:
    """The file or folder that a link of Markdown names, from the top of the checkout; "" where it names none."""
    path = os.path.normpath(os.path.join(os.path.dirname(docname), link["reftarget"]))
    known = link["reftype"] != "myst" or link.get("refdomain") is not None  # a page, or a role of Sphinx
    return "" if known or path.startswith("..") or not (ROOT / path).exists() else path


def defined_at(module: str | None, name: str | None) -> tuple[str, int] | None:
    """File and line of a class, function or method; None for what has no source of its own, such as an attribute."""
    if not module or not name:
        return None
    thing: Any = importlib.import_module(module)
    try:
        for part in name.split("."):
            thing = inspect.getattr_static(thing, part)
        thing = inspect.unwrap(getattr(thing, "__func__", None) or getattr(thing, "fget", None) or thing)
        path, line = inspect.getsourcefile(thing), inspect.getsourcelines(thing)[1]
    except (AttributeError, TypeError, OSError):
        return None
    if path is None or not Path(path).resolve().is_relative_to(ROOT):
        return None
    return Path(path).resolve().relative_to(ROOT).as_posix(), line


def source_pages(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """A page for each linked file, and for each folder a page with links to its files."""
    paths = set().union(*linked(app.env).values())
    files = {path for path in paths if (ROOT / path).is_file() and not path.endswith(".html") and path not in PAGES}
    for folder in sorted(path for path in paths if (ROOT / path).is_dir()):
        names = sorted(path.name for path in (ROOT / folder).iterdir() if path.suffix in SHOWN)
        files |= {f"{folder}/{name}" for name in names}
        links = "".join(f'<li><a href="{os.path.basename(folder)}/{name}.html">{name}</a></li>' for name in names)
        yield f"source/{folder}", {"title": folder, "body": f"<h1>{folder}/</h1><ul>{links}</ul>"}, "source.html"
    for path in sorted(files):
        body = f"<h1>{html.escape(path)}</h1>{highlighted(path)}"
        yield f"source/{path}", {"title": path, "body": body}, "source.html"


def without_contents(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], page: Any) -> None:
    """Pages of sources have no list of all pages at their side: for hundreds of them it would take a minute to make."""
    if templatename == "source.html":
        del context["toctree"]


def highlighted(path: str) -> str:
    """A file as HTML, its lines numbered and with an anchor each."""
    text = (ROOT / path).read_text(encoding="utf-8")
    try:
        lexer = get_lexer_for_filename(path)
    except ClassNotFound:
        lexer = get_lexer_for_filename("plain.txt")
    formatter = HtmlFormatter(linenos="inline", lineanchors="line", anchorlinenos=True, cssclass="highlight")
    return str(highlight(text, lexer, formatter))


def copy_web_pages(app: Sphinx, error: Exception | None) -> None:
    """Linked pages that are HTML already, such as docs/episode.html, are part of the book as they are."""
    if error is None:
        for path in sorted(set().union(*linked(app.env).values())):
            if path.endswith(".html"):
                target = Path(app.outdir) / path
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / path, target)
