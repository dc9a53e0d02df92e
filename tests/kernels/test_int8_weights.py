"""Weights held in int8: one result, to the bit, from every instruction set and NumPy."""

import numpy as np
import pytest
from calls import BACKENDS

from minirl import kernels
from minirl.kernels.int8 import INT8, int8_product, rounded_blocks

WAYS = ["reference", *(name for name, usable in kernels.isas().items() if usable)]


@pytest.fixture(params=WAYS)
def each_way(request):
    before = kernels.isa()
    with kernels.using("reference" if request.param == "reference" else "native"):
        if request.param != "reference":
            kernels.set_isa(request.param)
        yield
        if before is not None:
            kernels.set_isa(before)


def draw(M: int, N: int, K: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows with outliers, tiny numbers and zeros; blocks with every number there is, -128 among them."""
    rng = np.random.default_rng(M + N + K)
    a = rng.standard_normal((M, K), np.float32) * rng.choice([1e-3, 1, 50], (M, K)).astype(np.float32)
    a[rng.random(M) < 0.2, :32] = 0
    a[rng.random(M) < 0.2, -32:] *= np.float32(1e-36)
    blocks = np.empty((N, K // 32), INT8)
    blocks["scale"] = rng.choice([1e-7, 1e-5, 0.01, 0.5, 0], blocks.shape) * rng.random(blocks.shape)
    blocks["numbers"] = rng.integers(-128, 128, (*blocks.shape, 32))
    return a, blocks


@pytest.mark.parametrize(
    ("M", "N", "K"),
    [(1, 1, 32), (1, 17, 96), (2, 40, 64), (7, 33, 160), (8, 16, 768), (21, 5, 96), (0, 3, 32), (3, 0, 32)],
)
def test_every_way_gives_the_same_bits(each_way, M, N, K):
    a, blocks = draw(M, N, K)
    got = kernels.matmul(a, blocks, transpose_b=True)
    assert got.shape == (M, N) and got.tobytes() == int8_product(a, blocks).tobytes()


def test_extreme_numbers_neither_overflow_nor_saturate(each_way):
    a = np.full((2, 64), 3.0, np.float32)
    a[1] = -3
    blocks = np.empty((2, 2), INT8)
    blocks["scale"], blocks["numbers"] = 1, -128
    blocks["numbers"][1] = 127
    expected = 3.0 * 64 * np.array([[-128, 127], [128, -127]])
    np.testing.assert_allclose(kernels.matmul(a, blocks, transpose_b=True), expected, rtol=1e-6)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_bad_number_reaches_its_row_and_no_other(each_way, bad):
    a, blocks = draw(9, 20, 96)
    good = kernels.matmul(a, blocks, transpose_b=True)
    a[4, 40] = bad
    got = kernels.matmul(a, blocks, transpose_b=True)
    others = np.arange(9) != 4
    assert np.isnan(got[4]).all() and got[others].tobytes() == good[others].tobytes()


def test_sums_of_whole_numbers_are_near_the_exact_product():
    rng = np.random.default_rng(0)
    a, w = rng.standard_normal((5, 256), np.float32), rng.standard_normal((30, 256), np.float32)
    exact = a.astype(np.float64) @ w.T
    got = kernels.matmul(a, kernels.to_int8_blocks(w), transpose_b=True)
    error = np.sqrt(((got - exact) ** 2).mean() / (exact**2).mean())
    assert 0.001 < error < 0.012, "two roundings to 127 steps of the largest of 32"


@pytest.mark.skipif(not kernels.has_native(), reason="threads are C's")
def test_neither_threads_nor_other_rows_change_a_bit():
    a, blocks = draw(19, 3000, 256)
    before = kernels.get_threads()
    try:
        results = []
        for threads in (1, 2):
            kernels.set_threads(threads)
            results.append(kernels.matmul(a, blocks, transpose_b=True))
    finally:
        kernels.set_threads(before)
    assert results[0].tobytes() == results[1].tobytes()
    for rows in (slice(0, 1), slice(3, 12)):
        assert kernels.matmul(a[rows], blocks, transpose_b=True).tobytes() == results[0][rows].tobytes()


@pytest.mark.parametrize("activation", [None, "gelu_tanh", "silu"])
def test_what_is_fused_follows_the_product(each_way, activation):
    a, blocks = draw(10, 37, 64)
    rng = np.random.default_rng(1)
    bias, residual = rng.standard_normal(37, np.float32), rng.standard_normal((2, 5, 37), np.float32)
    before = np.empty_like(residual)
    got = kernels.matmul(
        a.reshape(2, 5, 64), blocks, transpose_b=True, bias=bias, activation=activation, residual=residual,
        preactivation=before,
    )  # fmt: skip
    inner = int8_product(a, blocks).reshape(2, 5, 37) + bias
    np.testing.assert_array_equal(before, inner)
    act = {None: lambda x: x, "gelu_tanh": kernels.gelu, "silu": kernels.silu}[activation]
    np.testing.assert_allclose(got, act(inner) + residual, rtol=2e-5, atol=1e-5)


def test_what_is_not_supported_says_so(each_way):
    a, blocks = draw(4, 8, 64)
    with pytest.raises(ValueError, match=r"matmul: b is held in int8 blocks with shape \(8, 2\), transpose_a=False, "):
        kernels.matmul(a, blocks)
    with pytest.raises(ValueError, match="and accumulate=True"):
        kernels.matmul(a, blocks, transpose_b=True, out=np.zeros((4, 8), np.float32), accumulate=True)
    with pytest.raises(ValueError, match=r"matmul: a has shape \(4, 32\) and b \(8, 2\) transposed"):
        kernels.matmul(a[:, :32].copy(), blocks, transpose_b=True)
    with pytest.raises(TypeError, match="linear_cross_entropy: the weight is held in int8 blocks, which has no grad"):
        kernels.linear_cross_entropy(a, blocks, np.zeros(4, np.int32))
    with pytest.raises(ValueError, match=r"int8: rows of \(30,\) numbers; expected a multiple of 32"):
        kernels.to_int8_blocks(np.zeros((2, 30), np.float32))
    with pytest.raises(ValueError, match="int8: a weight is not finite"):
        kernels.to_int8_blocks(np.full((1, 32), np.nan, np.float32))


@pytest.mark.parametrize("backend", BACKENDS)
def test_embedding_and_loss(backend):
    a, blocks = draw(6, 11, 64)
    blocks["scale"] = 0.01
    ids = np.array([[3, 10], [0, 3]], np.int32)
    wide = kernels.from_int8_blocks(blocks)
    with kernels.using(backend):
        np.testing.assert_array_equal(kernels.embedding(ids, blocks), wide[ids])
        targets = np.arange(6, dtype=np.int32)
        log_prob = kernels.linear_log_prob(a, blocks, targets)[0]
        logits = kernels.matmul(a, blocks, transpose_b=True)
        np.testing.assert_allclose(log_prob, kernels.log_softmax(logits)[targets, targets], rtol=1e-5)


def test_a_weight_is_within_half_a_step(each_way):
    rng = np.random.default_rng(0)
    w = rng.standard_normal((5, 96), np.float32) * np.float32(0.02)
    blocks = kernels.to_int8_blocks(w)
    step = np.repeat(np.abs(w).reshape(5, 3, 32).max(axis=2) / 127, 32, axis=1)
    assert (np.abs(kernels.from_int8_blocks(blocks) - w) <= 0.57 * step).all(), "and float16 rounds the scale"
    again = kernels.to_int8_blocks(kernels.from_int8_blocks(blocks))
    assert again.tobytes() == blocks.tobytes(), "blocks of blocks are the same"


def test_what_a_row_is_rounded_to():
    x = np.array([[0.5, -1, 127, 1.5, *[0] * 28], [*[0] * 32], [*[1e-31] * 32], [np.inf, *[0] * 31]], np.float32)
    numbers, scales = rounded_blocks(x)
    assert numbers[0, 0, :4].tolist() == [0, -1, 127, 2], "half to even"
    np.testing.assert_array_equal(scales[:, 0], np.array([1, 0, 0, np.nan], np.float32))
    assert not numbers[1:].any()
