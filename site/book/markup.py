"""Corrections to the HTML of Sphinx and of the theme, for readers who use a screen reader.

These are what axe-core finds: a heading without a level, a header of a table without words, side bars without
names, and a list of definitions that defines nothing.
"""

import re
from typing import Any

from sphinx.application import Sphinx

EMPTY_HEADER = re.compile(r'<th class="head[^"]*"><p></p></th>')
PARAMETERS = re.compile(r'<dl>\n(<dd><em class="sig-param">.*?)</dl>', re.DOTALL)  # of a long signature, one on a line
CAPTION = '<p class="caption" role="heading">'
SIDE_BARS = (
    ('<aside class="sidebar-drawer">', '<aside class="sidebar-drawer" aria-label="Pages of the book">'),
    ('<aside class="toc-drawer', '<aside aria-label="On this page" class="toc-drawer'),
)


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("html-page-context", mend, priority=900)  # after the theme


def mend(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], page: Any) -> None:
    """Correct the parts of a page; its template, page.html, corrects the frame around them with `framed`."""
    context["framed"] = framed
    if "body" in context:
        context["body"] = mended(context["body"])


def mended(body: str) -> str:
    """The text of a page: empty headers become plain cells, and the lines of a signature plain lines."""
    body = EMPTY_HEADER.sub("<td></td>", body)
    return PARAMETERS.sub(lambda found: f'<span class="sig-lines">{as_lines(found[1])}</span>', body)


def as_lines(parameters: str) -> str:
    """Each parameter as a line of its own."""
    return parameters.replace("<dd>", '<span class="sig-line">').replace("</dd>", "</span>")


def framed(page: str) -> str:
    """A whole page: its captions get a level, its side bars a name."""
    for before, after in SIDE_BARS:
        page = page.replace(before, after)
    return page.replace(CAPTION, CAPTION.replace(">", ' aria-level="2">'))
