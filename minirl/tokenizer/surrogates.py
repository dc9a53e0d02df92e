"""Lone surrogates, so that every Python string can come back from its tokens as it was.

Unicode reserves the code points U+D800 to U+DFFF, the surrogates, for UTF-16, where two of them together mean one
character. UTF-8 has no bytes for a single one. A Python string may hold one all the same (a cut file name, broken
JSON). It then becomes the three bytes that UTF-8's scheme would give it: `to_bytes` in native.py encodes it with
Python's "surrogatepass".

`decode` makes these three bytes U+FFFD, the replacement character, like all bytes that are not UTF-8: a model may write
them, and a string with a lone surrogate can be neither printed nor saved. `decode(ids, errors="lossless")` uses the
error handler here, which reads the surrogate back. Every other invalid byte becomes U+FFFD there too.

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
