"""JSON from files that others wrote: what Python's json lets pass and its writers never meant is refused.

`parse` reads what RFC 8259 calls JSON and nothing else. Python's own reader also takes NaN, keeps the last of two equal
names without a word, and ends in a RecursionError where lists stand too deep in each other.
"""

import json
import re
import reprlib
from typing import Any

_SURROGATE = re.compile("[\ud800-\udfff]")

LONGEST = 100  # characters of a value in a message


class _Short(reprlib.Repr):
    """A repr that keeps the ends of long texts, the beginning of long lists, and writes no endless number."""

    def repr_int(self, x: int, level: int) -> str:
        return repr(x) if -(10**20) < x < 10**20 else "a whole number of more than 20 digits"


_short = _Short()
_short.maxstring = _short.maxother = 60
_short.maxlevel = 3


def parse(data: bytes) -> Any:
    """What the UTF-8 JSON says. Raises ValueError, with a line that says what is wrong and where."""
    if data.startswith(b"\xef\xbb\xbf"):
        raise ValueError("a byte order mark (EF BB BF) stands before it; save the file as UTF-8 without it")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {data[error.start]:#04x} at offset {error.start} is not UTF-8") from None
    try:
        return decoder().decode(text)
    except RecursionError:
        raise ValueError("lists or objects stand too deep in each other") from None


def decoder() -> json.JSONDecoder:
    """A decoder with these rules; a RecursionError is the caller's to catch."""
    return json.JSONDecoder(parse_constant=_refuse_constant, object_pairs_hook=_object)


def brief(value: object) -> str:
    """A value of any size for a message: its repr on one line, with "..." where something is left out.

    >>> brief([1, 2, "x" * 1000])
    "[1, 2, 'xxxxxxxxxxxxxxxxxxxxxxxxxxxx...xxxxxxxxxxxxxxxxxxxxxxxxxxxxx']"
    """
    text = _short.repr(value)
    return text if len(text) <= LONGEST else text[:LONGEST] + "..."


def has_surrogate(text: str) -> bool:
    r"""Whether a text holds a lone surrogate: JSON can spell one ("\ud800"), UTF-8 cannot."""
    return _SURROGATE.search(text) is not None


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} stands for a number, which JSON has not")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise ValueError(f"the name {brief(name)} stands twice in one object")
            seen.add(name)
    return found
