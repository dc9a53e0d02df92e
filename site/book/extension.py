"""What the book adds to Sphinx: docstrings as they are written here, pages of sources, formulas as MathML, and
a few corrections of its HTML."""

from typing import Any

from sphinx.application import Sphinx

from book import markup, mathml, sources
from book.docstrings import to_rst


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    sources.setup(app)
    mathml.setup(app)
    markup.setup(app)
    app.connect("autodoc-process-docstring", translate)
    return {"parallel_read_safe": False, "parallel_write_safe": True}


def translate(app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Replace the lines of a docstring by reStructuredText, in place as autodoc asks."""
    lines[:] = to_rst(lines)
