"""The seven steps of csrc/matmul_ladder all compute the product, on every instruction set, and touch nothing else."""

import numpy as np
import pytest

runtime = pytest.importorskip("minirl.kernels.runtime", reason="the C kernels are not built")

from minirl.kernels.matmul import steps as matmul_steps  # noqa: E402
from minirl.kernels.matmul.steps import STEPS, matmul_step  # noqa: E402

EPS = float(np.finfo(np.float32).eps)
ISAS = [name for name, supported in runtime.isas().items() if supported]
# Register tiles are 4 to 14 rows and 8 to 32 columns, cache tiles 32 steps and 128 columns, blocks 256 steps
SIZES = [
    (1, 1, 1), (3, 17, 2), (17, 3, 64), (64, 64, 64), (129, 129, 129), (65, 33, 257), (14, 32, 256), (13, 31, 255),
    (15, 127, 31), (6, 16, 513), (1, 130, 7), (130, 1, 7), (128, 256, 33), (0, 5, 3), (5, 0, 3),
]  # fmt: skip


@pytest.fixture(params=ISAS)
def each_isa(request):
    before = runtime.isa()
    runtime.set_isa(request.param)
    yield
    runtime.set_isa(before)


def operands(M, N, K):
    generator = np.random.default_rng(M + 10 * N + 100 * K)
    return generator.standard_normal((M, K), np.float32), generator.standard_normal((K, N), np.float32)


def check(got, a, b):
    """Each element is within the rounding of a float32 sum of K products."""
    wide_a, wide_b = a.astype(np.float64), b.astype(np.float64)
    tolerance = (4 + np.sqrt(a.shape[1])) * EPS * (np.abs(wide_a) @ np.abs(wide_b))
    assert got.shape == (a.shape[0], b.shape[1]) and got.dtype == np.float32
    assert (np.abs(got - wide_a @ wide_b) <= tolerance).all()


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("M, N, K", SIZES)
def test_every_step_is_the_product(each_isa, step, M, N, K):
    a, b = operands(M, N, K)
    check(matmul_step(step, a, b), a, b)


def test_without_any_k_the_product_is_zero(each_isa):
    for step in STEPS:
        assert not matmul_step(step, np.ones((3, 0), np.float32), np.ones((0, 20), np.float32)).any()


@pytest.mark.parametrize("step", STEPS)
def test_what_lies_around_the_matrices_is_neither_read_nor_written(each_isa, step):
    """NaN around A and B would spread into C if it were read, and what surrounds C stays as it was."""
    M, N, K, margin = 15, 33, 19, 64
    lib, ffi = matmul_steps.lib, matmul_steps.ffi
    a, b = operands(M, N, K)
    around = [np.full(margin + size + margin, np.nan, np.float32) for size in (M * K, K * N, M * N)]
    around[0][margin:-margin], around[1][margin:-margin] = a.ravel(), b.ravel()
    pointers = [ffi.from_buffer("float[]", x[margin:-margin]) for x in around]
    assert not getattr(lib, f"kernel_matmul_{step}")(M, N, K, *pointers)
    check(around[2][margin:-margin].reshape(M, N), a, b)
    assert np.isnan(around[2][:margin]).all() and np.isnan(around[2][-margin:]).all()


@pytest.mark.skipif(not runtime.has_openmp(), reason="the C kernels were built without threads")
def test_the_last_step_has_the_same_bits_for_any_number_of_threads(each_isa):
    a, b = operands(150, 130, 600)
    before, found = runtime.get_threads(), []
    try:
        for threads in (1, 2, 3, 5):
            runtime.set_threads(threads)
            found.append(matmul_step("threads", a, b).tobytes())
    finally:
        runtime.set_threads(before)
    assert len(set(found)) == 1 and found[0] == matmul_step("vector", a, b).tobytes()


def test_the_check_notices_a_missing_product():
    a, b = operands(20, 40, 300)
    with pytest.raises(AssertionError):
        check(matmul_step("packed", a, b) - np.outer(a[:, 7], b[7]), a, b)


def test_what_does_not_fit_is_refused():
    a, b = operands(3, 4, 5)
    with pytest.raises(ValueError, match="no step 'six'; the steps are naive, row_wise"):
        matmul_step("six", a, b)
    with pytest.raises(ValueError, match=r"a has shape \(3, 5\) and b \(3, 5\)"):
        matmul_step("naive", a, a)
    with pytest.raises(TypeError, match="b must be a C-contiguous float32"):
        matmul_step("naive", a, b.astype(np.float64))
    with pytest.raises(TypeError, match="a must be a C-contiguous float32"):
        matmul_step("naive", np.asfortranarray(a), b)


def test_without_c_kernels_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(matmul_steps, "lib", None)
    with pytest.raises(RuntimeError, match="C kernels are not available"):
        matmul_step("naive", *operands(2, 2, 2))
