"""What to say when the C kernels are not there."""

import os
import shutil
import sys
import sysconfig
from pathlib import Path

import_error: ImportError | None = None


def explanation() -> str:
    """Why minirl runs on NumPy, and what to install so that it need not."""
    return (
        f"minirl's C kernels are not available ({_reason()}). It runs on the NumPy reference backend, which is "
        f"correct but much slower. {remedy()} See `python -m minirl.doctor`."
    )


def _reason() -> str:
    built = list(Path(__file__).parent.glob("_native*"))
    if built:
        return f"{built[0].name} does not load: {import_error}"
    if compiler() is None:
        return "there is no C compiler"
    if not has_python_headers():
        return "Python's C headers are missing"
    return "they were not built when minirl was installed"


def compiler() -> str | None:
    """The path of the C compiler that a build would use, or None. Where the variable CC is set, it decides."""
    if os.environ.get("CC"):
        return shutil.which(os.environ["CC"].split()[0])
    configured = (sysconfig.get_config_var("CC") or "cc").split()[0]
    return next((path for name in (configured, "cc", "gcc", "clang") if (path := shutil.which(name))), None)


def cpp_compiler() -> str | None:
    """The path of the C++ compiler, or None. Where the variable CXX is set, it decides."""
    if os.environ.get("CXX"):
        return shutil.which(os.environ["CXX"].split()[0])
    return next((path for name in ("g++", "clang++") if (path := shutil.which(name))), None)


def has_python_headers() -> bool:
    """Whether Python.h is there, which the binding is compiled against."""
    return (Path(sysconfig.get_path("include")) / "Python.h").is_file()


def remedy() -> str:
    """One line: which package brings what is missing, and how to build again."""
    again = "then run `pip install --force-reinstall --no-deps .` in minirl's folder."
    if compiler() is not None and has_python_headers():
        return f"To build them: {again[5:]}"
    if sys.platform == "darwin":
        return (
            f"Install Apple's compiler with `xcode-select --install` (and OpenMP with `brew install libomp`), {again}"
        )
    if sys.platform == "win32":
        return "On Windows use WSL, where the Linux instructions apply."
    return (
        "Install a C compiler and Python's headers: `apt-get install gcc python3-dev` on Debian and Ubuntu, "
        f"`dnf install gcc python3-devel` on Fedora, `apk add gcc musl-dev python3-dev` on Alpine, {again}"
    )
