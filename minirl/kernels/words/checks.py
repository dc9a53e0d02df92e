"""What the arguments of the kernels on words must be."""

import numpy as np

from minirl.kernels.arguments import INT32, check

Array = np.ndarray

UINT8, UINT32, UINT64 = np.dtype(np.uint8), np.dtype(np.uint32), np.dtype(np.uint64)


def check_word_hashes(text: Array) -> None:
    """text: (n,) uint8."""
    check("word_hashes", "text", text, (-1,), "n", UINT8)


def check_gram_hashes(hashes: Array, n: int, shorter: Array | None) -> None:
    """hashes: (W,) uint64; n: 1 or more; shorter: None, or (W - n + 2,) uint64 for an n of 2 or more."""
    check("gram_hashes", "hashes", hashes, (-1,), "W", UINT64)
    check_size("gram_hashes", n)
    if shorter is not None:
        check_size("gram_hashes", n - 1)
        check("gram_hashes", "shorter", shorter, (max(len(hashes) - n + 2, 0),), "places", UINT64)


def check_gram_repeats(grams: Array, lengths: Array, n: int) -> None:
    """grams: (G,) uint64; lengths: (W,) int32, with G = W - n + 1 places where n words begin."""
    check("gram_repeats", "lengths", lengths, (-1,), "W", INT32)
    check_size("gram_repeats", n)
    check("gram_repeats", "grams", grams, (max(len(lengths) - n + 1, 0),), "G", UINT64)


def check_minhash(x: Array, a: Array, b: Array) -> None:
    """x: (n,), a and b: (P,), all uint32."""
    check("minhash", "x", x, (-1,), "n", UINT32)
    check("minhash", "a", a, (-1,), "P", UINT32)
    check("minhash", "b", b, a.shape, "P", UINT32)


def check_size(op: str, n: int) -> None:
    """Raise ValueError unless n is a number of words."""
    if n < 1:
        raise ValueError(f"{op}: n is {n}; expected 1 word or more")
