"""Every public module, class, function and method says what it is: help() is empty nowhere."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest

import minirl
from minirl import kernels

OF_PEERS = ("torch_", "llama_cpp", "gym", "mpi")  # need libraries that may not be installed
SILENT = {"minirl.__main__", "minirl.train.__main__"}  # nothing to look into

ON_GPU = {"minirl.kernels.device.elementwise"}
FLAGS = {"Arguments"}  # the flags of a program: each field explains itself


def modules() -> Iterator[str]:
    for found in pkgutil.walk_packages(minirl.__path__, "minirl."):
        last = found.name.split(".")[-1]
        if found.name not in SILENT and not last.startswith(("_native", *OF_PEERS)):
            yield found.name


def undocumented(name: str) -> Iterator[str]:
    """The public names that the module defines and says nothing about."""
    module = importlib.import_module(name)
    if not module.__doc__:
        yield name
    for key, value in vars(module).items():
        if key in kernels.OPERATIONS and (name in ON_GPU or name.endswith(".cuda")):
            continue  # documented by the specification, as soon as the backend is chosen
        if key.startswith("_") or getattr(value, "__module__", None) != name or not callable(value):
            continue
        if not described(value):
            yield f"{name}.{key}"
        if inspect.isclass(value):
            yield from (f"{name}.{key}.{method}" for method in vars(value) if silent(value, method))


def described(value: Any) -> bool:
    if inspect.isclass(value):  # a dataclass without a docstring gets its signature for one
        return value.__name__ in FLAGS or (bool(value.__doc__) and not value.__doc__.startswith(f"{value.__name__}("))
    return bool(inspect.getdoc(value)) or not inspect.isroutine(value)


def silent(owner: type, name: str) -> bool:
    """Whether a method or property of a class has no docstring, nor a base class that explains it."""
    if name.startswith("_"):
        return False
    value = getattr(owner, name, None)  # None: a dataclass's field with slots or a factory
    return (inspect.isroutine(value) or isinstance(value, property)) and not inspect.getdoc(value)


@pytest.mark.parametrize("name", list(modules()))
def test_every_public_name_has_a_docstring(name: str) -> None:
    if name.startswith("minirl.serve."):
        pytest.importorskip("starlette", reason="the server needs starlette: pip install 'minirl[serve]'")
    assert list(undocumented(name)) == []
