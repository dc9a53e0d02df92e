"""Modules: parameters with names, and the layers that hold them."""

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import numpy as np

from minirl import functional as F
from minirl import kernels
from minirl.autograd import Array
from minirl.kernels.int8 import numbers_of
from minirl.kernels.precision import BFLOAT16
from minirl.tensor import Tensor, show

M = TypeVar("M", bound="Module")
SHOWN = 8  # problems in one message


class Parameter(Tensor):
    """A tensor that training changes. As an attribute of a Module it is found under the attribute's name."""

    __slots__ = ()

    def __init__(self, data: Any) -> None:
        super().__init__(data, requires_grad=True)


class Module:
    """Something with parameters. A subclass sets parameters and modules as attributes, or lists, tuples and dicts of
    them, and defines __call__.

        class Scale(Module):
            def __init__(self, size):
                self.factor = Parameter(np.ones(size, np.float32))

            def __call__(self, x):
                return x * self.factor

    Names are paths of attributes, indices and keys, "blocks.0.attention.qkv.weight". A parameter reachable by two paths
    (a tied weight) has the first one's name and occurs once.
    """

    training = True

    def children(self) -> "Iterator[tuple[str, Module]]":
        """The modules directly inside this one, with their names."""
        return ((name, value) for name, value in self._held() if isinstance(value, Module))

    def named_modules(self) -> "Iterator[tuple[str, Module]]":
        """This module, as "", and every module inside with its name, each once."""
        seen: set[int] = set()
        waiting: list[tuple[str, Module]] = [("", self)]
        while waiting:
            path, module = waiting.pop()
            if id(module) not in seen:
                seen.add(id(module))
                yield path, module
                inside = [(f"{path}.{name}" if path else name, child) for name, child in module.children()]
                waiting.extend(reversed(inside))

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """Every parameter with its name, each once. Raises ValueError where two have one name."""
        seen: set[int] = set()
        names: set[str] = set()
        for path, module in self.named_modules():
            for own, parameter in module._held():
                if isinstance(parameter, Module) or id(parameter) in seen:
                    continue
                name = f"{path}.{own}" if path else own
                if name in names:
                    raise ValueError(f"{type(self).__name__}: two parameters are called {name}; rename a key")
                seen.add(id(parameter))
                names.add(name)
                yield name, parameter

    def _held(self) -> "Iterator[tuple[str, Parameter | Module]]":
        """The parameters and modules in its attributes, and in lists, tuples and dicts there, nested ones too."""
        for name, value in vars(self).items():
            yield from _found(type(self).__name__, name, value)

    def parameters(self) -> list[Parameter]:
        """Every parameter, each once."""
        return [parameter for _, parameter in self.named_parameters()]

    def parameter_count(self) -> int:
        """How many numbers training changes; a tied weight counts once."""
        return sum(numbers_of(parameter.data) for parameter in self.parameters())

    def state_dict(self) -> dict[str, Array]:
        """Name -> array, the parameters' own arrays and not copies; weights held in bfloat16 are uint16 bits."""
        return {name: parameter.data for name, parameter in self.named_parameters()}

    def load_state_dict(self, state: Mapping[str, Array]) -> None:
        """Copy the arrays of `state` into the parameters of the same names.

        Raises ValueError naming the first tensors that are missing, unexpected, of another shape, no numbers, or held
        in bfloat16 on one side alone; then nothing was changed.
        """
        parameters = dict(self.named_parameters())
        problems = [f"missing: {name} {p.shape}" for name, p in parameters.items() if name not in state]
        problems += [f"unexpected: {name!s:.80} {np.shape(x)}" for name, x in state.items() if name not in parameters]
        arrays = {name: kernels.asarray(state[name]) for name in parameters if name in state}
        for name, x in arrays.items():
            p = parameters[name]
            if x.shape != p.shape:
                problems.append(f"{name} has shape {x.shape}; expected {p.shape}")
            elif x.dtype.kind not in "fiub" or (x.dtype == BFLOAT16) != (p.dtype == BFLOAT16):
                problems.append(f"{name} has dtype {x.dtype}; expected {p.dtype} (uint16 are bfloat16 bits)")
        if problems:
            more = f"; and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
            raise ValueError(f"{type(self).__name__}.load_state_dict: " + "; ".join(problems[:SHOWN]) + more)
        for name, parameter in parameters.items():
            parameter.data[...] = arrays[name]

    def train(self: M, mode: bool = True) -> M:
        """Switch dropout on (off with mode=False), here and in all modules inside; return this module."""
        for _, module in self.named_modules():
            module.training = mode
        return self

    def eval(self: M) -> M:
        """Switch dropout off, here and in all modules inside; return this module."""
        return self.train(False)

    def zero_grad(self) -> None:
        """Forget all gradients."""
        for parameter in self.parameters():
            parameter.grad = None

    def __repr__(self) -> str:
        return "\n".join(self._tree(()))

    def _tree(self, above: "tuple[Module, ...]") -> list[str]:
        """Its lines: settings and the shapes of parameters, then the modules inside, equal ones in a row as one."""
        held = [] if any(self is module for module in above) else list(self._held())
        about = [f"{name} {value.shape}" for name, value in held if isinstance(value, Parameter)]
        about += [
            f"{name}={value!r}"
            for name, value in vars(self).items()
            if isinstance(value, int | float | str) and name != "training" and not name.startswith("_")
        ]
        groups: list[tuple[list[str], list[str]]] = []  # names, lines
        for name, value in held:
            if isinstance(value, Module):
                lines = value._tree((*above, self))
                if groups and groups[-1][1] == lines and name.rpartition(".")[0] == groups[-1][0][0].rpartition(".")[0]:
                    groups[-1][0].append(name)
                else:
                    groups.append(([name], lines))
        if not groups:
            return [f"{type(self).__name__}({', '.join(about)})"]
        inside = [", ".join(about)] if about else []
        for names, lines in groups:
            many = f"{names[0]}-{names[-1].rpartition('.')[2]}: {len(names)} x " if len(names) > 1 else f"{names[0]}: "
            inside += [many + lines[0], *lines[1:]]
        return [f"{type(self).__name__}(", *(f"  {line}" for line in inside), ")"]

    def _repr_html_(self) -> str:
        return show.parameters_html(type(self).__name__, self.state_dict().items())


def _found(owner: str, name: str, value: Any) -> Iterator[tuple[str, Parameter | Module]]:
    if isinstance(value, Parameter | Module):
        yield name, value
    elif isinstance(value, list | tuple | deque):
        for index, item in enumerate(value):
            yield from _found(owner, f"{name}.{index}", item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _found(owner, f"{name}.{key}", item)
    elif isinstance(value, set | frozenset) and any(isinstance(item, Parameter | Module) for item in value):
        raise TypeError(f"{owner}: {name} is a set, which has no order to name parameters by; use a list or a dict")


class Linear(Module):
    """y = activation(x W^T + b): (..., inputs) -> (..., outputs). W: (outputs, inputs), from N(0, std^2); b: zeros."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        generator: np.random.Generator | None,
        bias: bool = True,
        std: float = 0.02,
        activation: str | None = None,
    ) -> None:
        self.weight = Parameter(normal(generator, (outputs, inputs), std))
        self.bias = Parameter(np.zeros(outputs, np.float32)) if bias else None
        self.activation = activation

    def __call__(self, x: Tensor, residual: Tensor | None = None) -> Tensor:
        return F.linear(x, self.weight, self.bias, self.activation, residual)


class Embedding(Module):
    """Row ids[...] of a table: (...) whole numbers -> (..., size). Table: (count, size), from N(0, std^2)."""

    def __init__(self, count: int, size: int, generator: np.random.Generator | None, std: float = 0.02) -> None:
        self.weight = Parameter(normal(generator, (count, size), std))

    def __call__(self, ids: Any) -> Tensor:
        return F.embedding(ids, self.weight)


class LayerNorm(Module):
    """gamma (x - mean) / sqrt(var + eps) + beta over the last axis; gamma is called weight, beta bias."""

    def __init__(self, size: int, eps: float = 1e-5, bias: bool = True) -> None:
        self.weight = Parameter(np.ones(size, np.float32))
        self.bias = Parameter(np.zeros(size, np.float32)) if bias else None
        self.eps = eps

    def __call__(self, x: Tensor) -> Tensor:
        return F.layer_norm(x, self.weight, self.bias, self.eps)


class RMSNorm(Module):
    """gamma x / sqrt(mean(x^2) + eps) over the last axis; gamma is called weight."""

    def __init__(self, size: int, eps: float = 1e-6) -> None:
        self.weight = Parameter(np.ones(size, np.float32))
        self.eps = eps

    def __call__(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, self.weight, self.eps)


class Dropout(Module):
    """In training, zeroes values with probability `rate`, drawing from its own stream; in eval, does nothing."""

    def __init__(self, rate: float, generator: np.random.Generator) -> None:
        self.rate = rate
        self.generator = generator

    def __call__(self, x: Tensor) -> Tensor:
        return F.dropout(x, self.rate, self.generator) if self.training else x


def normal(generator: np.random.Generator | None, shape: tuple[int, ...], std: float) -> Array:
    """float32 numbers from N(0, std^2); zeros without a generator, where a checkpoint will fill them."""
    if generator is None:
        return np.zeros(shape, np.float32)
    x = generator.standard_normal(shape, dtype=np.float32)
    x *= np.float32(std)
    return x
