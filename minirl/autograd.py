"""Automatic differentiation: the whole engine in one file.

Every operation makes a node that remembers two things: the nodes it read (its parents) and a function which, given the
gradient of the loss with respect to the operation's output, adds to each parent's gradient (the chain rule). `backward`
visits the nodes from the loss to the leaves, each after everything that used it, and calls those functions.

    >>> x = Tensor([2.0, 3.0], requires_grad=True)
    >>> loss = (x * x).sum()
    >>> loss.backward()
    >>> x.grad
    array([4., 6.], dtype=float32)

An operation's inputs exist before its output, so nodes sorted by age, newest first, are in an order that backward can
use. It is a list and not a recursion: a graph may be deeper than Python's call stack.
"""

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import ContextDecorator, contextmanager
from operator import attrgetter
from typing import Any

import numpy as np

from minirl import kernels

Array = np.ndarray
Backward = Callable[[Array], None]

_age = itertools.count()


class _Mode(threading.local):
    recording = True
    on_gradient: "Callable[[Node], None] | None" = None


mode = _Mode()


class no_grad(ContextDecorator):
    """Operations inside build no graph: `with no_grad(): ...`, or `@no_grad()` on a function."""

    def __init__(self) -> None:
        self._before: list[bool] = []

    def __enter__(self) -> None:
        self._before.append(mode.recording)
        mode.recording = False

    def __exit__(self, *exception: object) -> None:
        mode.recording = self._before.pop()


@contextmanager
def telling(on_gradient: "Callable[[Node], None]") -> Iterator[None]:
    """Inside, `backward` calls on_gradient(leaf) as soon as a leaf has its whole gradient, while it goes on with the
    others: time to send that gradient somewhere."""
    before, mode.on_gradient = mode.on_gradient, on_gradient
    try:
        yield
    finally:
        mode.on_gradient = before


def _freed(dy: Array) -> None:
    """Stands for the backward function of a node whose graph has been used up."""


class Node:
    """A value, its gradient, and how it was made."""

    __slots__ = ("_age", "_backward", "_owns_grad", "_parents", "data", "grad", "requires_grad")

    data: Array
    grad: Array | None
    requires_grad: bool
    _parents: "tuple[Node, ...]"
    _backward: Backward | None  # None for a leaf
    _owns_grad: bool  # nobody else holds the array in grad, so it may be added to in place
    _age: int

    def backward(self, gradient: Any = None, retain_graph: bool = False) -> None:
        """Add d self / d leaf to `.grad` of every leaf that self was computed from and that requires a gradient.

        gradient: the gradient with respect to self, shaped like it; 1 where self holds a single number. The graph is
        freed on the way, which returns its memory early; retain_graph=True keeps it for another backward.

        Raises RuntimeError without a graph or for one that was freed, ValueError for a gradient missing or mis-shaped.
        """
        if not self.requires_grad:
            raise RuntimeError(
                "backward: no tensor that requires a gradient led to this one; see requires_grad and no_grad"
            )
        if gradient is None:
            if self.data.size != 1:
                raise ValueError(
                    f"backward: a tensor of shape {self.data.shape} needs the gradient of the loss with respect to it; "
                    "pass gradient=, or reduce to a single number with .sum() or .mean() first"
                )
            gradient = kernels.ones_like(self.data)
        else:
            given = gradient.data if isinstance(gradient, Node) else gradient
            gradient = kernels.asarray(given, self.data.dtype)
            if not gradient.flags.c_contiguous:
                gradient = kernels.copy(gradient)
            if gradient.shape != self.data.shape:
                raise ValueError(f"backward: gradient has shape {gradient.shape}; expected {self.data.shape}")
        order = self._graph()
        self.add_gradient(gradient)
        on_gradient, mode.on_gradient = mode.on_gradient, None  # not of a backward inside this one
        completes = _completes(order) if on_gradient is not None else {}
        try:
            while order:
                node = order.pop()
                backward = node._backward
                if backward is None:
                    continue  # a leaf keeps its gradient
                dy, node.grad = node.grad, None
                if dy is not None:
                    backward(dy)
                if on_gradient is not None:
                    for leaf in completes.get(id(node), ()):
                        on_gradient(leaf)
                if not retain_graph:
                    node._backward, node._parents = _freed, ()
        finally:  # after an error half way: leave no half-made gradients inside the graph
            mode.on_gradient = on_gradient
            for node in order:
                if node._backward is not None:
                    node.grad = None

    def _graph(self) -> "list[Node]":
        """Every node that self was computed from, itself included, oldest first."""
        found: list[Node] = []
        seen = {id(self)}
        waiting = [self]
        while waiting:
            node = waiting.pop()
            if node._backward is _freed:
                raise RuntimeError(
                    "backward: an earlier backward() has freed this graph; run the forward pass again, or pass "
                    "retain_graph=True to the earlier call"
                )
            found.append(node)
            for parent in node._parents:
                if parent.requires_grad and id(parent) not in seen:
                    seen.add(id(parent))
                    waiting.append(parent)
        found.sort(key=attrgetter("_age"))
        return found

    def add_gradient(self, gradient: Array, fresh: bool = False) -> None:
        """Add to self.grad; called by the backward functions of the operations that used self.

        Where the operation broadcast self, the gradient is summed back to self's shape, and where it went on in another
        dtype, it comes back to self's. fresh says that the caller made
        this array and keeps no other use for it: only then may it be written to later. An array that came from
        elsewhere (x + y hands one gradient to both) is never changed.
        """
        if gradient.shape != self.data.shape:
            gradient, fresh = unbroadcast(gradient, self.data.shape), True
        if isinstance(gradient, np.generic):  # NumPy's results without axes are numbers, which cannot be added to
            gradient, fresh = np.asarray(gradient), True
        if gradient.dtype is not self.data.dtype:  # a graph may widen on its way; a gradient is as wide as its value
            gradient, fresh = gradient.astype(self.data.dtype), True
        if self.grad is None:
            if not fresh and self._backward is None:  # a leaf's gradient stays, and clipping changes it in place
                gradient, fresh = kernels.copy(gradient), True
            self.grad, self._owns_grad = gradient, fresh
        elif self._owns_grad:
            kernels.add(self.grad, gradient, out=self.grad)
        else:
            total = kernels.add(self.grad, gradient, out=gradient if fresh else None)
            self.grad = kernels.asarray(total, self.data.dtype)
            self._owns_grad = True

    def add_product(self, a: Array, b: Array, transpose_a: bool = False, transpose_b: bool = False) -> None:
        """add_gradient(a b), the gradient of a matrix product, added in place where a gradient is there already."""
        if self.grad is not None and self._owns_grad and self.data.dtype == a.dtype == b.dtype:
            kernels.matmul(a, b, transpose_a=transpose_a, transpose_b=transpose_b, out=self.grad, accumulate=True)
        else:
            self.add_gradient(kernels.matmul(a, b, transpose_a=transpose_a, transpose_b=transpose_b), fresh=True)

    def collect_in(self, buffer: Array) -> None:
        """Let this leaf's gradient be added to `buffer`, of its shape, which holds zeros or an earlier gradient."""
        self.grad, self._owns_grad = buffer, True

    def gradient_buffer(self) -> Array:
        """self.grad as an array to add to in place (zeros at first), for operations that touch only parts of it."""
        if self.grad is None:
            self.grad = kernels.zeros(self.data.shape, self.data.dtype)
        elif not self._owns_grad:
            self.grad = kernels.copy(self.grad)
        self._owns_grad = True
        return self.grad


def _completes(order: list[Node]) -> dict[int, list[Node]]:
    """By the id of a node, the leaves whose gradient is whole once backward has passed it: of the nodes that read a
    leaf, the oldest is the last that backward comes to. order: oldest first."""
    found: dict[int, list[Node]] = {}
    seen: set[int] = set()
    for node in order:
        for parent in node._parents:
            if parent.requires_grad and parent._backward is None and id(parent) not in seen:
                seen.add(id(parent))
                found.setdefault(id(node), []).append(parent)
    return found


def unbroadcast(gradient: Array, shape: tuple[int, ...]) -> Array:
    """Sum a gradient over the axes along which an array of `shape` was repeated: the gradient of broadcasting."""
    added = gradient.ndim - len(shape)
    repeated = tuple(range(added)) + tuple(
        added + axis for axis, size in enumerate(shape) if size == 1 and gradient.shape[added + axis] != 1
    )
    return kernels.reshape(kernels.sum(gradient, axis=repeated), shape)
