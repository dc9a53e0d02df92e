"""Words in NumPy: what csrc/words.c and csrc/minhash.c must compute. Letters: W words, P functions of a signature."""

from functools import cache
from typing import Any

import numpy as np

from minirl.kernels.words.checks import check_gram_hashes, check_gram_repeats, check_minhash, check_word_hashes

Array = np.ndarray

FNV_START, FNV_PRIME = 0xCBF29CE484222325, 0x100000001B3
GRAM_PRIME = np.uint64(0x9E3779B97F4A7C15)


@cache
def _word() -> Any:
    import regex  # which takes a while to import, and few programs need it

    return regex.compile(r"[\p{L}\p{N}_]+")


def word_hashes(text: Array) -> tuple[Array, Array]:
    """The words of UTF-8 text, (n,) uint8: runs of letters, numbers and "_".

    Returns (hashes (W,) uint64, lengths (W,) int32): the FNV-1a hash of each word's bytes (Fowler, Noll and Vo 1991),
    and how many bytes it has. Capitals count: pass `text.casefold()` where they should not.
    """
    check_word_hashes(text)
    words = [word.encode() for word in _word().findall(text.tobytes().decode("utf-8", "replace"))]
    lengths = np.array([len(word) for word in words], np.int32)
    letters = np.zeros((len(words), int(lengths.max(initial=0))), np.uint64)
    for row, word in zip(letters, words, strict=True):
        row[: len(word)] = np.frombuffer(word, np.uint8)
    hashes = np.full(len(words), FNV_START, np.uint64)
    for place, column in enumerate(letters.T):
        hashes = np.where(place < lengths, (hashes ^ column) * np.uint64(FNV_PRIME), hashes)
    return hashes, lengths


def gram_hashes(hashes: Array, n: int, shorter: Array | None = None) -> Array:
    """A number for every n words in a row: (W,) uint64 -> (W - n + 1,) uint64, or none where there are fewer words.

    h = 0, then for each of the n words h = mix(h xor word), where mix multiplies and folds the high bits down. Words in
    another order give another number. shorter: `gram_hashes(hashes, n - 1)`, which leaves one word to do.
    """
    check_gram_hashes(hashes, n, shorter)
    places = max(len(hashes) - n + 1, 0)
    h = np.zeros(places, np.uint64) if shorter is None else shorter[:places].copy()
    for k in range(n if shorter is None else 1):
        first = k if shorter is None else n - 1
        h ^= hashes[first : first + places]
        h *= GRAM_PRIME
        h ^= h >> np.uint64(32)
    return h


def gram_repeats(grams: Array, lengths: Array, n: int) -> tuple[int, int]:
    """How much of a text is n words that it repeats.

    grams: (W - n + 1,) uint64, `gram_hashes(hashes, n)`. lengths: (W,) int32, the bytes of each word.
    Returns two numbers of bytes: what the n words cover that are repeated most, and what stands in repetitions of
    earlier words, no byte counted twice. These are the measures of Rae et al. 2021 (Gopher), table A1.
    """
    check_gram_repeats(grams, lengths, n)
    counts: dict[int, int] = {}
    most = repeated = following = 0
    ends = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
    sizes = (ends[n:] - ends[:-n]).tolist() if len(grams) else []
    for place, (gram, size) in enumerate(zip(grams.tolist(), sizes, strict=True)):
        count = counts[gram] = counts.get(gram, 0) + 1
        if count > 1:
            most = max(most, count * size)
            if place >= following:
                repeated += size
                following = place + n
    return most, repeated


def minhash(x: Array, a: Array, b: Array) -> Array:
    """The signature of a set: out_j = min_i h_j(x_i), (n,) uint32 -> (P,) uint32; 2**32 - 1 for the empty set.

    h_j(x) takes y = a_j x + b_j modulo 2**32, and mixes the bits of y. a and b, (P,) uint32, choose the functions; a is
    odd. Two sets agree in a share of places that estimates how similar they are: the size of what they have in common,
    over the size of both together (Broder 1997, On the resemblance and containment of documents).
    """
    check_minhash(x, a, b)
    out = np.full(len(a), 2**32 - 1, np.uint32)
    for first in range(0, len(x), 1024):
        y = x[first : first + 1024, None] * a + b
        y = (y ^ y >> np.uint32(16)) * np.uint32(0x7FEB352D)
        out = np.minimum(out, (y ^ y >> np.uint32(15)).min(axis=0))
    return out
