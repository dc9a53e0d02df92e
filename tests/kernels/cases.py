"""A `Case` for every kernel on rows, elements or tokens; matmul and attention have test files of their own."""

import numpy as np
from parity import Case, normal

from minirl import kernels


def last(x: np.ndarray, f=np.max) -> np.ndarray:
    """f of |x| over the last axis, kept for broadcasting; 0 for an empty axis."""
    return f(np.abs(x), axis=-1, keepdims=True) if x.shape[-1] else np.zeros((*x.shape[:-1], 1))


def elementwise(name: str, call, magnitude, inputs: int = 1) -> Case:
    return Case(
        name,
        lambda rng, rows, cols, outliers: tuple(
            normal(rng, rows, cols, outliers=outliers, scale=3) for _ in range(inputs)
        ),
        call,
        magnitude,
    )


def draw_norm(rng, rows, cols, outliers):
    return normal(rng, rows, cols, outliers=outliers), normal(rng, cols), normal(rng, cols)


def draw_norm_backward(rng, rows, cols, outliers):
    x, gamma = normal(rng, rows, cols, outliers=outliers), normal(rng, cols)
    mean = x.mean(axis=-1) if cols else np.zeros(rows, np.float32)
    rstd = 1 / np.sqrt((x - mean[:, None]).var(axis=-1) + 1e-5) if cols else np.ones(rows, np.float32)
    return normal(rng, rows, cols), x, gamma, mean.astype(np.float32), rstd.astype(np.float32)


def norm_backward_magnitude(dy, x, gamma, mean, rstd):
    n = (np.abs(x) + np.abs(mean[:, None])) * rstd[:, None]
    g = np.abs(dy * gamma)
    C = max(x.shape[-1], 1)
    dx = rstd[:, None] * (g + last(g, np.sum) / C + n * last(g * n, np.sum) / C)
    return dx, (np.abs(dy) * n).sum(axis=0), np.abs(dy).sum(axis=0)


def draw_cross_entropy(rng, rows, cols, outliers):
    targets = rng.integers(0, cols, rows).astype(np.int32)
    targets[rng.random(rows) < 0.2] = -100
    return normal(rng, rows, cols, outliers=outliers, scale=2), targets, normal(rng, rows)


def cross_entropy(logits, targets, weights):
    log_prob, entropy = kernels.cross_entropy(logits, targets, weights, gradient=True)
    return log_prob, entropy, logits


def cross_entropy_magnitude(arguments, outputs):
    logits, _, weights = arguments
    spread = 1 + 2 * last(logits)
    pi = np.exp(logits - logits.max(axis=-1, keepdims=True)) if logits.size else logits
    pi = pi / pi.sum(axis=-1, keepdims=True)
    gradient = np.abs(weights)[:, None] * (pi * spread + np.abs(outputs[2]) + 0.25 * (np.abs(outputs[2]) > 0))
    return spread[:, 0], spread[:, 0] * 2, gradient


def draw_linear_cross_entropy(rng, rows, cols, outliers):
    """rows tokens, a vocabulary of cols, C = 19."""
    targets = rng.integers(0, cols, rows).astype(np.int32)
    targets[rng.random(rows) < 0.2] = -100
    return normal(rng, rows, 19), normal(rng, cols, 19, outliers=outliers, scale=0.3), targets, normal(rng, rows)


def linear_cross_entropy_magnitude(arguments, outputs):
    h, weight, _, weights = arguments
    logits = np.abs(h) @ np.abs(weight).T
    spread = 1 + 2 * last(logits)
    w = np.abs(weights)[:, None] * spread * 2
    pi = np.ones_like(logits)
    return (
        (np.abs(weights) * spread[:, 0]).sum() + 1,
        spread[:, 0],
        spread[:, 0] * 2,
        (w * pi) @ np.abs(weight),
        (w * pi).T @ np.abs(h),
    )


def draw_rope(rng, rows, cols, outliers):
    cosine, sine = kernels.rope_tables(50, 2 * cols)
    positions = rng.integers(0, 50, (2, rows)).astype(np.int32)
    return normal(rng, 2, rows, 3, 2 * cols, outliers=outliers), positions, cosine, sine


def rope_magnitude(arguments, outputs):
    x = np.abs(arguments[0])
    half = x.shape[-1] // 2
    pair = x[..., :half] + x[..., half:]
    return (np.concatenate([pair, pair], axis=-1),)


def draw_embedding(rng, rows, cols, outliers):
    return rng.integers(0, 11, (2, rows)).astype(np.int32), normal(rng, 11, cols, outliers=outliers)


def draw_embedding_backward(rng, rows, cols, outliers):
    ids, table = draw_embedding(rng, rows, cols, False)
    return normal(rng, 2, rows, cols, outliers=outliers), ids, table


def embedding_backward(dout, ids, dtable):
    kernels.embedding_backward(dout, ids, dtable)
    return (dtable,)


def embedding_backward_magnitude(arguments, outputs):
    dout, ids, table = arguments
    total = np.abs(table)
    np.add.at(total, ids, np.abs(dout))
    return (total,)


def draw_adamw(rng, rows, cols, outliers):
    p, g, m = (normal(rng, rows, cols, outliers=outliers) for _ in range(3))
    return p, g, m, np.abs(normal(rng, rows, cols))


def halves(x):
    """The optimizer's kernels take many arrays at once: here two, of which one may be empty."""
    return [x[: len(x) // 2], x[len(x) // 2 :]]


def adamw(p, g, m, v):
    settings = {"lr": 1e-2, "beta1": 0.9, "beta2": 0.95, "eps": 1e-8, "weight_decay": 0.1, "grad_scale": 0.7}
    kernels.adamw(*map(halves, (p, g, m, v)), step=3, **settings)
    return p, m, v


def adamw_magnitude(arguments, outputs):
    p, g, m, v = arguments
    first, second = np.abs(m) + np.abs(g), np.abs(v) + g * g
    return np.abs(p) + first / np.sqrt(np.maximum(outputs[2], 1e-12)), first, second


def scale(x):
    kernels.scale(x, 0.3)
    return (x,)


def swiglu_halves(x):
    half = x.shape[-1] // 2
    return (kernels.swiglu(x[..., :half], x[..., half:]),)


CASES = [
    Case(
        "softmax",
        lambda rng, rows, cols, outliers: (normal(rng, rows, cols, outliers=outliers, scale=3),),
        lambda x: (kernels.softmax(x),),
        lambda a, out: (out[0] * (1 + 2 * last(a[0])),),
        lambda rows, cols: cols,
    ),
    Case(
        "softmax_backward",
        lambda rng, rows, cols, outliers: (normal(rng, rows, cols, outliers=outliers), np.abs(normal(rng, rows, cols))),
        lambda dy, y: (kernels.softmax_backward(dy, y),),
        lambda a, out: (a[1] * (np.abs(a[0]) + last(a[0] * a[1], np.sum)),),
        lambda rows, cols: cols,
    ),
    Case(
        "log_softmax",
        lambda rng, rows, cols, outliers: (normal(rng, rows, cols, outliers=outliers, scale=3),),
        lambda x: (kernels.log_softmax(x),),
        lambda a, out: (1 + 2 * last(a[0]),),
        lambda rows, cols: cols,
    ),
    Case(
        "log_softmax_backward",
        lambda rng, rows, cols, outliers: (
            normal(rng, rows, cols, outliers=outliers),
            -np.abs(normal(rng, rows, cols)),
        ),
        lambda dy, y: (kernels.log_softmax_backward(dy, y),),
        lambda a, out: (np.abs(a[0]) + np.exp(a[1]) * (1 + np.abs(a[1])) * last(a[0], np.sum),),
        lambda rows, cols: cols,
    ),
    Case("cross_entropy", draw_cross_entropy, cross_entropy, cross_entropy_magnitude, lambda rows, cols: cols),
    Case(
        "linear_cross_entropy",
        draw_linear_cross_entropy,
        lambda *a: kernels.linear_cross_entropy(*a),
        linear_cross_entropy_magnitude,
        lambda rows, cols: cols + 19,
    ),
    Case(
        "layer_norm",
        draw_norm,
        lambda x, gamma, beta: kernels.layer_norm(x, gamma, beta),
        lambda a, out: (
            (2 * last(a[0]) * out[2][..., None] + 1) * np.abs(a[1]) + np.abs(a[2]),
            last(a[0])[..., 0],
            out[2] * (1 + (last(a[0])[..., 0] * out[2]) ** 2),
        ),
        lambda rows, cols: cols,
    ),
    Case(
        "layer_norm without beta",
        draw_norm,
        lambda x, gamma, beta: kernels.layer_norm(x, gamma)[:1],
        lambda a, out: (
            (2 * last(a[0]) * 400 + 1) * np.abs(a[1]) if a[0].shape[-1] < 3 else 9 * last(a[0]) * np.abs(a[1]),
        ),
        lambda rows, cols: cols,
    ),
    Case(
        "layer_norm_backward",
        draw_norm_backward,
        lambda *a: kernels.layer_norm_backward(*a),
        lambda a, out: norm_backward_magnitude(*a),
        lambda rows, cols: max(rows, cols),
    ),
    Case(
        "rms_norm",
        draw_norm,
        lambda x, gamma, beta: kernels.rms_norm(x, gamma),
        lambda a, out: (out[0], out[1]),
        lambda rows, cols: cols,
    ),
    Case(
        "rms_norm_backward",
        lambda *size: (lambda dy, x, gamma, mean, rstd: (dy, x, gamma, rstd))(*draw_norm_backward(*size)),
        lambda *a: kernels.rms_norm_backward(*a),
        lambda a, out: norm_backward_magnitude(a[0], a[1], a[2], np.zeros(len(a[1])), a[3])[:2],
        lambda rows, cols: max(rows, cols),
    ),
    elementwise("gelu_tanh", lambda x: (kernels.gelu(x),), lambda a, out: (np.abs(out[0]) * (1 + np.abs(a[0]) ** 3),)),
    elementwise(
        "gelu", lambda x: (kernels.gelu(x, exact=True),), lambda a, out: (np.abs(out[0]) + 1e-7 * np.abs(a[0]),)
    ),
    elementwise(
        "gelu_tanh_backward",
        lambda dy, x: (kernels.gelu_backward(dy, x),),
        lambda a, out: (np.abs(a[0]) * (1 + np.abs(a[1]) ** 3),),
        2,
    ),
    elementwise(
        "gelu_backward",
        lambda dy, x: (kernels.gelu_backward(dy, x, exact=True),),
        lambda a, out: (np.abs(a[0]) * 2,),
        2,
    ),
    elementwise("silu", lambda x: (kernels.silu(x),), lambda a, out: (np.abs(out[0]) * (1 + np.abs(a[0])),)),
    elementwise("silu_backward", lambda dy, x: (kernels.silu_backward(dy, x),), lambda a, out: (np.abs(a[0]) * 2,), 2),
    elementwise(
        "swiglu",
        lambda gate, up: (kernels.swiglu(gate, up),),
        lambda a, out: (np.abs(out[0]) * (1 + np.abs(a[0])),),
        2,
    ),
    elementwise(
        "swiglu_backward",
        lambda dy, gate, up: kernels.swiglu_backward(dy, gate, up),
        lambda a, out: (2 * np.abs(a[0] * a[2]), np.abs(out[1]) * (1 + np.abs(a[1]))),
        3,
    ),
    Case(
        "swiglu of halves",
        lambda rng, rows, cols, outliers: (normal(rng, rows, 2 * cols, outliers=outliers),),
        swiglu_halves,
        lambda a, out: (np.abs(out[0]) * (1 + last(a[0])),),
    ),
    Case("rope", draw_rope, lambda *a: (kernels.rope(*a),), rope_magnitude),
    Case("rope inverse", draw_rope, lambda *a: (kernels.rope(*a, inverse=True),), rope_magnitude),
    Case("embedding", draw_embedding, lambda *a: (kernels.embedding(*a),), lambda a, out: (0.0,)),
    Case(
        "embedding_backward",
        draw_embedding_backward,
        embedding_backward,
        embedding_backward_magnitude,
        lambda rows, cols: rows,
    ),
    Case(
        "column_sums",
        lambda rng, rows, cols, outliers: (normal(rng, rows, cols, outliers=outliers),),
        lambda x: (kernels.column_sums(x),),
        lambda a, out: (np.abs(a[0]).sum(axis=0),),
        lambda rows, cols: rows,
    ),
    Case("adamw", draw_adamw, adamw, adamw_magnitude),
    Case(
        "sum_squares",
        lambda rng, rows, cols, outliers: (normal(rng, rows, cols, outliers=outliers),),
        lambda x: (kernels.sum_squares(halves(x)),),
        lambda a, out: (1e-6 * out[0],),  # summed in float64
    ),
    elementwise("scale", scale, lambda a, out: (out[0],)),
]
