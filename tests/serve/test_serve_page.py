"""The page as a file: it is whole, it asks nobody for anything, and it never reads a text as HTML."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from importlib import resources

import pytest

from minirl.serve.page import SCRIPTS, page, source

TEXT = page()


class Reader(HTMLParser):
    """The elements of a page, and what stands in its scripts and its style."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.inside: list[tuple[str, dict[str, str | None], str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self.inside.append((tag, dict(attrs), ""))

    def handle_data(self, data: str) -> None:
        if self.cdata_elem is not None:
            tag, attributes, before = self.inside[-1]
            self.inside[-1] = (tag, attributes, before + data)


READ = Reader(TEXT)


def test_nothing_is_loaded_from_anywhere() -> None:
    assert not [tag for tag, attributes in READ.elements if attributes.get("src")]
    assert [attributes for tag, attributes in READ.elements if tag == "link"] == [{"rel": "icon", "href": "data:,"}]
    assert not re.findall(r"\burl\(|@import|XMLHttp|import\(|WebSocket", TEXT)
    addresses = set(re.findall(r"https?://[\w./]+", TEXT))
    assert addresses <= {"http://www.w3.org/2000/svg"}  # the name of SVG, which nobody opens


def test_the_browser_is_told_to_run_exactly_this_script() -> None:
    (policy,) = (attributes["content"] for _, attributes in READ.elements if "http-equiv" in attributes)
    assert policy is not None and "default-src 'none'" in policy and "unsafe" not in policy
    for tag, attributes, text in READ.inside:
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert attributes.get("type") == "application/json" or f"{tag}-src 'sha256-{digest}'" in policy


def test_no_text_becomes_html() -> None:
    ways = r"innerHTML|outerHTML\s*=|insertAdjacentHTML|document\.write|createContextualFragment|DOMParser|\beval\("
    assert not re.findall(ways, TEXT)
    assert not [name for _, attributes in READ.elements for name in attributes if name.startswith("on")]


def test_a_served_page_holds_no_conversation() -> None:
    (saved,) = (text for _, attributes, text in READ.inside if attributes.get("id") == "saved")
    assert json.loads(saved) is None


def test_every_source_is_in_the_page() -> None:
    folder = resources.files("minirl.serve.page")
    assert sorted(SCRIPTS) == sorted(file.name for file in folder.iterdir() if file.name.endswith(".js"))
    assert not re.findall(r"\{\{\w+\}\}", TEXT)


@pytest.mark.parametrize("name", SCRIPTS)
def test_what_a_script_looks_for_is_there(name: str) -> None:
    ids = {attributes["id"] for _, attributes in READ.elements if "id" in attributes}
    assert set(re.findall(r'getElementById\("([\w-]+)"\)', source(name))) <= ids
