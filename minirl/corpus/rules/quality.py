"""Is it prose? The rules of Gopher (Rae et al. 2021, appendix A.1.1) and of C4 (Raffel et al. 2020, section 2.2).

Of C4's rules those on lines are left out: they drop every line without a final full stop, headings and lists of a
textbook among them (FineWeb leaves them out too), and every page with a curly bracket, which is every page with a
formula.
"""

import re

from minirl.corpus.page import Page

FEWEST, MOST = 50, 100_000  # words
SHORTEST, LONGEST = 3, 10  # mean characters of a word
SYMBOLS = 0.1  # "#" and "..." for each word
BULLETS, ELLIPSES = 0.9, 0.3  # of the lines
LETTERS = 0.8  # of the words have a letter
PLACEHOLDERS = 0.002  # marks for each word
STOP_WORDS = frozenset(("the", "be", "to", "of", "and", "that", "have", "with"))
NOT_ASCII_LETTERS = re.compile(r"(?<!\S)[^a-zA-Z\s]+(?!\S)")
PLACEHOLDER = re.compile(r"<unk>|@-@|\bUNK\b")


def length(page: Page) -> str | None:
    """50 to 100,000 words."""
    n = len(page.words)
    if n < FEWEST:
        return f"{n} words; expected {FEWEST} or more"
    return f"{n:,} words; expected at most {MOST:,}" if n > MOST else None


def word_length(page: Page) -> str | None:
    """Words have 3 to 10 characters in the mean."""
    mean = sum(map(len, page.words)) / max(len(page.words), 1)
    return None if SHORTEST <= mean <= LONGEST else f"words have {mean:.1f} characters in the mean; expected 3 to 10"


def symbols(page: Page) -> str | None:
    """At most one "#", and at most one "...", for ten words."""
    for symbol, n in (("#", page.text.count("#")), ("...", page.text.count("...") + page.text.count("…"))):
        if n > SYMBOLS * len(page.words):
            return f"{n} times {symbol!r} in {len(page.words)} words; expected at most one in ten"
    return None


def bullets(page: Page) -> str | None:
    """At most 90% of the lines are items of a list, and at most 30% end in an ellipsis."""
    n = max(len(page.lines), 1)
    listed = sum(line[0] in "-*•●‣▪" for line in page.lines)
    if listed > BULLETS * n:
        return f"{listed / n:.0%} of the lines are items of a list; expected at most {BULLETS:.0%}"
    ending = sum(line.endswith(("...", "…")) for line in page.lines)
    if ending > ELLIPSES * n:
        return f"{ending / n:.0%} of the lines end in '...'; expected at most {ELLIPSES:.0%}"
    return None


def letters(page: Page) -> str | None:
    """At least 80% of the words have a letter."""
    n = max(len(page.words), 1)
    share = 1 - sum(not any(map(str.isalpha, word)) for word in NOT_ASCII_LETTERS.findall(page.text)) / n
    return None if share >= LETTERS else f"{share:.0%} of the words have a letter; expected {LETTERS:.0%}"


def stop_words(page: Page) -> str | None:
    """At least two of: the, be, to, of, and, that, have, with (the list is for English)."""
    found = STOP_WORDS.intersection(page.folded.split())
    return None if len(found) >= 2 else f"{len(found)} of the words the, be, to, of, and, that, have, with; expected 2"


def filler(page: Page) -> str | None:
    """No text that only fills a page: "lorem ipsum"."""
    return "says 'lorem ipsum'" if "lorem ipsum" in page.folded else None


def placeholders(page: Page) -> str | None:
    """No marks that stand for words somebody removed, as <unk> in WikiText; its raw variant has the words."""
    n = sum(1 for _ in PLACEHOLDER.finditer(page.text))
    if n <= PLACEHOLDERS * len(page.words):
        return None
    return f"{n} marks such as <unk> and @-@ stand in {len(page.words):,} words; use a raw variant of this text"
