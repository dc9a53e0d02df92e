"""What is tried with the exercises of lesson 3, and what must come out. The oracles are slow, plain and in float64.

The first cases are small enough to follow on paper. They have two rows and two columns, so that a mistake whose shapes
fit there gives numbers, and its explanation, instead of an error about shapes. The last cases are in float32, as in
training. Their numbers are quarters, which float32 holds exactly and prints briefly.
"""

import math

import numpy as np

from minirl.lessons.check import Check, Property
from minirl.lessons.compare import Bound


def wide(*arrays):
    return [np.asarray(array, np.float64) for array in arrays]


def quarters(rng, *shape):
    """Random numbers in float32, all of them multiples of 1/4."""
    return (rng.integers(-8, 9, shape) / 4).astype(np.float32)


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
    yield quarters(rng, 3, 2), (2,)
    yield quarters(rng, 2, 3), (2, 1)


def sum_of_copies(gradient, shape):
    """Which element of the small array does each element of the large one come from? Add up by that."""
    size = math.prod(shape)
    origin = np.broadcast_to(np.arange(size).reshape(shape), gradient.shape)
    total = np.bincount(origin.ravel(), weights=gradient.ravel(), minlength=size)
    return total.reshape(shape).astype(gradient.dtype)


# ---- 3.2 ----


def products(rng):
    yield np.array([[2.0]]), np.array([[3.0]]), np.array([[5.0]])
    yield np.array([[1.0, 0.0], [2.0, 1.0]]), np.array([[1.0, 2.0], [0.0, 3.0]]), np.array([[2.0, 0.0], [1.0, 4.0]])
    for M, K, N in ((1, 2, 1), (2, 3, 4), (3, 3, 3), (3, 1, 2), (0, 2, 3), (4, 4, 4), (5, 3, 2)):
        yield tuple(np.round(rng.normal(size=shape), 1) for shape in ((M, N), (M, K), (K, N)))
    yield quarters(rng, 2, 2), quarters(rng, 2, 3), quarters(rng, 3, 2)


def by_loops(dy, a, b):
    (M, K), N = a.shape, b.shape[1]
    da, db = np.zeros((M, K)), np.zeros((K, N))
    for m in range(M):
        for k in range(K):
            for n in range(N):  # y[m, n] += a[m, k] * b[k, n]
                da[m, k] += dy[m, n] * b[k, n]
                db[k, n] += dy[m, n] * a[m, k]
    return da.astype(dy.dtype), db.astype(dy.dtype)


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
    yield np.array([[1.0, 0.0], [1.0, 2.0]]), np.array([[0.5, 0.5], [0.25, 0.75]])
    for N, V in ((3, 3), (1, 3), (2, 3), (4, 4), (3, 4), (4, 7), (0, 3)):
        yield np.round(rng.normal(size=(N, V)), 1), percentages(rng, N, V)
    yield quarters(rng, 2, 3), np.array([[0.5, 0.25, 0.25], [0.125, 0.75, 0.125]], np.float32)


def percentages(rng, N, V):
    """Rows of probabilities with two digits: each token has at least 0.01, and each row adds up to 1."""
    rest = [rng.multinomial(100 - V, softmax(rng.normal(0, 2, V))) for _ in range(N)]
    return (1 + np.array(rest).reshape(N, V)) / 100


def by_jacobian(dy, y):
    dy64, y64 = wide(dy, y)
    out = np.zeros_like(y64)
    for row in range(len(y64)):
        jacobian = np.diag(y64[row]) - np.outer(y64[row], y64[row])  # jacobian[i, j] = dy_i / dx_j
        out[row] = jacobian.T @ dy64[row]
    return out.astype(y.dtype)


# ---- 3.4 and 3.5 ----


def rows_of_logits(rng):
    yield (np.array([[1.0, 3.0], [0.0, 0.0]]),)
    yield (np.array([[1000.0, 999.0]]),)
    yield (np.array([[0.0, 2000.0], [2000.0, 0.0]]),)
    yield (np.array([[1000.0, 999.0], [-1000.0, -1001.0]]),)
    yield (np.array([[5.0]]),)
    for N, V in ((3, 3), (1, 4), (2, 5), (4, 1), (3, 2), (4, 4)):
        yield (np.round(rng.normal(0, 5, (N, V)), 1),)
    yield (quarters(rng, 2, 3),)
    yield (np.array([[0.0, 500.0], [500.0, 0.0]], np.float32),)


def log_of_sums(x):
    found = [max(row) + math.log(math.fsum(math.exp(v - max(row)) for v in row)) for row in x.tolist()]
    return np.array(found, x.dtype)


def losses(rng):
    yield np.array([[0.0, 1.0], [2.0, 0.0]]), np.array([1, 1])
    yield np.array([[1000.0, 999.0]]), np.array([1])
    yield np.array([[0.0, 800.0]]), np.array([0])
    yield np.array([[0.0, 0.0]]), np.array([0])
    for N, V in ((3, 3), (1, 4), (2, 5), (3, 2), (4, 3), (4, 4), (2, 2), (5, 4)):
        yield np.round(rng.normal(0, 3, (N, V)), 1), rng.integers(0, V, N)
    yield quarters(rng, 2, 3), rng.integers(0, 3, 2).astype(np.int32)
    yield np.array([[0.0, 200.0], [1.0, 0.5]], np.float32), np.array([0, 1], np.int32)


def plain_loss(logits, targets):
    (x,) = wide(logits)
    p = softmax(x)
    loss = float((log_of_sums(x) - x[np.arange(len(x)), targets]).mean())
    return loss, ((p - np.eye(x.shape[1])[targets]) / len(x)).astype(logits.dtype)


def loss_bound(logits, targets):
    """The loss is a number of Python, which is computed in the format of the logits."""
    return Bound(
        sum(logits.shape) + 4,
        largest(logits),
        reason="sums over a row and the rows",
        epsilon=float(np.finfo(logits.dtype).eps),
    )


# ---- 3.6 ----


def norms(rng):
    x = np.array([[1.0, 7.0], [2.0, -2.0]])  # the mean squares are 25 and 4
    yield np.array([[1.0, 0.0], [1.0, 2.0]]), x, np.array([1.0, 0.5]), np.array([0.2, 0.5])
    for N, C in ((1, 2), (3, 3), (2, 3), (3, 5), (4, 4), (4, 8)):
        x = rng.choice([-1, 1], (N, C)) * rng.integers(1, 25, (N, C)) / 10
        yield np.round(rng.normal(size=(N, C)), 1), x, np.round(rng.uniform(0.5, 1.5, C), 1), scales(x)
    x = np.array([[1.0, 7.0, -5.0], [2.0, -2.0, 2.0]], np.float32)
    yield quarters(rng, 2, 3), x, np.array([0.5, 1.25, 1.0], np.float32), np.array([0.1875, 0.5], np.float32)


def scales(x):
    """rstd of each row, rounded down to three digits: as if the tiny number in it were a bit different in each row.
    Whoever computes rstd from x again finds another one."""
    return np.floor(1000 / np.sqrt((x * x).mean(axis=-1))) / 1000


def norm_by_jacobian(dy, x, gain, rstd):
    dy64, x64, gain64, r = wide(dy, x, gain, rstd)
    C, dx = x64.shape[1], np.zeros_like(x64)
    for row in range(len(x64)):
        # n_i = x_i r, and dr/dx_j = -r^3 x_j / C
        jacobian = np.eye(C) * r[row] - np.outer(x64[row], x64[row]) * r[row] ** 3 / C
        dx[row] = jacobian.T @ (dy64[row] * gain64)
    return dx.astype(x.dtype), (dy64 * x64 * r[:, None]).sum(axis=0).astype(x.dtype)


def uses_rstd(call, dy, x, gain, rstd):
    """Whether half of rstd gives another result."""
    whole, half = call(dy, x, gain, rstd), call(dy, x, gain, rstd / 2)
    return not np.any(dy) or not all(np.allclose(*pair, atol=0) for pair in zip(whole, half, strict=True))


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
    "matmul_backward": Check(
        cases=products,
        expected=by_loops,
        parts=("the gradient da", "the gradient db"),
        bound=product_bound,
        shrink=False,
    ),
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
        shrink=False,
    ),
    "cross_entropy": Check(
        cases=losses,
        expected=plain_loss,
        parts=("the loss", "the gradient dlogits"),
        bound=loss_bound,
        shrink=False,
    ),
    "rms_norm_backward": Check(
        cases=norms,
        expected=norm_by_jacobian,
        parts=("the gradient dx", "the gradient dgain"),
        bound=norm_bound,
        properties=(
            Property("the result follows from the rstd that is given, and not from one computed anew", uses_rstd),
        ),
        shrink=False,
    ),
}
