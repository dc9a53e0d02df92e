"""Documents to batches: documents end to end, without padding.

Rows of equal length would need padding up to the longest document, and a third of the work would go into padding.
Here a batch is one row of tokens, and `starts` says where each document begins. Attention stays within a document, and
positions count from the document's start, so each document is computed as if it were alone.

    "Q: Roger has 5 ..."      Q  :  Ro ger has  5 ...   ids
                              :  Ro ger has  5  ...      targets: the ids, one to the left
                              w  w  w   w   w  ...      weights of the targets
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from minirl.data.document import Array, Document
from minirl.ranks.shares import cut


class Batch(NamedTuple):
    """ids and targets (N,) int32, weights (N,) float32, and starts (documents + 1,) int64: document i is tokens
    starts[i] to starts[i + 1]. In the order in which GPT.loss takes them."""

    ids: Array
    targets: Array
    weights: Array
    starts: Array

    @property
    def tokens(self) -> int:
        """How many targets there are, whatever their weight."""
        return len(self.targets)

    def normalised(self) -> "Batch":
        """The same batch with weights that sum to 1: the loss is then a weighted mean over the batch."""
        total = self.weights.sum(dtype=np.float64)
        return self._replace(weights=(self.weights / max(total, 1e-9)).astype(np.float32))

    def split(self, documents: int, tokens: int | None = None) -> "list[Batch]":
        """Micro-batches of at most `documents` documents and, but for a longer document, at most `tokens` tokens, with
        unchanged weights.

        Normalise the weights before, over the whole batch: then the gradients of the parts add up to the gradient of
        the whole, even if some parts have more targets than others.
        """
        parts, first, last = [], 0, len(self.starts) - 1
        while first < last:
            end = min(first + documents, last)
            if tokens is not None:
                fitting = int(np.searchsorted(self.starts, self.starts[first] + tokens, "right")) - 1
                end = min(end, max(fitting, first + 1))
            parts.append(self.documents(first, end))
            first = end
        return parts

    def shares(self, n: int) -> "list[Batch]":
        """The batch cut into n batches of whole documents and about as many tokens each, with unchanged weights. Some
        may be empty."""
        return [self.documents(share.start, share.stop) for share in cut(np.diff(self.starts).tolist(), n)]

    def documents(self, first: int, last: int) -> "Batch":
        """Documents number `first` up to, but not including, `last`."""
        starts = self.starts[first : last + 1]
        at = slice(starts[0], starts[-1])
        return Batch(self.ids[at], self.targets[at], self.weights[at], starts - starts[0])


def pack(documents: Sequence[Document]) -> Batch:
    """The documents end to end.

    A document's last token is only a target and its first only an input, so a document of n tokens takes n - 1 places.
    A document of one token or none takes no place: it has no target, and contributes nothing to a loss.
    """
    return Batch(
        ids=np.concatenate([np.zeros(0, np.int32), *(document.ids[:-1] for document in documents)]),
        targets=np.concatenate([np.zeros(0, np.int32), *(document.ids[1:] for document in documents)]),
        weights=np.concatenate([np.zeros(0, np.float32), *(document.weights[1:] for document in documents)]),
        starts=np.cumsum([0, *map(places, documents)]),
    )


def places(document: Document) -> int:
    """The number of targets that a document has."""
    return max(len(document.ids) - 1, 0)


def make_batches(
    documents: Sequence[Document], rng: np.random.Generator, *, tokens: int | None = None, size: int | None = None
) -> list[Batch]:
    """Cut shuffled documents into batches: of `size` documents each, or of at most `tokens` tokens.

    A smaller last batch is kept. Raises ValueError for a document longer than `tokens`, and unless exactly one of
    `tokens` and `size` is given.
    """
    if (tokens is None) == (size is None):
        raise ValueError(f"make_batches: tokens={tokens} and size={size}; give one of them")
    groups: list[list[Document]] = []
    used = 0
    for index in rng.permutation(len(documents)):
        document = documents[index]
        length = places(document)
        if tokens is not None and length > tokens:
            raise ValueError(
                f"a document has {length + 1} tokens, more than a batch of {tokens} tokens can hold: make batches of "
                f"at least {length} tokens"
            )
        full = bool(groups) and (len(groups[-1]) == size if tokens is None else used + length > tokens)
        if not groups or full:
            groups.append([])
            used = 0
        groups[-1].append(document)
        used += length
    return [pack(group) for group in groups]
