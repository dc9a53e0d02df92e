"""Lesson 2: write these six functions. `python -m minirl.lessons check 2.1` checks the first."""

import math
from collections.abc import Callable, Hashable, Sequence

from minirl.lessons import implements


class Value:
    """A number that remembers how it was made. This class and `plus` are complete; you write the rest."""

    def __init__(self, data: float, parents: Sequence["Value"] = (), push: Callable[[], None] | None = None) -> None:
        self.data = float(data)
        self.grad = 0.0  # how much the loss changes when this number changes by 1
        self.parents = tuple(parents)  # the values that this one was computed from
        self.push = push or (lambda: None)  # adds this value's share to the gradients of its parents

    def __add__(self, other: "Value") -> "Value":
        return plus(self, other)

    def __mul__(self, other: "Value") -> "Value":
        return times(self, other)


# ---- 2.1 ----


def slope(f: Callable[[float], float], x: float, step: float) -> float:
    """The slope of f at x, measured: from the values of f at x + step and at x - step.

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
    """a * b, with a push that adds to a.grad and b.grad what the chain rule says. a and b may be the same value."""
    raise NotImplementedError("write times")


# ---- 2.3 ----


def tanh(a: Value) -> Value:
    """tanh(a), with its push."""
    raise NotImplementedError("write tanh")


# ---- 2.4 ----


@implements("autograd.order")
def order(root: Hashable, parents_of: Callable[[Hashable], Sequence[Hashable]]) -> list[Hashable]:
    """The root and everything that it was computed from, each once, in an order for the walk back: every node stands
    after all nodes that used it. The root comes first.

    parents_of(node) is the sequence of nodes that `node` was computed from; a node may occur in it twice. Use no
    recursion: a graph may be thousands of nodes deep.

    With y = a * b and z = y + a: order(z, ...) may be [z, y, a, b] or [z, y, b, a], but a may not come before y.
    """
    raise NotImplementedError("write order")


# ---- 2.5 ----


def backward(root: Value) -> None:
    """Add d root / d value to the .grad of every value that root was computed from. Uses `order` and `push`."""
    raise NotImplementedError("write backward")


# ---- 2.6 ----


def descend(parameters: Sequence[Value], rate: float) -> None:
    """Move each parameter against its gradient: data becomes data - rate * grad. Then make its grad 0.0 again, since
    the next backward adds to it."""
    raise NotImplementedError("write descend")
