"""A function in C behind the face of one in Python: it takes the inputs, and returns the result."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from minirl.lessons.c.call import load
from minirl.lessons.c.prototype import read_prototypes


@dataclass(frozen=True)
class Face:
    """How a function in C is called, and what stands in for it where there is no compiler."""

    call: Callable[..., Any]
    """call(f, *inputs): makes room for the result, calls f as its prototype says, and returns the result."""
    reference: Callable[..., Any]
    """reference(*inputs): the same result by NumPy."""

    def around(self, f: Any, file: Path) -> Callable[..., Any]:
        """The function (*inputs) -> result. Its `raw` is f, and its `file` is where f is written."""

        def function(*inputs: Any) -> Any:
            return self.call(f, *inputs)

        return self._dressed(function, f.__name__, raw=f, file=str(file))

    def standing_in(self, name: str) -> Callable[..., Any]:
        """The reference under the name of the function that it stands in for."""

        def function(*inputs: Any) -> Any:
            return self.reference(*inputs)

        return self._dressed(function, name)

    def _dressed(self, function: Callable[..., Any], name: str, **more: Any) -> Callable[..., Any]:
        first, *others = inspect.signature(self.call).parameters.values()
        del first
        dressed = functools.wraps(self.call)(function)
        dressed.__name__ = dressed.__qualname__ = name
        vars(dressed).pop("__wrapped__", None)
        vars(dressed).update(more, __signature__=inspect.Signature(others))
        return dressed


def empty(*shape: int) -> np.ndarray:
    """A float32 array filled with NaN, for results: what a function forgets to write shows."""
    return np.full(shape, np.nan, np.float32)


def compile_c(source: str | Path, prototypes: str, openmp: bool = False) -> SimpleNamespace:
    """Compile C, optimised, and load it: an object with the functions that `prototypes` declares.

    source: a file's path, or the text itself. prototypes: such as "void add(const float *x, float *y, int n);".
    Nothing protects Python from what the functions do: check them first. Raises CompileError with an explanation,
    NoCompiler where there is none, ValueError for a prototype that is none.
    """
    is_file = isinstance(source, Path) or source.endswith(".c")
    text = Path(source).read_text(encoding="utf-8") if is_file else str(source)
    name = Path(source).name if is_file else "code.c"
    return SimpleNamespace(**load(text, read_prototypes(prototypes), name, openmp))
