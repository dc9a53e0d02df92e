"""docs/glossary.md reads well as it is: `**Term** (long form). What it means.` The site needs its terms as a glossary,
so that search finds them as terms and a link can point at each."""

import re

HEADING = "\n## Terms\n"
ENTRY = re.compile(r"\*\*(?P<terms>[^*]+?)\.?\*\*(?: \((?P<long>[^)]+)\)\.)?(?P<text>\s.*)", re.DOTALL)


def with_glossary(page: str) -> str:
    """The page with the paragraphs below "## Terms" as a glossary directive.

    A comma separates terms that share an explanation, and the long form in brackets is a term too. Raises ValueError
    for a page without the heading, and for a paragraph that is no entry.
    """
    above, found, below = page.partition(HEADING)
    if not found:
        raise ValueError("docs/glossary.md has no heading '## Terms', from which the glossary of the site is made")
    entries = "\n".join(map(entry, re.split(r"\n{2,}", below.strip())))
    return f"{above}{HEADING}\n::::{{glossary}}\n{entries}\n::::\n"


def entry(paragraph: str) -> str:
    """One term, or several, and the explanation, as the directive wants it."""
    parts = ENTRY.fullmatch(paragraph)
    if parts is None:
        raise ValueError(f"docs/glossary.md: an entry begins with **Term.**, and this does not: {paragraph!r}")
    terms = [*re.split(r",\s+", parts["terms"]), *([parts["long"]] if parts["long"] else [])]
    return "\n".join([*terms, *(f"  {line.strip()}" for line in parts["text"].strip().splitlines()), ""])
