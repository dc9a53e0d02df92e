"""Which documents say what an earlier one says? Found by sorting, band by band, so that memory is bounded.

Of documents with equal numbers the first is kept. A band of all documents, 8 bytes each, is divided by its numbers into
portions that fit; equal numbers always lie in one portion.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

Array = np.ndarray

PORTION = 1 << 22  # numbers that are sorted at once: about 100 MB


class Duplicates(NamedTuple):
    """Of each document, (N,) int32: the earlier document that it repeats word by word, or nearly; -1 for none."""

    exact: Array
    near: Array

    @property
    def kept(self) -> Array:
        """(N,) bool."""
        return (self.exact < 0) & (self.near < 0)


def find_duplicates(digests: Array, bands: Iterable[Sequence[Array]], portion: int = PORTION) -> Duplicates:
    """digests: (N,) uint64. bands: for each band its numbers, uint64, in pieces that follow one another.

    A document that is left out counts all the same: what is like it is left out too, if it comes later.
    """
    exact = earlier([digests], len(digests), portion)
    near = np.full(len(digests), -1, np.int32)
    for band in bands:
        found = earlier(band, len(digests), portion)
        new = (near < 0) & (exact < 0) & (found >= 0)
        near[new] = found[new]
    return Duplicates(exact, near)


def earlier(pieces: Sequence[Array], n: int, portion: int = PORTION) -> Array:
    """(n,) int32: for each number the place of the first equal one, or -1 where it is the first itself."""
    first = np.full(n, -1, np.int32)
    portions = -(-n // portion)
    for number in range(portions):
        places, values, start = [], [], 0
        for piece in pieces:
            inside = piece % np.uint64(portions) == number if portions > 1 else np.ones(len(piece), bool)
            places.append(np.flatnonzero(inside) + start)
            values.append(np.asarray(piece)[inside])
            start += len(piece)
        place, value = np.concatenate(places), np.concatenate(values)
        order = np.argsort(value, kind="stable")
        place, value = place[order], value[order]
        new = np.ones(len(value), bool)
        new[1:] = value[1:] != value[:-1]
        heads = place[new][np.cumsum(new) - 1]
        first[place[~new]] = heads[~new]
    return first
