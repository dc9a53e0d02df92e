r"""Cut text into chunks, roughly words, before any merging: then no merge runs from one word into the next.

Without this step "dog", "dog." and "dog!" would each become a token. A pattern says what a chunk is. Three have names:
the pattern of GPT-2, the pattern of GPT-4, and GPT-4's with each digit a chunk of its own:

    gpt2          "It's 1234 dollars!!" -> It 's ␣1234 ␣dollars !!
    gpt4          "It's 1234 dollars!!" -> It 's ␣ 123 4 ␣dollars !!
    gpt4-digits   "It's 1234 dollars!!" -> It 's ␣ 1 2 3 4 ␣dollars !!

The default is gpt4-digits: a model that adds numbers should see their digits, not tokens of one to three digits.
`python -m minirl.train` uses gpt2 instead, because its numbers are small and are then one token each. A pattern may
also be any regular expression of the `regex` library. The C splitter (csrc/bpe_split.c) does the named patterns
without that library.
"""

import codecs
import difflib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from minirl.storage.strict_json import brief
from minirl.tokenizer.special import part

_GPT4 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}{digits}| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
PATTERNS = {
    "gpt2": r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    "gpt4": _GPT4.format(digits="{1,3}"),
    "gpt4-digits": _GPT4.format(digits=""),
}
DEFAULT_PATTERN = "gpt4-digits"
SPLITTERS = {pattern: number for number, pattern in enumerate(PATTERNS.values(), start=1)}  # as in bpe_split.c

# Places where every named pattern starts a new chunk, whatever stands around them: after a letter every alternative
# continues with letters only, after a number with numbers only, and none looks back.
_SAFE_CUT = r"(?<=\p{L})(?=\P{L})|(?<=\p{N})(?=\P{N})"
_BLOCK = 1 << 20


def resolve(pattern: str) -> str:
    """The regular expression of a named pattern, or `pattern` itself if it is a regular expression.

    Raises ValueError for a regular expression that `regex` cannot compile, and for a plain word: it would match only
    itself, so it is nearly always a name that was mistyped.
    """
    if pattern in PATTERNS:
        return PATTERNS[pattern]
    if pattern in SPLITTERS:
        return pattern
    names = ", ".join(PATTERNS)
    if not pattern or pattern.replace("-", "").replace("_", "").isalnum():
        near = difflib.get_close_matches(pattern.lower().replace("_", "-"), PATTERNS, n=1, cutoff=0.5)
        meant = f"; did you mean {near[0]}?" if near else ";"
        raise ValueError(f"there is no pattern {pattern!r}{meant} choose one of {names}, or give a regular expression")
    import regex

    try:
        regex.compile(pattern)
    except (regex.error, OverflowError, RecursionError) as error:  # the last two: \p{inf}, and very many parentheses
        raise ValueError(
            f"pattern {brief(pattern)} is neither one of {names} nor a regular expression: {error}"
        ) from error
    return pattern


def split(text: str, pattern: str | tuple[str, ...]) -> list[str]:
    """The chunks of text, in order. Joined they give the text back: what a pattern does not match is a chunk too.

    Of several patterns, each cuts the chunks of the one before; without any, the text is one chunk.
    """
    import regex

    if isinstance(pattern, tuple):
        chunks = [text] if text else []
        for one in pattern:
            chunks = [piece for chunk in chunks for piece in split(chunk, one)]
        return chunks
    chunks, done = [], 0
    for match in regex.finditer(resolve(pattern), text):
        for cut in match.span():
            if cut > done:
                chunks.append(text[done:cut])
                done = cut
    if done < len(text):
        chunks.append(text[done:])
    return chunks


def cut(text: str, pattern: str | tuple[str, ...], size: int) -> list[str]:
    """Text in pieces of about `size` characters, for threads to share; the pieces have the same chunks as the whole.

    A piece is longer where there is no such place to cut: in a text without words, or with a regular expression.
    """
    if len(text) <= 2 * size or not isinstance(pattern, str) or pattern not in SPLITTERS:
        return [text]
    import regex

    safe = regex.compile(_SAFE_CUT)
    pieces, start = [], 0
    while match := safe.search(text, start + size):
        pieces.append(text[start : match.start()])
        start = match.start()
    return [*pieces, text[start:]]


def read_text(path: str | os.PathLike[str], errors: str = "strict") -> Iterator[str]:
    """The text of a UTF-8 file, block by block, line ends as they are.

    errors: "strict" raises ValueError naming the place of the first byte that is not UTF-8; "replace" reads U+FFFD
    there.
    """
    if errors not in ("strict", "replace"):
        raise ValueError(f"errors={errors!r}: expected 'strict' or 'replace'")
    decoder = codecs.getincrementaldecoder("utf-8")(errors)
    bytes_read, lines_read = 0, 0
    with Path(path).open("rb") as file:
        while True:
            block = file.read(_BLOCK)
            held = len(decoder.getstate()[0])  # bytes of a character whose end has not been read yet
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                bad = error.object[error.start]
                line = lines_read + error.object.count(b"\n", 0, error.start) + 1
                raise ValueError(
                    f"{os.fspath(path)}: byte {bad:#04x} at offset {bytes_read - held + error.start} (line {line}) is "
                    "not valid UTF-8; convert the file, or read it with errors='replace' (--errors replace)"
                ) from None
            bytes_read += len(block)
            lines_read += block.count(b"\n")
            if text:
                yield text
            if not block:
                return


def rejoin(blocks: Iterable[str], pattern: str, special_tokens: Iterable[str] = ()) -> Iterator[str]:
    """Cut a stream of text again, at places where a chunk of the whole text ends and no special token stands.

    Tokenizing piece by piece then gives the same tokens as tokenizing the whole text, in the memory of one piece. A
    stretch without a safe cut (a megabyte of dashes is one chunk) is held until it ends. With a regular expression as
    the pattern, all of the text is held.
    """
    special = list(special_tokens)
    held: list[str] = []
    length, wanted = 0, 0
    for block in blocks:
        held.append(block)
        length += len(block)
        if length < wanted or pattern not in SPLITTERS:
            continue
        text = "".join(held)
        end = _last_safe_cut(text, special)
        if end:
            yield text[:end]
        held, length = [text[end:]], len(text) - end
        wanted = 0 if end else 2 * length  # looking again at every block would take quadratic time
    if length:
        yield "".join(held)


def _last_safe_cut(text: str, special_tokens: list[str]) -> int:
    """The last place where a chunk surely ends and that is not inside one of special_tokens; 0 when there is none.

    A special token ends a chunk. It is known to be one if it begins so early that no longer token can stand there.
    """
    import regex

    end = len(text) - max(map(len, special_tokens), default=0)
    parts, after = part(text, special_tokens), len(text)
    for plain, token in zip(reversed(parts[2::2]), reversed(parts[1::2]), strict=True):
        after -= len(plain)
        if after - len(token) <= end:
            break
        after -= len(token)
    else:
        after = 0
    safe = regex.compile("(?r)" + _SAFE_CUT)  # (?r) searches from the end
    match = safe.search(text, after, end) if end > after else None
    return match.start() if match else after
