"""Wikipedia's markup to plain text, from the inside out: links and templates that hold no others come first.

What belongs to the page and not to its text goes: notes, tables, pictures, boxes, and the sections of sources and links
at the end. Formulas stay, as LaTeX between dollar signs.
"""

import html
import re

from minirl.corpus.forms.templates import expand

GONE = re.compile(
    r"<!--.*?-->|<ref\b[^>/]*/>|<ref\b[^>]*>.*?</ref\s*>|"
    r"<(gallery|timeline|imagemap|score|graph|mapframe|templatestyles|syntaxhighlight|source)\b.*?(?:</\1\s*>|/>)|"
    r"__[A-Z]+__",
    re.DOTALL | re.IGNORECASE,
)
MATH = re.compile(r"<(math|chem)\b[^>]*>(.*?)</\1\s*>", re.DOTALL | re.IGNORECASE)
BREAK = re.compile(r"<(?:br|hr)\s*/?>|</?(?:p|div|blockquote|center)\b[^>]*>", re.IGNORECASE)
TAG = re.compile(r"</?[a-z][a-z0-9]*\b[^<>]*>", re.IGNORECASE)
LINK = re.compile(r"\[\[([^\[\]]*)\]\]")
OUTSIDE = re.compile(r"\[(?:https?:|ftp:|mailto:|//)[^\s\]]*([^\]]*)\]")
TEMPLATE = re.compile(r"\{\{([^{}]*)\}\}")
HEADING = re.compile(r"^(={1,6})\s*(.*?)\s*\1\s*$")
QUOTES = re.compile(r"'{2,5}")
PICTURE = re.compile(r"\[\[(?:file|image):.*|^\s*\]\]", re.IGNORECASE)  # whose brackets do not close where they should
EMPTY = re.compile(r" ?\(\s*(?:[,;:/]\s*)*\)| ?\[\s*\]")
HOLE = re.compile(r"\b(?:of|about|over|between|approximately|around|than) (?:and\b|or\b|[,.;)])")
SENTENCE = re.compile(r"(?<=[.!?]) +(?=[A-Z\"'(])")
LISTED = re.compile(r"^([*#]+|[:;]+)[*#:;]*\s*")
DEEPEST = 40  # templates within templates

NOT_TEXT = {"file", "image", "category", "media", "special", "wikipedia", "template", "portal", "help", "draft", "wp"}
AT_THE_END = {
    "see also", "references", "external links", "further reading", "notes", "bibliography", "sources", "footnotes",
    "citations", "notes and references", "gallery", "works cited", "other websites", "related pages", "literature",
}  # fmt: skip
OPEN, CLOSE = "\ue000", "\ue001"  # stand for the braces of formulas, which are none of templates


def to_text(markup: str) -> str:
    """The text of an article, whose first line is its title."""
    title, _, body = markup.partition("\n")
    body = MATH.sub(_formula, GONE.sub("", body))
    body = _inside_out(LINK, _link, body)
    body = OUTSIDE.sub(lambda match: match[1].strip(), body)
    body = _inside_out(TEMPLATE, lambda match: expand(match[1]), body)
    body = TAG.sub("", BREAK.sub("\n", body))
    body = QUOTES.sub("", html.unescape(body))
    lines = [title, ""]
    for line in _sections(_without_tables(body.split("\n"))):
        lines.append(_whole_sentences(EMPTY.sub("", PICTURE.sub("", line))))
    text = "\n".join(lines).replace(OPEN, "{").replace(CLOSE, "}")
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t\xa0]+", " ", text)).strip()


def _inside_out(pattern: re.Pattern[str], replace: object, text: str) -> str:
    for _ in range(DEEPEST):
        text, count = pattern.subn(replace, text)  # type: ignore[call-overload]
        if not count:
            break
    return text


def _formula(match: re.Match[str]) -> str:
    inner = " ".join(match[2].split())
    return "$" + inner.replace("{", OPEN).replace("}", CLOSE) + "$"


def _link(match: re.Match[str]) -> str:
    target, bar, shown = match[1].partition("|")
    space, colon, _ = target.partition(":")
    if colon and (space.strip().lower() in NOT_TEXT or (not bar and 2 <= len(space) <= 3 and space.islower())):
        return ""
    return shown if bar else target.lstrip(":")


def _without_tables(lines: list[str]) -> list[str]:
    """The lines outside of tables, which begin with {| and end with |}, and no line with what is left of a template."""
    depth, kept = 0, []
    for line in lines:
        start = line.lstrip(" :*")
        if start.startswith("{|"):
            depth += 1
        elif depth and start.startswith("|}"):
            depth -= 1
        elif not depth and "{{" not in line and "}}" not in line and not start.startswith(("|", "!")):
            kept.append(line)
    return kept


def _sections(lines: list[str]) -> list[str]:
    """Headings as lines of their own, list items with a dash; without the sections that list sources and links, and
    without headings under which nothing is left."""
    kept: list[str] = []
    skipped = 0  # the level of a heading whose section is left out
    waiting: list[tuple[int, str]] = []
    for line in lines:
        heading = HEADING.match(line)
        if heading:
            level = len(heading[1])
            if skipped and level > skipped:
                continue
            skipped = level if heading[2].lower() in AT_THE_END else 0
            waiting = [(other, name) for other, name in waiting if other < level]
            if not skipped:
                waiting.append((level, heading[2]))
            continue
        if skipped:
            continue
        line = LISTED.sub(lambda match: "- " if match[1][0] in "*#" else "", line).rstrip()
        if line and line != "-":
            for _, name in waiting:
                kept += ["", name, ""]
            waiting = []
        kept.append(line)
    return kept


def _whole_sentences(line: str) -> str:
    """The line without the sentences in which a dropped template left a hole: "an area of and a height of."."""
    if not HOLE.search(line):
        return line
    return " ".join(sentence for sentence in SENTENCE.split(line) if not HOLE.search(sentence))
