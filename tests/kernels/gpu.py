"""The CUDA kernels in tests: on the CPU, through the shim, unless MINIRL_CUDA_SHIM=0 says that there is a GPU.

`orders` are those in which the shim can run the threads of a block and the blocks of a grid: first to last, last to
first, and random ones. A kernel must give the same bits in each.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from parity import Case

from minirl import kernels
from minirl.kernels.device import DeviceArray, device
from minirl.kernels.device.driver import driver
from minirl.kernels.device.launch import Module, modules
from minirl.kernels.device.source import text

ON_A_GPU = os.environ.get("MINIRL_CUDA_SHIM") == "0"
ORDERS = (0,) if ON_A_GPU else (0, 1, 2, 3)

needs_a_compiler = pytest.mark.skipif(
    not ON_A_GPU and shutil.which("g++") is None, reason="the CUDA kernels are tested with a C++ compiler: g++"
)


@pytest.fixture
def shim(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The backend "cuda" in use, on the CPU unless this is a run on a GPU."""
    if not ON_A_GPU:
        monkeypatch.setenv("MINIRL_CUDA_SHIM", "1")
    with kernels.using("cuda"):
        yield
    set_order(0)


def set_order(order: int) -> None:
    """Run threads and blocks in this order from now on."""
    if not ON_A_GPU:
        driver().lib.shim_set_order(order)


def drawn(case: Case, seed: int, rows: int, cols: int, outliers: bool = False) -> tuple[Any, ...]:
    """A case's arguments, as NumPy arrays."""
    with kernels.using("reference"):
        return case.draw(np.random.default_rng(seed), rows, cols, outliers)


def on_device(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """Copies of the arguments, NumPy's arrays on the device."""
    return tuple(device(a.copy()) if isinstance(a, np.ndarray) else a for a in arguments)


def fetched(outputs: tuple[Any, ...]) -> tuple[np.ndarray, ...]:
    return tuple(out.numpy() if isinstance(out, DeviceArray) else np.asarray(out) for out in outputs)


def cuda(case: Case, arguments: tuple[Any, ...]) -> tuple[np.ndarray, ...]:
    """What the CUDA kernels make of a case."""
    return fetched(case.call(*on_device(arguments)))


@contextmanager
def mutated(name: str, old: str, new: str) -> Iterator[None]:
    """csrc/cuda/<name>.cu with one place changed, inside a with block."""
    if ON_A_GPU:  # whose threads may happen to advance in an order that hides the mistake
        pytest.skip("kernels that are broken on purpose run through the shim alone")
    source = text(name)
    assert source.count(old) == 1, f"{name}.cu has {source.count(old)} times {old!r}"
    before = modules.pop(name, None)
    try:
        modules[name] = Module(name, source.replace(old, new))
        yield
    finally:
        modules.pop(name, None)
        if before is not None:
            modules[name] = before
