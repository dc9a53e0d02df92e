"""What the arguments of the optimizer's kernels must be."""

from collections.abc import Mapping, Sequence

import numpy as np

from minirl.kernels.arguments import FLOAT32, READ, WRITE, check, check_float

Array = np.ndarray


def check_adamw(
    p: Sequence[Array],
    g: Sequence[Array],
    m: Sequence[Array],
    v: Sequence[Array],
    step: int,
    real: np.dtype = FLOAT32,
) -> None:
    """All rules but one: check_adamw_apart follows, when the arrays' addresses are known."""
    if step < 1:
        raise ValueError(f"adamw: step {step}; the first step is 1")
    _check_arrays("adamw", "p", p, real, WRITE)
    shapes = [x.shape for x in p]
    for name, arrays, needs in (("g", g, READ), ("m", m, WRITE), ("v", v, WRITE)):
        if len(arrays) != len(p):
            raise ValueError(f"adamw: {name} has {len(arrays)} arrays; expected {len(p)}, as many as p")
        for x, shape in zip(arrays, shapes, strict=True):
            check("adamw", name, x, shape, "", real, needs)


_last_apart: object = None  # the layout that was found right last: the arrays of a training run stay where they are


def check_adamw_apart(addresses: Mapping[str, Array], sizes: Array) -> None:
    """Raise ValueError where an array of p, m or v shares an element with any other array of p, g, m or v.

    addresses: for each of "p", "g", "m" and "v" where its arrays begin, in bytes. sizes: how many bytes each has.
    Arrays of g may overlap each other, since they are only read.
    """
    global _last_apart
    layout = [x.tobytes() for x in (sizes, *addresses.values())]
    if layout == _last_apart:
        return
    written = "p", "m", "v"
    begins = np.concatenate([addresses[name] for name in written])
    order = np.argsort(begins, kind="stable")
    order = order[np.tile(sizes, 3)[order] > 0]
    begins, ends = begins[order], begins[order] + np.tile(sizes, 3)[order]

    def name(at: int) -> str:
        which, index = divmod(int(order[at]), len(sizes))
        return f"{written[which]}[{index}]"

    if (begins[1:] < ends[:-1]).any():
        at = int((begins[1:] < ends[:-1]).argmax())
        raise ValueError(f"adamw: {name(at)} overlaps {name(at + 1)}; each needs memory of its own")
    last = np.searchsorted(begins, addresses["g"] + sizes) - 1  # the last written array that begins before g[i] ends
    hit = (last >= 0) & (sizes > 0)
    hit[hit] = ends[last[hit]] > addresses["g"][hit]
    if hit.any():
        at = int(hit.argmax())
        raise ValueError(f"adamw: {name(int(last[at]))} overlaps g[{at}]; write into another array")
    _last_apart = layout


def check_sum_squares(x: Sequence[Array], real: np.dtype = FLOAT32) -> None:
    """x: arrays of floats, of any shapes."""
    _check_arrays("sum_squares", "x", x, real, READ)


def check_scale(x: Array, real: np.dtype = FLOAT32) -> None:
    """x: floats of any shape, written in place."""
    check_float("scale", "x", x, real, WRITE)


def _check_arrays(op: str, name: str, arrays: Sequence[Array], real: np.dtype, needs: int) -> None:
    for x in arrays:
        check_float(op, name, x, real, needs)
