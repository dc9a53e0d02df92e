"""What a completion consists of: what the model said, what it called, and what came back.

The checker, the votes and every judge of a text read what was said, and nothing else. A result that holds the line
"Answer: 18" is not the model's answer, and neither is a call that holds it. All of this is told apart by the ids of
the marks, and by which tokens were forced; never by text, which may hold anything.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from minirl.autograd import Array
from minirl.tokenizer.special import END_TOOL, TOOL

if TYPE_CHECKING:
    from minirl.tokenizer import Tokenizer

Kind = Literal["said", "call", "result"]


class Piece(NamedTuple):
    """Neighbouring tokens of one kind, without special tokens."""

    kind: Kind
    text: str


def kinds(tokenizer: "Tokenizer", ids: Array, forced: Array) -> Iterator[Kind]:
    """Of each token of a completion whether it was said, belongs to a call (its marks too), or to a result."""
    begin, end = (tokenizer.special_tokens.get(mark, -1) for mark in (TOOL, END_TOOL))
    inside = False
    for token, put in zip(ids.tolist(), forced.tolist(), strict=True):
        inside = inside or (token == begin and not put)
        yield "result" if put else "call" if inside else "said"
        inside = inside and (token != end or put)


def said(tokenizer: "Tokenizer", ids: Array, forced: Array) -> str:
    """What the model itself said, as text: without calls, results and special tokens."""
    kept = np.fromiter((kind == "said" for kind in kinds(tokenizer, ids, forced)), bool, len(ids))
    return tokenizer.decode(ids[kept], skip_special=True)


def transcript(tokenizer: "Tokenizer", ids: Array, forced: Array) -> list[Piece]:
    """A completion in pieces, in order: [said, call, result, said, ...]."""
    pieces: list[tuple[Kind, list[int]]] = []
    for kind, token in zip(kinds(tokenizer, ids, forced), ids.tolist(), strict=True):
        if not pieces or pieces[-1][0] != kind:
            pieces.append((kind, []))
        pieces[-1][1].append(token)
    return [Piece(kind, tokenizer.decode(tokens, skip_special=True)) for kind, tokens in pieces]
