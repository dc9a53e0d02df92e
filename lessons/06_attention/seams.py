"""Where the functions of lesson 6 go into minirl: into the loss, and into attention with its gradient."""

import numpy as np

from minirl import kernels
from minirl.lessons import Seam
from minirl.lessons.lesson import find_lesson

checks = find_lesson("6").module("checks")
WIDEST = 128  # LARGEST_D of the exercises


def fit_cross_entropy(cross_entropy, original):
    """kernels.cross_entropy, which takes any number for "this row does not count", and weights or none."""

    def fitted(logits, targets, weights=None, *, ignore_index=-100, gradient=False):
        own = np.where(targets == ignore_index, -1, targets).astype(np.int32)
        given = np.ones(len(logits), np.float32) if weights is None else weights
        log_pi, entropy, dz = cross_entropy(logits, own, given)
        if gradient:
            logits[...] = dz
        return log_pi, entropy

    return fitted


def by_head(x):
    """(B, T, H, D) as the exercises have it: (B * H, T, D)."""
    B, T, H, D = x.shape
    return np.ascontiguousarray(x.transpose(0, 2, 1, 3)).reshape(B * H, T, D)


def by_token(x, like, out=None):
    """(B * H, T, D) back as (B, T, H, D)."""
    B, T, H, D = like.shape
    turned = x.reshape(B, H, T, D).transpose(0, 2, 1, 3)
    if out is None:
        return np.ascontiguousarray(turned)
    out[...] = turned
    return out


def is_plain(q, k, scale, causal, starts):
    """Whether a call asks for what the lesson's attention does: one causal text in a row, and a key head for each
    query head."""
    return causal and scale is None and starts is None and q.shape == k.shape and q.shape[3] <= WIDEST and q.size > 0


def fit_attention(attention, original):
    """kernels.attention; what the lesson does not have, minirl's own does."""

    def fitted(q, k, v, *, scale=None, causal=True, starts=None, prefixes=None, out=None):
        if not is_plain(q, k, scale, causal, starts):
            return original(q, k, v, scale=scale, causal=causal, starts=starts, prefixes=prefixes, out=out)
        o, lse = attention(*map(by_head, (q, k, v)))
        return by_token(o, q, out), lse.reshape(q.shape[0], q.shape[2], q.shape[1])

    return fitted


def fit_attention_backward(attention_backward, original):
    """kernels.attention_backward; what the lesson does not have, minirl's own does."""

    def fitted(dout, q, k, v, out, lse, *, scale=None, causal=True, starts=None, dq=None, dk=None, dv=None, **rest):
        if not is_plain(q, k, scale, causal, starts):
            named = {"scale": scale, "causal": causal, "starts": starts, "dq": dq, "dk": dk, "dv": dv, **rest}
            return original(dout, q, k, v, out, lse, **named)
        heads = lse.reshape(-1, lse.shape[2])
        made = attention_backward(*map(by_head, (q, k, v, out)), heads, by_head(dout))
        return tuple(by_token(x, q, into) for x, into in zip(made, (dq, dk, dv), strict=True))

    return fitted


def pairs(q, *rest):
    """Pairs of a query and a key that it sees, of arrays (heads, T, d)."""
    return q.shape[0] * q.shape[1] * (q.shape[1] + 1) / 2


def pairs_of_kernel(q, *rest):
    """The same, of minirl's arrays (B, T, H, D)."""
    return q.shape[0] * q.shape[2] * q.shape[1] * (q.shape[1] + 1) / 2


SEAMS = [
    Seam(
        "kernels.cross_entropy",
        places=[(f"minirl.kernels.cross_entropy.{kernels.backend()}:cross_entropy", fit_cross_entropy)],
        oracle=checks.losses,
        bound=checks.rounded_losses,
        meter=f"minirl.kernels.cross_entropy.{kernels.backend()}:cross_entropy",
        unit="rows of logits",
        work=lambda z, *rest: len(z),
        metered=lambda z, *rest: len(z),
    ),
    Seam(
        "kernels.attention",
        places=[("minirl.kernels:attention", fit_attention)],
        oracle=checks.outputs,
        bound=checks.rounded_output,
        meter="minirl.kernels:attention",
        unit="pairs of a query and a key",
        work=pairs,
        metered=pairs_of_kernel,
    ),
    Seam(
        "kernels.attention_backward",
        places=[("minirl.kernels:attention_backward", fit_attention_backward)],
        oracle=checks.gradients,
        bound=checks.rounded_gradients,
        meter="minirl.kernels:attention_backward",
        unit="pairs of a query and a key",
        work=pairs,
        metered=lambda dout, q, *rest: pairs_of_kernel(q),
    ),
]
