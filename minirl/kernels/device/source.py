"""The kernels' sources: csrc/cuda/*.cu, the headers they share, and what a source says of its kernels."""

import re
from pathlib import Path

from minirl.storage import shipped

_KERNEL = re.compile(r'extern "C" __global__ void\s+(?:__launch_bounds__\([^)]*\)\s*)?(\w+)\(([^)]*)\)')


def folder() -> Path:
    """Where the .cu files are."""
    return shipped("csrc/cuda")


def text(name: str) -> str:
    """The source csrc/cuda/<name>.cu."""
    return (folder() / f"{name}.cu").read_text(encoding="utf-8")


def headers() -> list[Path]:
    """The .cuh files, which any .cu file may include."""
    return sorted(folder().glob("*.cuh"))


def kernels_in(source: str) -> dict[str, list[str]]:
    """For each kernel of a source its parameters, as declared: {"scale": ["int64 n", "float factor", "float *x"]}."""
    found = _KERNEL.findall(source)
    return {name: [" ".join(part.split()) for part in parameters.split(",")] for name, parameters in found}
