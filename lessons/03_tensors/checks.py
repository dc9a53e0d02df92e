"""What is tried with the exercises of lesson 3, and what must come out. The oracles are slow, plain and in float64."""

import math

import numpy as np

from minirl.lessons.check import Check
from minirl.lessons.compare import Bound


def wide(*arrays):
    return [np.asarray(array, np.float64) for array in arrays]


def largest(*arrays):
    """The size of the largest number, 1 at the least."""
    return max([1.0, *(float(np.abs(array).max()) for array in arrays if array.size)])


# ---- 3.1 ----

SHAPES = [
    ((2,), (2,)), ((2,), (1,)), ((3, 2), (2,)), ((3, 2), (3, 1)), ((3, 2), (1, 2)), ((3, 2), ()), ((2, 3, 4), (3, 1)),
    ((2, 3, 4), (1, 4)), ((2, 3, 4), (2, 1, 1)), ((0, 3), (3,)), ((1, 3), (1, 3)), ((5, 1, 2), (1, 1, 2)),
]  # fmt: skip


def broadcasts(rng):
    for large, small in SHAPES:
        yield np.round(rng.normal(size=large), 2), small
    yield np.round(rng.normal(size=(3, 2)), 2).astype(np.float32), (2,)


def sum_of_copies(gradient, shape):
    """Which element of the small array does each element of the large one come from? Add up by that."""
    size = math.prod(shape)
    origin = np.broadcast_to(np.arange(size).reshape(shape), gradient.shape)
    total = np.bincount(origin.ravel(), weights=gradient.ravel(), minlength=size)
    return total.reshape(shape).astype(gradient.dtype)


# ---- 3.2 ----


def products(rng):
    for M, K, N in ((1, 1, 1), (1, 2, 1), (2, 2, 2), (2, 3, 4), (3, 1, 2), (0, 2, 3), (4, 4, 4), (5, 3, 2)):
        yield tuple(np.round(rng.normal(size=shape), 2) for shape in ((M, N), (M, K), (K, N)))


def by_loops(dy, a, b):
    (M, K), N = a.shape, b.shape[1]
    da, db = np.zeros((M, K)), np.zeros((K, N))
    for m in range(M):
        for k in range(K):
            for n in range(N):  # y[m, n] += a[m, k] * b[k, n]
                da[m, k] += dy[m, n] * b[k, n]
                db[k, n] += dy[m, n] * a[m, k]
    return da, db


def fast_products(dy, a, b):
    """The same for large float32 arrays."""
    dy64, a64, b64 = wide(dy, a, b)
    return np.einsum("mn,kn->mk", dy64, b64).astype(dy.dtype), np.einsum("mk,mn->kn", a64, dy64).astype(dy.dtype)


def product_bound(dy, a, b):
    terms = max(*dy.shape, *a.shape, 1)
    return Bound(terms, largest(dy) * largest(a, b), reason="a sum of this many products")


# ---- 3.3 ----


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def softmaxes(rng):
    yield np.array([[1.0, 0.0]]), np.array([[0.5, 0.5]])
    for N, V in ((1, 2), (1, 3), (2, 2), (3, 4), (4, 7)):
        yield np.round(rng.normal(size=(N, V)), 1), softmax(rng.normal(size=(N, V)) * 2)


def by_jacobian(dy, y):
    dy64, y64 = wide(dy, y)
    out = np.zeros_like(y64)
    for row in range(len(y64)):
        jacobian = np.diag(y64[row]) - np.outer(y64[row], y64[row])  # jacobian[i, j] = dy_i / dx_j
        out[row] = jacobian.T @ dy64[row]
    return out.astype(y.dtype)


# ---- 3.4 and 3.5 ----


def rows_of_logits(rng):
    yield (np.array([[0.0]]),)
    yield (np.array([[0.0, 0.0]]),)
    yield (np.array([[1.0, 3.0], [0.0, 0.0]]),)
    yield (np.array([[1000.0, 999.0]]),)
    yield (np.array([[1000.0, 999.0], [-1000.0, -1001.0]]),)
    for _ in range(8):
        yield (np.round(rng.normal(0, 5, (rng.integers(1, 4), rng.integers(1, 6))), 1),)


def log_of_sums(x):
    found = [max(row) + math.log(math.fsum(math.exp(v - max(row)) for v in row)) for row in x.tolist()]
    return np.array(found, x.dtype)


def losses(rng):
    yield np.array([[0.0, 0.0]]), np.array([0])
    yield np.array([[0.0, 1.0], [2.0, 0.0]]), np.array([1, 1])
    yield np.array([[1000.0, 999.0]]), np.array([1])
    for _ in range(8):
        N, V = int(rng.integers(1, 5)), int(rng.integers(2, 6))
        yield np.round(rng.normal(0, 3, (N, V)), 1), rng.integers(0, V, N)


def plain_loss(logits, targets):
    (x,) = wide(logits)
    p = softmax(x)
    loss = float((log_of_sums(x) - x[np.arange(len(x)), targets]).mean())
    return loss, ((p - np.eye(x.shape[1])[targets]) / len(x)).astype(logits.dtype)


# ---- 3.6 ----


def norms(rng):
    for N, C in ((1, 1), (1, 2), (2, 3), (3, 5), (4, 8)):
        dy, x = np.round(rng.normal(size=(2, N, C)), 1)
        x = x + 0.05
        yield dy, x, np.round(rng.uniform(0.5, 1.5, C), 1), 1 / np.sqrt((x * x).mean(axis=-1) + 1e-6)


def norm_by_jacobian(dy, x, gain, rstd):
    dy64, x64, gain64, r = wide(dy, x, gain, rstd)
    C, dx = x64.shape[1], np.zeros_like(x64)
    for row in range(len(x64)):
        # n_i = x_i r, and dr/dx_j = -r^3 x_j / C
        jacobian = np.eye(C) * r[row] - np.outer(x64[row], x64[row]) * r[row] ** 3 / C
        dx[row] = jacobian.T @ (dy64[row] * gain64)
    return dx.astype(x.dtype), (dy64 * x64 * r[:, None]).sum(axis=0).astype(x.dtype)


def norm_bound(dy, x, gain, rstd):
    size = largest(dy) * largest(gain) * largest(rstd) * largest(x * rstd[:, None]) ** 2
    return Bound(sum(x.shape) + 4, size, reason="sums over a row and over the rows")


CHECKS = {
    "unbroadcast": Check(
        cases=broadcasts,
        expected=sum_of_copies,
        bound=lambda gradient, shape: Bound(gradient.size + 1, largest(gradient), reason="a sum over the copies"),
        shrink=False,
    ),
    "matmul_backward": Check(cases=products, expected=by_loops, bound=product_bound, shrink=False),
    "softmax_backward": Check(
        cases=softmaxes,
        expected=by_jacobian,
        bound=lambda dy, y: Bound(y.shape[1] + 2, largest(dy), reason="a sum over the row"),
        shrink=False,
    ),
    "log_sum_exp": Check(
        cases=rows_of_logits,
        expected=log_of_sums,
        bound=lambda x: Bound(x.shape[1] + 4, largest(x), reason="a sum over the row, and its logarithm"),
        only=lambda x: x.size > 0,
    ),
    "cross_entropy": Check(
        cases=losses,
        expected=plain_loss,
        bound=lambda logits, targets: Bound(
            sum(logits.shape) + 4, largest(logits), reason="sums over a row and the rows"
        ),
        shrink=False,
    ),
    "rms_norm_backward": Check(cases=norms, expected=norm_by_jacobian, bound=norm_bound, shrink=False),
}
