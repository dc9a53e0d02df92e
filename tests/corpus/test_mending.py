"""Mending: encodings, licences, broken lines; and texts that need none stay as they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minirl.corpus.mending import mend
from minirl.corpus.mending.encoding import mend_characters, mend_encoding
from minirl.corpus.mending.gutenberg import strip_gutenberg
from minirl.corpus.mending.lines import drop_boilerplate, tidy, unwrap
from minirl.corpus.mending.pieces import LONGEST, pieces

GOOD = "“Quotes” – café, naïve, €5, Ünïcode ‘single’ … 5 × 3 = 15 ½ Ångström"


@pytest.mark.parametrize("times", [1, 2])
def test_misread_text_is_read_again(times):
    bad = GOOD
    for _ in range(times):
        bad = "".join(
            bytes([b]).decode("cp1252", "ignore") or chr(b) for b in bad.encode("utf-8")
        )  # what Windows shows, and for the five bytes it has no character for, Latin-1's
    assert bad != GOOD
    assert mend_encoding(bad) == GOOD


@given(st.text())
def test_text_that_was_read_rightly_stays(text):
    """Only a lead byte's letter followed by continuation bytes' characters may change; that is no word."""
    mended = mend_encoding(text)
    assert mended == text or any("\xc2" <= c <= "\xf4" for c in text)
    assert mend_encoding(GOOD) == GOOD


def test_characters():
    assert mend_characters("a\r\nb\rc\x00\u200bd\u00ad\ufeff") == "a\nb\ncd"
    assert mend_characters("cafe\u0301\u00a0x\ud800") == "café x\ufffd"


BOOK = "CHAPTER I.\n\nIt was a dark and stormy night, and so on, and so on.\n\nThe end."


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "The Project Gutenberg EBook of X\n\n*** START OF THIS PROJECT GUTENBERG EBOOK X ***\n\nProduced by A\n\n",
            "\n\nEnd of the Project Gutenberg EBook of X\n\n*** END OF THIS PROJECT GUTENBERG EBOOK X ***\nlaw",
        ),
        (
            "The Project Gutenberg eBook of X\n\n*** START OF THE PROJECT GUTENBERG EBOOK X ***\n\n",
            "\n\n   *** END OF THE PROJECT GUTENBERG EBOOK X ***\n\n*** START: FULL LICENSE ***\nlicence",
        ),
        (
            "Project Gutenberg Etext\n*END*THE SMALL PRINT! FOR PUBLIC DOMAIN ETEXTS*Ver.04.29.93*END*\n\n",
            "\n\nEnd of Project Gutenberg's X",
        ),
    ],
    ids=["old", "new, indented", "before 2003"],
)
def test_gutenbergs_markers(before, after):
    assert strip_gutenberg(before + BOOK + after).strip() == BOOK


def test_a_book_about_gutenberg_is_no_file_of_his_project():
    assert strip_gutenberg(BOOK) == BOOK
    said = "We read an essay on Project Gutenberg.\n\n" + BOOK
    assert strip_gutenberg(said) == said


def test_unwrapping():
    prose = (
        "The quick brown fox jumps over the lazy dog and runs away into\nthe dark forest where nobody has ever been "
        "before, or so\nthey say in the village at night.\n\n"
        "A second paragraph that goes on for some time, so long that\n"
        "it takes two lines."
    )
    verse = "Roses are red,\nviolets are blue,\nsugar is sweet."
    text = unwrap(f"{prose}\n\n{verse}")
    assert text.split("\n\n")[0].count("\n") == 0
    assert text.split("\n\n")[1] == "A second paragraph that goes on for some time, so long that it takes two lines."
    assert text.endswith(verse)
    assert unwrap(verse) == verse


def test_lists_and_indented_lines_stay_in_their_lines():
    width = "word " * 13
    text = f"{width}\n{width}\n{width}\n\n- {width}\n- {width}\n- {width}"
    assert unwrap(text).endswith(f"- {width}\n- {width}\n- {width}")


def test_spaces_and_boilerplate():
    assert tidy("a  b \n\n\n\n\n\nc   \n  \nd") == "a b\n\n\nc\n\nd"
    assert drop_boilerplate("Text.\nThis site uses cookies.\nMore.") == "Text.\nMore."
    paragraph = "In 2002 the directive on privacy policy was debated. " * 5
    assert drop_boilerplate(paragraph) == paragraph


def test_mend_says_what_changed():
    assert mend("plain text") == ("plain text", [])
    assert mend("cafÃ©\r\n") == ("café", ["encoding", "characters", "spaces"])
    assert mend("cafÃ©", frozenset(["encoding"])) == ("cafÃ©", [])


def test_documents_in_one_file_are_parted():
    assert pieces("one<|endoftext|>\ntwo\n<|endoftext|>") == ["one", "two"]
    assert pieces(" = A = \n\n text a \n = B = \n text b") == ["= A = \n\n text a", "= B = \n text b"]
    chapters = ["word " * 500 for _ in range(3)]
    assert pieces("\n\n\n".join(chapters)) == [chapter.strip() for chapter in chapters]
    assert pieces("title\n\n\ntext") == ["title\n\ntext"], "a title stays with its text"
    assert pieces(" \n ") == []


@given(st.lists(st.integers(1, 3000), min_size=1, max_size=60), st.sampled_from(["\n\n", "\n", " "]))
def test_a_long_text_is_cut_and_loses_nothing(lengths, between):
    text = between.join("x" * length for length in lengths)
    parts = pieces(text)
    assert max(map(len, parts)) <= LONGEST
    assert "".join("".join(parts).split()) == "".join(text.split())
