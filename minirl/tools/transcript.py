"""What a completion consists of: what the model said, what it called, and what came back.

The checker, the votes and every judge of a text read what was said, and nothing else. A result that holds the line
"Answer: 18" is not the model's answer, and neither is a call that holds it. All of this is told apart by the ids of
the marks, and by which tokens were forced; never by text, which may hold anything.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from minirl.autograd import Array
from minirl.tokenizer.special import END_TOOL, TOOL

if TYPE_CHECKING:
    from minirl.tokenizer import Tokenizer

Kind = Literal["said", "call", "result"]


class Piece(NamedTuple):
    """What some tokens add to the text, all of one kind; special tokens add nothing."""

    kind: Kind
    text: str


def tagged(tokenizer: "Tokenizer", tokens: Iterable[tuple[int, bool]]) -> Iterator[tuple[Kind, int]]:
    """Each token of a completion with its kind, as they arrive; a call's marks belong to it. tokens: (id, forced)."""
    begin, end = (tokenizer.special_tokens.get(mark, -1) for mark in (TOOL, END_TOOL))
    inside = False
    for token, forced in tokens:
        inside = not forced and (inside or token == begin)
        yield "result" if forced else "call" if inside else "said", token
        inside = inside and token != end


def said(tokenizer: "Tokenizer", ids: Array, forced: Array) -> str:
    """What the model itself said, as text: without calls, results and special tokens. ids, forced: (n,)."""
    tokens = zip(ids.tolist(), forced.tolist(), strict=True)
    return tokenizer.decode([token for kind, token in tagged(tokenizer, tokens) if kind == "said"], skip_special=True)


def pieces(tokenizer: "Tokenizer", tokens: Iterable[tuple[int, bool]]) -> Iterator[Piece]:
    """The completion piece by piece, while its tokens arrive. Together the pieces that were said are what `said` gives.
    tokens: (id, forced)."""
    decoders = {kind: tokenizer.stream_decoder(skip_special=True) for kind in get_args(Kind)}
    before: Kind = "said"
    for kind, token in tagged(tokenizer, tokens):
        if kind != before != "said" and (rest := decoders[before].finish()):
            yield Piece(before, rest)
        before = kind
        if text := decoders[kind].push(token):
            yield Piece(kind, text)
    for kind, decoder in decoders.items():
        if rest := decoder.finish():
            yield Piece(kind, rest)


def transcript(tokenizer: "Tokenizer", ids: Array, forced: Array) -> list[Piece]:
    """A completion in as few pieces as possible, in order: [said, call, result, said, ...]. ids, forced: (n,)."""
    arriving = pieces(tokenizer, zip(ids.tolist(), forced.tolist(), strict=True))
    return [Piece(kind, "".join(piece.text for piece in same)) for kind, same in groupby(arriving, lambda p: p.kind)]


def shown(arriving: Iterable[Piece]) -> Iterator[str]:
    """The pieces for people to read, as they arrive: 12 * 34 = [calculator 12 * 34 → 408] 408."""
    before: Kind = "said"
    for kind, text in arriving:
        if kind == "result" and before == "call":
            yield " → "
        elif kind != before:
            yield "]" * (before != "said") + "[" * (kind != "said")
        before = kind
        yield text
    if before != "said":
        yield "]"


def whole_text(tokenizer: "Tokenizer", ids: Array, forced: Array) -> str:
    """A completion for people to read, with its calls and results in brackets. ids, forced: (n,)."""
    return "".join(shown(transcript(tokenizer, ids, forced)))
