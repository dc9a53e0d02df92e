"""Functions of each element: one table of values and gradients.

A row gives the value y of an operation and, for each operand, what backward adds to that operand's gradient: dy times
the slope there. dy is the gradient of the loss with respect to y. Arithmetic that a model may need goes through
`kernels`, so that any backend serves; the rest is NumPy's, which only needs arrays of NumPy.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from minirl import kernels
from minirl.tensor.dtypes import Array, as_floats, beside


class Function(NamedTuple):
    """y = value(x) and dx = gradient(dy, x, y)."""

    formula: str
    value: Callable[[Array], Array]
    gradient: Callable[[Array, Array, Array], Array]
    floats: bool = True  # integers become floats first


class Operator(NamedTuple):
    """y = value(a, b), da = left(dy, a, b, y) and db = right(dy, a, b, y), before broadcasting is undone."""

    formula: str
    value: Callable[[Array, Array], Array]
    left: Callable[[Array, Array, Array, Array], Array]
    right: Callable[[Array, Array, Array, Array], Array]
    floats: bool = False


def zero(dy: Array, *_: Array) -> Array:
    """The gradient of steps, which are flat nearly everywhere."""
    return kernels.zeros_like(dy)


FUNCTIONS: dict[str, Function] = {
    "exp": Function("e^x", lambda x: kernels.exp(x), lambda dy, x, y: kernels.multiply(dy, y)),
    "expm1": Function("e^x - 1, exact for small x", np.expm1, lambda dy, x, y: dy * (y + 1)),
    "log": Function("the natural logarithm", lambda x: kernels.log(x), lambda dy, x, y: kernels.divide(dy, x)),
    "log1p": Function("log(1 + x), exact for small x", np.log1p, lambda dy, x, y: dy / (x + 1)),
    "sqrt": Function(
        "the square root", lambda x: kernels.sqrt(x), lambda dy, x, y: kernels.divide(dy, kernels.multiply(2, y))
    ),
    "square": Function(
        "x^2",
        lambda x: kernels.multiply(x, x),
        lambda dy, x, y: kernels.multiply(kernels.multiply(dy, 2), x),
        floats=False,
    ),
    "reciprocal": Function(
        "1 / x",
        lambda x: kernels.divide(1, x),
        lambda dy, x, y: kernels.multiply(kernels.multiply(kernels.negative(dy), y), y),
    ),
    "sin": Function("the sine", lambda x: kernels.sin(x), lambda dy, x, y: kernels.multiply(dy, kernels.cos(x))),
    "cos": Function(
        "the cosine",
        lambda x: kernels.cos(x),
        lambda dy, x, y: kernels.negative(kernels.multiply(dy, kernels.sin(x))),
    ),
    "tanh": Function(
        "the hyperbolic tangent",
        lambda x: kernels.tanh(x),
        lambda dy, x, y: kernels.multiply(dy, kernels.subtract(1, kernels.multiply(y, y))),
    ),
    "sigmoid": Function(
        "1 / (1 + e^-x)",
        lambda x: kernels.sigmoid(x),
        lambda dy, x, y: kernels.multiply(dy, kernels.multiply(y, kernels.subtract(1, y))),
    ),
    "softplus": Function(
        "log(1 + e^x)", lambda x: np.logaddexp(x, x.dtype.type(0)), lambda dy, x, y: dy * kernels.sigmoid(x)
    ),
    "relu": Function(
        "max(x, 0)",
        lambda x: kernels.maximum(x, 0),
        lambda dy, x, y: kernels.multiply(dy, kernels.greater(y, 0)),
        floats=False,
    ),
    "abs": Function(
        "|x|",
        lambda x: kernels.absolute(x),
        lambda dy, x, y: kernels.multiply(dy, kernels.sign(x)),
        floats=False,
    ),
    "negative": Function("-x", lambda x: kernels.negative(x), lambda dy, x, y: kernels.negative(dy), floats=False),
    "sign": Function("-1, 0 or 1, as x is negative, zero or positive", lambda x: kernels.sign(x), zero, floats=False),
    "floor": Function("the largest whole number up to x", np.floor, zero),
    "ceil": Function("the smallest whole number that is not below x", np.ceil, zero),
}


def _power_left(dy: Array, a: Array, b: Array, y: Array) -> Array:  # d a^b / da = b a^(b-1), and 0 where b is 0
    exponent = kernels.where(kernels.equal(b, 0), b, kernels.subtract(b, 1))
    return kernels.multiply(dy, kernels.multiply(b, kernels.power(a, exponent)))


def _power_right(dy: Array, a: Array, b: Array, y: Array) -> Array:  # d a^b / db = a^b log a, and 0 where a is 0
    logarithm = kernels.log(kernels.where(kernels.equal(a, 0), kernels.ones_like(a), a))
    return kernels.multiply(dy, kernels.multiply(y, logarithm))


def _chosen(dy: Array, x: Array, other: Array, comparison: Callable[[Array, Array], Array]) -> Array:
    """dy where x was chosen, half of it where both are equal."""
    half = kernels.multiply(kernels.multiply(dy, kernels.equal(x, other)), 0.5)
    return kernels.add(kernels.multiply(dy, comparison(x, other)), half)


def _smaller(x: Array, other: Array) -> Array:
    return kernels.greater(other, x)


OPERATORS: dict[str, Operator] = {
    "add": Operator(
        "a + b",
        lambda a, b: kernels.add(a, b),
        lambda dy, a, b, y: dy,
        lambda dy, a, b, y: dy,
    ),
    "subtract": Operator(
        "a - b",
        lambda a, b: kernels.subtract(a, b),
        lambda dy, a, b, y: dy,
        lambda dy, a, b, y: kernels.negative(dy),
    ),
    "multiply": Operator(
        "a b",
        lambda a, b: kernels.multiply(a, b),
        lambda dy, a, b, y: kernels.multiply(dy, b),
        lambda dy, a, b, y: kernels.multiply(dy, a),
    ),
    "divide": Operator(  # dy/db = -a / b^2 = -y / b
        "a / b",
        lambda a, b: kernels.divide(a, b),
        lambda dy, a, b, y: kernels.divide(dy, b),
        lambda dy, a, b, y: kernels.divide(kernels.multiply(dy, y), kernels.negative(b)),
        floats=True,
    ),
    "power": Operator("a^b", lambda a, b: kernels.power(a, b), _power_left, _power_right),
    "floor_divide": Operator("the largest whole number up to a / b", np.floor_divide, zero, zero),
    "remainder": Operator(
        "a - b floor(a / b)",
        np.remainder,
        lambda dy, a, b, y: dy,
        lambda dy, a, b, y: -dy * np.floor_divide(a, b),
    ),
    "maximum": Operator(
        "the larger of a and b; where they are equal each receives half of the gradient",
        lambda a, b: kernels.maximum(a, b),
        lambda dy, a, b, y: _chosen(dy, a, b, kernels.greater),
        lambda dy, a, b, y: _chosen(dy, b, a, kernels.greater),
    ),
    "minimum": Operator(
        "the smaller of a and b; where they are equal each receives half of the gradient",
        lambda a, b: kernels.minimum(a, b),
        lambda dy, a, b, y: _chosen(dy, a, b, _smaller),
        lambda dy, a, b, y: _chosen(dy, b, a, _smaller),
    ),
}

# what has no gradient: comparisons give truth values, and the rest takes truth values or whole numbers
COMPARISONS: dict[str, Callable[[Array, Array], Array]] = {
    "greater": lambda a, b: kernels.greater(a, b),
    "greater_equal": np.greater_equal,
    "less": lambda a, b: kernels.greater(b, a),
    "less_equal": np.less_equal,
    "equal": lambda a, b: kernels.equal(a, b),
    "not_equal": np.not_equal,
    "bitwise_and": np.bitwise_and,
    "bitwise_or": np.bitwise_or,
    "bitwise_xor": np.bitwise_xor,
}


def clip(x: Array, low: Any = None, high: Any = None) -> tuple[Array, Callable[[Array], Array]]:
    """Values below low become low, above high become high; their gradient is 0. None: no bound on that side."""
    if low is None and high is None:
        raise ValueError("clip: got neither low nor high; expected at least one bound")
    bounds: list[Any] = [None if bound is None else beside(bound, x.dtype) for bound in (low, high)]
    if any(bound is not None and bound.dtype.kind == "f" for bound in bounds):
        x = as_floats(x)
    y = kernels.clip(x, *bounds)
    return y, lambda dy: kernels.multiply(dy, kernels.equal(y, x))


def round_to(x: Array, decimals: int = 0) -> tuple[Array, Callable[[Array], Array]]:
    """The nearest number with so many decimals, halves to the even neighbour; its gradient is 0."""
    return np.round(x, decimals), zero
