"""Several Tensors become one: joining along an axis, and choosing between values."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from minirl import kernels
from minirl.autograd import Array
from minirl.kernels.arguments import is_on_gpu
from minirl.tensor import Tensor
from minirl.tensor.dtypes import DEFAULT_FLOAT
from minirl.tensor.reduction import axis_of
from minirl.tensor.shapes import along
from minirl.tensor.tensor import constant, operands, result


def concatenate(tensors: Sequence[Any], axis: int = 0) -> Tensor:
    """Join along an existing axis; all other axes are equal."""
    parts = _together("concatenate", tensors)
    at = axis_of("concatenate", axis, parts[0].ndim, parts[0].shape)
    try:
        y = kernels.concatenate([t.data for t in parts], axis=at)
    except ValueError:
        shapes = [t.shape for t in parts]
        raise ValueError(f"concatenate: shapes {shapes} along axis {axis}; all other axes must be equal") from None

    def backward(dy: Array) -> None:
        start = 0
        for t in parts:
            stop = start + t.shape[at]
            if t.requires_grad:
                t.add_gradient(kernels.copy(dy[along(at, slice(start, stop))]), fresh=True)
            start = stop

    return result(y, tuple(parts), backward)


def stack(tensors: Sequence[Any], axis: int = 0) -> Tensor:
    """Join along a new axis; all shapes are equal."""
    parts = _together("stack", tensors)
    if len({t.shape for t in parts}) > 1:
        raise ValueError(f"stack: shapes {[t.shape for t in parts]}; all must be equal")
    at = axis_of("stack", axis, parts[0].ndim + 1, parts[0].shape)
    return concatenate([t.unsqueeze(at) for t in parts], axis=at)


def _together(op: str, tensors: Sequence[Any]) -> list[Tensor]:
    """Tensors, arrays and lists as Tensors; integers beside floats become floats."""
    if isinstance(tensors, Tensor | np.ndarray) or not len(tensors):
        raise ValueError(f"{op}: got {'one array' if len(tensors) else 'nothing'}; expected a list of Tensors")
    dtypes = [t.dtype for t in tensors if isinstance(t, Tensor) and t.dtype.kind == "f"]
    parts = [t if isinstance(t, Tensor) else Tensor(t) for t in tensors]
    if not dtypes:  # no float Tensor to follow
        dtypes = [DEFAULT_FLOAT] if any(t.dtype.kind == "f" for t in parts) else [t.dtype for t in parts]
    dtype = np.result_type(*dtypes)
    return [t if t.dtype == dtype or t.requires_grad else constant(t.data.astype(dtype)) for t in parts]


def where(condition: Any, a: Any, b: Any) -> Tensor:
    """a where the condition (truth values) holds, else b, with broadcasting; at least one of the three is a Tensor."""
    if not any(isinstance(x, Tensor) for x in (condition, a, b)):
        raise TypeError(f"where: got {type(a).__name__} and {type(b).__name__}; at least one must be a Tensor")
    a, b = operands(a, b)
    given = condition.data if isinstance(condition, Tensor) else condition
    chosen = given if is_on_gpu(given) else np.asarray(given, bool)
    try:
        y = kernels.where(chosen, a.data, b.data)
    except ValueError:
        raise ValueError(f"where: shapes {chosen.shape}, {a.shape} and {b.shape} do not fit") from None

    def backward(dy: Array) -> None:
        nothing = kernels.zeros_like(dy)
        if a.requires_grad:
            a.add_gradient(kernels.where(chosen, dy, nothing), fresh=True)
        if b.requires_grad:
            b.add_gradient(kernels.where(chosen, nothing, dy), fresh=True)

    return result(y, (a, b), backward)


def maximum(a: Any, b: Any) -> Tensor:
    """The larger of a and b, element by element; where they are equal each receives half of the gradient."""
    a, b = operands(a, b)
    return a.maximum(b)


def minimum(a: Any, b: Any) -> Tensor:
    """The smaller of a and b, element by element; where they are equal each receives half of the gradient."""
    a, b = operands(a, b)
    return a.minimum(b)
