"""Words in C: csrc/words.c and csrc/minhash.c."""

import numpy as np

from minirl.kernels.runtime import check_allocated, ffi, ints, lib
from minirl.kernels.words.checks import check_gram_repeats, check_minhash, check_word_hashes

Array = np.ndarray


def word_hashes(text: Array) -> tuple[Array, Array]:
    check_word_hashes(text)
    hashes, lengths = np.empty(len(text) // 2 + 1, np.uint64), np.empty(len(text) // 2 + 1, np.int32)
    words = lib.text_words(len(text), ffi.from_buffer("uint8_t[]", text), _uint64(hashes), ints(lengths))
    return hashes[:words], lengths[:words]


def gram_repeats(grams: Array, lengths: Array, n: int) -> tuple[int, int]:
    check_gram_repeats(grams, lengths, n)
    found = ffi.new("int64_t[2]")
    status = lib.text_repeats(len(grams), _uint64(grams), n, ints(lengths), found, found + 1)
    check_allocated(status, "gram_repeats")
    return found[0], found[1]


def minhash(x: Array, a: Array, b: Array) -> Array:
    check_minhash(x, a, b)
    out = np.empty(len(a), np.uint32)
    lib.kernel_minhash(len(x), _uint32(x), len(a), _uint32(a), _uint32(b), _uint32(out))
    return out


def _uint32(x: Array) -> object:
    return ffi.from_buffer("uint32_t[]", x)


def _uint64(x: Array) -> object:
    return ffi.from_buffer("uint64_t[]", x)
