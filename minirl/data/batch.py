"""Documents to batches: one document a row.

Some trainers lay documents end to end in rows of a fixed length, and then need a mask so that attention does not cross
from one document into the next. Here each document has a row for itself, so there is nothing to cross into, and every
document begins at position 0, as a prompt does. A batch takes as many documents as fill its tokens.

    "Q: Roger has 5 ..."      Q  :  Ro ger has  5 ...   ids
                              :  Ro ger has 5  ...      targets: the ids, one to the left
                              w  w  w   w   w  ...      weights of the targets
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from minirl.data.document import Array, Document
from minirl.model.transformer import IGNORE


class Batch(NamedTuple):
    """ids (B, T) int32; targets (B, T) int32, -100 where none counts; weights (B, T) float32, 0 there."""

    ids: Array
    targets: Array
    weights: Array

    @property
    def tokens(self) -> int:
        """How many targets there are, whatever their weight: padding is not counted."""
        return int((self.targets != IGNORE).sum())

    def normalised(self) -> "Batch":
        """The same with weights that sum to 1, so that the loss is a weighted mean over the batch."""
        total = self.weights.sum(dtype=np.float64)
        return self._replace(weights=(self.weights / max(total, 1e-9)).astype(np.float32))

    def split(self, rows: int) -> "list[Batch]":
        """Micro-batches of at most `rows` rows, cut to their own longest row; their weights stay as they are.

        Since the weights were divided by the sum over the whole batch, and not over each part, the parts' gradients add
        up to that of the whole, however unequally the targets are spread over them.
        """
        parts = []
        for start in range(0, len(self.ids), rows):
            part = [x[start : start + rows] for x in self]
            used = np.flatnonzero((part[1] != IGNORE).any(axis=0))
            T = int(used[-1]) + 1 if used.size else 1
            parts.append(Batch(*(np.ascontiguousarray(x[:, :T]) for x in part)))
        return parts


def pad(documents: Sequence[Document]) -> Batch:
    """One row for each document, padded on the right to the longest.

    The last token of a document is only a target, the first only an input. Documents of one token give empty rows.
    """
    T = max(1, max(len(document.ids) for document in documents) - 1)
    shape = (len(documents), T)
    ids, targets, weights = np.zeros(shape, np.int32), np.full(shape, IGNORE, np.int32), np.zeros(shape, np.float32)
    for row, document in enumerate(documents):
        n = len(document.ids) - 1
        ids[row, :n] = document.ids[:-1]
        targets[row, :n] = document.ids[1:]
        weights[row, :n] = document.weights[1:]
    return Batch(ids, targets, weights)


def make_batches(
    documents: Sequence[Document], rng: np.random.Generator, *, tokens: int | None = None, rows: int | None = None
) -> list[Batch]:
    """Cut shuffled documents into batches: of `rows` documents each, or of at most `tokens` tokens without padding.

    Short and long documents stay mixed: sorted by length there would be less padding, but each batch would hold one
    kind of document, and its gradient would pull towards that kind alone. A last batch that is smaller is kept.
    Raises ValueError for a document longer than `tokens`, or where not exactly one of `tokens` and `rows` is given.
    """
    if (tokens is None) == (rows is None):
        raise ValueError(f"make_batches: tokens={tokens} and rows={rows}; give one of them")
    groups: list[list[Document]] = []
    used = 0
    for index in rng.permutation(len(documents)):
        document = documents[index]
        length = len(document.ids) - 1
        if tokens is not None and length > tokens:
            raise ValueError(
                f"a document has {length + 1} tokens, more than a batch of {tokens} tokens can hold: make batches of "
                f"at least {length} tokens"
            )
        full = bool(groups) and (len(groups[-1]) == rows if tokens is None else used + length > tokens)
        if not groups or full:
            groups.append([])
            used = 0
        groups[-1].append(document)
        used += length
    return [pad(group) for group in groups]
