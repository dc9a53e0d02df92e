"""Text to tokens, with a loss weight for each token."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from minirl.tokenizer import Tokenizer

Array = np.ndarray
Pieces = Sequence[tuple[str, float]]

END = "<|end|>"


class Document(NamedTuple):
    """ids (T,) int32, and weights (T,) float32: how much the prediction of each token counts in the loss."""

    ids: Array
    weights: Array


def encode_document(tokenizer: Tokenizer, pieces: Pieces) -> Document:
    """The tokens of a document's pieces, each with its piece's weight. "<|end|>" at a piece's end is the special token.

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
    end = np.array(tokenizer.conventions.ends[:1], np.int32)
    encoded = iter(tokenizer.encode_batch_arrays([text.removesuffix(END) for text in flat]))
    result = []
    for pieces in kept:
        ids = [np.append(next(encoded), end) if text.endswith(END) else next(encoded) for text, _ in pieces]
        weights = [np.full(len(part), weight, np.float32) for part, (_, weight) in zip(ids, pieces, strict=True)]
        result.append(Document(np.concatenate(ids), np.concatenate(weights)))
    return result
