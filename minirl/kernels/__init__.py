"""Floor 0: plain arrays in, plain arrays out. Every kernel exists twice behind one name.

    >>> from minirl import kernels
    >>> y = kernels.softmax(x)               # whichever backend is in use
    >>> kernels.use("reference")             # NumPy; "native" is C
    >>> with kernels.using("reference"):     # for a while
    ...     y = kernels.softmax(x)

Call kernels as `kernels.softmax(x)`, never `from minirl.kernels import softmax`: the name would keep the backend of the
moment it was imported. The environment variable MINIRL_BACKEND chooses at start; MINIRL_ISA and MINIRL_THREADS choose
the instruction set and the number of threads of the native backend.
"""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING

from minirl.kernels import elementwise, missing, reference
from minirl.kernels.precision import (
    from_bfloat16_bits,
    precision,
    set_precision,
    to_bfloat16_bits,
    using_precision,
)

try:
    from minirl.kernels import native
except ImportError as error:  # not built, or built for another machine: `missing` says which and what to install
    native = None  # type: ignore[assignment]
    missing.import_error = error

if TYPE_CHECKING:  # what `use` puts into this module
    from minirl.kernels.elementwise import *  # noqa: F403
    from minirl.kernels.reference import *  # noqa: F403

__all__ = [
    "OPERATIONS",
    "backend",
    "from_bfloat16_bits",
    "get_threads",
    "has_native",
    "isa",
    "precision",
    "set_isa",
    "set_precision",
    "set_threads",
    "to_bfloat16_bits",
    "use",
    "using",
    "using_precision",
]

OPERATIONS = (
    "matmul",
    "round_bfloat16",
    "attention",
    "attention_backward",
    "attention_decode",
    "softmax",
    "softmax_backward",
    "log_softmax",
    "log_softmax_backward",
    "cross_entropy",
    "linear_cross_entropy",
    "linear_log_prob",
    "layer_norm",
    "layer_norm_backward",
    "rms_norm",
    "rms_norm_backward",
    "sigmoid",
    "gelu",
    "gelu_backward",
    "silu",
    "silu_backward",
    "swiglu",
    "swiglu_backward",
    "rope_tables",
    "rope",
    "embedding",
    "embedding_backward",
    "adamw",
    "sum_squares",
    "scale",
    "sample",
    *elementwise.__all__,
)

_backend = ""


def has_native() -> bool:
    """Whether the C kernels were built and can be used."""
    return native is not None


def backend() -> str:
    """The backend in use: "native" or "reference"."""
    return _backend


def use(name: str) -> None:
    """Switch every kernel to backend `name`, "native" (C) or "reference" (NumPy).

    Raises ValueError for an unknown name, and RuntimeError saying what to install where "native" was not built.
    """
    global _backend
    if name not in ("native", "reference"):
        raise ValueError(f"kernels.use: there is no backend {name!r}; choose 'native' or 'reference'")
    if name == "native" and native is None:
        raise RuntimeError(missing.explanation())
    first: ModuleType = native if name == "native" else reference
    for operation in OPERATIONS:
        source = next(module for module in (first, reference, elementwise) if hasattr(module, operation))
        globals()[operation] = getattr(source, operation)
    _backend = name


@contextmanager
def using(name: str) -> Iterator[None]:
    """Switch to backend `name` inside a with block."""
    before = backend()
    use(name)
    try:
        yield
    finally:
        use(before)


def set_threads(threads: int) -> None:
    """Let native kernels use up to `threads` threads. Results do not depend on it; only speed does."""
    if threads < 1:
        raise ValueError(f"set_threads: {threads} is not a number of threads; use 1 or more")
    if native is not None:
        native.set_threads(threads)


def get_threads() -> int:
    """The number of threads native kernels use; 1 without them."""
    return native.get_threads() if native is not None else 1


def isa() -> str | None:
    """The instruction set the native kernels use ("avx2", ...), or None without them."""
    return native.isa() if native is not None else None


def set_isa(name: str) -> None:
    """Make the native kernels use instruction set `name`; ValueError where this build or this CPU lacks it."""
    if native is None:
        raise RuntimeError(missing.explanation())
    native.set_isa(name)


def _start() -> None:
    chosen = os.environ.get("MINIRL_BACKEND")
    if chosen is None and native is None:
        warnings.warn(missing.explanation(), RuntimeWarning, stacklevel=2)
    use(chosen or ("reference" if native is None else "native"))


_start()
