"""Gradient checkpointing: forget what a part of the model computed, and compute it again when its gradient is due.

Backward needs the values that the forward pass made inside each block: about 17 numbers a token for each number of its
width. With `recomputed`, only the block's input is kept (Chen et al. 2016, "Training Deep Nets with Sublinear Memory
Cost"). The price is a second forward pass, about a third more arithmetic. The gradients have the same bits, because the
same operations run on the same numbers.
"""

from collections.abc import Callable, Sequence

from minirl.autograd import Array, Node, mode, no_grad
from minirl.tensor import Tensor
from minirl.tensor.tensor import result


def recomputed(function: Callable[[Tensor], Tensor], x: Tensor, parameters: Sequence[Tensor]) -> Tensor:
    """function(x), without keeping what it computes on its way.

    function: must give the same value when it is called again, so it draws no random numbers. parameters: what it
    reads besides x; those that require a gradient get it.
    """
    with no_grad():
        y = function(x)
    if not mode.recording:
        return y

    def backward(dy: Array) -> None:
        again = Tensor(x.data)
        again.requires_grad = x.requires_grad
        _recording(function, again).backward(dy)
        if x.requires_grad and again.grad is not None:
            x.add_gradient(again.grad, fresh=True)

    learning: tuple[Tensor, ...] = tuple(p for p in parameters if p.requires_grad)
    return result(y.data, (x, *learning), backward)


def _recording(function: Callable[[Tensor], Tensor], x: Tensor) -> Node:
    """function(x) with its graph, also where backward runs without recording."""
    before, mode.recording = mode.recording, True
    try:
        return function(x)
    finally:
        mode.recording = before
