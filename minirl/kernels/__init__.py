"""The lowest layer: plain arrays in, plain arrays out. Every kernel exists twice behind one name.

    >>> from minirl import kernels
    >>> y = kernels.softmax(x)               # whichever backend is in use
    >>> kernels.use("reference")             # NumPy; "native" is C
    >>> with kernels.using("reference"):     # for a while
    ...     y = kernels.softmax(x)

Each family of kernels has a folder: `softmax/reference.py` says in NumPy what is computed, `softmax/checks.py` what the
arguments must be, under every backend, `softmax/native.py` calls the C code, and `softmax/cuda.py` asks a GPU. To add a
backend, put a file of its name into the folders of the families that it has, and name it in BACKENDS; what it lacks
comes from the reference.

"cuda" is loaded when it is first used. Its kernels take and give arrays in the GPU's memory (see device/), and copy a
NumPy array there that they only read. An operation that it lacks works on NumPy arrays alone.

Call kernels as `kernels.softmax(x)`, never `from minirl.kernels import softmax`: the name would keep the backend of the
moment it was imported. (The folders are modules of the same names, and are imported as
`from minirl.kernels.softmax import reference`.)

The environment variable MINIRL_BACKEND chooses at start; MINIRL_ISA and MINIRL_THREADS choose the instruction set and
the number of threads of the native backend, MINIRL_PRECISION the precision. See environment.py for wrong values.
"""

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NoReturn

from minirl.kernels import elementwise, environment, missing
from minirl.kernels.environment import SettingError, check_environment
from minirl.kernels.int8 import from_int8_blocks, to_int8_blocks
from minirl.kernels.precision import (
    from_bfloat16_bits,
    precision,
    set_precision,
    to_bfloat16_bits,
    using_precision,
)

try:
    from minirl.kernels import runtime
except ImportError as error:  # not built, or built for another machine: `missing` says which and what to install
    runtime = None  # type: ignore[assignment]
    missing.import_error = error

if TYPE_CHECKING:  # what `use` puts into this module
    from minirl.kernels.activation.reference import *  # noqa: F403
    from minirl.kernels.attention.reference import *  # noqa: F403
    from minirl.kernels.cross_entropy.reference import *  # noqa: F403
    from minirl.kernels.decoder.reference import *  # noqa: F403
    from minirl.kernels.elementwise import *  # noqa: F403
    from minirl.kernels.embedding.reference import *  # noqa: F403
    from minirl.kernels.matmul.reference import *  # noqa: F403
    from minirl.kernels.norm.reference import *  # noqa: F403
    from minirl.kernels.optimizer.reference import *  # noqa: F403
    from minirl.kernels.rope.reference import *  # noqa: F403
    from minirl.kernels.sampling.reference import *  # noqa: F403
    from minirl.kernels.softmax.reference import *  # noqa: F403
    from minirl.kernels.words.reference import *  # noqa: F403

__all__ = [
    "BACKENDS",
    "FAMILIES",
    "OPERATIONS",
    "SettingError",
    "amx_refusal",
    "backend",
    "check_environment",
    "environment_problems",
    "fastest_isa",
    "from_bfloat16_bits",
    "from_int8_blocks",
    "get_threads",
    "has_native",
    "has_openmp",
    "isa",
    "isas",
    "precision",
    "set_isa",
    "set_precision",
    "set_threads",
    "to_bfloat16_bits",
    "to_int8_blocks",
    "use",
    "using",
    "using_precision",
    "wait",
]

BACKENDS = ("native", "reference", "cuda")
FAMILIES = (
    "matmul",
    "attention",
    "softmax",
    "cross_entropy",
    "norm",
    "activation",
    "rope",
    "embedding",
    "optimizer",
    "sampling",
    "words",
    "decoder",
)


def _operations_of(family: str) -> tuple[str, ...]:
    return import_module(f"minirl.kernels.{family}").OPERATIONS


OPERATIONS: tuple[str, ...] = (*(name for family in FAMILIES for name in _operations_of(family)), *elementwise.__all__)


def _functions(backend: str) -> dict[str, Callable[..., Any]]:
    """The operations that a backend's own files define."""
    names = {family: f"minirl.kernels.{family}.{backend}" for family in FAMILIES}
    modules = {family: import_module(name) for family, name in names.items() if find_spec(name) is not None}
    pairs = [(module, name) for family, module in modules.items() for name in _operations_of(family)]
    return {name: getattr(module, name) for module, name in pairs if hasattr(module, name)}


def _all_functions() -> dict[str, dict[str, Callable[..., Any]]]:
    """For each backend that can be used here, the function of every operation."""
    reference = {name: getattr(elementwise, name) for name in elementwise.__all__} | _functions("reference")
    if runtime is None:
        return {"reference": reference}
    native = _functions("native")
    for name, function in native.items():  # the specification documents every backend
        function.__doc__ = reference[name].__doc__
    return {"reference": reference, "native": reference | native}


def _cuda_functions() -> dict[str, Callable[..., Any]]:
    """The function of every operation under "cuda". Raises DeviceError where there is no GPU, or no driver for it."""
    from minirl.kernels.device.driver import driver  # only now: who never asks for a GPU imports nothing more
    from minirl.kernels.device.elementwise import FUNCTIONS

    driver()
    cpu = _functions_of["native" if has_native() else "reference"]
    cuda = FUNCTIONS | _functions("cuda")
    for name, function in cuda.items():
        function.__doc__ = cpu[name].__doc__
    return {name: cuda.get(name) or _for_the_host(name, function) for name, function in cpu.items()}


def _for_the_host(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """An operation that "cuda" lacks: it computes with NumPy arrays, and refuses those on the GPU by name."""
    from minirl.kernels.device import DeviceArray

    @wraps(function)
    def on_the_host(*arguments: Any, **options: Any) -> Any:
        for x in (*arguments, *options.values()):
            if any(isinstance(part, DeviceArray) for part in (x if isinstance(x, list | tuple) else (x,))):
                raise NotImplementedError(f"{name} has no CUDA kernel; fetch its arrays with .numpy() first")
        return function(*arguments, **options)

    return on_the_host


_functions_of = _all_functions()
_backend = ""


def has_native() -> bool:
    """Whether the C kernels were built and can be used."""
    return runtime is not None


def backend() -> str:
    """The backend in use: "native", "reference" or "cuda"."""
    return _backend


def use(name: str) -> None:
    """Switch every kernel to backend `name`, "native" (C), "reference" (NumPy) or "cuda" (a GPU).

    Raises ValueError for an unknown name, RuntimeError saying what to install where "native" was not built or where
    there is no GPU, and SettingError where an environment variable holds a value that cannot be used (see
    check_environment).
    """
    check_environment()
    _use(name)


def _use(name: str) -> None:
    global _backend
    if name not in BACKENDS:
        choices = " or ".join(map(repr, BACKENDS))
        raise ValueError(f"there is no backend {name!r}; choose {choices}")
    if name == "native" and runtime is None:
        raise RuntimeError(missing.explanation())
    if name == "cuda" and name not in _functions_of:
        _functions_of[name] = _cuda_functions()
    globals().update(_functions_of[name])
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


def wait() -> None:
    """Wait until everything that was asked for is computed: a GPU computes while Python goes on."""
    if backend() == "cuda":
        from minirl.kernels.device.driver import driver

        driver().synchronize()


def set_threads(threads: int) -> None:
    """Let native kernels use up to `threads` threads. Results do not depend on it; only speed does."""
    if threads < 1:
        raise ValueError(f"set_threads: {threads} is not a number of threads; use 1 or more")
    if runtime is not None:
        runtime.set_threads(threads)


def get_threads() -> int:
    """The number of threads native kernels use; 1 without them."""
    return runtime.get_threads() if runtime is not None else 1


def has_openmp() -> bool:
    """Whether native kernels can use several threads."""
    return runtime is not None and runtime.has_openmp()


def isas() -> dict[str, bool]:
    """The instruction sets of the native kernels, slowest first, and whether this CPU has each; {} without them."""
    return runtime.isas() if runtime is not None else {}


def isa() -> str | None:
    """The instruction set the native kernels use ("avx2", ...), or None without them."""
    return runtime.isa() if runtime is not None else None


def set_isa(name: str) -> None:
    """Make the native kernels use instruction set `name`; ValueError where this build or this CPU lacks it."""
    if runtime is None:
        raise RuntimeError(missing.explanation())
    runtime.set_isa(name)


def fastest_isa() -> str | None:
    """The instruction set that native kernels use unless MINIRL_ISA or `set_isa` chooses, or None without them."""
    return runtime.fastest_isa() if runtime is not None else None


def amx_refusal() -> str:
    """Why this process may not use AMX ("the processor has no AMX for bfloat16", ...); "" where it may."""
    return runtime.amx_refusal() if runtime is not None else missing.explanation()


def environment_problems() -> list[str]:
    """What is wrong with minirl's environment variables, one line each; empty where nothing is."""
    return list(environment.problems)


def _start() -> None:
    default = "reference" if runtime is None else "native"
    if runtime is None and not os.environ.get("MINIRL_BACKEND"):
        warnings.warn(missing.explanation(), RuntimeWarning, stacklevel=2)
    environment.choose("MINIRL_BACKEND", _use, default)
    if environment.problems:  # to compute with other settings than were asked for would be worse than to stop
        globals().update(dict.fromkeys(OPERATIONS, _refuse))


def _refuse(*_: object, **__: object) -> NoReturn:
    raise SettingError(" ".join(environment.problems))


_start()
