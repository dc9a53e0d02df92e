"""Collecting postings: from passages in their order to passages by term, in bounded memory.

Passages come one at a time, as numbers of terms. After some millions of words the postings of these passages are put
aside as a block; when it is large, on the disk. At the end the blocks are merged: how many postings each term has says
where its part of the result begins, and each block's postings go to the next free places there. So only one block is in
memory, beside a number for each term. The result lies in files too where it is large.
"""

import tempfile
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from minirl.retrieval.bm25 import Postings

Array = np.ndarray

BLOCK = 1 << 22  # words, or postings, that are sorted in memory at once


class Block(NamedTuple):
    """Postings as three arrays (n,) int32: the term, the passage, and how often it has the term."""

    terms: Array
    passages: Array
    counts: Array


class Workspace:
    """Arrays in memory or, from `large` bytes on, in a temporary folder. `with` removes that folder."""

    def __init__(self, large: float = BLOCK) -> None:
        self.large = large
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._files = 0

    def __enter__(self) -> "Workspace":
        return self

    def __exit__(self, *error: object) -> None:
        if self._folder is not None:
            self._folder.cleanup()

    def path(self) -> Path:
        """The path of a new file."""
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="minirl-index-", ignore_cleanup_errors=True)
        self._files += 1
        return Path(self._folder.name, str(self._files))

    def empty(self, n: int, dtype: Any) -> Array:
        """An array (n,) to write into."""
        if n * np.dtype(dtype).itemsize < self.large:
            return np.empty(n, dtype)
        return np.memmap(self.path(), dtype, "w+", shape=(n,))

    def keep(self, x: Array) -> Array:
        """The same numbers, put aside."""
        kept = self.empty(len(x), x.dtype)
        kept[:] = x
        return kept


class Collector:
    """Takes the passages one after the other, and puts their postings aside in blocks."""

    def __init__(self, workspace: Workspace, block: int = BLOCK) -> None:
        self.workspace, self.block = workspace, block
        self.blocks: list[Block] = []
        self._clear()

    def _clear(self) -> None:
        self._terms, self._passages, self._lengths = array("i"), array("i"), array("i")

    def add(self, passage: int, terms: Sequence[int]) -> None:
        """Take a passage: the number of each of its words' terms."""
        self._terms.extend(terms)
        self._passages.append(passage)
        self._lengths.append(len(terms))
        if len(self._terms) >= self.block:
            self.flush()

    def flush(self) -> None:
        """Count what has been taken since the last block, and put it aside."""
        if not self._terms:
            return
        passages = np.repeat(np.array(self._passages, np.int32), self._lengths)
        pairs = np.array(self._terms, np.int64) << 32 | passages
        pairs, counts = np.unique(pairs, return_counts=True)
        self._clear()
        self.put_aside(Block((pairs >> 32).astype(np.int32), pairs.astype(np.int32), counts.astype(np.int32)))

    def put_aside(self, block: Block) -> None:
        """Take postings that are counted already."""
        self.blocks.append(Block(*map(self.workspace.keep, block)))


def merge(blocks: Sequence[Block], rank: Array, workspace: Workspace, most: int = BLOCK) -> Postings:
    """The postings of all blocks by term, and within a term by passage.

    rank (V,): the number that each term has in the result; there are V of them, or fewer where terms have no postings.
    """
    n = np.zeros(len(rank), np.int64)
    for block in blocks:
        n[rank] += np.bincount(block.terms, minlength=len(rank))
    starts = np.concatenate([[0], np.cumsum(n)])
    found = Postings(starts, workspace.empty(int(starts[-1]), np.int32), workspace.empty(int(starts[-1]), np.int32))
    free = starts[:-1].copy()  # the next free place of each term
    for block in blocks:
        terms = rank[block.terms]
        order = np.argsort(terms, kind="stable")
        here = np.bincount(terms, minlength=len(rank))
        places = np.arange(len(order)) + np.repeat(free - np.cumsum(here) + here, here)
        found.passages[places] = block.passages[order]
        found.counts[places] = block.counts[order]
        free += here
    for first, last in ranges(starts, most):
        _sort(found, first, last)
    return found


def ranges(starts: Array, most: int = BLOCK) -> Iterator[tuple[int, int]]:
    """Terms `first` to `last` - 1, again and again, until all have come: with about `most` postings each time."""
    first, total = 0, len(starts) - 1
    while first < total:
        last = int(np.searchsorted(starts, starts[first] + most, "right")) - 1
        last = min(max(last, first + 1), total)
        yield first, last
        first = last


def _sort(postings: Postings, first: int, last: int) -> None:
    """Put the postings of these terms into the order of their passages, where they are not."""
    here = slice(postings.starts[first], postings.starts[last])
    terms = np.repeat(np.arange(last - first), np.diff(postings.starts[first : last + 1]))
    pairs = terms << 32 | postings.passages[here]
    if np.any(pairs[1:] < pairs[:-1]):
        order = np.argsort(pairs, kind="stable")
        postings.passages[here] = postings.passages[here][order]
        postings.counts[here] = postings.counts[here][order]
