"""matmul: the C kernel against exact products, element by element, in tolerances scaled to rounding.

A float32 sum of K products can be off by a few roundings times sqrt(K) of the sum of their magnitudes, |A| |B|. Each
element of C has its own such bound, so an error in one row, or in one column, cannot hide behind a large norm.
"""

import math
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minirl import kernels
from minirl.kernels.activation import reference as activations
from minirl.kernels.matmul import reference

native = pytest.importorskip("minirl.kernels.matmul.native", reason="the C kernels are not built")

EPS = float(np.finfo(np.float32).eps)
TINY = 1e-37  # sums of products this small may be flushed to zero
K_BLOCK = 256  # csrc/matmul.c

ISAS = [name for name, supported in kernels.isas().items() if supported]


@contextmanager
def computing_in(precision):
    before = kernels.precision()
    kernels.set_precision(precision)
    try:
        yield
    finally:
        kernels.set_precision(before)


def draw(seed, *shape, outliers=True):
    """Normal numbers; with outliers, about one in 30 is a thousand times larger."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(shape)
    if outliers:
        x = np.where(rng.random(shape) < 0.03, 1000 * x, x)
    return x.astype(np.float32)


def operands(M, N, K, transpose_a, transpose_b, batch=(), seed=0):
    a = draw(seed, *batch, *((K, M) if transpose_a else (M, K)))
    b = draw(seed + 1, *batch, *((N, K) if transpose_b else (K, N)))
    return a, b


def product(a, b, transpose_a, transpose_b):
    """A B in float64, and |A| |B|, the size of what was summed."""
    a = a.astype(np.float64).swapaxes(-1, -2) if transpose_a else a.astype(np.float64)
    b = b.astype(np.float64).swapaxes(-1, -2) if transpose_b else b.astype(np.float64)
    return a @ b, np.abs(a) @ np.abs(b)


def check(got, expected, magnitude, K):
    """Raise AssertionError unless every element is as near to `expected` as float32 sums of K products are."""
    assert got.shape == expected.shape
    tolerance = (4 + math.sqrt(K)) * EPS * magnitude + TINY
    wrong = ~(np.abs(got - expected) <= tolerance)
    if wrong.any():
        at = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise AssertionError(
            f"C{at} of {got.shape} is {got[at]}, expected {expected[at]} +- {tolerance[at]:.3g}; "
            f"{int(wrong.sum())} of {wrong.size} elements are off"
        )


@pytest.fixture(autouse=True)
def threads_restored():
    before = kernels.get_threads()
    yield
    kernels.set_threads(before)


@pytest.fixture(params=ISAS)
def each_isa(request):
    before = kernels.isa()
    kernels.set_isa(request.param)
    yield
    kernels.set_isa(before)


# Tiles are 4 to 14 rows and 8 to 32 columns, blocks 256 steps: sizes on, below and above each of their edges.
SHAPES = [
    (1, 1, 1), (1, 33, 2), (2, 7, 300), (14, 32, 256), (15, 31, 257), (13, 48, 255), (16, 100, 513), (32, 65, 70),
    (33, 64, 64), (57, 129, 31), (100, 30, 600), (64, 512, 128), (300, 3, 17), (3, 1100, 40), (25, 2003, 23),
]  # fmt: skip
TRANSPOSES = [(False, False), (False, True), (True, False), (True, True)]


@pytest.mark.parametrize("M, N, K", SHAPES)
def test_product(each_isa, M, N, K):
    for transpose_a, transpose_b in TRANSPOSES:
        a, b = operands(M, N, K, transpose_a, transpose_b)
        got = native.matmul(a, b, transpose_a=transpose_a, transpose_b=transpose_b)
        check(got, *product(a, b, transpose_a, transpose_b), K)


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.tuples(*[st.integers(0, 70)] * 3),
    batch=st.sampled_from([(), (1,), (3,), (2, 2), (0,)]),
    shared=st.sampled_from(["neither", "a", "b"]),
    transposes=st.sampled_from(TRANSPOSES),
    accumulate=st.booleans(),
    threads=st.integers(1, 3),
)
def test_any_size_and_batch(sizes, batch, shared, transposes, accumulate, threads):
    M, N, K = sizes
    a, b = operands(M, N, K, *transposes, batch)
    if batch and shared == "a" and batch != (0,):
        a = a[(0,) * len(batch)].copy()
    elif batch and shared == "b" and batch != (0,):
        b = b[(0,) * len(batch)].copy()
    before = draw(2, *batch, M, N) if accumulate else np.full((*batch, M, N), np.nan, np.float32)
    out = before.copy()
    kernels.set_threads(threads)
    got = native.matmul(a, b, transpose_a=transposes[0], transpose_b=transposes[1], out=out, accumulate=accumulate)
    assert got is out
    expected, magnitude = product(a, b, *transposes)
    if accumulate:
        expected, magnitude = expected + before, magnitude + np.abs(before)
    check(got, expected, magnitude, K)


@pytest.mark.parametrize("corrupt", ["zeros", "last row", "last column", "one element", "one product missing"])
def test_the_check_catches_broken_kernels(corrupt):
    a, b = operands(40, 50, 300, False, False)
    wrong = native.matmul(a, b)
    expected, magnitude = product(a, b, False, False)
    check(wrong, expected, magnitude, 300)
    if corrupt == "zeros":
        wrong[:] = 0
    elif corrupt == "last row":
        wrong[-1] = wrong[-2]
    elif corrupt == "last column":
        wrong[:, -1] = 0
    elif corrupt == "one element":
        wrong[7, 9] += 3 * (4 + math.sqrt(300)) * EPS * magnitude[7, 9]
    else:
        wrong = native.matmul(np.ascontiguousarray(a[:, :-1]), np.ascontiguousarray(b[:-1]))
    with pytest.raises(AssertionError, match="elements are off"):
        check(wrong, expected, magnitude, 300)


# ---- the same bits ----


@pytest.mark.parametrize("M, N, K", [(1, 700, 600), (5, 700, 600), (29, 1300, 300), (200, 333, 700), (4, 40, 3000)])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_same_bits_for_any_number_of_threads(each_isa, precision, M, N, K):
    with computing_in(precision):
        for transpose_a, transpose_b in TRANSPOSES:
            a, b = operands(M, N, K, transpose_a, transpose_b)
            results = []
            for threads in (1, 2, 3, 7):
                kernels.set_threads(threads)
                results.append(native.matmul(a, b, transpose_a=transpose_a, transpose_b=transpose_b).tobytes())
            assert len(set(results)) == 1


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("transpose_a, transpose_b", TRANSPOSES)
def test_a_row_does_not_depend_on_the_others(each_isa, precision, transpose_a, transpose_b):
    """Rows alone, in few, and among many take different paths through the kernel, to the same bits."""
    M, N, K = 90, 75, 2 * K_BLOCK + 37
    a, b = operands(M, N, K, transpose_a, transpose_b)
    with computing_in(precision):
        whole = native.matmul(a, b, transpose_a=transpose_a, transpose_b=transpose_b)
        for rows in (
            slice(0, 1),
            slice(41, 43),
            slice(50, 53),
            slice(60, 65),
            slice(70, 78),
            slice(3, 12),
            slice(20, 45),
            slice(60, 90),
        ):
            part = np.ascontiguousarray(a[:, rows] if transpose_a else a[rows])
            alone = native.matmul(part, b, transpose_a=transpose_a, transpose_b=transpose_b)
            assert alone.tobytes() == whole[rows].tobytes()
        some = np.ascontiguousarray(b[5:40] if transpose_b else b[:, 5:40])
        part = native.matmul(a, some, transpose_a=transpose_a, transpose_b=transpose_b)
        assert part.tobytes() == whole[:, 5:40].tobytes()


def test_all_layouts_give_the_same_bits(each_isa):
    a, b = operands(50, 60, 400, False, False)
    results = {
        native.matmul(
            np.ascontiguousarray(a.T) if ta else a,
            np.ascontiguousarray(b.T) if tb else b,
            transpose_a=ta,
            transpose_b=tb,
        ).tobytes()
        for ta, tb in TRANSPOSES
    }
    assert len(results) == 1


def test_a_long_sum_is_cut_into_blocks():
    """K_BLOCK steps at a time: small terms are not lost one by one against a sum that is already large."""
    K = 64 * K_BLOCK
    ones = np.ones((1, K), np.float32)
    b = np.full((K, 1), 1e-8, np.float32)
    b[0] = 1.0
    got = native.matmul(ones, b)[0, 0]
    exact = b.astype(np.float64).sum()
    assert abs(got - exact) < 0.05 * (exact - 1)  # one chain of K steps would stay at 1


# ---- fused bias and activation ----


@pytest.mark.parametrize("activation", [None, "gelu_tanh", "gelu", "silu"])
@pytest.mark.parametrize("M, N, K", [(3, 70, 40), (45, 33, 300), (16, 64, 0)])
def test_bias_activation_and_preactivation(each_isa, activation, M, N, K):
    a, b = draw(0, M, K, outliers=False), draw(1, K, N, outliers=False) * np.float32(0.3)
    bias = draw(2, N)
    before = np.full((M, N), np.nan, np.float32)
    got = native.matmul(a, b, bias=bias, activation=activation, preactivation=before)
    expected, magnitude = product(a, b, False, False)
    magnitude = magnitude + np.abs(bias)
    check(before, expected + bias, magnitude, K)
    finished = expected + bias if activation is None else reference.ACTIVATIONS[activation](expected + bias)
    check(got, finished, 1.2 * magnitude + 1, K)  # an activation's slope is at most 1.13
    assert native.matmul(a, b, bias=bias, activation=activation).tobytes() == got.tobytes()
    if activation is not None:
        assert not np.array_equal(got, before)


@pytest.mark.parametrize("M, N, K", [(3, 70, 40), (45, 33, 300), (16, 64, 0)])
@pytest.mark.parametrize("batch", [(), (3,)])
def test_residual_is_added_last(each_isa, batch, M, N, K):
    a, b, bias = draw(0, *batch, M, K), draw(1, *batch, K, N), draw(2, N)
    residual = draw(3, *batch, M, N)
    product = native.matmul(a, b, bias=bias)
    assert native.matmul(a, b, bias=bias, residual=residual).tobytes() == (product + residual).tobytes()
    got = native.matmul(a, b, bias=bias, activation="silu", residual=residual)
    np.testing.assert_allclose(got, activations.silu(product) + residual, rtol=1e-5, atol=1e-5)
    with pytest.raises(ValueError, match="matmul: residual has shape"):
        native.matmul(a, b, residual=residual[..., 1:].copy())
    with pytest.raises(ValueError, match="matmul: out overlaps residual"):
        native.matmul(a, b, residual=residual, out=residual)


@pytest.mark.parametrize("activation", ["gelu_tanh", "gelu", "silu"])
def test_activation_at_the_ends_of_the_line(each_isa, activation):
    x = np.array([[np.inf, -np.inf, np.nan, 1e30, -1e30, 0.0, 200.0, -200.0]], np.float32)
    one = np.ones((1, 1), np.float32)
    got = native.matmul(one, x, activation=activation)[0]
    np.testing.assert_array_equal(got, np.array([np.inf, 0, np.nan, 1e30, 0, 0, 200, 0], np.float32))


@pytest.mark.parametrize("activation", ["gelu_tanh", "gelu", "silu"])
def test_activation_is_accurate_in_the_tails(each_isa, activation):
    x = np.linspace(-9, 9, 4001, dtype=np.float32)[None]
    got = native.matmul(np.ones((1, 1), np.float32), x, activation=activation)[0].astype(np.float64)
    wide = [float(v) for v in x[0]]
    if activation == "silu":
        expected = np.array([v / (1 + math.exp(-v)) for v in wide])
    elif activation == "gelu":
        expected = np.array([v * math.erfc(-v / math.sqrt(2)) / 2 for v in wide])
    else:
        u = [2 * math.sqrt(2 / math.pi) * (v + 0.044715 * v**3) for v in wide]
        expected = np.array([v / (1 + math.exp(-w)) for v, w in zip(wide, u, strict=True)])
    # GELU's tanh form takes exp of up to 80, whose argument has itself been rounded
    relative = 1e-5 if activation == "gelu_tanh" else 6e-7
    np.testing.assert_allclose(got, expected, rtol=relative, atol=TINY)


# ---- NaN, infinity, nothing ----


@pytest.mark.parametrize("M", [1, 9, 40])
@pytest.mark.parametrize("transpose_a, transpose_b", TRANSPOSES)
def test_nan_and_infinity_go_where_numpy_puts_them(each_isa, M, transpose_a, transpose_b):
    """Padding must not multiply an infinity by zero, nor a NaN leave its row or column."""
    a, b = operands(M, 37, 65, transpose_a, transpose_b)
    (a.T if transpose_a else a)[0, 3] = np.inf
    (a.T if transpose_a else a)[M - 1, 64] = np.nan
    (b.T if transpose_b else b)[5, 36] = -np.inf
    with np.errstate(invalid="ignore"):
        expected = (a.T if transpose_a else a) @ (b.T if transpose_b else b)
    got = native.matmul(a, b, transpose_a=transpose_a, transpose_b=transpose_b)
    np.testing.assert_array_equal(np.isnan(got), np.isnan(expected))
    np.testing.assert_array_equal(np.where(np.isinf(got), got, 0), np.where(np.isinf(expected), expected, 0))
    with computing_in("bfloat16"):
        rounded = native.matmul(a, b, transpose_a=transpose_a, transpose_b=transpose_b)
    np.testing.assert_array_equal(np.isnan(rounded), np.isnan(expected))


def test_without_accumulate_what_was_there_is_not_read(each_isa):
    for M, K in ((3, 700), (60, 700), (3, 0), (60, 0)):
        a, b = operands(M, 45, K, False, False)
        out = np.full((M, 45), np.nan, np.float32)
        assert np.isfinite(native.matmul(a, b, out=out)).all()
        kept = draw(9, M, 45)
        got = native.matmul(a[:, :0].copy(), b[:0].copy(), out=kept.copy(), accumulate=True)
        assert got.tobytes() == kept.tobytes()


# ---- strides, straight through the C interface ----


def call(M, N, K, a, lda, b, ldb, c, ldc, *, transpose_a=0, transpose_b=0, bf16=0):
    floats = [native.ffi.from_buffer("float[]", x) for x in (a, b, c)]
    null = native.ffi.NULL
    return native.lib.kernel_matmul(
        1, M, N, K, floats[0], 0, lda, transpose_a, floats[1], 0, ldb, transpose_b,
        null, 0, null, null, floats[2], 0, ldc, 0, bf16,
    )  # fmt: skip


@pytest.mark.parametrize("M", [2, 50])
def test_rows_apart_in_memory(each_isa, M):
    """lda, ldb and ldc wider than the matrices; what lies between the rows of C is left alone, of A and B unread."""
    N, K = 43, 91
    for ta, tb in TRANSPOSES:
        a, b = operands(M, N, K, ta, tb)
        wide_a = np.full((a.shape[0], a.shape[1] + 5), np.nan, np.float32)
        wide_b = np.full((b.shape[0], b.shape[1] + 3), np.nan, np.float32)
        wide_a[:, : a.shape[1]], wide_b[:, : b.shape[1]] = a, b
        c = np.full((M, N + 7), 7, np.float32)
        args = (wide_a, wide_a.shape[1], wide_b, wide_b.shape[1], c, N + 7)
        assert call(M, N, K, *args, transpose_a=ta, transpose_b=tb) == 0
        assert c[:, :N].tobytes() == native.matmul(a, b, transpose_a=ta, transpose_b=tb).tobytes()
        assert (c[:, N:] == 7).all()


# ---- bfloat16 ----


def round_bf16(x):
    """By the definition: the nearer of the two bfloat16 around x; of two as near, the one with an even last bit."""
    low = (x.view(np.uint32) & 0xFFFF0000).view(np.float32)
    high = ((x.view(np.uint32) & 0xFFFF0000) + np.uint32(0x10000)).view(np.float32)
    to_low, to_high = np.abs(x.astype(np.float64) - low), np.abs(high.astype(np.float64) - x)
    odd = (low.view(np.uint32) >> 16) & 1
    return np.where((to_high < to_low) | ((to_high == to_low) & (odd == 1)), high, low)


@pytest.mark.parametrize("M, N, K", [(1, 40, 33), (8, 64, 700), (20, 70, 257), (70, 65, 513), (64, 128, 256)])
def test_bfloat16_is_the_product_of_rounded_inputs(each_isa, M, N, K):
    for transpose_a, transpose_b in TRANSPOSES:
        a, b = operands(M, N, K, transpose_a, transpose_b)
        with computing_in("bfloat16"):
            got = native.matmul(a, b, transpose_a=transpose_a, transpose_b=transpose_b)
        check(got, *product(round_bf16(a), round_bf16(b), transpose_a, transpose_b), K)
        with pytest.raises(AssertionError, match="elements are off"):  # and rounding is far more than the tolerance
            check(got, *product(a, b, transpose_a, transpose_b), K)


def test_round_bf16(each_isa):
    bits = np.random.default_rng(0).integers(0, 2**32, 100_003, dtype=np.uint32)
    ties = (np.arange(1000, dtype=np.uint32) << 16 | 0x8000) + 0x3F000000
    x = np.concatenate([bits, ties.astype(np.uint32)]).view(np.float32)
    x = x[np.isfinite(x) & (np.abs(x) < 3e38)]
    got = np.empty_like(x)
    native.lib.kernel_round_bf16(x.size, native.ffi.from_buffer("float[]", x), native.ffi.from_buffer("float[]", got))
    assert got.tobytes() == round_bf16(x).tobytes()
    special = np.array([np.nan, np.inf, -np.inf, 3.4e38, -0.0, 1e-40], np.float32)
    special = np.concatenate([special, np.array([0x7F800001, 0xFFFFFFFF], np.uint32).view(np.float32)])
    got = np.empty_like(special)
    native.lib.kernel_round_bf16(8, native.ffi.from_buffer("float[]", special), native.ffi.from_buffer("float[]", got))
    np.testing.assert_array_equal(got[[0, 1, 2, 3, 6, 7]], [np.nan, np.inf, -np.inf, np.inf, np.nan, np.nan])
    assert np.signbit(got[4]) and abs(got[5] - 1e-40) < 5e-41  # subnormal bfloat16 lie 9e-41 apart
