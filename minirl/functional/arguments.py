"""Token ids as kernels want them: int32, and each in range."""

from typing import Any

import numpy as np

from minirl.autograd import Array
from minirl.kernels.arguments import INT32, check_ids


def token_ids(op: str, name: str, ids: Any, size: int, ignore: int | None = None) -> Array:
    """ids, an array, Tensor, list or number of whole numbers, as C-contiguous int32 of the same shape.

    Raises TypeError for other dtypes, IndexError where one is outside 0 to size - 1 and is not `ignore`.
    """
    array = np.asarray(ids)
    if array.dtype.kind not in "iu" and array.size:
        raise TypeError(f"{op}: {name} have dtype {array.dtype}; expected whole numbers")
    check_ids(op, name, array, size, ignore)  # before the cast, which would wrap what is too large
    if array.dtype == INT32 and array.flags.c_contiguous:
        return array
    return np.array(array, INT32, order="C")  # not ascontiguousarray, which makes a vector of a single number
