"""Where the kernels of lesson 22 go into minirl: to the launches of its own kernels for the same work.

minirl's arrays lie in the memory of the device, and the learner's functions take arrays of NumPy. So each adapter
fetches the arguments of a launch, calls the function, and puts the result where minirl's kernel would have written it.
"""

import math

import numpy as np
from numpy.lib.stride_tricks import as_strided

from minirl.lessons import Seam
from minirl.lessons.compare import Bound
from minirl.lessons.lesson import find_lesson
from minirl.lessons.matmul_seam import product_bound

checks = find_lesson("22").module("checks")
LAUNCH = "minirl.kernels.device.launch:launch"
NAMES = (None, "gelu_tanh", "gelu", "silu")


def adapter(file, kernel, work):
    """A fit for the seam: launches of this kernel become work(part, *its arguments), which says whether it did it."""

    def fit(part, original):
        def launch(name, asked, grid, block, *arguments):
            mine = (name, asked) == (file, kernel) and math.prod(np.atleast_1d(grid)) > 0
            if not mine or not work(part, grid, *arguments):
                original(name, asked, grid, block, *arguments)

        return launch

    return fit


def put(x, y):
    """Write an array of NumPy into one on the device."""
    from minirl.kernels.device import memory

    memory.to_device(np.ascontiguousarray(x, y.dtype), y.layout.ctypes.data)


def silu(part, grid, n, F, step, gate, up, y):
    """SwiGLU is silu(gate) * up: the second product is the adapter's."""
    put(part(gate.numpy().ravel()).reshape(gate.shape) * up.numpy(), y)
    return True


def rms_norm(part, grid, rows, C, eps, x, gamma, y, rstd):
    result = part(x.numpy().reshape(rows, C), gamma.numpy(), float(eps))
    put(result[0], y)
    put(result[1], rstd)
    return True


def matmul(part, grid, M, N, K, a, a_row, a_k, a_batch, b, b_k, b_column, b_batch, bias, activation, preactivation,
           residual, c, accumulate):  # fmt: skip
    """Each product of a batch, and what minirl's kernel does with it before it is written."""
    from minirl.kernels.matmul.reference import finished

    a_numbers, b_numbers, count = a.numpy().ravel(), b.numpy().ravel(), grid[2]
    made = [
        part(matrix(a_numbers, i * a_batch, M, K, a_row, a_k), matrix(b_numbers, i * b_batch, K, N, b_k, b_column))
        for i in range(count)
    ]
    shape = (count, M, N)
    host = [None if x is None else x.numpy() for x in (bias, preactivation, residual, c)]
    bias_, before, residual_, out = [x if x is None or i == 0 else x.reshape(shape) for i, x in enumerate(host)]
    put(finished(np.stack(made), bias_, NAMES[activation], before, residual_, out, bool(accumulate)), c)
    if before is not None:
        put(before, preactivation)
    return True


def matrix(numbers, start, rows, columns, row_step, column_step):
    steps = row_step * numbers.itemsize, column_step * numbers.itemsize
    return np.ascontiguousarray(as_strided(numbers[start:], (rows, columns), steps))


def embedding_gradient(part, grid, tokens, C, V, ids, dout, dtable):
    known = ids.numpy().ravel()
    if known.min() < 0 or known.max() >= V:
        return False
    put(part(known, dout.numpy().reshape(tokens, C), dtable.numpy()), dtable)
    return True


def seam(name, file, kernel, work, oracle, bound):
    return Seam(
        name,
        places=[(LAUNCH, adapter(file, kernel, work))],
        oracle=oracle,
        bound=bound,
        meter=LAUNCH,
        unit=f"launches of {kernel}",
        metered=lambda name, asked, *launched: float((name, asked) == (file, kernel)),
    )


SEAMS = [
    seam("cuda.silu", "activation", "swiglu", silu, checks.true_silu, Bound(8, reason="an exponential, a quotient")),
    seam("cuda.rms_norm", "norm", "rms_norm", rms_norm, checks.true_rms_norm,
         lambda x, gamma, eps: Bound(x.shape[1] + 12, reason="a sum of squares, a root and two products")),
    seam("cuda.matmul", "matmul", "matmul_float32", matmul, checks.true_product, product_bound),
    seam("cuda.embedding_gradient", "embedding", "embedding_backward", embedding_gradient,
         checks.true_embedding_gradient, Bound(factor=0, reason="the order of the sum is fixed")),
]  # fmt: skip
