"""Print tokens as they are generated: hold back the bytes of a character until its last byte is there."""

import codecs
from collections.abc import Callable, Collection, Iterable


class StreamDecoder:
    """Turns ids into text one at a time.

    A token may end in the middle of a character: an emoji is four bytes, often in two or more tokens. Decoded alone
    each half would print as U+FFFD; here the first half prints as nothing and the second as the emoji.

        >>> decoder = tok.stream_decoder()
        >>> for id in generated:
        ...     print(decoder.push(id), end="", flush=True)
        >>> print(decoder.finish())

    token_bytes: gives the bytes of a token id. skipped: ids that print as nothing.

    What it returns can always be printed: bytes that are not UTF-8, such as encoded surrogates, become U+FFFD.
    """

    def __init__(self, token_bytes: Callable[[int], bytes], skipped: Collection[int] = ()) -> None:
        self._token_bytes = token_bytes
        self._skipped = frozenset(skipped)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def push(self, token_id: int) -> str:
        """The text that this token completes, "" while a character is incomplete. IndexError for an unknown id."""
        if token_id in self._skipped:
            return ""
        return self._decoder.decode(self._token_bytes(token_id))

    def push_all(self, token_ids: Iterable[int]) -> str:
        """The text that these tokens complete: what `push` gives for one after the other, joined."""
        return self._decoder.decode(b"".join([self._token_bytes(i) for i in token_ids if i not in self._skipped]))

    def finish(self) -> str:
        """What was held back: U+FFFD for a character that never ended, otherwise "". The decoder starts afresh."""
        text = self._decoder.decode(b"", final=True)
        self._decoder.reset()
        return text
