"""Compiled files are kept, under a hash of all that went into them, so that nothing is compiled twice."""

import hashlib
import os
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

from minirl.kernels.device.errors import DeviceError


def folder() -> Path:
    """Where they are kept: in MINIRL_CUDA_CACHE, or in the user's cache."""
    given = os.environ.get("MINIRL_CUDA_CACHE")
    if given:
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "minirl" / "cuda"


def cached(name: str, suffix: str, ingredients: Iterable[str], make: Callable[[Path], object]) -> Path:
    """The file that `make` writes to the path that it is given, made now unless these ingredients made it before."""
    digest = hashlib.sha256("\0".join(ingredients).encode()).hexdigest()[:20]
    path = folder() / f"{name}-{digest}{suffix}"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        try:
            make(temporary)
            os.replace(temporary, path)  # whole or not at all, also when two processes make it at once
        finally:
            temporary.unlink(missing_ok=True)
    return path


def run(command: list[str], source: str) -> str:
    """Run a compiler that reads `source` from its standard input; returns its output. DeviceError where it fails."""
    done = subprocess.run(command, input=source, capture_output=True, text=True)
    if done.returncode:
        raise DeviceError(f"{Path(command[0]).name} refused a kernel: {(done.stderr or done.stdout).strip()}")
    return done.stdout
