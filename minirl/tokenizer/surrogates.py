"""Lone surrogates, so that every Python string comes back from its tokens as it was.

Unicode reserves the code points U+D800 to U+DFFF, the surrogates, for UTF-16, where two of them together mean one
character. UTF-8 has no bytes for a single one. A Python string may hold one all the same (a cut file name, broken
JSON). It then becomes the three bytes that UTF-8's scheme would give it: `to_bytes` in native.py encodes it with
Python's "surrogatepass". The error handler here reads those three bytes back. Every other invalid byte becomes U+FFFD,
the replacement character.

    >>> "\\ud83d!".encode("utf-8", "surrogatepass").decode("utf-8", LOSSLESS) == "\\ud83d!"
    True
    >>> b"caf\\xe9".decode("utf-8", LOSSLESS) == "caf\\ufffd"
    True
"""

import codecs
import re

LOSSLESS = "minirl.lossless"  # the name of the error handler, for bytes.decode


def _pass_surrogates(error: UnicodeError) -> tuple[str, int]:
    """What stands for the invalid bytes, and where decoding goes on."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    three = error.object[error.start : error.start + 3]
    if re.fullmatch(rb"\xed[\xa0-\xbf][\x80-\xbf]", three):
        return three.decode("utf-8", "surrogatepass"), error.start + 3
    return "\ufffd", error.end


codecs.register_error(LOSSLESS, _pass_surrogates)
