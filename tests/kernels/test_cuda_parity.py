"""Every row, element and token kernel in CUDA against its NumPy specification, with threads in several orders.

Without a GPU the same sources run on the CPU: see csrc/cuda/shim/.
"""

import numpy as np
import pytest
from cases import CASES
from gpu import ORDERS, cuda, drawn, mutated, needs_a_compiler, set_order, shim  # noqa: F401
from parity import assert_close, exact

from minirl.kernels.device import DeviceError

pytestmark = [needs_a_compiler, pytest.mark.usefixtures("shim"), pytest.mark.slow, pytest.mark.cuda]
BY_NAME = {case.name: case for case in CASES}
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)

SIZES = [(1, 1), (3, 31), (8, 32), (9, 33), (37, 7), (67, 150), (2, 700)]


@each_case
def test_cuda_equals_reference_in_every_order(case):
    for seed, (rows, cols) in enumerate(SIZES):
        arguments = drawn(case, seed, rows, cols, seed % 2 == 1)
        results = []
        for order in ORDERS:
            set_order(order)
            results.append(cuda(case, arguments))
        assert_close(case, arguments, results[0], rows, cols)
        for result in results[1:]:
            for one, other in zip(results[0], result, strict=True):
                np.testing.assert_array_equal(one, other)


@each_case
def test_empty_inputs(case):
    arguments = drawn(case, 5, 0, 7)
    assert_close(case, arguments, cuda(case, arguments), 0, 7)


@each_case
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf], ids=str)
def test_nan_and_infinity_go_where_numpy_sends_them(case, value):
    for column in (0, 17, 36):
        arguments = drawn(case, 4, 5, 37)
        first = next(a for a in arguments if isinstance(a, np.ndarray) and a.dtype == np.float32)
        first.reshape(-1, first.shape[-1])[2, column % first.shape[-1]] = value
        got, expected = cuda(case, arguments), exact(case, arguments)
        for index, (g, e) in enumerate(zip(got, expected, strict=True)):
            for kind in (np.isnan, np.isposinf, np.isneginf):
                np.testing.assert_array_equal(kind(g), kind(e), err_msg=f"{case.name}, output {index}, {kind.__name__}")


# ---- the tests notice broken kernels ----

BROKEN = {
    "a wrong index": (
        "swiglu of halves",
        "activation",
        "i / F * step + i % F;\n    y[i]",
        "i / F * step + i % step;\n    y[i]",
    ),
    "one number too few": ("softmax", "softmax", "for EACH (i, n) sum += expf", "for EACH (i, n - 1) sum += expf"),
    "a write behind the array": ("gelu", "activation", "if (i < n) y[i] = activated", "if (i <= n) y[i] = activated"),
    "a missing barrier": ("column_sums", "norm", "= sum;\n    __syncthreads();", "= sum;"),
    "shared memory used again too early": (
        "embedding_backward",
        "embedding",
        "dtable[column] = sum;\n        }\n        __syncthreads();",
        "dtable[column] = sum;\n        }",
    ),
    "a barrier that not all reach": (
        "column_sums",
        "norm",
        "    const int64 end = smaller(rows, (blockIdx.y + 1) * part_rows);\n    float sum = 0;",
        "    const int64 end = smaller(rows, (blockIdx.y + 1) * part_rows);\n    float sum = 0;\n"
        "    if (warp_number() == 1) __syncthreads();",
    ),
    "a wrong lane": ("column_sums", "norm", "sum += sums[warp][lane_number()]", "sum += sums[warp][lane_number() ^ 1]"),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_kernel_is_noticed(broken):
    name, file, old, new = BROKEN[broken]
    case = BY_NAME[name]
    arguments = drawn(case, 0, 67, 150)
    noticed = []
    with mutated(file, old, new):
        for order in ORDERS:
            set_order(order)
            try:
                assert_close(case, arguments, cuda(case, arguments), 67, 150)
            except (AssertionError, DeviceError) as error:
                noticed.append(str(error))
    assert noticed


def test_a_kernel_that_is_whole_passes_what_broken_ones_fail():
    for name, *_ in BROKEN.values():
        case = BY_NAME[name]
        arguments = drawn(case, 0, 67, 150)
        assert_close(case, arguments, cuda(case, arguments), 67, 150)
