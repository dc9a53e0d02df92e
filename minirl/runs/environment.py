"""What a run's numbers depend on besides its settings, and whether that has changed since the run was begun."""

import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from minirl import kernels
from minirl.swap import active

NOT_INSTALLED = "not installed"


def environment() -> dict[str, Any]:
    """What the numbers may depend on besides the configuration: versions, backend, instruction set, processor."""
    versions = {"python": platform.python_version(), "numpy": np.__version__}
    try:
        versions["minirl"] = version("minirl")
    except PackageNotFoundError:  # run from its source folder without being installed
        versions["minirl"] = NOT_INSTALLED
    return {
        "versions": versions,
        "machine": f"{platform.system()} {platform.machine()}",
        "backend": kernels.backend(),
        "isa": kernels.isa(),
        "precision": kernels.precision(),
        "threads": kernels.get_threads(),
        **({"replaced": list(active())} if active() else {}),  # functions that are not minirl's own: see swap.py
    }


def decisive(environment: Mapping[str, Any]) -> dict[str, Any]:
    """The part of an environment that decides the bits of a result.

    The number of threads changes no bit. The instruction set matters to the C kernels alone, and the version of NumPy
    to the reference backend alone. An unknown version of minirl is left out, because it can be compared with nothing.
    """
    found = {name: environment.get(name) for name in ("backend", "machine", "precision")}
    found["replaced functions"] = ", ".join(environment.get("replaced", ())) or "none"
    versions = environment.get("versions", {})
    if found["backend"] == "reference":
        found["numpy"] = versions.get("numpy")
    else:
        found["isa"] = environment.get("isa")
    if versions.get("minirl") != NOT_INSTALLED:
        found["minirl"] = versions.get("minirl")
    return found


def difference(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, str] | None:
    """What differs between two environments, in words, once for each: ("isa avx2", "isa avx512"). None where both give
    the same bits."""
    first, second = decisive(before), decisive(now)
    names = [name for name in first | second if first.get(name) != second.get(name)]
    names = [name for name in names if name != "minirl" or {name} <= first.keys() & second.keys()]
    if not names:
        return None
    told = (", ".join(f"{name} {side[name]}" for name in names if side.get(name)) for side in (first, second))
    return next(told), next(told)
