r"""Text to tokens, with a loss weight for each token.

A document is a list of pieces (text, weight). A str is text; a Mark is a special token:

    [("Q: What is 12 * 34?\nReasoning:", 0.0), (" 12 * 34 =", 1.0), (TOOL, 1.0), ("calculator 12 * 34", 1.0), ...]

`marked` makes such pieces from a text that writes its marks as characters.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from minirl.tokenizer import Tokenizer
from minirl.tokenizer.special import END, END_RESULT, END_TOOL, RESULT, TOOL, Mark, part

Array = np.ndarray
Pieces = Sequence[tuple[str, float]]

MARKS = {str(mark): mark for mark in (END, TOOL, END_TOOL, RESULT, END_RESULT)}


class Document(NamedTuple):
    """ids (T,) int32, and weights (T,) float32: how much the prediction of each token counts in the loss."""

    ids: Array
    weights: Array


def marked(text: str, weight: float = 1.0) -> list[tuple[str, float]]:
    """A text that writes its marks as characters, as pieces: "4 + 3 =<|tool|>calculator 4 + 3<|/tool|>..."

    What stands from <|result|> to <|/result|> has the weight 0, because the model never writes it: a tool does.
    Give it only text that was written with marks. In text from elsewhere the same characters may stand by chance.
    """
    pieces: list[tuple[str, float]] = []
    returned = False
    for number, piece in enumerate(part(text, MARKS)):
        mark = MARKS[piece] if number % 2 else None
        returned = returned or mark == RESULT
        if piece:
            pieces.append((mark or piece, 0.0 if returned else weight))
        returned = returned and mark != END_RESULT
    return pieces


def encode_document(tokenizer: Tokenizer, pieces: Pieces) -> Document:
    """The tokens of a document's pieces, each with its piece's weight. A Mark is its special token, and "<|end|>" at
    the end of a text is one too.

    Each piece is encoded by itself, so no token spans two pieces. A prompt then has the same tokens with and without an
    answer after it, and generation starts from the same state that training saw.
    """
    return encode_documents(tokenizer, [pieces])[0]


def encode_documents(tokenizer: Tokenizer, documents: Iterable[Pieces]) -> list[Document]:
    """`encode_document` for many, in one call of the tokenizer."""
    kept = [list(pieces) for pieces in documents]
    flat = [text for pieces in kept for text, _ in pieces]
    if not tokenizer.conventions.ends:
        raise ValueError(f"the tokenizer names no token that ends a text, such as {END}, so no document could end")
    special = {name: np.array([number], np.int32) for name, number in tokenizer.special_tokens.items()}
    special[END] = np.array(tokenizer.conventions.ends[:1], np.int32)
    encoded = iter(tokenizer.encode_batch_arrays(["" if isinstance(t, Mark) else t.removesuffix(END) for t in flat]))

    def ids_of(text: str) -> Array:
        ids = next(encoded)
        if isinstance(text, Mark):
            return special[text]
        return np.append(ids, special[END]) if text.endswith(END) else ids

    result = []
    for pieces in kept:
        ids = [ids_of(text) for text, _ in pieces]
        weights = [np.full(len(some), weight, np.float32) for some, (_, weight) in zip(ids, pieces, strict=True)]
        result.append(Document(np.concatenate(ids), np.concatenate(weights)))
    return result
