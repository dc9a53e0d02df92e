r"""Bytes to text where nobody says in which encoding: a byte order mark decides, then UTF-8, then Windows-1252.

Text in another encoding is nearly never valid UTF-8: a letter outside ASCII is two bytes or more there, of fixed
patterns. What is not UTF-8 is read as Windows-1252, which gives Latin-1's letters their places too, and typographic
quotes to the bytes 0x80 to 0x9f, where Latin-1 has control characters that no text uses.
"""

import codecs
from collections.abc import Iterator
from typing import IO

MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
BLOCK = 1 << 20


def encoding_of(stream: IO[bytes]) -> str:
    """The encoding of all the bytes of a stream, which it reads to the end."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    block = stream.read(BLOCK)
    for mark, encoding in MARKS.items():
        if block.startswith(mark):
            return encoding
    while block:
        try:
            decoder.decode(block)
        except UnicodeDecodeError:
            return "cp1252"
        block = stream.read(BLOCK)
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def decoded(data: bytes) -> str:
    """Bytes as text."""
    for mark, encoding in MARKS.items():
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def lines(stream: IO[bytes], encoding: str) -> Iterator[str]:
    r"""The lines of a stream, each ending in "\n" whatever ended it before, without holding the stream in memory."""
    reader = codecs.getreader(encoding)(stream, "replace")
    rest = ""
    while block := reader.read(BLOCK, BLOCK):
        text = (rest + block).replace("\r\n", "\n")
        if text.endswith("\r"):  # its "\n" may be in the next block
            text, rest = text[:-1], "\r"
        else:
            rest = ""
        *whole, last = text.replace("\r", "\n").split("\n")
        for line in whole:
            yield line + "\n"
        rest = last + rest
    if rest:
        yield rest.replace("\r", "\n")
