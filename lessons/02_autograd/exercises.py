"""Lesson 2: write these six functions. `python -m minirl.lessons check 2.1`
checks the first."""

import math
from collections.abc import Callable, Hashable, Sequence

from minirl.lessons import implements


class Value:
    """A number that remembers how it was made. This class and `plus` are
    complete; you write the rest."""

    def __init__(
        self,
        data: float,
        parents: Sequence["Value"] = (),
        push: Callable[[], None] | None = None,
    ) -> None:
        self.data = float(data)
        # how much the loss changes when this number changes by 1:
        self.grad = 0.0
        # the values that this one was computed from:
        self.parents = tuple(parents)
        # adds this value's share to the gradients of its parents:
        self.push = push or (lambda: None)

    def __add__(self, other: "Value") -> "Value":
        return plus(self, other)

    def __mul__(self, other: "Value") -> "Value":
        return times(self, other)


# ---- 2.1 ----


def slope(f: Callable[[float], float], x: float, step: float) -> float:
    """The slope of f at x, measured: from the values of f at x + step and at x
    - step.

    slope(lambda x: x * x, 3.0, 0.1) is 6.0, up to rounding.
    """
    raise NotImplementedError("write slope")


def plus(a: Value, b: Value) -> Value:
    """a + b. An example for the two functions that follow."""

    def push() -> None:
        a.grad += c.grad  # dc/da = 1
        b.grad += c.grad  # dc/db = 1

    c = Value(a.data + b.data, (a, b), push)
    return c


# ---- 2.2 ----


def times(a: Value, b: Value) -> Value:
    """a * b, with a push that adds to a.grad and b.grad what the chain rule
    says. a and b may be the same value.

    For c = times(Value(2.0), Value(5.0)), c.data is 10.0. If c.grad is 3.0 when
    c.push() is called, the push adds 15.0 to the gradient of the first factor
    and 6.0 to that of the second.
    """
    raise NotImplementedError("write times")


# ---- 2.3 ----


def tanh(a: Value) -> Value:
    """tanh(a), with a push that adds to a.grad what the chain rule says.
    math.tanh computes it for a number.

    For c = tanh(Value(0.0)), c.data is 0.0. If c.grad is 3.0 when c.push() is
    called, the push adds 3.0 to a.grad, as the derivative of tanh is 1 at 0.
    For c = tanh(Value(1.0)), c.data is about 0.76, and the push adds about
    1.26.
    """
    raise NotImplementedError("write tanh")


# ---- 2.4 ----


@implements("autograd.order")
def order(root: Hashable, parents_of: Callable[[Hashable], Sequence[Hashable]]) -> list[Hashable]:
    """The root and everything that it was computed from, each once, in an order
    for the walk back: every node stands after all nodes that used it. The root
    comes first.

    parents_of(node) is the sequence of nodes that `node` was computed from. A
    node may occur in it twice, as in x * x; then it is used twice. Use no
    recursion: a graph may be thousands of nodes deep.

    With y = a * b and z = y + a: order(z, ...) may be [z, y, a, b] or
    [z, y, b, a], but a may not come before y. Here parents_of(z) is (y, a),
    parents_of(y) is (a, b), and parents_of(a) is ().
    """
    raise NotImplementedError("write order")


# ---- 2.5 ----


def backward(root: Value) -> None:
    """Set root.grad, and add d root / d value to the .grad of every value that
    root was computed from.

    Uses `order`, whose second argument is a function: it gets a Value and
    returns its parents. Then calls `push` of each value.
    """
    raise NotImplementedError("write backward")


# ---- 2.6 ----


def descend(parameters: Sequence[Value], rate: float) -> None:
    """Move each parameter against its gradient: data becomes data - rate *
    grad. Then make its grad 0.0 again, since the next backward adds to it. The
    parameters themselves are changed; nothing is returned.

    A parameter with data 1.0 and grad 4.0 has data 0.6 and grad 0.0 after
    descend([parameter], 0.1).
    """
    raise NotImplementedError("write descend")
