"""Activation functions in NumPy: what csrc/activation.c must compute. Letters: F d_ff; `...` any leading axes."""

import math

import numpy as np

from minirl.kernels.activation.checks import (
    check_activation,
    check_activation_backward,
    check_halves,
    check_halves_backward,
)
from minirl.kernels.arguments import real_dtype

Array = np.ndarray

# Beyond this |x| each curve is straight to the last bit, float64 included: its value is x or 0, its slope 1 or 0.
# Curves are computed on x cut to this range, so that no power of a large x overflows and no 0 meets an infinity.
STRAIGHT = 1000


def sigmoid(x: Array) -> Array:
    """1 / (1 + e^-x), (...) -> (...); written so that neither tail overflows."""
    check_activation("sigmoid", x, real_dtype(x))
    return _sigmoid(x)


def _sigmoid(x: Array) -> Array:
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + e), e / (1 + e)).astype(x.dtype, copy=False)


_erf = np.vectorize(math.erf, otypes=[np.float64])


def _normal_cdf(x: Array) -> Array:
    return (0.5 * (1 + _erf(x / math.sqrt(2)))).astype(x.dtype)


_GELU_SCALE = 2 * math.sqrt(2 / math.pi)


def gelu(x: Array, exact: bool = False) -> Array:
    """x Phi(x), (...) -> (...) (Hendrycks and Gimpel 2016).

    Phi is the normal distribution function, or with exact=False, as in GPT-2, its tanh approximation
    (1 + tanh u) / 2 = sigmoid(2u) with u = sqrt(2 / pi) (x + 0.044715 x^3).
    """
    check_activation("gelu", x, real_dtype(x))
    near = np.clip(x, -STRAIGHT, STRAIGHT)
    phi = _normal_cdf(near) if exact else _sigmoid(_GELU_SCALE * (near + 0.044715 * near * near * near))
    return np.asarray(np.maximum(x, -STRAIGHT) * phi)


def gelu_backward(dy: Array, x: Array, exact: bool = False) -> Array:
    """dx = dy (Phi(x) + x Phi'(x)), shapes as x."""
    check_activation_backward("gelu_backward", dy, x, real_dtype(x))
    x = np.clip(x, -STRAIGHT, STRAIGHT)
    if exact:
        slope = _normal_cdf(x) + x * np.exp(-0.5 * x * x) * np.asarray(1 / math.sqrt(2 * math.pi), x.dtype)
    else:
        s = _sigmoid(_GELU_SCALE * (x + 0.044715 * x * x * x))
        slope = s + x * s * (1 - s) * _GELU_SCALE * (1 + 3 * 0.044715 * x * x)
    return np.asarray(dy * slope)


def silu(x: Array) -> Array:
    """x sigmoid(x), (...) -> (...)."""
    check_activation("silu", x, real_dtype(x))
    return _silu(x)


def _silu(x: Array) -> Array:
    return np.asarray(np.maximum(x, -STRAIGHT) * _sigmoid(x))


def silu_backward(dy: Array, x: Array) -> Array:
    """dx = dy s (1 + x (1 - s)) with s = sigmoid(x), shapes as x."""
    check_activation_backward("silu_backward", dy, x, real_dtype(x))
    return np.asarray(dy * _silu_slope(x))


def _silu_slope(x: Array) -> Array:
    x = np.clip(x, -STRAIGHT, STRAIGHT)
    s = _sigmoid(x)
    return s * (1 + x * (1 - s))


def swiglu(gate: Array, up: Array) -> Array:
    """silu(gate) * up, (..., F) each (Shazeer 2020). They may be the two halves of one (..., 2F) array."""
    check_halves("swiglu", gate, up, real_dtype(gate))
    return _silu(gate) * up


def swiglu_backward(dy: Array, gate: Array, up: Array) -> tuple[Array, Array]:
    """(dgate, dup) of swiglu, with dy, dgate and dup (..., F).

    The two are the halves of one (..., 2F) array, so that the gradient of the projection that made gate and up needs
    one product and not two.
    """
    check_halves_backward("swiglu_backward", dy, gate, up, real_dtype(gate))
    gradient = np.concatenate([dy * up * _silu_slope(gate), dy * _silu(gate)], axis=-1)
    return gradient[..., : gate.shape[-1]], gradient[..., gate.shape[-1] :]
