"""A file that holds many documents is cut where they part; a book becomes its chapters.

The places, the strongest first: "<|endoftext|>"; WikiText's titles, " = Title = "; two empty lines or more, or the
first heading "# Title" of a module. A piece that is still longer than LONGEST is cut between two paragraphs.
"""

import re

LONGEST = 60_000  # characters of a piece
LEAST = 2_000  # characters before a cut at empty lines, so that a title stays with its text

END_OF_TEXT = re.compile(r"\s*<\|endoftext\|>\s*")
WIKITEXT = re.compile(r"^ = [^=\n]+ = \s*$", re.MULTILINE)
APART = re.compile(r"\n{3,}|\n\n(?=# )")


def pieces(text: str) -> list[str]:
    """The documents in a text, none of them empty."""
    if "<|endoftext|>" in text:
        parts = END_OF_TEXT.split(text)
    elif WIKITEXT.search(text[:200]):
        starts = [match.start() for match in WIKITEXT.finditer(text)]
        parts = [text[start:end] for start, end in zip([0, *starts[1:]], [*starts[1:], len(text)], strict=True)]
    else:
        parts = gathered(APART.split(text))
    return [piece for part in parts for piece in cut(part.strip()) if piece]


def gathered(parts: list[str]) -> list[str]:
    """Neighbours joined until each has LEAST characters; the last joins the one before it."""
    kept: list[str] = []
    for part in parts:
        if kept and len(kept[-1]) < LEAST:
            kept[-1] += "\n\n" + part
        else:
            kept.append(part)
    if len(kept) > 1 and len(kept[-1]) < LEAST:
        last = kept.pop()
        kept[-1] += "\n\n" + last
    return kept


def cut(text: str) -> list[str]:
    """A text in parts of about equal length and at most LONGEST characters, cut between paragraphs where there are
    any, or else between lines or words."""
    if len(text) <= LONGEST:
        return [text]
    wanted = len(text) // (len(text) // LONGEST + 1)
    for between in ("\n\n", "\n", " "):
        at = text.rfind(between, 1, wanted + 1)
        if at > wanted // 2:
            return [text[:at], *cut(text[at:].strip())]
    return [text[:wanted], *cut(text[wanted:])]
