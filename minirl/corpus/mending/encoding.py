r"""Characters: UTF-8 that was read as something else, invisible characters, one way to write a letter.

"â€œQuotesâ€\x9d, cafÃ©" is UTF-8 whose bytes were read as Windows-1252. Writing them back as Windows-1252 and reading
that as UTF-8 undoes it. It is done run by run, where the result is one character for several, and nowhere else: text
that only looks a little like it is left alone.
"""

import re
import unicodedata

# A byte that begins a character in UTF-8, as Windows-1252 shows it, and as many bytes that continue one.
CONTINUED = (
    "[\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013\u2014\u2018-\u201a\u201c-\u201e"
    "\u2020-\u2022\u2026\u2030\u2039\u203a\u20ac\u2122]"
)
MISREAD = re.compile(f"(?:[\u00c2-\u00df]{CONTINUED}|[\u00e0-\u00ef]{CONTINUED}{{2}}|[\u00f0-\u00f4]{CONTINUED}{{3}})")
INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufffe\uffff]"
)
SURROGATES = re.compile("[\ud800-\udfff]")


def mend_encoding(text: str) -> str:
    """The text as it was before its bytes were misread; a misreading of a misreading too."""
    if text.isascii():
        return text
    for _ in range(2):
        mended = MISREAD.sub(_reread, text)
        if mended == text:
            break
        text = mended
    return text


def _reread(match: re.Match[str]) -> str:
    data = bytearray()
    for character in match[0]:
        code = ord(character)
        data += bytes([code]) if code < 0x100 else character.encode("cp1252")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return match[0]


def mend_characters(text: str) -> str:
    r"""Line ends as \n; no control characters, soft hyphens and marks that nobody sees; letters and their accents as
    one character (NFC)."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = INVISIBLE.sub("", text)
    if text.isascii():
        return text
    text = SURROGATES.sub("\ufffd", text).replace("\u2028", "\n").replace("\u2029", "\n\n").replace("\u00a0", " ")
    return unicodedata.normalize("NFC", text)
