"""Modules: parameters with names, and the layers that hold them."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from minirl import functional as F
from minirl.autograd import Array
from minirl.kernels.precision import BFLOAT16
from minirl.tensor import Tensor


class Parameter(Tensor):
    """A tensor that training changes. As an attribute of a Module it is found under the attribute's name."""

    __slots__ = ()

    def __init__(self, data: Any) -> None:
        super().__init__(data, requires_grad=True)


class Module:
    """Something with parameters. A subclass sets parameters, modules and lists of modules as attributes, and defines
    __call__.

        class Scale(Module):
            def __init__(self, size):
                self.factor = Parameter(np.ones(size, np.float32))

            def __call__(self, x):
                return x * self.factor

    Names are paths of attributes, "blocks.0.attention.qkv.weight". A parameter reachable by two paths (a tied weight)
    has the first one's name and occurs once.
    """

    training = True

    def children(self) -> "Iterator[tuple[str, Module]]":
        """The modules directly inside this one, with their names."""
        for name, value in vars(self).items():
            if isinstance(value, Module):
                yield name, value
            elif isinstance(value, list | tuple):
                for index, item in enumerate(value):
                    if isinstance(item, Module):
                        yield f"{name}.{index}", item

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """Every parameter with its name, each once."""
        seen: set[int] = set()
        for name, parameter in self._all_parameters(""):
            if id(parameter) not in seen:
                seen.add(id(parameter))
                yield name, parameter

    def _all_parameters(self, prefix: str) -> Iterator[tuple[str, Parameter]]:
        for name, value in vars(self).items():
            if isinstance(value, Parameter):
                yield prefix + name, value
        for name, child in self.children():
            yield from child._all_parameters(f"{prefix}{name}.")

    def parameters(self) -> list[Parameter]:
        """Every parameter, each once."""
        return [parameter for _, parameter in self.named_parameters()]

    def parameter_count(self) -> int:
        """How many numbers training changes; a tied weight counts once."""
        return sum(parameter.size for parameter in self.parameters())

    def state_dict(self) -> dict[str, Array]:
        """Name -> array, the parameters' own arrays and not copies; weights held in bfloat16 are uint16 bits."""
        return {name: parameter.data for name, parameter in self.named_parameters()}

    def load_state_dict(self, state: Mapping[str, Array]) -> None:
        """Copy the arrays of `state` into the parameters of the same names.

        Raises ValueError naming every tensor that is missing, unexpected, of another shape, or held in bfloat16 on one
        side alone; then nothing was changed.
        """
        parameters = dict(self.named_parameters())
        problems = [f"missing: {name} {p.shape}" for name, p in parameters.items() if name not in state]
        problems += [f"unexpected: {name} {np.shape(x)}" for name, x in state.items() if name not in parameters]
        problems += [
            f"{name} has shape {np.shape(state[name])}; expected {p.shape}"
            for name, p in parameters.items()
            if name in state and np.shape(state[name]) != p.shape
        ]
        problems += [
            f"{name} has dtype {np.asarray(state[name]).dtype}; expected {p.dtype} (uint16 are bfloat16 bits)"
            for name, p in parameters.items()
            if name in state and (np.asarray(state[name]).dtype == BFLOAT16) != (p.dtype == BFLOAT16)
        ]
        if problems:
            raise ValueError(f"{type(self).__name__}.load_state_dict: " + "; ".join(problems))
        for name, parameter in parameters.items():
            parameter.data[...] = state[name]

    def train(self, mode: bool = True) -> None:
        """Switch dropout on (off with mode=False), here and in all modules inside."""
        self.training = mode
        for _, child in self.children():
            child.train(mode)

    def eval(self) -> None:
        """Switch dropout off, here and in all modules inside."""
        self.train(False)

    def zero_grad(self) -> None:
        """Forget all gradients."""
        for parameter in self.parameters():
            parameter.grad = None


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
    """Row ids[...] of a table: (...) int32 -> (..., size). Table: (count, size), from N(0, std^2)."""

    def __init__(self, count: int, size: int, generator: np.random.Generator | None, std: float = 0.02) -> None:
        self.weight = Parameter(normal(generator, (count, size), std))

    def __call__(self, ids: Array) -> Tensor:
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
