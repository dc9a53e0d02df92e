"""The same values in another shape or order: each function of an array returns its value and its gradient.

No value changes, so a gradient only travels back to where its value came from. NumPy's names and meanings hold; where
PyTorch has another name for the same thing it is there too (view, permute).
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from minirl import kernels
from minirl.tensor.dtypes import Array, beside, together
from minirl.tensor.reduction import axis_of

Gradient = Callable[[Array], Array]


def one_tuple(numbers: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments of f(2, 3), f((2, 3)) or f([2, 3]) as (2, 3)."""
    if len(numbers) == 1 and isinstance(numbers[0], tuple | list):
        return tuple(numbers[0])
    return numbers


def along(axis: int, part: Any) -> tuple[Any, ...]:
    """The index that takes this part of an axis, and all of the others."""
    return (*[slice(None)] * axis, part)


def reshape(x: Array, *shape: Any) -> tuple[Array, Gradient]:
    """The same values in another shape, given as numbers or one tuple; -1 stands for what is left."""
    new = one_tuple(shape)
    try:
        y = kernels.reshape(x, new)
    except ValueError:
        raise ValueError(f"reshape: {x.size} values of shape {x.shape} do not fill shape {new}") from None
    return y, lambda dy: kernels.reshape(dy, x.shape)


def flatten(x: Array, start: int = 0, end: int = -1) -> tuple[Array, Gradient]:
    """The axes from start to end, both included, as one; without arguments all axes."""
    if x.ndim == 0:
        return reshape(x, 1)
    first, last = (axis_of("flatten", axis, x.ndim, x.shape) for axis in (start, end))
    if first > last:
        raise ValueError(f"flatten: start {start} lies behind end {end} in shape {x.shape}")
    return reshape(x, *x.shape[:first], int(np.prod(x.shape[first : last + 1])), *x.shape[last + 1 :])


def squeeze(x: Array, axis: int | tuple[int, ...] | None = None) -> tuple[Array, Gradient]:
    """Without the axes of size 1, or without the given ones; ValueError where one of those has another size."""
    if axis is None:
        gone = {i for i, size in enumerate(x.shape) if size == 1}
    else:
        gone = {axis_of("squeeze", one, x.ndim, x.shape) for one in (axis if isinstance(axis, tuple) else (axis,))}
    if wrong := [i for i in gone if x.shape[i] != 1]:
        raise ValueError(f"squeeze: axis {wrong[0]} of shape {x.shape} has size {x.shape[wrong[0]]}; expected 1")
    return reshape(x, tuple(size for i, size in enumerate(x.shape) if i not in gone))


def unsqueeze(x: Array, axis: int) -> tuple[Array, Gradient]:
    """With a new axis of size 1 at this place of the result, as numpy.expand_dims."""
    at = axis_of("unsqueeze", axis, x.ndim + 1, x.shape)
    return reshape(x, (*x.shape[:at], 1, *x.shape[at:]))


def expand(x: Array, *shape: Any) -> tuple[Array, Gradient]:
    """Repeated along axes of size 1, and along new leading axes, to fill this shape; -1 keeps a size. Copies."""
    new = one_tuple(shape)
    added = len(new) - x.ndim
    full = tuple(x.shape[i - added] if size == -1 and i >= added else size for i, size in enumerate(new))
    try:
        y = kernels.copy(kernels.broadcast_to(x, full))
    except ValueError:
        raise ValueError(
            f"expand: shape {x.shape} does not fill {new}; counted from the last, each axis must be equal or 1"
        ) from None
    return y, lambda dy: dy  # add_gradient sums what was repeated


def transpose(x: Array, *axes: Any) -> tuple[Array, Gradient]:
    """Axis i of the result is axis axes[i] of the tensor; without axes the order is reversed. Copies."""
    given = () if axes == (None,) else one_tuple(axes)
    order = tuple(axis_of("transpose", axis, x.ndim, x.shape) for axis in given) or tuple(reversed(range(x.ndim)))
    if sorted(order) != list(range(x.ndim)):
        raise ValueError(f"transpose: axes {given} of shape {x.shape}; expected each of its {x.ndim} axes once")
    inverse = tuple(int(i) for i in np.argsort(order))
    return kernels.copy(kernels.transpose(x, order)), lambda dy: kernels.copy(kernels.transpose(dy, inverse))


def swapaxes(x: Array, first: int, second: int) -> tuple[Array, Gradient]:
    """With two axes exchanged. Copies."""
    order = list(range(x.ndim))
    i, j = (axis_of("swapaxes", axis, x.ndim, x.shape) for axis in (first, second))
    order[i], order[j] = j, i
    return transpose(x, order)


def flip(x: Array, axis: int | tuple[int, ...] | None = None) -> tuple[Array, Gradient]:
    """In reverse order along an axis, several, or all."""
    axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    turned = tuple(axis_of("flip", one, x.ndim, x.shape) for one in axes)
    return kernels.copy(np.flip(x, turned)), lambda dy: kernels.copy(np.flip(dy, turned))


def roll(x: Array, shift: int | tuple[int, ...], axis: int | tuple[int, ...] | None = None) -> tuple[Array, Gradient]:
    """Moved on by `shift` places along an axis; what leaves at the end comes back in front. Without axis: flattened."""
    for one in () if axis is None else axis if isinstance(axis, tuple) else (axis,):
        axis_of("roll", one, x.ndim, x.shape)
    back = tuple(-one for one in shift) if isinstance(shift, tuple) else -shift
    return np.roll(x, shift, axis), lambda dy: np.roll(dy, back, axis)


def repeat(x: Array, repeats: Any, axis: int | None = None) -> tuple[Array, Gradient]:
    """Each value `repeats` times in a row, along an axis or, without one, of the flattened values, as numpy.repeat."""
    at = 0 if axis is None else axis_of("repeat", axis, x.ndim, x.shape)
    flat = kernels.reshape(x, (-1,)) if axis is None else x
    source = np.repeat(np.arange(flat.shape[at]), np.asarray(repeats))  # where each value of the result comes from
    index = along(at, source)

    def gradient(dy: Array) -> Array:
        dx = kernels.zeros(flat.shape, dy.dtype)
        kernels.add_at(dx, index, dy)
        return kernels.reshape(dx, x.shape)

    return np.ascontiguousarray(flat[index]), gradient


def pad(x: Array, width: Any, value: Any = 0) -> tuple[Array, Gradient]:
    """With `value` around it. width: a number for all sides, (before, after) for all axes, or such a pair for each."""
    try:
        sides = np.broadcast_to(np.asarray(width), (x.ndim, 2)).tolist()
    except ValueError:
        raise ValueError(
            f"pad: width {width} for shape {x.shape}; expected a number, (before, after), or such a pair for each axis"
        ) from None
    x, filling = together(x, beside(value, x.dtype))
    inside = tuple(slice(before, before + size) for (before, _), size in zip(sides, x.shape, strict=True))
    return np.pad(x, sides, constant_values=filling), lambda dy: kernels.copy(dy[inside])


def tril(x: Array, k: int = 0) -> tuple[Array, Gradient]:
    """The lower triangle of the last two axes, up to the k-th diagonal above the main one; zeros elsewhere."""
    _matrix("tril", x)
    return np.tril(x, k), lambda dy: np.tril(dy, k)


def triu(x: Array, k: int = 0) -> tuple[Array, Gradient]:
    """The upper triangle of the last two axes, from the k-th diagonal above the main one; zeros elsewhere."""
    _matrix("triu", x)
    return np.triu(x, k), lambda dy: np.triu(dy, k)


def _matrix(op: str, x: Array) -> None:
    if x.ndim < 2:
        raise ValueError(f"{op}: shape {x.shape}; expected at least two axes")
