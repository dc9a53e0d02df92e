"""Real files, where they are on this machine: books of Project Gutenberg in three encodings, textbooks, WikiText."""

from collections import Counter
from pathlib import Path

import pytest

from minirl.corpus.forms import FORMS
from minirl.corpus.mending import mend
from minirl.corpus.mending.pieces import pieces
from minirl.corpus.page import Page
from minirl.corpus.readers import read
from minirl.corpus.rules import rules, verdict
from minirl.data.published import folder


def here(name: str) -> Path:
    path = folder() / name
    if not path.is_file():
        pytest.skip(f"{path} is not on this machine")
    return path


def verdicts(name: str) -> Counter[str]:
    asked = rules("en", None)
    found: Counter[str] = Counter()
    for raw in read(here(name)):
        for piece in pieces(mend(FORMS[raw.form](raw.text))[0]):
            found[(verdict(Page(piece), asked) or ("kept", ""))[0]] += 1
    return found


@pytest.mark.parametrize(
    ("name", "begins", "ends"),
    [
        ("gutenberg/11.txt", "ALICE'S ADVENTURES IN WONDERLAND", "THE END"),
        ("gutenberg/35-0.txt", "The Time Machine", "still lived on in the heart of man."),
        ("gutenberg/pg2641.txt", "A Room With A View", "the snows of winter into the Mediterranean."),
    ],
)
def test_a_book_of_project_gutenberg(name, begins, ends):
    (raw,) = read(here(name))
    text, changed = mend(raw.text)
    assert {"gutenberg", "unwrapping"} <= set(changed)
    assert begins.casefold() in text[:300].casefold()
    assert ends.casefold() in text[-300:].casefold()
    assert "gutenberg" not in text.casefold()
    assert not set("\x80\x91\x92\x93\x94\ufffd") & set(text)
    paragraphs = [part for part in text.split("\n\n") if part.startswith(("“", '"', "The ")) and len(part) > 300]
    assert paragraphs and not any("\n" in part for part in paragraphs[:20])


def test_textbooks_stay_and_wikitext_with_holes_goes():
    found = verdicts("openstax/psychology-2e.txt")
    assert found["kept"] > 0.95 * sum(found.values())
    found = verdicts("wikitext-2/valid.txt")
    assert found["kept"] == 0 and found["placeholders"] > 50


def test_cnxml_gives_the_text_of_the_book():
    """The archive has the modules from which the texts beside it were made by another program."""
    made = {" ".join(part.split()) for part in read_text("openstax/psychology-2e.txt").split("\n\n\n")}
    modules = [raw for raw in read(here("openstax/cnxml-originals.tar.gz")) if "osbooks-psychology" in raw.name][:40]
    same = [" ".join(FORMS[raw.form](raw.text).split())[:400] for raw in modules]
    assert sum(any(book.startswith(text[:150]) for book in made) for text in same) > 0.7 * len(same)


def read_text(name: str) -> str:
    return here(name).read_text(encoding="utf-8")
