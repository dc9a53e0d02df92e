"""Products by tiles (csrc/matmul_tiles.c) have the bits of Intel's AMX, as kernels/matmul/tiles.py spells them out.

`amxshim` computes tiles in plain C, on any processor; a build has it with MINIRL_AMXSHIM=1. Where the processor has
AMX, it must give the same bits.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minirl import kernels
from minirl.kernels.matmul.tiles import tile_product

BY_TILES = [name for name in ("amxshim", "amx") if kernels.isas().get(name)]
each_isa = pytest.mark.parametrize("isa", BY_TILES or [pytest.param("", marks=pytest.mark.skip("no build with amx"))])
sizes = st.one_of(st.integers(1, 40), st.sampled_from([63, 64, 65, 96, 130]))


@pytest.fixture(autouse=True)
def as_before():
    before, threads = kernels.isa(), kernels.get_threads()
    yield
    kernels.set_isa(before)
    kernels.set_threads(threads)


def numbers(seed: int, *shape: int) -> np.ndarray:
    """Of many sizes, some zero, some of either sign, none so small or large that a product leaves float32's range."""
    rng = np.random.default_rng(seed)
    x = np.ldexp(rng.standard_normal(shape), rng.integers(-25, 25, shape)).astype(np.float32)
    return np.where(rng.random(shape) < 0.1, np.float32(0), x)


def multiply(isa: str, a: np.ndarray, b: np.ndarray, **options) -> np.ndarray:
    kernels.set_isa(isa)
    with kernels.using("native"), kernels.using_precision("bfloat16"):
        return kernels.matmul(a, b, **options)


def same_bits(x: np.ndarray, y: np.ndarray) -> None:
    np.testing.assert_array_equal(x.view(np.uint32), y.view(np.uint32))


@each_isa
@settings(max_examples=25)
@given(sizes, sizes, st.integers(0, 150), st.booleans(), st.booleans(), st.booleans(), st.integers(1, 3))
def test_products_have_the_bits_of_the_specification(isa, M, N, K, transpose_a, transpose_b, accumulate, threads):
    kernels.set_threads(threads)
    a, b, start = numbers(1, M, K), numbers(2, K, N), numbers(3, M, N)
    layouts = (a.T.copy() if transpose_a else a), (b.T.copy() if transpose_b else b)
    options = {"transpose_a": transpose_a, "transpose_b": transpose_b}
    if accumulate:
        options |= {"out": start.copy(), "accumulate": True}
    c = multiply(isa, *layouts, **options)
    same_bits(c, tile_product(a, b, start if accumulate else None))


@each_isa
@settings(max_examples=25)
@given(sizes, sizes, st.integers(0, 150), st.booleans(), st.booleans())
def test_weights_held_in_bfloat16_give_the_same_bits(isa, M, N, K, accumulate, shifted):
    a, b, start = numbers(4, M, K), numbers(5, N, K), numbers(6, M, N)
    bits = kernels.to_bfloat16_bits(b)
    if shifted:  # weights that begin in the midst of a 32-bit number
        room = np.empty(bits.size + 1, np.uint16)
        room[1:] = bits.ravel()
        bits = room[1:].reshape(N, K)
    options = {"out": start.copy(), "accumulate": True} if accumulate else {}
    c = multiply(isa, a, bits, transpose_b=True, **options)
    same_bits(c, tile_product(a, b.T, start if accumulate else None))


@each_isa
def test_a_batch_and_blocks_of_k(isa):
    a, b = numbers(7, 3, 33, 1100), numbers(8, 3, 1100, 40)  # longer than 512 steps, which C is visited for at once
    same_bits(multiply(isa, a, b), np.stack([tile_product(x, y) for x, y in zip(a, b, strict=True)]))


@each_isa
def test_blocks_of_rows_and_columns(isa):
    a, b = numbers(9, 300, 40), numbers(10, 40, 600)  # larger than a block of 256 x 512
    same_bits(multiply(isa, a, b), tile_product(a, b))


@each_isa
def test_numbers_too_small_to_be_normal_are_zero(isa):
    tiny = np.float32(2.0**-126)
    a = np.array([[tiny, tiny / 2, -tiny / 2, 1, -0.0, tiny]], np.float32)
    b = np.array([[1.0, 0.5], [1, 1], [1, 1], [tiny / 2, 0], [1, 1], [0, 0]], np.float32)
    c = multiply(isa, a, b)
    same_bits(c, tile_product(a, b))
    np.testing.assert_array_equal(c, [[tiny, 0]])
    out = np.array([[tiny / 2, -tiny / 4]], np.float32)
    same_bits(multiply(isa, np.zeros_like(a), b, out=out.copy(), accumulate=True), np.zeros((1, 2), np.float32))


@each_isa
def test_infinity_and_nan(isa):
    a = np.array([[np.inf, 1], [np.nan, 1], [1, 1]], np.float32)
    b = np.array([[1, 0, -1], [1, 1, 1]], np.float32)
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(multiply(isa, a, b), tile_product(a, b))


@pytest.mark.skipif(len(BY_TILES) < 2, reason="no processor with AMX, or no build with amxshim")
@settings(max_examples=50)
@given(sizes, sizes, st.integers(0, 600))
def test_the_processor_computes_what_plain_c_does(M, N, K):
    a, b = numbers(11, M, K), numbers(12, K, N)
    same_bits(multiply("amx", a, b), multiply("amxshim", a, b))


def test_the_specification_is_a_product():
    a, b = numbers(13, 7, 70), numbers(14, 70, 5)
    exact = kernels.round_bfloat16(a).astype(np.float64) @ kernels.round_bfloat16(b).astype(np.float64)
    size = np.abs(kernels.round_bfloat16(a)).astype(np.float64) @ np.abs(kernels.round_bfloat16(b))
    np.testing.assert_array_less(np.abs(tile_product(a, b) - exact), 1e-6 * size)
    assert (tile_product(a, b) != kernels.round_bfloat16(a) @ kernels.round_bfloat16(b)).any()  # another order
