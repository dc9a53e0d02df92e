"""HTML to text: what the page says, without menus, scripts and forms. Paragraphs are parted by empty lines."""

from html.parser import HTMLParser

SKIPPED = {"script", "style", "nav", "footer", "header", "aside", "form", "noscript", "svg", "template", "head",
           "button", "select", "iframe", "figure", "table"}  # fmt: skip
BLOCKS = {"p", "div", "section", "article", "main", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "blockquote",
          "pre", "dt", "dd", "hr", "body"}  # fmt: skip


class Reader(HTMLParser):
    """Collects text. Within a part that is left out, it waits for the end of that part."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.skipping: list[str] = []
        self.kept = 0  # how deep in <pre>, whose lines stay

    def handle_starttag(self, tag: str, attrs: object) -> None:
        """A block begins a paragraph; what is skipped begins to be."""
        if tag in SKIPPED:
            self.skipping.append(tag)
        elif tag in BLOCKS:
            self.pieces.append("\n\n")
        elif tag in ("br", "li"):
            self.pieces.append("\n" if tag == "br" else "\n- ")
        self.kept += tag == "pre"

    def handle_endtag(self, tag: str) -> None:
        """A block ends a paragraph; what is skipped ends with its own tag."""
        if tag in self.skipping:
            while self.skipping.pop() != tag:
                pass
        elif tag in BLOCKS:
            self.pieces.append("\n\n")
        self.kept = max(self.kept - (tag == "pre"), 0)

    def handle_data(self, data: str) -> None:
        """Text, with one space where the page has any white space, but for <pre>."""
        if not self.skipping:
            if self.kept:
                self.pieces.append(data)
            else:
                words = " ".join(data.split())
                before = " " if data[:1].isspace() else ""
                after = " " if words and data[-1:].isspace() else ""
                self.pieces.append(f"{before}{words}{after}")


def to_text(page: str) -> str:
    """The text of a page."""
    reader = Reader()
    reader.feed(page)
    reader.close()
    lines = [
        line.strip() if not line.startswith("    ") else line.rstrip() for line in "".join(reader.pieces).split("\n")
    ]
    kept: list[str] = []
    for line in lines:
        if line not in ("", "-") or (kept and kept[-1]):
            kept.append("" if line == "-" else line)
    return "\n".join(kept).strip()
