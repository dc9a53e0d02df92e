"""Text files: a file is a document. A file that is larger than a book is many, since it must not lie in memory
whole."""

from collections.abc import Iterator
from pathlib import Path

from minirl.corpus.raw import Raw
from minirl.corpus.readers.decoding import encoding_of, lines
from minirl.corpus.readers.streams import opened

BOOK = 4 << 20  # characters; War and Peace has 3.2 million
BETWEEN = ("<|endoftext|>", " = ", "# ")  # how a line begins with which a new document may begin


def read_text(path: Path) -> Iterator[Raw]:
    """The documents of a text file."""
    with opened(path) as stream:
        encoding = encoding_of(stream)
    held: list[str] = []
    size = number = blank = 0
    with opened(path) as stream:
        for line in lines(stream, encoding):
            if size >= BOOK and (blank > 1 or line.startswith(BETWEEN) or (blank and size >= 2 * BOOK)):
                number += 1
                yield Raw(f"{path}, part {number}", "".join(held))
                held, size = [], 0
            blank = 0 if line.strip() else blank + 1
            held.append(line)
            size += len(line)
    if held:
        yield Raw(f"{path}, part {number + 1}" if number else str(path), "".join(held))
