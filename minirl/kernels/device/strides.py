"""How a kernel walks through arrays whose numbers do not lie side by side: the sizes and steps of a few axes."""

from collections.abc import Sequence

import numpy as np

Array = np.ndarray
AXES = 5  # as in elementwise.cu


def walk(op: str, shape: tuple[int, ...], layouts: Sequence[Array]) -> tuple[list[int], list[list[int]]]:
    """The sizes of AXES axes, but for the first, and for each array the steps along all of them, in numbers: broadcast
    to `shape`, with axes joined that lie behind each other in every array. NotImplementedError where more are left."""
    views = [np.broadcast_to(x, shape) for x in layouts]
    sizes: list[int] = []
    steps: list[list[int]] = [[] for _ in views]
    for axis in reversed(range(len(shape))):
        if shape[axis] == 1:
            continue
        here = [view.strides[axis] // view.itemsize for view in views]
        if sizes and all(h == s[0] * sizes[0] for h, s in zip(here, steps, strict=True)):
            sizes[0] *= shape[axis]
            continue
        sizes.insert(0, shape[axis])
        for s, h in zip(steps, here, strict=True):
            s.insert(0, h)
    missing = AXES - len(sizes)
    if missing < 0:
        raise NotImplementedError(f"{op}: arrays of {len(sizes)} axes that do not join; the GPU's kernel has {AXES}")
    return [*[1] * missing, *sizes][1:], [[*[0] * missing, *s] for s in steps]
