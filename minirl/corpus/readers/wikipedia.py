"""Wikipedia's dumps: pages as XML, gigabytes of it, read page by page.

A dump is at https://dumps.wikimedia.org, as pages-articles.xml.bz2. Articles alone are read: no talk, no redirects, no
lists of what a title may mean.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from minirl.corpus.raw import Raw, ReadError
from minirl.corpus.readers.streams import opened

REDIRECT = re.compile(r"\s*#\w+[\s:]*\[\[")
MEANINGS = re.compile(r"\{\{\s*(disambig|hndis|geodis|surname|given name)", re.IGNORECASE)


def read_dump(path: Path) -> Iterator[Raw]:
    """The articles of a dump as markup. Raises ReadError for damaged XML, and for XML that is no dump."""
    with opened(path) as stream:
        parser = ElementTree.iterparse(stream, events=("start", "end"))
        try:
            _, root = next(parser)
            if local(root.tag) != "mediawiki":
                raise ReadError(f"{path} is no dump of Wikipedia: its root is <{local(root.tag)}>")
            for event, element in parser:
                if event == "end" and local(element.tag) == "page":
                    page = article(element)
                    if page is not None:
                        yield Raw(f"{path}, {page[0]}", f"{page[0]}\n{page[1]}", "wikitext")
                    root.clear()  # or the tree would grow to the size of the dump
        except ElementTree.ParseError as error:
            raise ReadError(f"{path} is damaged: {error}") from None


def article(page: ElementTree.Element) -> tuple[str, str] | None:
    """Title and markup of a page; None for one that is no article."""
    values = {local(element.tag): element.text or "" for element in page.iter()}
    text = values.get("text", "")
    if values.get("ns", "0") != "0" or "redirect" in values or REDIRECT.match(text) or MEANINGS.search(text):
        return None
    return values.get("title", "").strip(), text


def local(tag: str) -> str:
    """A tag's name without its namespace."""
    return tag.rpartition("}")[2]
