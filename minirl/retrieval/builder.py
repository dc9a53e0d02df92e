"""Making the arrays of an index, from passages that come one at a time and from those of an older index.

The result depends on the passages and their order alone: terms are numbered by the alphabet, so an index that grew file
by file has the same bytes as one that was made at once.

| name | shape | dtype | what |
|---|---|---|---|
| `starts` | (V + 1,) | int64 | where each term's postings begin (bm25.py) |
| `passages`, `counts` | (n,) | int32 | the postings |
| `weights` | (n,) | float32 | what each posting adds to a score |
| `term_starts`, `term_bytes` | (V + 1,), (any,) | int64, uint8 | the terms in UTF-8, end to end |
| `text_starts`, `text_bytes` | (N + 1,), (any,) | int64, uint8 | the passages in UTF-8, end to end |
| `documents`, `lines`, `lengths` | (N,) | int32 | each passage's document, its first line there, its number of terms |
"""

from array import array
from collections.abc import Iterable
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np

from minirl.retrieval.bm25 import Postings, weights
from minirl.retrieval.postings import BLOCK, Block, Collector, Workspace, merge, ranges
from minirl.retrieval.settings import Settings
from minirl.retrieval.words import Numbering, split

Array = np.ndarray
Arrays = dict[str, Array]

DTYPES = {
    "starts": np.int64, "term_starts": np.int64, "text_starts": np.int64,
    "passages": np.int32, "counts": np.int32, "weights": np.float32,
    "documents": np.int32, "lines": np.int32, "lengths": np.int32,
    "term_bytes": np.uint8, "text_bytes": np.uint8,
}  # fmt: skip


class Builder:
    """Takes passages in their order, and makes the arrays of an index."""

    def __init__(self, settings: Settings, workspace: Workspace, block: int = BLOCK) -> None:
        self.settings, self.workspace, self.block = settings, workspace, block
        self._numbering = Numbering(settings.words.term)
        self._collector = Collector(workspace, block)
        self._texts = Texts(workspace)
        self._documents, self._lines, self._lengths = array("i"), array("i"), array("i")
        self._old: Arrays | None = None
        self._moved = np.zeros(0, np.int32)  # where each passage of the old index is now, -1 for nowhere

    def __len__(self) -> int:
        return len(self._lines)

    def add(self, text: str, document: int, line: int) -> None:
        """Take a passage."""
        terms = [number for word in split(text) if (number := self._numbering[word]) >= 0]
        self._collector.add(len(self), terms)
        self._texts.add(encode(text))
        self._documents.append(document)
        self._lines.append(line)
        self._lengths.append(len(terms))

    def keep(self, old: Arrays, first: int, last: int, document: int) -> None:
        """Take passages `first` to `last` - 1 of an index that has the same settings; always of the same one."""
        if self._old is None:
            self._old, self._moved = old, np.full(len(old["lines"]), -1, np.int32)
        self._moved[first:last] = np.arange(len(self), len(self) + last - first)
        starts = old["text_starts"][first : last + 1].tolist()
        for start, end in pairwise(starts):
            self._texts.add(old["text_bytes"][start:end].tobytes())
        self._documents.extend([document] * (last - first))
        self._lines.extend(old["lines"][first:last].tolist())
        self._lengths.extend(old["lengths"][first:last].tolist())

    def arrays(self) -> Arrays:
        """The arrays of the index; they last as long as the workspace."""
        self._collector.flush()
        if self._old is not None:
            self._take_postings(self._old)
        lengths = np.array(self._lengths, np.int32)
        terms, postings = self._by_term()
        found = self.workspace.empty(len(postings.passages), np.float32)
        for first, last in ranges(postings.starts, self.block):
            here = slice(postings.starts[first], postings.starts[last])
            found[here] = weights(postings, lengths, first, last, self.settings.k1, self.settings.b)
        term_starts, term_bytes = joined(terms)
        return {
            **postings._asdict(), "weights": found, "term_starts": term_starts, "term_bytes": term_bytes,
            "text_starts": self._texts.starts(), "text_bytes": self._texts.bytes(),
            "documents": np.array(self._documents, np.int32), "lines": np.array(self._lines, np.int32),
            "lengths": lengths,
        }  # fmt: skip

    def _take_postings(self, old: Arrays) -> None:
        """Put the postings of the kept passages aside, under their new numbers."""
        known = self._numbering.terms
        numbers = np.array([known.setdefault(term, len(known)) for term in terms_of(old)], np.int32)
        for first, last in ranges(old["starts"], self.block):
            here = slice(old["starts"][first], old["starts"][last])
            passages = self._moved[old["passages"][here]]
            terms = np.repeat(numbers[first:last], np.diff(old["starts"][first : last + 1]))
            kept = passages >= 0
            self._collector.put_aside(Block(terms[kept], passages[kept], old["counts"][here][kept]))

    def _by_term(self) -> tuple[list[str], Postings]:
        """The terms that passages have, by the alphabet, and their postings."""
        known = list(self._numbering.terms)
        n = np.zeros(len(known), np.int64)
        for block in self._collector.blocks:
            n += np.bincount(block.terms, minlength=len(known))
        order = sorted(range(len(known)), key=lambda number: (n[number] == 0, known[number]))
        rank = np.empty(len(known), np.int64)
        rank[order] = np.arange(len(known))
        used = int(np.count_nonzero(n))
        postings = merge(self._collector.blocks, rank, self.workspace, self.block)
        return [known[number] for number in order[:used]], postings._replace(starts=postings.starts[: used + 1])


class Texts:
    """Texts end to end; in a file of the workspace where they are long."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._ends = array("q", [0])
        self._held = bytearray()
        self._path: Path | None = None

    def add(self, data: bytes) -> None:
        """Take the next text, in UTF-8."""
        self._held += data
        self._ends.append(self._ends[-1] + len(data))
        if len(self._held) >= self.workspace.large:
            self._write()

    def _write(self) -> None:
        self._path = self._path or self.workspace.path()
        with open(self._path, "ab") as file:
            file.write(self._held)
        self._held = bytearray()

    def starts(self) -> Array:
        """Where each text begins, and where the last one ends."""
        return np.array(self._ends, np.int64)

    def bytes(self) -> Array:
        """All of them, uint8."""
        if self._path is None:
            return np.frombuffer(bytes(self._held), np.uint8)
        self._write()
        return np.memmap(self._path, np.uint8, "r")


def encode(text: str) -> bytes:
    r"""UTF-8. A lone surrogate, which JSON can spell (\ud800), is let through."""
    return text.encode("utf-8", "surrogatepass")


def decode(data: Array) -> str:
    """What `encode` was given."""
    return data.tobytes().decode("utf-8", "surrogatepass")


def joined(texts: Iterable[str]) -> tuple[Array, Array]:
    """Texts end to end: where each begins and the last ends, and the bytes."""
    encoded = [encode(text) for text in texts]
    starts = np.array([0, *accumulate(map(len, encoded))], np.int64)
    return starts, np.frombuffer(b"".join(encoded), np.uint8)


def terms_of(arrays: Arrays) -> list[str]:
    """The terms of an index, in their order."""
    starts, data = arrays["term_starts"].tolist(), arrays["term_bytes"].tobytes()
    return [data[start:end].decode("utf-8") for start, end in pairwise(starts)]
