"""One word for one thing: what a lesson sets in bold as a term is in the glossary, and each symbol has one row."""

import re

from minirl.lessons.lesson import lessons
from minirl.lessons.notebook import lesson_cells
from minirl.storage import shipped

PAGE = shipped("docs/glossary.md").read_text(encoding="utf-8")
SYMBOLS, TERMS = PAGE.split("## Terms\n")
BOLD = re.compile(r"(?<!\*)\*\*([^*]{2,40}?)\*\*")
EMPHASIS = {  # bold for other reasons: names of parts of a text, of checks, or stress
    "adds", "and all stages", "beliefs", "by hand", "bytes", "bytes moved", "clipped", "dy", "exact",
    "float32 peak", "gain", "half a cosine", "imitation", "kept", "measures", "minirl", "nearest", "noisy",
    "only the last", "packs", "reading", "score", "shifted", "sign", "signal", "twice", "where", "wrong", "x plus that",
}  # fmt: skip


def terms() -> dict[str, str]:
    """Each term of the glossary in small letters, also those in brackets behind another one, and its explanation."""
    found = {}
    for names, long, text in re.findall(
        r"^\*\*([^*]+?)\.?\*\*(?: \(([^)]+)\))?\.?\s(.*(?:\n.+)*)", TERMS, re.MULTILINE
    ):
        for name in [*names.split(", "), *([long] if long else [])]:
            found[name.lower()] = text
    return found


def singular(word: str) -> str:
    """A word without the ending of a plural."""
    return re.sub(r"(ies|s)$", lambda end: "y" if end[1] == "ies" else "", word)


def symbols() -> list[str]:
    """The symbols of the table, each by itself."""
    cells = [row.split(" | ")[0].strip("| ") for row in SYMBOLS.splitlines() if row.startswith("| ")][2:]
    return [one for cell in cells for one in re.split(r", (?![^(]*\))", cell)]


def test_every_term_that_a_lesson_sets_in_bold_is_in_the_glossary() -> None:
    known = terms()
    unknown = []
    for lesson in lessons().values():
        for cell in lesson_cells(lesson):
            bold = BOLD.findall(cell.source) if cell.kind == "markdown" else []
            for term in (" ".join(one.split()) for one in bold):
                if not term[0].islower() or term[-1] in ".:?!," or len(term.split()) > 3 or "`" in term:
                    continue  # a sentence, or the beginning of a paragraph
                forms = {term.lower(), singular(term.lower()), term.lower() + "s", re.sub(r"@\d+", "@k", term)}
                if not forms & known.keys() and term not in EMPHASIS and not re.search(rf"\b{term}\b", SYMBOLS):
                    unknown.append((lesson.number, term))
    assert unknown == []


def test_the_glossary_says_everything_once_and_in_order() -> None:
    first = [names.split(",")[0].lower() for names in re.findall(r"^\*\*([^*]+?)\.?\*\*", TERMS, re.MULTILINE)]
    assert len(first) == len(set(first)) and len(first) > 150
    for letter in {name[0] for name in first}:
        places = [index for index, name in enumerate(first) if name[0] == letter]
        assert places == list(range(places[0], places[-1] + 1)), letter  # all entries of a letter stand together
    assert all(len(text.split()) >= 2 for text in terms().values())


def test_each_symbol_has_one_meaning() -> None:
    found = symbols()
    twice = [symbol for symbol in set(found) if found.count(symbol) > 1]
    assert twice == ["T"] and "in the shapes of arrays, the number of tokens" in SYMBOLS  # the one that has two
    assert {"θ (theta)", "lse", "V"} <= set(found)
