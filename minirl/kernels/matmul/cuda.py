"""Matrix products on a GPU: csrc/cuda/matmul.cu, matmul_tf32.cu and matmul_few_rows.cu."""

import numpy as np

from minirl.kernels.arguments import check_float
from minirl.kernels.device import DeviceArray, blocks, device, empty, launch, layout, written
from minirl.kernels.matmul.checks import ACTIVATIONS, check_matmul
from minirl.kernels.precision import BFLOAT16, precision

Array = np.ndarray | DeviceArray
TILE, THREADS = 128, 256  # as in matmul.cu
FEW_ROWS, COLUMNS = 8, 8  # as in matmul_few_rows.cu: rows at the most, columns of a block
STEPS = ("naive", "shared", "float32", "bfloat16")  # the four kernels, slowest first


def matmul(
    a: Array,
    b: Array,
    *,
    transpose_a: bool = False,
    transpose_b: bool = False,
    bias: Array | None = None,
    activation: str | None = None,
    preactivation: Array | None = None,
    residual: Array | None = None,
    out: Array | None = None,
    accumulate: bool = False,
) -> DeviceArray:
    preactivation = None if preactivation is None else written("matmul", "preactivation", preactivation)
    shape, count, M, N, K = check_matmul(
        layout(a), layout(b), transpose_a, transpose_b, layout(bias), activation, layout(preactivation),
        layout(residual), None if out is None else written("matmul", "out", out).layout, accumulate,
    )  # fmt: skip
    c = empty(shape) if out is None else written("matmul", "out", out)
    a_batch, b_batch = (M * K if a.ndim > 2 else 0), (K * N if b.ndim > 2 else 0)
    if b_batch == 0 and not transpose_a and count != 1:  # one matrix b for all: the batch is just more rows
        M, count, a_batch = M * count, 1, 0
    a_steps = (1, M) if transpose_a else (K, 1)  # from row to row of the product, and along k
    b_steps = (1, K) if transpose_b else (N, 1)  # along k, and from column to column
    grid = blocks(N, TILE), blocks(M, TILE), count
    a, b = device(a), device(b)
    end = _given(bias), ACTIVATIONS[activation], preactivation, _given(residual), c, accumulate
    weight, bits = (None, b) if b.dtype == BFLOAT16 else (b, None)
    if M <= FEW_ROWS and count == 1 and transpose_b and not transpose_a and (bits is not None or precision() != "tf32"):
        rounded = bits is not None or precision() == "bfloat16"
        launch(
            "matmul_few_rows", "matmul_few_rows", blocks(N, COLUMNS), THREADS, M, N, K, a, weight, bits, rounded, *end
        )
        return c
    if bits is None and precision() != "bfloat16":
        file, kernel = ("matmul", "matmul_float32") if precision() == "float32" else ("matmul_tf32", "matmul_tf32")
        launch(file, kernel, grid, THREADS, M, N, K, a, *a_steps, a_batch, b, *b_steps, b_batch, *end)
        return c
    operands = M, N, K, a, *a_steps, a_batch, weight, bits, *b_steps, b_batch
    launch("matmul", "matmul_bfloat16", grid, THREADS, *operands, *end)
    return c


def _given(x: Array | None) -> DeviceArray | None:
    return None if x is None else device(x)


def round_bfloat16(x: Array) -> DeviceArray:
    check_float("round_bfloat16", "x", layout(x))
    y = empty(x.shape)
    launch("matmul", "round_bfloat16", blocks(x.size, THREADS), THREADS, x.size, device(x), y)
    return y


def matmul_step(step: str, a: DeviceArray, b: DeviceArray) -> DeviceArray:
    """a b, (M, K) and (K, N), computed as one of STEPS does: to be read, measured and compared."""
    if step not in STEPS:
        raise ValueError(f"matmul_step: there is no step {step!r}; the steps are {', '.join(STEPS)}")
    (M, K), N = a.shape, b.shape[1]
    c = empty((M, N))
    if step in ("naive", "shared"):
        grid = blocks(N, 32), blocks(M, 32)
        launch("matmul", f"matmul_{step}", grid, (32, 32), M, N, K, a, b, c)
        return c
    b_bits = () if step == "float32" else (None,)
    grid = blocks(N, TILE), blocks(M, TILE)
    operands = M, N, K, a, K, 1, 0, b, *b_bits, N, 1, 0
    launch("matmul", f"matmul_{step}", grid, THREADS, *operands, None, 0, None, None, c, 0)
    return c
