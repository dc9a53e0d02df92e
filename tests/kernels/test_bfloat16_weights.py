"""matmul by a b that is held in bfloat16: the bits of bfloat16 precision, in every way of computing the product."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minirl import kernels

BACKENDS = ["reference", "native"] if kernels.has_native() else ["reference"]
ISAS = [name for name, supported in kernels.isas().items() if supported]
MANY = [0x7FC0, 0x7F80, 0xFF80, 0x0001, 0x8000, 0x0000, 0x3F80]  # NaN, infinities, the smallest number, zeros, 1


@pytest.fixture(params=["reference", *ISAS])
def each_way(request):
    """The reference, and C on each instruction set, with its threads restored."""
    isa, threads = kernels.isa(), kernels.get_threads()
    if request.param != "reference":
        kernels.set_isa(request.param)
    with kernels.using("reference" if request.param == "reference" else "native"):
        yield
    kernels.set_isa(isa)
    kernels.set_threads(threads)


def draw(M, N, K, seed=0, begin=42):
    """a (M, K) with outliers, and bits (N, K) from number `begin` on of memory that is full of NaN."""
    rng = np.random.default_rng(seed)
    a = rng.standard_normal((M, K)) * np.where(rng.random((M, K)) < 0.03, 1000, 1)
    memory = np.full(N * K + 80, 0x7FC0, np.uint16)
    bits = memory[begin : begin + N * K].reshape(N, K)
    bits[:] = kernels.to_bfloat16_bits(rng.standard_normal((N, K)))
    return a.astype(np.float32), bits


def in_precision(a, bits, **rest):
    """What bfloat16 precision computes of the widened b."""
    with kernels.using_precision("bfloat16"):
        return kernels.matmul(a, kernels.from_bfloat16_bits(bits), transpose_b=True, **rest)


# Ways part at 1 to 4, 8, 16 and 32 rows, at 16 and 32 columns, at 512 steps and at odd numbers of them.
SHAPES = [
    (1, 40, 2), (1, 1, 1), (1, 33, 513), (2, 700, 600), (3, 50, 512), (4, 33, 66), (5, 31, 514), (6, 64, 1030),
    (8, 100, 1024), (8, 7, 31), (9, 300, 770), (16, 12, 40), (17, 90, 1026), (29, 1300, 300), (32, 65, 511),
    (33, 64, 64), (33, 65, 1537), (200, 333, 700), (70, 2003, 24),
]  # fmt: skip


@pytest.mark.parametrize("begin", [42, 41])  # at a multiple of four bytes, as pairs need it, and not
@pytest.mark.parametrize("M, N, K", SHAPES)
def test_the_bits_are_those_of_bfloat16_precision(each_way, M, N, K, begin):
    a, bits = draw(M, N, K, begin=begin)
    expected = in_precision(a, bits)
    for threads in (1, 2, 3):
        kernels.set_threads(threads)
        assert kernels.matmul(a, bits, transpose_b=True).tobytes() == expected.tobytes()
        with kernels.using_precision("bfloat16"):
            assert kernels.matmul(a, bits, transpose_b=True).tobytes() == expected.tobytes()
    assert not np.array_equal(kernels.matmul(a, kernels.from_bfloat16_bits(bits), transpose_b=True), expected)


@pytest.mark.parametrize("backend", BACKENDS)
@settings(max_examples=80, deadline=None)
@given(
    sizes=st.tuples(st.integers(0, 40), st.integers(0, 80), st.integers(0, 80)),
    leading=st.sampled_from([(), (1,), (3,), (2, 2), (0,)]),
    fused=st.sampled_from(["nothing", "bias", "bias and activation", "sum"]),
    threads=st.integers(1, 3),
)
def test_any_size_and_all_that_is_fused(backend, sizes, leading, fused, threads):
    M, N, K = sizes
    a, bits = draw(int(np.prod(leading, dtype=int)) * M, N, K)
    a = a.reshape(*leading, M, K)
    rest = {}
    if fused.startswith("bias"):
        rest["bias"] = np.random.default_rng(2).standard_normal(N).astype(np.float32)
    if fused == "bias and activation":
        rest["activation"] = "silu"
        rest["residual"] = np.random.default_rng(3).standard_normal((*leading, M, N)).astype(np.float32)
    found = []
    with kernels.using(backend):
        kernels.set_threads(threads)
        for product in (in_precision, lambda a, bits, **rest: kernels.matmul(a, bits, transpose_b=True, **rest)):
            out, before = np.full((2, *leading, M, N), 0.5, np.float32)
            if fused == "sum":
                rest["accumulate"] = True
            elif fused == "bias and activation":
                rest["preactivation"] = before
            assert product(a, bits, out=out, **rest) is out
            found.append((out.tobytes(), before.tobytes()))
    assert found[0] == found[1]


@pytest.mark.parametrize("M", [2, 12, 40])
@pytest.mark.parametrize("K", [300, 301])
def test_what_is_fused_belongs_to_its_columns(each_way, M, K):
    """With more numbers than are widened at once."""
    a, bits = draw(M, 2000, K)
    rng = np.random.default_rng(2)
    rest = {"bias": rng.standard_normal(2000, np.float32), "residual": rng.standard_normal((M, 2000), np.float32)}
    before, expected_before = np.zeros((2, M, 2000), np.float32)
    got = kernels.matmul(a, bits, transpose_b=True, activation="gelu", preactivation=before, **rest)
    expected = in_precision(a, bits, activation="gelu", preactivation=expected_before, **rest)
    assert got.tobytes() == expected.tobytes() and before.tobytes() == expected_before.tobytes()


@pytest.mark.parametrize("M", [1, 3, 8, 12, 40])
def test_nan_and_infinity_go_where_bfloat16_precision_puts_them(each_way, M):
    for K in (66, 65):
        a, bits = draw(M, 37, K)
        a[0, 3], a[M - 1, K - 1] = np.inf, np.nan
        for column, special in enumerate(MANY):
            bits[5 * column, K - 1 - column] = special
        with np.errstate(invalid="ignore", over="ignore"):
            got, expected = kernels.matmul(a, bits, transpose_b=True), in_precision(a, bits)
        np.testing.assert_array_equal(got, expected)  # NaN equals NaN
        assert np.isnan(got).any() and np.isfinite(got).any() == (M > 2)


def test_what_is_not_supported_says_so(each_way):
    a, bits = draw(4, 6, 8)
    with pytest.raises(ValueError, match=r"b holds bfloat16 bits \(uint16\) with shape \(6, 8\).*transpose_b=False"):
        kernels.matmul(np.ones((4, 6), np.float32), bits)
    with pytest.raises(ValueError, match=r"transpose_a=True .*expected \(N, K\), transpose_b=True and no transpose_a"):
        kernels.matmul(np.ones((8, 4), np.float32), bits, transpose_a=True, transpose_b=True)
    with pytest.raises(ValueError, match=r"shape \(1, 6, 8\)"):
        kernels.matmul(a, bits[None], transpose_b=True)
    with pytest.raises(TypeError, match=r"a holds bfloat16 bits \(uint16\), which only b may"):
        kernels.matmul(bits, a, transpose_b=True)
    with pytest.raises(TypeError, match="a holds bfloat16 bits"):
        kernels.matmul(bits, bits, transpose_b=True)
    with pytest.raises(ValueError):
        kernels.matmul(a, bits[:, :7].copy(), transpose_b=True)


@pytest.mark.skipif(not kernels.has_native(), reason="the C kernels are not built")
def test_c_sees_no_array_that_it_would_misread():
    a, bits = draw(4, 6, 8)
    with kernels.using("native"):
        with pytest.raises(ValueError, match="b is not C-contiguous"):
            kernels.matmul(a, np.repeat(bits, 2, axis=1)[:, ::2], transpose_b=True)
        with pytest.raises(ValueError, match="out overlaps b"):
            kernels.matmul(a[:3, :], bits, transpose_b=True, out=bits.reshape(-1)[2:38].view(np.float32).reshape(3, 6))
        with pytest.raises(TypeError, match="a is a float64 array"):
            kernels.matmul(a.astype(float), bits, transpose_b=True)


# ---- what else takes such a weight ----


def test_embedding_widens_the_rows(each_way):
    _, table = draw(0, 11, 37)
    ids = np.array([[3, 0, 10], [3, 3, 7]], np.int32)
    np.testing.assert_array_equal(kernels.embedding(ids, table), kernels.from_bfloat16_bits(table)[ids])
    assert kernels.embedding(ids[:0], table).shape == (0, 3, 37)
    if kernels.backend() == "native":
        with pytest.raises(IndexError, match="is 11; expected 0 to 10"):
            kernels.embedding(np.array([11], np.int32), table)


def test_losses_have_values_and_no_gradients(each_way):
    h, weight = draw(9, 40, 24)
    targets = np.arange(9, dtype=np.int32)
    got = kernels.linear_cross_entropy(h, weight, targets, gradient=False)
    with kernels.using_precision("bfloat16"):
        expected = kernels.linear_cross_entropy(h, kernels.from_bfloat16_bits(weight), targets, gradient=False)
    assert got[0] == expected[0] and got[1].tobytes() == expected[1].tobytes()
    assert kernels.linear_log_prob(h, weight, targets)[1].tobytes() == expected[2].tobytes()
    with pytest.raises(TypeError, match="the weight is held in bfloat16"):
        kernels.linear_cross_entropy(h, weight, targets)


# ---- the bits themselves ----


def test_every_bfloat16_is_one_float():
    bits = np.arange(1 << 16, dtype=np.uint32).astype(np.uint16)
    x = kernels.from_bfloat16_bits(bits)
    numbers = ~np.isnan(x)
    assert (~numbers).sum() == 2 * 127
    np.testing.assert_array_equal(kernels.to_bfloat16_bits(x)[numbers], bits[numbers])
    assert np.isnan(kernels.from_bfloat16_bits(kernels.to_bfloat16_bits(x)))[~numbers].all()
    assert kernels.from_bfloat16_bits(np.uint16([0x3F80, 0xC040])).tolist() == [1.0, -3.0]


@pytest.mark.parametrize("backend", BACKENDS)
def test_bits_are_rounded_as_the_kernels_round(backend):
    x = np.random.default_rng(0).integers(0, 2**32, 100_003, dtype=np.uint32).view(np.float32)
    with kernels.using(backend):
        rounded = kernels.round_bfloat16(x)
    assert rounded.tobytes() == kernels.from_bfloat16_bits(kernels.to_bfloat16_bits(x)).tobytes(), "NaN included"
    matrix = x[:99].reshape(9, 11)
    np.testing.assert_array_equal(kernels.to_bfloat16_bits(matrix.T), kernels.to_bfloat16_bits(matrix).T)
