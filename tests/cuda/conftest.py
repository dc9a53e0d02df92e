"""The floors above the kernels, with their arrays on a GPU; or on the CPU, where MINIRL_CUDA_SHIM=1 asks for that.

MINIRL_CUDA_SHIM=1 python -m pytest -m cuda tests/cuda
"""

import os
import shutil
from collections.abc import Iterator

import pytest

from minirl import kernels
from minirl.kernels.device import DeviceError
from minirl.kernels.device.driver import Driver


def why_not() -> str | None:
    """Why these tests cannot run here, if they cannot."""
    if os.environ.get("MINIRL_CUDA_SHIM") == "1":
        return None if shutil.which("g++") else "MINIRL_CUDA_SHIM=1 needs a C++ compiler: g++"
    try:
        Driver()
    except DeviceError as error:
        return f"no GPU, and MINIRL_CUDA_SHIM is not 1: {str(error).partition(';')[0]}"
    return None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    mine = [item for item in items if item.path.is_relative_to(os.path.dirname(__file__))]
    reason = why_not() if mine else None
    for item in mine:
        item.add_marker(pytest.mark.cuda)
        if reason:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(autouse=True)
def cuda() -> Iterator[None]:
    """The backend "cuda" in use."""
    with kernels.using("cuda"):
        yield
