"""The seal of a study, and the seeds that follow from it.

Whoever may choose the seeds of the runs, or change the prediction after them, can prove anything. Here nobody can do
either. The seal is a hash of the plan and of the code, so a changed comma gives another one. And the seeds of the runs
are made from the seal: runs that were done for one prediction are not the runs of another.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

SHORT = 8  # digits of a seal in names and on the page


def seal_of(contents: Mapping[str, Any]) -> str:
    """The SHA-256 of plain data, in 64 hexadecimal digits. The order of a dict's keys does not matter."""
    return text_hash(json.dumps(contents, sort_keys=True))


def text_hash(text: str) -> str:
    """The SHA-256 of a text, in hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def seeds(seal: str, n: int) -> list[int]:
    """The seeds of n runs, each from 0 to 2³¹ - 1; those of fewer runs are the first of them.

    Seed k is the first 4 bytes of the SHA-256 of the text "{seal} {k}", as a whole number with the most significant
    byte first, without its highest bit.
    """
    digests = (hashlib.sha256(f"{seal} {k}".encode()).digest() for k in range(n))
    return [int.from_bytes(digest[:4], "big") % 2**31 for digest in digests]
