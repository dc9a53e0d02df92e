"""Matrix products in CUDA: each step of the ladder, every layout and end, on float32 and on tensor cores."""

import numpy as np
import pytest
from gpu import ORDERS, mutated, needs_a_compiler, set_order, shim  # noqa: F401
from parity import EPS, normal

from minirl import kernels
from minirl.kernels.device import DeviceError, device
from minirl.kernels.matmul.cuda import STEPS, matmul_step
from minirl.kernels.precision import round_tf32

pytestmark = [needs_a_compiler, pytest.mark.usefixtures("shim"), pytest.mark.slow, pytest.mark.cuda]
SIZES = [(1, 1, 1), (3, 5, 7), (33, 129, 40), (130, 70, 65)]


def operands(M, N, K, seed=0):
    rng = np.random.default_rng(seed)
    return normal(rng, M, K), normal(rng, K, N)


def assert_product(got, a, b):
    """Within a few roundings of the sum of |a| |b|."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    expected = a @ b
    tolerance = (8 + 2 * a.shape[-1] ** 0.5) * EPS * (np.abs(a) @ np.abs(b)) + 1e-30
    assert got.shape == expected.shape
    assert (np.abs(got - expected) <= tolerance).all(), np.argwhere(np.abs(got - expected) > tolerance)[:3]


def rounded(x):
    with kernels.using("reference"):
        return kernels.round_bfloat16(x)


@pytest.mark.parametrize("step", STEPS)
def test_every_step_of_the_ladder_is_the_product_in_every_order(step):
    for M, N, K in SIZES:
        a, b = operands(M, N, K)
        results = []
        for order in ORDERS[:2] if step == "shared" else ORDERS:
            set_order(order)
            results.append(matmul_step(step, device(a), device(b)).numpy())
        if step == "bfloat16":
            a, b = rounded(a), rounded(b)
        assert_product(results[0], a, b)
        for other in results[1:]:
            np.testing.assert_array_equal(results[0], other)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("transpose_a", [False, True])
@pytest.mark.parametrize("transpose_b", [False, True])
def test_any_layout_and_batch(precision, transpose_a, transpose_b):
    rng = np.random.default_rng(1)
    for a_batch, b_batch in (((), ()), ((2,), (2,)), ((2,), ()), ((), (2,))):
        M, N, K = 17, 37, 45
        a = normal(rng, *a_batch, *((K, M) if transpose_a else (M, K)))
        b = normal(rng, *b_batch, *((N, K) if transpose_b else (K, N)))
        kernels.set_precision(precision)
        got = kernels.matmul(a, b, transpose_a=transpose_a, transpose_b=transpose_b).numpy()
        with kernels.using("reference"):
            expected = kernels.matmul(a, b, transpose_a=transpose_a, transpose_b=transpose_b)
        kernels.set_precision("float32")
        np.testing.assert_allclose(got, expected, atol=3e-5, rtol=3e-6)


@pytest.mark.parametrize("activation", [None, "gelu_tanh", "gelu", "silu"])
def test_the_end_adds_bias_activation_and_residual(activation):
    a, b = operands(20, 30, 10)
    bias, residual = normal(np.random.default_rng(2), 30), normal(np.random.default_rng(3), 20, 30)
    before = device(np.zeros((20, 30), np.float32))
    options = {"bias": bias, "activation": activation, "residual": residual}
    got = kernels.matmul(a, b, **options, preactivation=before)
    with kernels.using("reference"):
        kept = np.zeros((20, 30), np.float32)
        expected = kernels.matmul(a, b, **options, preactivation=kept)
    np.testing.assert_allclose(got.numpy(), expected, atol=2e-5)
    np.testing.assert_allclose(before.numpy(), kept, atol=2e-5)
    out = device(residual)
    assert kernels.matmul(a, b, out=out, accumulate=True) is out
    np.testing.assert_allclose(out.numpy(), a @ b + residual, atol=2e-5)


def test_a_weight_in_bfloat16():
    a, b = operands(9, 40, 33)
    bits = kernels.to_bfloat16_bits(np.ascontiguousarray(b.T))
    got = kernels.matmul(a, bits, transpose_b=True).numpy()
    assert_product(got, rounded(a), kernels.from_bfloat16_bits(bits).T)


def test_rounding_to_bfloat16_is_numpys():
    bits = np.random.default_rng(0).integers(0, 2**32, 2000, np.uint32)
    x = np.concatenate([bits.view(np.float32), np.array([np.nan, np.inf, -np.inf, 0.0, -0.0], np.float32)])
    np.testing.assert_array_equal(kernels.round_bfloat16(x).numpy().view(np.uint32), rounded(x).view(np.uint32))


def test_numbers_of_11_bits_on_tensor_cores():
    for M, N, K in SIZES:
        a, b = operands(M, N, K)
        kernels.set_precision("tf32")
        results = []
        for order in ORDERS:
            set_order(order)
            results.append(kernels.matmul(a, b).numpy())
        kernels.set_precision("float32")
        assert_product(results[0], round_tf32(a), round_tf32(b))
        for other in results[1:]:
            np.testing.assert_array_equal(results[0], other)


def test_rounding_to_tf32():
    x = np.array([1, 1 + 2**-10, 1 + 2**-11, 1 + 2**-12, -1 - 2**-11, np.inf, np.nan, 0.0], np.float32)
    expected = np.array([1, 1 + 2**-10, 1 + 2**-10, 1, -1 - 2**-10, np.inf, np.nan, 0.0], np.float32)
    np.testing.assert_array_equal(round_tf32(x), expected)


@pytest.mark.parametrize("held", ["float32", "rounded", "bits"])
@pytest.mark.parametrize("M", [1, 3, 8])
def test_few_rows(M, held):
    rng = np.random.default_rng(M)
    a, w = normal(rng, M, 77), normal(rng, 37, 77)
    bias, residual = normal(rng, 37), normal(rng, M, 37)
    exact = (a, w) if held == "float32" else (rounded(a), rounded(w))
    kernels.set_precision("bfloat16" if held == "rounded" else "float32")
    weight = kernels.to_bfloat16_bits(w) if held == "bits" else w
    results = []
    for order in ORDERS:
        set_order(order)
        results.append(kernels.matmul(a, weight, transpose_b=True).numpy())
    got = kernels.matmul(a, weight, transpose_b=True, bias=bias, activation="silu", residual=residual).numpy()
    alone = kernels.matmul(a[:1], weight, transpose_b=True).numpy()
    kernels.set_precision("float32")
    assert_product(results[0], exact[0], exact[1].T)
    for other in results[1:]:
        np.testing.assert_array_equal(results[0], other)
    np.testing.assert_array_equal(alone, results[0][:1])
    with kernels.using("reference"):
        np.testing.assert_allclose(got, kernels.silu(exact[0] @ exact[1].T + bias) + residual, atol=2e-5)


BROKEN = {
    "a missing barrier before tiles are read": ("shared", "__syncthreads(); /* the tiles are whole */", ""),
    "a missing barrier before tiles are written": ("shared", "__syncthreads(); /* all have read them */", ""),
    "a wrong lane": ("bfloat16", "lane_number() / 4 + part / 2 * 8", "lane_number() / 8 + part / 2 * 8"),
    "a wrong row of ldmatrix": ("bfloat16", "[left + 16 * j + lane % 8", "[left + 16 * j + lane % 4"),
    "a wrong lane of a piece in TF32": ("tf32", "[k + member + part / 2 * 4]", "[k + member + part % 2 * 4]"),
    "a missing barrier of tiles in TF32": ("tf32", "__syncthreads();", ""),
    "a missing lane of few rows": ("few_rows", "k < K; k += WARP_SIZE", "k < K - 1; k += WARP_SIZE"),
    "a wrong index": ("float32", "a_tiles[now][k][i / 4 * 64 + y", "a_tiles[now][k][i / 4 * 32 + y"),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_kernel_is_noticed(broken):
    step, old, new = BROKEN[broken]
    a, b = operands(3 if step == "few_rows" else 130, 70, 65)
    rounding = {"bfloat16": rounded, "tf32": round_tf32}.get(step, lambda x: x)
    noticed = 0
    with mutated(f"matmul_{step}" if step in ("tf32", "few_rows") else "matmul", old, new):
        for order in ORDERS:
            set_order(order)
            try:
                assert_product(computed(step, a, b), rounding(a), rounding(b))
            except (AssertionError, DeviceError):
                noticed += 1
    assert noticed


def computed(step, a, b):
    """a b, by a step of the ladder or by one of the two kernels beside it."""
    if step in STEPS:
        return matmul_step(step, device(a), device(b)).numpy()
    if step == "few_rows":
        return kernels.matmul(a, np.ascontiguousarray(b.T), transpose_b=True).numpy()
    kernels.set_precision("tf32")
    try:
        return kernels.matmul(a, b).numpy()
    finally:
        kernels.set_precision("float32")
