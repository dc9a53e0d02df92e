"""Special tokens: ordinary text is never encoded to them.

A model must know where a document ends, and which part of its context is the output of a tool. If "<|end|>" typed by a
user became the special token itself, a prompt could end the conversation or fake a tool's answer. So special tokens
have ids of their own, after all merges, and ordinary text that contains "<|end|>" is encoded as those seven plain
characters. Special tokens are recognised only where the caller allows them, because the caller knows the text's origin.
"""

import functools
import os
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from minirl.storage.strict_json import has_surrogate


class Mark(str):
    """The name of a special token, where it means the token itself. In any other str the same characters are text."""


END, PAD = Mark("<|end|>"), Mark("<|pad|>")
TOOL, END_TOOL = Mark("<|tool|>"), Mark("<|/tool|>")
RESULT, END_RESULT = Mark("<|result|>"), Mark("<|/result|>")

DEFAULT_SPECIAL_TOKENS = (
    END,  # the end of a document or an answer
    PAD,  # makes all rows of a batch equally long
    TOOL,  # text between these two goes to a tool ...
    END_TOOL,
    RESULT,  # ... and its output stands between these two
    END_RESULT,
)


def check_special_tokens(tokens: Iterable[str]) -> list[str]:
    """`tokens` as a list; ValueError when one is empty or occurs twice, TypeError when they are not strings."""
    if isinstance(tokens, str):
        raise TypeError(f"special_tokens is the string {tokens!r}; expected a list of strings")
    tokens = list(tokens)
    for token in tokens:
        if not isinstance(token, str):
            raise TypeError(f"special token {token!r} is a {type(token).__name__}; expected a string")
        if not token:
            raise ValueError("a special token is the empty string, which would stand everywhere in a text")
        if has_surrogate(token):
            raise ValueError(f"special token {token!r} holds a lone surrogate, which no file can hold")
    for token, times in Counter(tokens).items():
        if times > 1:
            raise ValueError(f"special token {token!r} is given {times} times; each needs one id")
    return tokens


def allowed_tokens(special_tokens: Mapping[str, int], allowed: Collection[str] | str) -> list[str]:
    """The special tokens that a caller allows, "all" or some by name. ValueError for a name that does not exist."""
    if allowed == "all":
        return list(special_tokens)
    if isinstance(allowed, str):
        raise TypeError(f"allowed_special={allowed!r}: expected 'all' or a collection of special tokens")
    for token in allowed:
        if token not in special_tokens:
            raise ValueError(f"{token!r} is no special token here; there are {', '.join(special_tokens) or 'none'}")
    return list(allowed)


def part(text: str, special_tokens: Collection[str]) -> list[str]:
    """Split text at special tokens: plain text and special tokens in turn, plain text (perhaps "") first and last."""
    # commonprefix compares characters, which is right here: one search for "<|" instead of a search for each token
    if not special_tokens or os.path.commonprefix(list(special_tokens)) not in text:  # noqa: RUF071
        return [text]
    return _finder(tuple(special_tokens)).split(text)


@functools.lru_cache(maxsize=16)
def _finder(special_tokens: tuple[str, ...]) -> re.Pattern[str]:
    """An expression that finds special tokens; where several begin at one place, the longest."""
    longest_first = sorted(special_tokens, key=len, reverse=True)
    return re.compile(f"({'|'.join(map(re.escape, longest_first))})")
