"""CNXML, the format of OpenStax's textbooks, to text: a title, sections with headings, paragraphs, lists, a glossary.

Figures, tables, exercises and footnotes are left out. Formulas (MathML) are written in one line.
"""

from xml.etree import ElementTree

from minirl.corpus.raw import ReadError

LEFT_OUT = {"figure", "table", "exercise", "footnote", "metadata", "media", "cite-title", "meta-title", "code"}
BLOCKS = {"para", "title", "section", "note", "item", "definition", "equation", "example", "quote", "list", "content"}


def to_text(page: str) -> str:
    """The text of a module. Raises ReadError for XML that is damaged or is no CNXML."""
    try:
        root = ElementTree.fromstring(page.lstrip("\ufeff \n").encode("utf-8", "replace"))
    except ElementTree.ParseError as error:
        raise ReadError(f"CNXML is damaged: {error}") from None
    if name(root) != "document":
        raise ReadError(f"no CNXML: the root is <{name(root)}>; expected <document>")
    pieces: list[str] = []
    title = next((child for child in root if name(child) == "title"), None)
    if title is not None:
        pieces.append(f"# {said(title)}\n\n")
    for child in root:
        if name(child) == "content":
            write(child, pieces, 1)
        elif name(child) == "glossary":
            pieces.append("\n\n## Glossary\n\n")
            for definition in child:
                term, meaning = (next((e for e in definition if name(e) == tag), None) for tag in ("term", "meaning"))
                if term is not None and meaning is not None:
                    pieces.append(f"{said(term)}: {said(meaning)}\n")
    lines = [" ".join(line.split()) for line in "".join(pieces).split("\n")]
    kept = [line for place, line in enumerate(lines) if line or (place and lines[place - 1])]
    return "\n".join(kept).strip()


def write(element: ElementTree.Element, pieces: list[str], depth: int) -> None:
    """The text of an element and what it holds. depth: of sections, for headings."""
    tag = name(element)
    if tag in LEFT_OUT:
        return
    if tag == "math":
        pieces.append(formula(element))
        return
    if tag == "title":
        pieces.append(f"\n\n{'#' * min(depth, 4)} {said(element)}\n\n")
        return
    if tag in BLOCKS:
        pieces.append("\n- " if tag == "item" else "\n\n")
    if element.text:
        pieces.append(element.text.replace("\n", " "))
    for child in element:
        write(child, pieces, depth + (tag in ("content", "section")))
        if child.tail:
            pieces.append(child.tail.replace("\n", " "))
    if tag in BLOCKS and tag != "item":
        pieces.append("\n\n")


def said(element: ElementTree.Element) -> str:
    """The text of an element in one line."""
    pieces: list[str] = []
    if element.text:
        pieces.append(element.text)
    for child in element:
        write(child, pieces, 1)
        pieces.append(child.tail or "")
    return " ".join("".join(pieces).split())


def formula(element: ElementTree.Element) -> str:
    """MathML in one line: fractions as a/b, powers as a^b, roots as √(a)."""
    tag, parts = name(element), [formula(child) for child in element]
    if tag.startswith("annotation"):
        return ""
    if tag == "mfrac" and len(parts) == 2:
        return "/".join(part if part.isalnum() else f"({part})" for part in parts)
    if tag in ("msup", "msub") and len(parts) == 2:
        return f"{parts[0]}{'^' if tag == 'msup' else '_'}{parts[1] if len(parts[1]) == 1 else f'({parts[1]})'}"
    if tag == "msqrt":
        return f"√({''.join(parts)})"
    text = " ".join((element.text or "").split())
    if tag == "mo" and text in ("=", "+", "−", "-", "×", "≈", "<", ">", "≤", "≥"):
        text = f" {text} "
    return text + "".join(parts)


def name(element: ElementTree.Element) -> str:
    """A tag's name without its namespace."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
