"""The formula of attention in float64, for the tests of attention.

It stands here once more, head by head and with all T x S weights, plainer than the reference backend's. It
also says how large the numbers are that are added up on the way to each result; from this `assert_close` takes its
tolerances. A score is a sum of D products. An error of it scales the weight exp(score), so a weight of magnitude P
whose score adds up numbers of magnitude A is off by about P (1 + A) roundings, and what comes of weights inherits that.
"""

from dataclasses import dataclass

import numpy as np
from parity import EPS, normal

from minirl import kernels

NAMES = ("out", "lse", "dq", "dk", "dv")


@dataclass
class Inputs:
    """q, dout: (B, T, H, D); k, v: (B, S, H_kv, D)."""

    q: np.ndarray
    k: np.ndarray
    v: np.ndarray
    dout: np.ndarray
    scale: float
    causal: bool


def draw(seed, B, T, S, H_kv, group, D, *, causal=True, outliers=False, packed=False, size=1.0, scale=None) -> Inputs:
    """Random inputs; packed makes q, k and v slices of one projection, which needs T == S."""
    rng = np.random.default_rng(seed)
    H = H_kv * group
    if packed:
        projection = normal(rng, B, T, H + 2 * H_kv, D, outliers=outliers, scale=size)
        q, k, v = projection[:, :, :H], projection[:, :, H : H + H_kv], projection[:, :, H + H_kv :]
    else:
        q = normal(rng, B, T, H, D, outliers=outliers, scale=size)
        k, v = (normal(rng, B, S, H_kv, D, outliers=outliers, scale=size) for _ in range(2))
    return Inputs(q, k, v, normal(rng, B, T, H, D, outliers=outliers), scale or D**-0.5, causal)


def run(x: Inputs) -> tuple[np.ndarray, ...]:
    """(out, lse, dq, dk, dv) by the kernels."""
    out, lse = kernels.attention(x.q, x.k, x.v, scale=x.scale, causal=x.causal)
    return out, lse, *kernels.attention_backward(x.dout, x.q, x.k, x.v, out, lse, scale=x.scale, causal=x.causal)


def formula(x: Inputs) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The same five in float64, and the magnitude of each."""
    q, k, v, dout = (a.astype(np.float64) for a in (x.q, x.k, x.v, x.dout))
    (B, T, H, _), (_, S, H_kv, _) = q.shape, k.shape
    values = [np.zeros_like(q), np.zeros((B, H, T)), np.zeros_like(q), np.zeros_like(k), np.zeros_like(v)]
    sizes = [np.zeros_like(a) for a in values]
    hidden = np.arange(S) > np.arange(T)[:, None] + S - T if x.causal else np.zeros((T, S), bool)
    for b in range(B):
        for h in range(H):
            head, key_head = (b, slice(None), h), (b, slice(None), h // (H // H_kv))
            score = np.where(hidden, -np.inf, q[head] @ k[key_head].T * x.scale)
            score_size = np.where(hidden, 0, abs(q[head]) @ abs(k[key_head]).T * x.scale)
            largest = score.max(axis=1, initial=-1e30)
            e = np.exp(score - largest[:, None])
            with np.errstate(divide="ignore"):
                lse = np.log(e.sum(axis=1)) + largest
            p = np.where(hidden, 0, np.exp(score - np.where(lse == -np.inf, 0, lse)[:, None]))
            dp, dp_size = dout[head] @ v[key_head].T, abs(dout[head]) @ abs(v[key_head]).T
            out = p @ v[key_head]
            ds = p * (dp - (dout[head] * out).sum(axis=1, keepdims=True)) * x.scale

            lse_size = (p * score_size).sum(axis=1)
            p_size = p * (1 + score_size + lse_size[:, None])
            out_size = p_size @ abs(v[key_head])
            delta_size = (abs(dout[head]) * out_size).sum(axis=1, keepdims=True)
            ds_size = (p_size * (dp_size + abs(dp)) + p * delta_size + p_size * delta_size) * x.scale
            for target, value, size in (
                (0, out, out_size), (2, ds @ k[key_head], ds_size @ abs(k[key_head]))
            ):  # fmt: skip
                values[target][head], sizes[target][head] = value, size
            values[1][b, h], sizes[1][b, h] = lse, 1 + lse_size + np.where(np.isfinite(lse), abs(lse), 0)
            values[3][key_head] += ds.T @ q[head]
            sizes[3][key_head] += ds_size.T @ abs(q[head])
            values[4][key_head] += p.T @ dout[head]
            sizes[4][key_head] += p_size.T @ abs(dout[head])
    return values, sizes


def assert_close(x: Inputs, got) -> None:
    """Raise AssertionError where a result is further from the formula than rounding explains."""
    values, sizes = formula(x)
    for name, g, e, size in zip(NAMES, got, values, sizes, strict=True):
        assert g.shape == e.shape, f"{name} has shape {g.shape}, expected {e.shape}"
        with np.errstate(invalid="ignore"):
            wrong = ~((abs(g - e) <= 8 * EPS * size + 1e-37) | (g == e))
        if wrong.any():
            at = tuple(int(i) for i in np.argwhere(wrong)[0])
            raise AssertionError(
                f"{name}[{at}] is {g[at]}, expected {e[at]} +- {8 * EPS * size[at]}; {wrong.sum()} are off"
            )


def assert_decodes(q, k_cache, v_cache, lengths, out) -> None:
    for row, length in enumerate(lengths):
        x = Inputs(q[row : row + 1, None], k_cache[row : row + 1, :length], v_cache[row : row + 1, :length],
                   np.zeros_like(q[row : row + 1, None]), q.shape[-1] ** -0.5, True)  # fmt: skip
        (expected, *_), (size, *_) = formula(x)
        wrong = ~(abs(out[row] - expected[0, 0]) <= 8 * EPS * size[0, 0])
        assert not wrong.any(), f"row {row} of length {length}: {wrong.sum()} of {wrong.size} values are off"
