"""What is tried with the exercises of lesson 6, and what must come out."""

import math
import tracemalloc

import numpy as np

from minirl.lessons.c import Face, empty
from minirl.lessons.check import Check
from minirl.lessons.compare import Bound, Verdict, literal
from minirl.lessons.gate import Memory, Speed

INF = math.inf


def real(*numbers):
    """A float32 array."""
    return np.array(numbers, np.float32)


# ---- softmax ----


def call_softmax(f, x):
    y = empty(*x.shape)
    f(x, y, *x.shape)
    return y


def rows(rng):
    """(x,)"""
    yield (real([0.0]),)
    yield (real([0.0, 0.0]),)
    yield (real([0.0, 1.0]),)
    yield (real([1000.0, 1001.0]),)
    yield (real([-1000.0, -1001.0]),)
    yield (real([-200.0, -200.0], [0.0, 0.0]),)
    yield (real([0.0, 0.0], [1.0, 1.0]),)
    yield (real([0.0, 200.0]),)
    yield (real([0.0, -INF]),)
    yield (real([-INF, 3.0, 3.0]),)
    for _ in range(6):
        yield (rng.normal(0, rng.choice([1, 30]), rng.integers(1, 5, 2)).round(1).astype(np.float32),)
    yield (rng.normal(0, 3, (3, 100)).astype(np.float32),)


def softmax(x):
    z = x.astype(np.float64)
    weights = np.exp(z - z.max(axis=-1, keepdims=True))
    return (weights / weights.sum(axis=-1, keepdims=True)).astype(x.dtype)


def rounded(x):
    """Exponents are rounded to their own size, and then there is a sum."""
    size = float(np.abs(np.where(np.isfinite(x), x, 0)).max(initial=0))
    return Bound(4 + x.shape[-1] + size, reason="the exponents and the sum are rounded")


# ---- cross-entropy ----


def call_cross_entropy(f, z, targets, weights):
    dz, log_pi, entropy = z.copy(), empty(len(z)), empty(len(z))
    f(dz, targets, weights, log_pi, entropy, *z.shape)
    return log_pi, entropy, dz


def logits(rng):
    """(z, targets, weights)"""
    yield real([0.0, 0.0]), np.array([1], np.int32), real(1.0)
    yield real([0.0, 1.0]), np.array([0], np.int32), real(2.0)
    yield real([3.0, 1.0]), np.array([-1], np.int32), real(1.0)
    yield real([0.0, 200.0]), np.array([0], np.int32), real(1.0)
    yield real([0.0, 1.0, -INF]), np.array([0], np.int32), real(1.0)
    yield real([1000.0, 1001.0]), np.array([1], np.int32), real(0.5)
    yield real([0.0, 1.0], [2.0, 0.0], [1.0, 1.0]), np.array([1, -100, 0], np.int32), real(1.0, 1.0, -0.5)
    for _ in range(6):
        n, V = int(rng.integers(1, 4)), int(rng.integers(2, 5))
        targets = np.where(rng.random(n) < 0.25, -100, rng.integers(0, V, n)).astype(np.int32)
        z, weights = rng.normal(0, 3, (n, V)), rng.normal(size=n)
        yield z.round(1).astype(np.float32), targets, weights.round(1).astype(np.float32)
    yield rng.normal(0, 3, (5, 90)).astype(np.float32), rng.integers(-1, 90, 5).astype(np.int32), real(1, 2, 3, 4, 5)


def losses(z, targets, weights):
    kept, at = targets >= 0, np.maximum(targets, 0)
    wide = z.astype(np.float64)
    below = wide - wide.max(axis=1, keepdims=True)
    log_pi = below - np.log(np.exp(below).sum(axis=1, keepdims=True))
    pi = np.exp(log_pi)
    entropy = -(pi * np.where(pi > 0, log_pi, 0)).sum(axis=1)
    pi[np.arange(len(z)), at] -= 1
    pi *= np.where(kept, weights, 0)[:, None]
    chosen = log_pi[np.arange(len(z)), at]
    made = np.where(kept, chosen, 0), np.where(kept, entropy, 0), np.where(kept[:, None], pi, 0)
    return tuple(x.astype(z.dtype) for x in made)


def rounded_losses(z, targets, weights):
    size = float(np.abs(np.where(np.isfinite(z), z, 0)).max())
    return Bound(8 + z.shape[1] + size, max(1.0, float(np.abs(weights).max())), reason="exponents and sums are rounded")


def many_rows(n, rng):
    z, targets = rng.normal(size=(n, 200)), rng.integers(0, 200, n)
    return z.astype(np.float32), targets.astype(np.int32), np.ones(n, np.float32)


# ---- the last layer, chunk by chunk ----


def last_layers(rng):
    """(h, W, targets, weights, chunk)"""
    yield real([0.0]), real([0.0], [0.0]), np.array([1], np.int32), real(1.0), 1
    yield real([1.0], [2.0]), real([1.0], [0.0]), np.array([1, 0], np.int32), real(1.0, 2.0), 1
    yield real([1.0], [2.0], [-1.0]), real([1.0], [0.0]), np.array([1, 0, 1], np.int32), real(1.0, 0.0, -1.0), 2
    for _ in range(4):
        N, V, C = (int(n) for n in rng.integers(1, 6, 3))
        yield (
            rng.normal(size=(N, C)).round(1).astype(np.float32), rng.normal(size=(V, C)).round(1).astype(np.float32),
            rng.integers(0, V, N).astype(np.int32), rng.normal(size=N).round(1).astype(np.float32),
            int(rng.integers(1, N + 2)),
        )  # fmt: skip
    yield (
        rng.normal(size=(1000, 4)).astype(np.float32), rng.normal(size=(250, 4)).astype(np.float32),
        rng.integers(0, 250, 1000).astype(np.int32), np.full(1000, 0.001, np.float32), 50,
    )  # fmt: skip


def with_its_memory(names, h, W, targets, weights, chunk):
    """The three results, and a verdict about the most memory that was in use. It is taken as wrong only where there is
    a lot: arrays of a few rows cost Python more than their numbers do."""
    tracemalloc.start()
    try:
        made = names["linear_cross_entropy"](h, W, targets, weights, chunk)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    if not isinstance(made, tuple) or len(made) != 3:
        return made
    rows_of_logits = peak / (4 * len(W))
    if len(h) * len(W) < 100_000 or rows_of_logits < 0.8 * len(h):
        return (*made, Verdict())
    return (*made, Verdict(
        "memory", f"{peak / 1e6:.1f} MB were in use at once, as much as {rows_of_logits:,.0f} rows of logits take. The "
        f"chunk has {chunk} rows, and {len(h)} tokens are given"
    ))  # fmt: skip


def last_layer(h, W, targets, weights, chunk):
    wide = h.astype(np.float64), W.astype(np.float64)
    log_pi, _, dz = losses(wide[0] @ wide[1].T, targets, weights.astype(np.float64))
    loss = -math.fsum((weights * log_pi).tolist())
    return loss, (dz @ wide[1]).astype(np.float32), (dz.T @ wide[0]).astype(np.float32), Verdict()


def typed_layer(h, W, targets, weights, chunk):
    if h.size < 100:
        return f"linear_cross_entropy({', '.join(map(literal, (h, W, targets, weights, chunk)))})"
    return (
        f"rng = np.random.default_rng(0)\n    h, W = [rng.normal(size=(n, {h.shape[1]})).astype(np.float32) "
        f"for n in ({len(h)}, {len(W)})]\n    targets = rng.integers(0, {len(W)}, {len(h)})\n"
        f"    linear_cross_entropy(h, W, targets, np.full({len(h)}, {weights[0]:g}, np.float32), {chunk})"
    )


# ---- merging ----


def call_merge(f, a, b):
    both = empty(len(a))
    f(a, b, both, len(a) - 2)
    return both


def states(rng):
    """(a, b)"""
    yield real(0, 1, 5), real(0, 1, 7)
    yield real(1, 1, 5), real(0, 2, 7)
    yield real(0, 2, 5), real(1, 1, 7)
    yield real(-INF, 0, 0), real(1, 2, 3)
    yield real(1, 2, 3), real(-INF, 0, 0)
    yield real(-INF, 0, 0), real(-INF, 0, 0)
    yield real(-300, 1, 5), real(200, 1, 7)
    yield real(200, 1, 5), real(-300, 1, 7)
    for _ in range(8):
        d = int(rng.integers(1, 4))
        yield tuple(
            np.concatenate([rng.normal(0, 3, 1), rng.uniform(1, 4, 1), rng.normal(size=d)]).round(1).astype(np.float32)
            for _ in range(2)
        )


def merged(a, b):
    a, b = a.astype(np.float64), b.astype(np.float64)
    m = max(a[0], b[0])
    rest = sum(math.exp(x[0] - m) * x[1:] for x in (a, b) if x[0] > -INF) if m > -INF else np.zeros(len(a) - 1)
    return np.concatenate([[m], rest]).astype(np.float32)


# ---- attention ----


def call_attention(f, q, k, v):
    o, lse = empty(*q.shape), empty(*q.shape[:2])
    f(q, k, v, o, lse, *q.shape)
    return o, lse


def call_backward(f, q, k, v, o, lse, dout):
    made = [empty(*q.shape) for _ in range(3)]
    f(q, k, v, o, lse, dout, *made, *q.shape)
    return tuple(made)


def sizes(rng):
    """(heads, T, d, spread, seed)"""
    yield 1, 1, 1, 1, 0
    yield 1, 2, 1, 1, 0
    yield 1, 2, 4, 1, 0
    yield 2, 3, 2, 1, 0
    yield 1, 5, 2, 30, 0
    yield 1, 33, 2, 1, 0
    yield 1, 65, 1, 1, 0
    yield 1, 70, 16, 3, 1
    yield 1, 100, 2, 3, 2
    yield 2, 131, 3, 2, int(rng.integers(1000))
    yield int(rng.integers(1, 4)), int(rng.integers(2, 80)), int(rng.integers(1, 40)), 1, int(rng.integers(1000))
    yield 1, 3, 128, 1, 0


def sizes_and_unseen(rng):
    """(heads, T, d, spread, seed, unseen).

    Where `unseen`, the last value is nan. A program that leaves out the tiles above the diagonal never meets it in an
    earlier tile of queries.
    """
    for size in sizes(rng):
        yield *size, False
    yield 1, 65, 1, 1, 0, True


def given_forward(heads, T, d, spread, seed, unseen):
    q, k, v = arrays(3, heads, T, d, spread, seed)
    v[:, -1] = np.nan if unseen else v[:, -1]
    return q, k, v


def expected_forward(heads, T, d, spread, seed, unseen):
    o, lse = outputs(*arrays(3, heads, T, d, spread, seed))
    o[:, -1] = np.nan if unseen else o[:, -1]
    return o, lse


def arrays(n, heads, T, d, spread, seed):
    """n arrays of random numbers, (heads, T, d)."""
    return tuple(np.random.default_rng(seed).normal(0, spread, (n, heads, T, d)).astype(np.float32))


def attended(q, k, v):
    """(o, lse, weights), in float64."""
    q, k, v = (x.astype(np.float64) for x in (q, k, v))
    T = q.shape[1]
    scores = np.where(np.tri(T, dtype=bool), q @ k.transpose(0, 2, 1) / math.sqrt(q.shape[2]), -INF)
    largest = scores.max(axis=2, keepdims=True)
    weights = np.exp(scores - largest)
    total = weights.sum(axis=2, keepdims=True)
    return weights / total @ v, (largest + np.log(total))[..., 0], weights / total


def outputs(q, k, v):
    """What attention must fill."""
    o, lse, _ = attended(q, k, v)
    return o.astype(q.dtype), lse.astype(q.dtype)


def gradients(q, k, v, o, lse, dout):
    """What attention_backward must fill."""
    weights = attended(q, k, v)[2]
    q, k, v, dout = (x.astype(np.float64) for x in (q, k, v, dout))
    dp = dout @ v.transpose(0, 2, 1)
    ds = weights * (dp - (weights * dp).sum(axis=2, keepdims=True)) / math.sqrt(q.shape[2])
    return tuple(x.astype(np.float32) for x in (ds @ k, ds.transpose(0, 2, 1) @ q, weights.transpose(0, 2, 1) @ dout))


def rounded_output(q, k, v):
    """Scores are rounded to their size, and so are the exponents; then come sums over d and over T."""
    score = float(np.abs(q).max() * np.abs(k).max() * math.sqrt(q.shape[2]))
    scale = max(1.0, float(np.abs(v).max()))
    return Bound(4 + q.shape[2] + q.shape[1] / 4 + score, scale, reason="scores and sums are rounded")


def rounded_gradients(q, k, v, o, lse, dout):
    base = rounded_output(q, k, v)
    scale = float(np.abs(dout).max() * np.abs(v).max() * max(np.abs(k).max(), np.abs(q).max()) * q.shape[2])
    return Bound(base.terms, max(1.0, scale), reason="scores and sums are rounded")


def given_backward(*size):
    q, k, v, dout = arrays(4, *size)
    return q, k, v, *outputs(q, k, v), dout


def typed(names, call):
    def show(heads, T, d, spread, seed, unseen=False):
        many = len(names.split(", "))
        spoilt = "v[:, -1] = np.nan\n    " if unseen else ""
        return (
            f"rng = np.random.default_rng({seed})\n    {names} = rng.normal(0, {spread}, ({many}, {heads}, {T}, {d}))"
            f".astype(np.float32)\n    {spoilt}{call}"
        )

    return show


FACES = {
    "softmax": Face(call_softmax, reference=softmax),
    "cross_entropy": Face(call_cross_entropy, reference=losses),
    "merge": Face(call_merge, reference=merged),
    "attention": Face(call_attention, reference=outputs),
    "attention_backward": Face(call_backward, reference=gradients),
}

CHECKS = {
    "softmax": Check(
        cases=rows, expected=softmax, bound=rounded, only=lambda x: bool(np.isfinite(x).any(axis=-1).all()),
    ),
    "cross_entropy": Check(
        cases=logits, expected=losses, bound=rounded_losses, shrink=False,
        parts=("log_pi", "the entropy", "the gradient"),
        memory=Memory(case=many_rows, sizes=(64, 128, 256), exponent=0.5, wasteful=("cross_entropy__copy",)),
    ),
    "linear_cross_entropy": Check(
        cases=last_layers, expected=last_layer, observe=with_its_memory, show=typed_layer, shrink=False,
        parts=("the loss", "dh", "dW", "the memory"),
        bound=lambda h, W, targets, weights, chunk: Bound(
            20 + len(h) + len(W), 10.0, epsilon=float(np.finfo(np.float32).eps), reason="float32, and sums over tokens"
        ),
    ),
    "merge": Check(cases=states, expected=merged, bound=Bound(20, 1.0, reason="exponentials and a sum"), shrink=False),
    "attention": Check(
        cases=sizes_and_unseen, given=given_forward, expected=expected_forward,
        bound=lambda *size: rounded_output(*arrays(3, *size[:-1])), show=typed("q, k, v", "attention(q, k, v)"),
        shrink=False, parts=("o", "lse"),
        speed=Speed(case=lambda rng: arrays(3, 2, 512, 64, 1, 0), slow=("attention__key_by_key",)),
        memory=Memory(case=lambda T, rng: arrays(3, 1, T, 8, 1, 0), sizes=(128, 256, 512), exponent=1.3,
                      wasteful=("attention__whole_matrix",)),
    ),
    "attention_backward": Check(
        cases=sizes, given=given_backward, expected=lambda *size: gradients(*given_backward(*size)),
        bound=lambda *size: rounded_gradients(*given_backward(*size)),
        show=typed("q, k, v, dout", "o, lse = attention(q, k, v)\n    attention_backward(q, k, v, o, lse, dout)"),
        shrink=False, parts=("dq", "dk", "dv"),
        memory=Memory(case=lambda T, rng: given_backward(1, T, 8, 1, 0), sizes=(128, 256, 512), exponent=1.3,
                      wasteful=("attention_backward__keeps_the_weights",)),
    ),
}  # fmt: skip
