"""The C trainer and encoder (csrc/bpe_*.c) behind checked Python; `available()` says whether they were built.

Text goes to C as UTF-8 bytes, all pieces in one array; piece i is the bytes offsets[i] to offsets[i + 1]. How lone
surrogates are encoded is told in surrogates.py.
"""

from collections.abc import Sequence
from typing import NoReturn

import numpy as np

from minirl import kernels
from minirl.tokenizer.pretokenize import SPLITTERS, split

if kernels.has_native():
    from minirl.kernels._native import ffi, lib

Array = np.ndarray


def available() -> bool:
    """Whether the C code can be used; without it minirl.tokenizer runs on bpe.py, slowly."""
    return kernels.has_native()


def to_bytes(text: str) -> bytes:
    """UTF-8; lone surrogates are let through (surrogates.py)."""
    return text.encode("utf-8", "surrogatepass")


def _chunked(pieces: Sequence[str], pattern: str) -> tuple[int, Sequence[str]]:
    """The C splitter's number and the pieces for it; without a splitter for `pattern`, 0 and the chunks themselves."""
    splitter = SPLITTERS.get(pattern, 0)
    return splitter, pieces if splitter else [chunk for piece in pieces for chunk in split(piece, pattern)]


def _joined(pieces: Sequence[str]) -> tuple[bytes, Array]:
    if len(pieces) == 1:  # the usual call, worth not joining
        text = to_bytes(pieces[0])
        return text, np.array([0, len(text)])
    encoded = [to_bytes(piece) for piece in pieces]
    offsets = np.zeros(len(encoded) + 1, np.int64)
    np.cumsum([len(piece) for piece in encoded], out=offsets[1:])
    return b"".join(encoded), offsets


def split_ends(text: bytes, pattern: str) -> list[int]:
    """Where each chunk of UTF-8 text ends, in bytes, found by the C splitter. ValueError unless `pattern` has one."""
    if pattern not in SPLITTERS:
        raise ValueError(f"there is no C splitter for the pattern {pattern!r}")
    ends = np.empty(len(text), np.int64)
    n = lib.bpe_split(SPLITTERS[pattern], text, 0, len(text), len(text), ffi.from_buffer("int64_t[]", ends))
    return ends[:n].tolist()


class Trainer:
    """Counts chunks, then merges: `add` as often as needed, `start`, then `merge` until it returns fewer than asked."""

    def __init__(self) -> None:
        trainer = lib.bpe_trainer_new()
        if trainer == ffi.NULL:
            raise MemoryError("Tokenizer.train: no memory left")
        self._trainer = ffi.gc(trainer, lib.bpe_trainer_free)
        self._started = False

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Trainer cannot be copied or pickled: what it has counted lives in C")

    def add(self, pieces: Sequence[str], pattern: str, threads: int) -> None:
        """Count the chunks of these pieces of text."""
        if self._started:
            raise RuntimeError("Trainer.add: text cannot be added once merging has started")
        splitter, pieces = _chunked(pieces, pattern)
        text, offsets = _joined(pieces)
        pointer = ffi.from_buffer("int64_t[]", offsets)
        if lib.bpe_trainer_add(self._trainer, splitter, text, len(pieces), pointer, max(1, threads)):
            raise MemoryError("Tokenizer.train: no memory left for the distinct chunks of the text")

    def start(self, max_merges: int) -> int:
        """End counting; returns the number of distinct chunks."""
        if self._started:
            raise RuntimeError("Trainer.start: merging has started already")
        if not 0 <= max_merges < 2**30:
            raise ValueError(f"Trainer.start: {max_merges} merges; expected 0 to 2**30 - 1")
        self._started = True
        chunks = lib.bpe_trainer_start(self._trainer, max_merges)
        if chunks == -2:
            raise ValueError(
                "Tokenizer.train: the distinct chunks of the text hold more than 2**31 bytes; use less text"
            )
        if chunks < 0:
            raise MemoryError("Tokenizer.train: no memory left for the pairs of tokens")
        return chunks

    def merge(self, n: int) -> list[tuple[int, int]]:
        """Make up to n merges more; returns the pairs of ids joined, fewer than n when no pair is left."""
        if not self._started:
            raise RuntimeError("Trainer.merge: call start first")
        left, right = np.empty(n, np.int32), np.empty(n, np.int32)
        done = lib.bpe_trainer_merge(
            self._trainer, n, ffi.from_buffer("int32_t[]", left), ffi.from_buffer("int32_t[]", right)
        )
        if done < 0:
            raise MemoryError("Tokenizer.train: no memory left for the pairs of tokens")
        return list(zip(left[:done].tolist(), right[:done].tolist(), strict=True))


class Encoder:
    """Text to ids for one vocabulary. Several Python threads may use one encoder at once."""

    def __init__(
        self,
        tokens: Sequence[bytes],
        byte_ids: Sequence[int],
        merges: Sequence[tuple[int, int, int]],
        whole_chunks: bool,
    ) -> None:
        """tokens by id; byte_ids the id of each single byte; merges as (left, right, result) in order of rank."""
        n = len(tokens)
        starts = np.zeros(n + 1, np.int64)
        np.cumsum([len(token) for token in tokens], out=starts[1:])
        bytes_array = np.asarray(byte_ids, np.int32)
        table = np.asarray(merges, np.int32).reshape(-1, 3)
        if bytes_array.shape != (256,) or any(x.size and (x.min() < 0 or x.max() >= n) for x in (bytes_array, table)):
            raise ValueError(f"Encoder: an id lies outside 0 to {n - 1}, or there are not 256 byte ids")
        if n > 2**20 or len(table) >= 2**24 - 1:  # what bpe_encode.c packs into one word
            raise ValueError(f"Encoder: {n} tokens and {len(table)} merges; expected at most {2**20} and {2**24 - 2}")
        left, right, result = (np.ascontiguousarray(column) for column in table.T)
        encoder = lib.bpe_encoder_new(
            n,
            b"".join(tokens),
            ffi.from_buffer("int64_t[]", starts),
            ffi.from_buffer("int32_t[]", bytes_array),
            len(table),
            *(ffi.from_buffer("int32_t[]", column) for column in (left, right, result)),
            whole_chunks,
        )
        if encoder == ffi.NULL:
            raise MemoryError(f"Tokenizer: no memory left for an encoder of {n} tokens")
        self._encoder = ffi.gc(encoder, lib.bpe_encoder_free)

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "an Encoder cannot be copied or pickled: it lives in C. Copy its Tokenizer, which makes another"
        )

    def encode(self, pieces: Sequence[str], pattern: str | tuple[str, ...], threads: int = 1) -> tuple[Array, Array]:
        """The ids of all pieces, one after the other (int32), and how many each piece has (int64)."""
        splitter = SPLITTERS.get(pattern, 0) if isinstance(pattern, str) else 0
        if not splitter or not isinstance(pattern, str):
            chunks = [split(piece, pattern) for piece in pieces]
            ids, counts = self._encode(0, [chunk for piece in chunks for chunk in piece], threads)
            ends = np.cumsum([0, *map(len, chunks)])
            sums = np.concatenate([[0], np.cumsum(counts)])
            return ids, np.diff(sums[ends])
        return self._encode(splitter, pieces, threads)

    def _encode(self, splitter: int, pieces: Sequence[str], threads: int) -> tuple[Array, Array]:
        text, offsets = _joined(pieces)
        ids, counts = np.empty(len(text), np.int32), np.empty(len(pieces), np.int64)
        n = lib.bpe_encode(
            self._encoder,
            splitter,
            text,
            len(pieces),
            ffi.from_buffer("int64_t[]", offsets),
            max(1, threads),
            ffi.from_buffer("int32_t[]", ids),
            ffi.from_buffer("int64_t[]", counts),
        )
        if n < 0:
            raise MemoryError("Tokenizer.encode: no memory left for a long chunk of text")
        return ids[:n], counts
