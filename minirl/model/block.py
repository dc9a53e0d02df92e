"""One block of the transformer: attention, MLP, and how both add to the residual stream.

plain.py writes the same out with q, k and v as three names, for one document. Here rows may hold many documents, and a
cache may hold the keys and values of earlier tokens; `F.packed_attention` and `KVCache.attend` do that work. Letters: B
batch, T time, C d_model, H heads, D head size, F d_ff.
"""

import math

import numpy as np

from minirl import functional as F
from minirl.model.cache import Past
from minirl.model.config import GPTConfig
from minirl.model.qk_norm import QKNorm
from minirl.nn import Dropout, LayerNorm, Linear, Module, RMSNorm
from minirl.tensor import Tensor

Generator = np.random.Generator | None
STD = 0.02  # the initial spread of GPT-2's weights


class Attention(Module):
    """Each token reads the tokens before it: (B, T, C) -> (B, T, H D), before the projection back to C.

    One matrix product makes queries, keys and values, side by side in one array: packed (B, T, (H + 2 H_kv) D).
    """

    def __init__(self, config: GPTConfig, generator: Generator, std: float = STD) -> None:
        C = config.d_model
        self.config = config
        self.qkv = Linear(C, config.qkv_size, generator, config.has_qkv_bias, std)
        self.projection = Linear(config.attention_size, C, generator, config.bias, residual_std(config, std))
        if config.qk_norm:
            self.qk_norm = QKNorm(config)

    def __call__(
        self, x: Tensor, rotation: F.Rotation | None, documents: F.Documents | None = None, past: Past | None = None
    ) -> Tensor:
        packed = self.qkv(x)
        if self.config.qk_norm:
            packed = self.qk_norm(packed)
        if past is None:
            return F.packed_attention(packed, self.config.n_head, self.config.kv_heads, rotation, documents)
        return Tensor(past.cache.attend(past.next_layer(), packed.data, past.new, rotation))


class MLP(Module):
    """Each token by itself, C -> F -> C with a nonlinearity between. Returns (B, T, F), before the projection to C."""

    def __init__(self, config: GPTConfig, generator: Generator, std: float = STD) -> None:
        self.gated = config.mlp == "swiglu"
        activation = {"gelu": "gelu_tanh", "gelu_exact": "gelu", "swiglu": None}[config.mlp]
        width = config.ff_size * (2 if self.gated else 1)  # swiglu: gate and up side by side
        self.up = Linear(config.d_model, width, generator, config.bias, std, activation)
        self.projection = Linear(config.ff_size, config.d_model, generator, config.bias, residual_std(config, std))

    def __call__(self, x: Tensor) -> Tensor:
        return F.swiglu(self.up(x)) if self.gated else self.up(x)


class Block(Module):
    """y = x + attention(norm(x)), then y + mlp(norm(y)): (B, T, C) -> (B, T, C). GPT-NeoX: y + mlp(norm(x)).

    The block, and not Attention or MLP, calls their projections back to C, because it adds their results to the
    residual stream x: without dropout one kernel does both.
    """

    def __init__(self, config: GPTConfig, generator: Generator, dropout: Dropout, std: float = STD) -> None:
        self.attention_norm = make_norm(config)
        self.attention = Attention(config, generator, std)
        self.mlp_norm = make_norm(config)
        self.mlp = MLP(config, generator, std)
        self.dropout, self.parallel = dropout, config.parallel

    def __call__(
        self, x: Tensor, rotation: F.Rotation | None, documents: F.Documents | None = None, past: Past | None = None
    ) -> Tensor:
        y = self.add(x, self.attention.projection, self.attention(self.attention_norm(x), rotation, documents, past))
        return self.add(y, self.mlp.projection, self.mlp(self.mlp_norm(x if self.parallel else y)))

    def add(self, x: Tensor, projection: Linear, y: Tensor) -> Tensor:
        """x + projection(y). Without dropout the projection's kernel makes the sum."""
        if self.dropout.training and self.dropout.rate:
            return x + self.dropout(projection(y))
        return projection(y, residual=x)


def make_norm(config: GPTConfig) -> LayerNorm | RMSNorm:
    """The norm that the config names, over rows of d_model numbers."""
    if config.norm == "layer":
        return LayerNorm(config.d_model, config.norm_eps, config.bias)
    return RMSNorm(config.d_model, config.norm_eps)


def residual_std(config: GPTConfig, std: float) -> float:
    """The initial spread of the weights that add to the residual stream; `GPT` says why it is smaller."""
    return std / math.sqrt(2 * config.n_layer)
