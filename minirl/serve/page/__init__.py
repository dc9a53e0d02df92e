"""The page that `python -m minirl.serve` serves at /: one file, made of the small sources beside this one.

    page.html     the elements that are always there
    page.css      how they look, beside shared.css of the microscope
    state.js      what the page knows from the beginning
    talk.js       what goes over the wire
    tokens.js     a token, and its heat
    answer.js     one answer: its versions, its tokens, its cards of tools
    panel.js      what the policy said before one token; a branch begins here
    turn.js       a question, and the answers side by side
    settings.js   the controls, and the temperature as a curve
    keep.js       exports
    main.js       the first look, asking, stopping, keys

The browser is told to run exactly this script and to load nothing from anywhere else: the page names the hashes of its
script and of its style. Texts of models reach the page through `textContent` and the like, never as HTML.
"""

import base64
import hashlib
import html
from functools import cache
from importlib import resources

from minirl.microscope.page import fill
from minirl.microscope.page import source as shared

SCRIPTS = ("keep.js", "state.js", "talk.js", "tokens.js", "answer.js", "panel.js", "turn.js", "settings.js", "main.js")


def source(name: str) -> str:
    """One of the files that the page is made of."""
    return (resources.files("minirl.serve.page") / name).read_text(encoding="utf-8").rstrip("\n")


def digest(text: str) -> str:
    """A script's or a style's hash, as a Content-Security-Policy names it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@cache
def style() -> str:
    """How the page looks: what it shares with the microscope, and its own."""
    return shared("shared.css") + "\n" + source("page.css")


@cache
def script() -> str:
    """What the page does."""
    return "\n".join([shared("shared.js"), *map(source, SCRIPTS)])


def policy() -> str:
    """The Content-Security-Policy: this script and this style, requests to the page's own server, and nothing else."""
    return (
        f"default-src 'none'; script-src {digest(script())}; style-src {digest(style())}; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


@cache
def page() -> str:
    """The page's text."""
    parts = {"policy": html.escape(policy(), quote=False), "style": style(), "script": script(), "saved": "null"}
    return fill(source("page.html"), parts)
