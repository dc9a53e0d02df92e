"""What `decode` must know of a model: its sizes, and the arrays of its weights.

minirl/model/decode.py makes one of a GPT. C reads the arrays where they are, so a weight that is changed in place has
changed here too.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from minirl.kernels.arguments import check, check_held
from minirl.kernels.int8 import row_length

Array = np.ndarray


class Norm(NamedTuple):
    """Layer norm, or RMS norm, which has no beta. gamma, beta: (C,)."""

    gamma: Array
    beta: Array | None


class Projection(NamedTuple):
    """y = x W^T + bias. weight: (outputs, inputs), floats, bfloat16 or int8. bias: (outputs,)."""

    weight: Array
    bias: Array | None


class Layer(NamedTuple):
    """One block. query_gamma, key_gamma: (D,), where queries and keys are normalised."""

    attention_norm: Norm
    qkv: Projection
    query_gamma: Array | None
    key_gamma: Array | None
    projection: Projection
    mlp_norm: Norm
    up: Projection
    down: Projection
    rotates: bool


@dataclass(frozen=True)
class Decoder:
    """A model. Raises TypeError and ValueError where its arrays do not fit together."""

    n_head: int
    n_kv_head: int
    head_size: int
    eps: float
    rms: bool
    """Whether norms are RMS norms."""
    gated: bool
    """Whether the MLP is SwiGLU, whose `up` gives gate and up side by side."""
    activation: str | None
    """Otherwise the MLP's activation, a name that matmul knows."""
    parallel: bool
    """Whether the MLP reads what attention reads, and not what attention has added to it."""
    tokens: Array
    """(V, C), the token table."""
    positions: Array | None
    """(context, C), the table of positions."""
    rotation: tuple[Array, Array] | None
    """cosine and sine, (context, D/2) each."""
    layers: tuple[Layer, ...]
    final_norm: Norm
    head: Array
    """(V, C), the output layer's weight."""
    kept: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """What a backend has made of this and wants to find again at the next token."""

    def __post_init__(self) -> None:
        if not self.layers or np.ndim(self.tokens) != 2:
            raise ValueError(
                f"decode: {len(self.layers)} layers and tokens {np.shape(self.tokens)}; expected 1 or more, (V, C)"
            )
        op, C = "decode", row_length(self.tokens)
        H, H_kv, D = self.n_head, self.n_kv_head, self.head_size
        _check_matrix("tokens", self.tokens, (-1, C))
        _check_matrix("head", self.head, (-1, C))
        if self.positions is not None:
            check(op, "positions", self.positions, (-1, C), "context C")
        for name, table in zip(("cosine", "sine"), self.rotation or (), strict=False):
            check(op, name, table, (-1, D // 2), "context D/2")
        for layer in self.layers:
            if layer.rotates and self.rotation is None:
                raise ValueError("decode: a layer rotates queries and keys; expected rotation=(cosine, sine)")
            if (layer.query_gamma is None) != (layer.key_gamma is None):
                raise ValueError("decode: a layer has one of query_gamma and key_gamma; expected both or none")
            F = row_length(layer.down.weight)
            _check_projection("qkv", layer.qkv, ((H + 2 * H_kv) * D, C))
            _check_projection("projection", layer.projection, (C, H * D))
            _check_projection("up", layer.up, (2 * F if self.gated else F, C))
            _check_projection("down", layer.down, (C, F))
            for name, gamma in (("query_gamma", layer.query_gamma), ("key_gamma", layer.key_gamma)):
                if gamma is not None:
                    check(op, name, gamma, (D,), "D")
        norms = [norm for layer in self.layers for norm in (layer.attention_norm, layer.mlp_norm)]
        for norm in (*norms, self.final_norm):
            check(op, "gamma", norm.gamma, (C,), "C")
            if norm.beta is not None:
                check(op, "beta", norm.beta, (C,), "C")

    @property
    def context(self) -> int | None:
        """The number of positions that the tables hold; None where there is no table."""
        tables = [table for table in (self.positions, *(self.rotation or ())) if table is not None]
        return min(map(len, tables), default=None)


def _check_projection(name: str, projection: Projection, shape: tuple[int, int]) -> None:
    _check_matrix(name, projection.weight, shape)
    if projection.bias is not None:
        check("decode", f"{name}'s bias", projection.bias, shape[:1], "outputs")


def _check_matrix(name: str, weight: Array, shape: tuple[int, int]) -> None:
    check_held("decode", name, weight, shape, "outputs inputs")
