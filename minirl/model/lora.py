"""LoRA: training a few small matrices beside the model's large ones (Hu et al. 2021, "LoRA", section 4.1).

A matrix W (F, C) stays as it is, and learns through two narrow ones beside it:

    y = x W^T + s (x A^T) B^T        A (r, C), B (F, r), s = alpha / r

A begins random and B begins as zeros, so the model begins exactly where it was. For SmolLM2's MLP, W has 576 x 1536
numbers; with r = 8, A and B have 8 x (576 + 1536), 2% of that. The optimizer's moments and the gradients shrink by as
much, and the model before training is still there: it is the same model with the adapters off.

`merged` adds s B A to W. The result is an ordinary model again, and `save_pretrained` writes it so.

minirl keeps some of the published matrices as rows of one: queries, keys and values, and the MLP's gate and up. Each
published matrix has an adapter of its own all the same, so that the adapters mean the same in other programs.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol

import numpy as np

from minirl import functional as F
from minirl.autograd import Array
from minirl.model.config import GPTConfig
from minirl.model.entry import Entry
from minirl.model.hugging_face import entries
from minirl.nn import Linear, Module, Parameter
from minirl.tensor import Tensor


@dataclass(frozen=True)
class LoRAConfig:
    """Which matrices learn, and through how narrow ones. Raises ValueError for numbers that make no sense."""

    rank: int = 8
    """r, the rows of A and the columns of B."""
    alpha: float = 16.0
    """The adapters' product is multiplied by alpha / rank."""
    matrices: tuple[str, ...] = ()
    """The last names of the matrices, as they are published: q_proj, v_proj, down_proj, c_attn. Empty: all matrices of
    the blocks."""

    def __post_init__(self) -> None:
        if self.rank < 1:
            raise ValueError(f"LoRA: rank is {self.rank}; expected 1 or more")
        if not 0 < self.alpha < float("inf"):
            raise ValueError(f"LoRA: alpha is {self.alpha}; expected more than 0")


class Model(Protocol):
    """What adapters need of a GPT."""

    config: GPTConfig

    def parameters(self) -> list[Parameter]:
        """All that training may change."""
        ...

    def named_modules(self) -> Iterator[tuple[str, Module]]:
        """Its modules by name."""
        ...


class Adapter(Module):
    """A and B beside rows `start` to `start` + F of a matrix."""

    def __init__(self, entry: Entry, inputs: int, outputs: int, config: LoRAConfig, rng: np.random.Generator) -> None:
        self.A = Parameter(rng.standard_normal((config.rank, inputs), np.float32) / np.float32(np.sqrt(inputs)))
        self.B = Parameter(np.zeros((outputs, config.rank), np.float32))
        self.entry, self.outputs, self.scale = entry, outputs, config.alpha / config.rank
        self.start = 0 if entry.rows is None else entry.rows[0]

    @property
    def product(self) -> Array:
        """s B A, (F, C): what merging adds to the matrix."""
        return np.float32(self.scale) * (self.B.data @ self.A.data)


class AdaptedLinear(Linear):
    """A Linear whose weight and bias stay, with adapters for some or all of its rows."""

    def __init__(self, linear: Linear, adapters: Sequence[Adapter]) -> None:
        self.weight, self.bias, self.activation = linear.weight, linear.bias, linear.activation
        self.adapters = {last_name(adapter.entry): adapter for adapter in adapters}
        self.on = True

    def __call__(self, x: Tensor, residual: Tensor | None = None) -> Tensor:
        if not self.on:
            return super().__call__(x, residual)
        adapters = list(self.adapters.values())
        beside = [F.LowRank(adapter.start, adapter.A, adapter.B) for adapter in adapters]
        added = residual if self.activation is None else None
        y = F.low_rank_linear(x, self.weight, self.bias, beside, adapters[0].scale, added)
        if self.activation is None:
            return y
        y = F.silu(y) if self.activation == "silu" else F.gelu(y, exact=self.activation == "gelu")
        return y if residual is None else y + residual


def add_adapters(model: Model, config: LoRAConfig, seed: int = 0) -> list[Parameter]:
    """Freeze the model's own parameters, and put adapters beside its matrices. Returns the adapters' parameters, which
    alone learn from now on: pass them to the optimizer.

    Raises ValueError for a matrix that the model does not have, naming those that it has, and for a model that has
    adapters already.
    """
    if any(True for _ in adapters_of(model)):
        raise ValueError("add_adapters: the model has adapters already; merge them first")
    found = matrices_of(model)
    names = sorted({last_name(entry) for entry in found})
    if unknown := [name for name in config.matrices if name not in names]:
        raise ValueError(f"LoRA: this model has no matrix {unknown[0]!r}; it has {', '.join(names)}")
    chosen = [entry for entry in found if not config.matrices or last_name(entry) in config.matrices]
    rng = np.random.default_rng(seed)
    for parameter in model.parameters():
        parameter.requires_grad, parameter.grad = False, None
    modules = dict(model.named_modules())
    for name, listed in groupby(chosen, key=lambda entry: entry.parameter.removesuffix(".weight")):
        linear = modules[name]
        assert isinstance(linear, Linear)
        outputs, inputs = linear.weight.shape
        sizes = [(e, outputs if e.rows is None else e.rows[1] - e.rows[0]) for e in listed]
        above, _, own = name.rpartition(".")
        adapted = AdaptedLinear(linear, [Adapter(entry, inputs, rows, config, rng) for entry, rows in sizes])
        setattr(modules[above], own, adapted)
    return [parameter for adapter in adapters_of(model) for parameter in (adapter.A, adapter.B)]


def matrices_of(model: Model) -> list[Entry]:
    """The matrices of the model's blocks, as they are published."""
    return [e for e in entries(model.config) if e.parameter.startswith("blocks.") and len(e.shape) == 2]


def last_name(entry: Entry) -> str:
    """The name by which adapters know a matrix: "q_proj" of layers.0.self_attn.q_proj.weight."""
    return entry.name.removesuffix(".weight").rpartition(".")[2]


def adapted_layers(model: Model) -> "Iterator[tuple[str, AdaptedLinear]]":
    """The model's layers with adapters, by name."""
    return ((name, module) for name, module in model.named_modules() if isinstance(module, AdaptedLinear))


def adapters_of(model: Model) -> Iterator[Adapter]:
    """The model's adapters, layer by layer."""
    return (adapter for _, layer in adapted_layers(model) for adapter in layer.adapters.values())


@contextmanager
def without_adapters(model: Model) -> Iterator[None]:
    """Inside, the model computes what it did before it had adapters."""
    layers = [layer for _, layer in adapted_layers(model)]
    before = [layer.on for layer in layers]
    for layer in layers:
        layer.on = False
    try:
        yield
    finally:
        for layer, on in zip(layers, before, strict=True):
            layer.on = on


# ---- saving ----


def merged(model: Module) -> dict[str, Array]:
    """The model's parameters by name, without adapters, with what they have learned: W + s B A. A model without
    adapters gives its own arrays, not copies."""
    state = dict(model.state_dict())
    for name, layer in ((n, m) for n, m in model.named_modules() if isinstance(m, AdaptedLinear)):
        whole = layer.weight.data.copy()
        for key, adapter in layer.adapters.items():
            whole[adapter.start : adapter.start + adapter.outputs] += adapter.product
            for half in ("A", "B"):
                del state[f"{name}.adapters.{key}.{half}"]
        state[f"{name}.weight"] = whole
    return state


def adapter_arrays(model: Model) -> dict[str, Array]:
    """What the adapters have learned, by name, "blocks.0.mlp.up.gate_proj.A"; their own arrays, not copies."""
    return {
        f"{name}.{key}.{half}": getattr(adapter, half).data
        for name, layer in adapted_layers(model)
        for key, adapter in layer.adapters.items()
        for half in ("A", "B")
    }


def load_adapter_arrays(model: Model, arrays: Mapping[str, Array]) -> None:
    """Copy what `adapter_arrays` gave into the model's adapters. Raises ValueError where names or shapes do not fit;
    then nothing was changed."""
    own = adapter_arrays(model)
    problems = [name for name in {*own, *arrays} if name not in own or name not in arrays]
    problems += [name for name, x in own.items() if name in arrays and arrays[name].shape != x.shape]
    if problems:
        raise ValueError(
            f"the adapters do not fit this model: {len(problems)} of their matrices are missing, unexpected or of "
            f"another shape, {sorted(problems)[0]} the first; give the rank and the matrices that they were made with"
        )
    for name, x in own.items():
        x[...] = arrays[name]
