"""Tensor: a NumPy array that remembers how it was made.

The engine is in autograd.py; the fused operations of a transformer are in functional/. Here, one idea a file: dtypes.py
(which dtype a result has), elementwise.py (a table of values and gradients), reduction.py, shapes.py, order.py,
values.py (how Python and NumPy see a Tensor), show.py, and tensor.py, which puts them together.

Rules that all operations keep:
- a number, list or array beside a Tensor takes the Tensor's float dtype; integers become float32 where the result is
  one of floats; of two float Tensors the wider dtype holds; a gradient has the dtype of its leaf;
- the array of every Tensor and every gradient is C-contiguous, as kernels expect;
- a backward function gets dy, the gradient with respect to the operation's output, and must not change it;
- arithmetic goes through `kernels`, so that any backend serves. What no program of minirl uses (sorting, running sums,
  rounding) is written in NumPy's terms, and needs NumPy's arrays.
"""

from minirl.tensor.tensor import Tensor

__all__ = ["Tensor"]
