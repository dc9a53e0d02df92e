"""Added tokens: names that stand in a text as they are, and what they do to the text around them.

A tokenizer.json lists tokens that are looked for before anything else happens to a text. Each has flags:

    special      it marks something, and decoding can leave it out
    lstrip       it takes the spaces on its left with it          " <mask>" -> <mask>
    rstrip       it takes the spaces on its right with it         "<|user|>\n" -> <|user|>
    single_word  it counts only where no letter or digit stands beside it
    normalized   it is looked for after the text was normalised (steps.py), in its own normalised spelling

Where several begin at one place, the longest counts. The rules are those of the `tokenizers` library
(added_vocabulary.rs).
"""

import functools
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

# What Rust's \s matches; Python's also matches four control characters
_SPACE = "\t\n\x0b\x0c\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_SPACES_LEFT, _SPACES_RIGHT = re.compile(f"[{_SPACE}]+$"), re.compile(f"^[{_SPACE}]+")


class Flags(NamedTuple):
    """How a token is looked for. `special` is not among them: a Tokenizer has its special tokens apart."""

    lstrip: bool = False
    rstrip: bool = False
    single_word: bool = False
    normalized: bool = False

    @property
    def plain(self) -> bool:
        """Whether the token is looked for in the text as it is, and takes nothing with it."""
        return not any(self)


PLAIN = Flags()


def part_flagged(text: str, names: Mapping[str, str], flags: Mapping[str, Flags]) -> list[str]:
    """Split text at tokens: plain text and names of tokens in turn, plain text (perhaps "") first and last.

    names: what to look for in the text, and the name of the token that it is.
    """
    parts, done = [], 0
    for match in _finder(tuple(names)).finditer(text) if names else ():
        token = names[match[0]]
        flag = flags.get(token, PLAIN)
        start, end = match.span()
        if flag.single_word and (_is_word(text[start - 1 : start]) or _is_word(text[end : end + 1])):
            continue
        before, start = text[done:start], max(start, done)
        if flag.lstrip:
            before = _SPACES_LEFT.sub("", before)
        if flag.rstrip and (spaces := _SPACES_RIGHT.match(text[end:])):
            end += spaces.end()
        parts += [before, token]
        done = end
    return [*parts, text[done:]]


def part_normalised(
    text: str, recognised: Collection[str], flags: Mapping[str, Flags], normalise: Callable[[str], str]
) -> tuple[list[str], list[str]]:
    """Split text at tokens, in the two rounds of the tokenizers library: tokens of the text as it is; then, in each
    piece between them, normalised, those that are looked for there. Returns the pieces, normalised, and the tokens
    between them.

    normalise: a text to its normal form.
    """
    raw = {name: name for name in recognised if not flags.get(name, PLAIN).normalized}
    later = {normalise(name): name for name in recognised if flags.get(name, PLAIN).normalized}
    pieces: list[str] = []
    tokens: list[str] = []
    first = part_flagged(text, raw, flags)
    for number, plain in enumerate(first):
        if number % 2:
            tokens.append(plain)
            continue
        parts = part_flagged(normalise(plain), later, flags)
        pieces += parts[::2]
        tokens += parts[1::2]
    return pieces, tokens


def described(name: str, number: int, special: bool, flags: Flags) -> dict[str, Any]:
    """A token as tokenizer.json lists it."""
    return {
        "id": number,
        "content": name,
        "single_word": flags.single_word,
        "lstrip": flags.lstrip,
        "rstrip": flags.rstrip,
        "normalized": flags.normalized,
        "special": special,
    }


@functools.lru_cache(maxsize=32)
def _finder(names: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, sorted(names, key=len, reverse=True))))


def _is_word(character: str) -> bool:
    return bool(re.match(r"\w", character))
