"""The numbers by which documents are compared: one for all of the text, and a MinHash signature for what is like it.

Two documents are near duplicates if many of the 5-grams of either, which are 5 words in a row, are in both. 112
functions of MinHash are taken as 14 bands of 8: documents count as alike if all 8 values of a band agree. With a share
s of common 5-grams that happens with the probability 1 - (1 - s^8)^14: 5% for s = 0.5, half for s = 0.69, 92% for s =
0.8. These are the numbers of FineWeb (Penedo et al. 2024, section 3.4).
"""

import hashlib

import numpy as np

from minirl import kernels
from minirl.corpus.page import Page
from minirl.streams import stream

Array = np.ndarray

WORDS, BANDS, ROWS = 5, 14, 8
SCALE = 1_000_000  # parts of the whole by which a share of documents is chosen


def digest(text: str) -> int:
    """A number of 64 bits for a text. Texts that differ have different ones, but for one pair in 10**19."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "little")


def chosen(number: int, share: float) -> bool:
    """Whether a document of this digest is among the `share` that is held out. It depends on the document alone."""
    return number % SCALE < share * SCALE


def _functions() -> tuple[Array, Array]:
    """a and b of the functions: the same for every corpus, so that signatures of two can be compared."""
    a, b = stream(0, "minhash").integers(0, 2**32, (2, BANDS * ROWS), dtype=np.uint32)
    return a | np.uint32(1), b


A, B = _functions()


def bands(page: Page) -> Array:
    """(14,) uint64: a number for each band of the signature."""
    grams = page.grams(WORDS)
    signature = kernels.minhash((grams ^ grams >> np.uint64(32)).astype(np.uint32), A, B)
    return kernels.gram_hashes(signature.astype(np.uint64), ROWS)[::ROWS].copy()
