"""Lines: paragraphs that were broken after 70 characters become whole, and lines that are no part of the text go."""

import re
from statistics import median

NARROWEST, WIDEST = 45, 100  # characters of a line in a text that was broken by a typewriter's rule
SHORT = 0.6  # of the usual width: a shorter line ends where its author ended it
LISTED = re.compile(r"[-*•#>|+]|\d+[.)]\s|\w[.)]\s")
SPACES = re.compile(r"(?<=\S)[ \t]{2,}")
BLANK = re.compile(r"\n[ \t]+(?=\n)|[ \t]+(?=\n)")
MANY_BLANK = re.compile(r"\n{4,}")

# What pages of the web say about themselves, in lines of their own.
BOILERPLATE = (
    "enable javascript", "javascript is disabled", "javascript is required", "uses cookies", "use cookies",
    "cookie policy", "privacy policy", "terms of use", "terms of service", "all rights reserved",
    "subscribe to our newsletter", "sign up for our", "click here to", "share on facebook", "share on twitter",
    "skip to main content", "skip to content", "you need to log in", "log in to",
)  # fmt: skip
SENTENCE = 200  # characters: a longer line is a paragraph that speaks of such things


def unwrap(text: str) -> str:
    """Paragraphs in one line each, if the text is one whose lines all end at about the same width.

    Verse stays, as its lines are short; so do lists, and lines that are indented more than the first of a paragraph.
    """
    paragraphs = re.split(r"\n[ \t]*\n", text)
    broken = [len(line) for paragraph in paragraphs for line in paragraph.split("\n")[:-1]]
    if len(broken) < 3:
        return text
    width = sorted(broken)[int(0.9 * (len(broken) - 1))]
    if not NARROWEST <= width <= WIDEST or median(broken) < SHORT * width:
        return text
    return "\n\n".join(_one_line(paragraph, width) for paragraph in paragraphs)


def _one_line(paragraph: str, width: int) -> str:
    lines = paragraph.strip("\n").split("\n")
    if len(lines) == 1:
        return paragraph
    inside = lines[1:]
    if any(len(line) < SHORT * width for line in lines[:-1]) or any(line.startswith("    ") for line in inside):
        return paragraph
    if any(LISTED.match(line.lstrip()) for line in inside):
        return paragraph
    return " ".join(line.strip() for line in lines)


def tidy(text: str) -> str:
    """Single spaces within lines, none at their ends, and at most two empty lines in a row."""
    return MANY_BLANK.sub("\n\n\n", SPACES.sub(" ", BLANK.sub(lambda match: match[0].rstrip(" \t"), text))).strip()


def drop_boilerplate(text: str) -> str:
    """The text without the lines in which a page speaks of cookies, logins and newsletters."""
    folded = text.casefold()
    said = [phrase for phrase in BOILERPLATE if phrase in folded]
    if not said:
        return text
    lines = text.split("\n")
    return "\n".join(
        line for line in lines if len(line) > SENTENCE or not any(phrase in line.casefold() for phrase in said)
    )
