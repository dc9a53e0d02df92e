"""Does it say the same thing again and again? The rules of Gopher (Rae et al. 2021, table A1).

Lines and paragraphs that occur before, and n words in a row that do, up to these shares of the text.
"""

from minirl import kernels
from minirl.corpus.page import Page

LINES, LINE_CHARACTERS = 0.3, 0.2  # that stand in the text before
MOST = {2: 0.2, 3: 0.18, 4: 0.16}  # of the characters: the n words in a row that occur most
AGAIN = {5: 0.15, 6: 0.14, 7: 0.13, 8: 0.12, 9: 0.11, 10: 0.1}  # of the characters: any n words that occur before


def repeated_lines(page: Page) -> str | None:
    """Lines, and paragraphs, that occur before."""
    for what, parts in (("lines", page.lines), ("paragraphs", [p for p in page.text.split("\n\n") if p])):
        seen = set(parts)
        if len(seen) == len(parts):
            continue
        share = 1 - len(seen) / len(parts)
        characters = 1 - sum(map(len, seen)) / max(sum(map(len, parts)), 1)
        if share > LINES:
            return f"{share:.0%} of the {what} occur before; expected at most {LINES:.0%}"
        if characters > LINE_CHARACTERS:
            return f"{what} that occur before have {characters:.0%} of the text; expected at most {LINE_CHARACTERS:.0%}"
    return None


def repeated_words(page: Page) -> str | None:
    """n words in a row, n = 2 to 10, that occur most or before."""
    total = max(page.word_bytes, 1)
    for n, limit in (MOST | AGAIN).items():
        most, again = kernels.gram_repeats(page.grams(n), page.hashes[1], n)
        share = (most if n in MOST else again) / total
        if share > limit:
            what = "the same" if n in MOST else "repeated"
            return f"{what} {n} words in a row make {share:.0%} of the text; expected at most {limit:.0%}"
        if n == min(AGAIN) and again <= 0.5 * AGAIN[max(AGAIN)] * total:
            break  # ten words in a row that occur before are two times five that do: no longer row reaches its limit
    return None
