"""The shape of a model: one dataclass covers GPT-2 (Radford et al. 2019) and Llama (Touvron et al. 2023)."""

import math
import operator
from dataclasses import dataclass, replace
from typing import Any

from minirl.model.rope_scaling import RopeScaling
from minirl.storage.strict_json import brief

NORMS = ("layer", "rms")
POSITIONS = ("learned", "rope")
MLPS = ("gelu", "gelu_exact", "swiglu")
MOST = 2**31 - 1  # kernels count in int32
LARGEST = 1e30  # of a setting that is no count: float32 holds it


@dataclass(frozen=True)
class GPTConfig:
    """Everything that fixes a model's shape. The defaults are GPT-2's; `GPTConfig.llama(...)` has Llama's.

    Raises ValueError naming the field, its value and the valid ones.
    """

    vocab_size: int
    """V, the number of tokens."""
    context_length: int = 1024
    """The most tokens that the model can read at once."""
    n_layer: int = 12
    """The number of blocks, each with attention and MLP."""
    n_head: int = 12
    """H, query heads in each attention."""
    n_kv_head: int | None = None
    """H_kv, key and value heads; fewer than n_head is grouped-query attention. None: n_head."""
    d_model: int = 768
    """C, the width of the residual stream."""
    d_ff: int | None = None
    """F, the width of the MLP. None: 4 C for gelu; 8/3 C, rounded up to 64s, for swiglu."""
    norm: str = "layer"
    """"layer" (LayerNorm) or "rms" (RMSNorm)."""
    position: str = "learned"
    """"learned" (a table of positions) or "rope" (rotary embedding in each attention)."""
    mlp: str = "gelu"
    """"gelu" (tanh form, GPT-2's), "gelu_exact" or "swiglu"."""
    bias: bool = True
    """Whether linear layers and LayerNorms have biases."""
    tie_embeddings: bool = True
    """Whether the output layer uses the token table as its weight."""
    norm_eps: float = 1e-5
    """Added to the variance in norms."""
    rope_base: float = 10000.0
    """The base of RoPE's angles: token t turns pair i by t base^(-2i / D)."""
    dropout: float = 0.0
    """Share of values set to 0 in training, after the embedding and before each addition to the residual stream."""
    head_dim: int | None = None
    """D, numbers of a head. None: d_model / n_head. Qwen3's heads are larger."""
    qkv_bias: bool | None = None
    """Whether the projection to queries, keys and values has a bias. None: as `bias` says. Qwen2 has biases there."""
    qk_norm: bool = False
    """Whether queries and keys are normalised (qk_norm.py), as in Qwen3."""
    rope_scaling: RopeScaling | None = None
    """How RoPE's angles are slowed down (rope_scaling.py), as in Llama 3.1. None: they are not."""
    rope_share: float = 1.0
    """The share of each head's numbers that RoPE turns; GPT-NeoX turns a quarter."""
    no_rope_every: int = 0
    """Every so many blocks, one has no rotary positions, as in SmolLM3. 0: all have them."""
    parallel: bool = False
    """Whether attention and MLP read the same residual stream, as in GPT-NeoX; otherwise the MLP reads what attention
    has added to it."""

    def __post_init__(self) -> None:
        counts = ("vocab_size", "context_length", "n_layer", "n_head", "n_kv_head", "d_model", "d_ff", "head_dim")
        for name in (*counts, "no_rope_every"):
            value = getattr(self, name)
            if not isinstance(value, int) and hasattr(value, "__index__"):  # a whole number of NumPy
                object.__setattr__(self, name, operator.index(value))
        for name in ("vocab_size", "context_length", "n_layer", "n_head", "d_model"):
            _positive(name, getattr(self, name))
        for name in ("bias", "tie_embeddings", "qk_norm", "parallel", "qkv_bias"):
            if not isinstance(getattr(self, name), bool) and not (name == "qkv_bias" and self.qkv_bias is None):
                raise ValueError(f"GPTConfig: {name} is {brief(getattr(self, name))}; expected True or False")
        for name in ("norm_eps", "rope_base", "dropout", "rope_share"):
            value = getattr(self, name)
            if not isinstance(value, int | float) or isinstance(value, bool) or not -LARGEST <= value <= LARGEST:
                raise ValueError(f"GPTConfig: {name} is {brief(value)}; expected a finite number")
        if self.n_kv_head is None:
            object.__setattr__(self, "n_kv_head", self.n_head)
        if self.d_ff is None:
            gated = -(-8 * self.d_model // (3 * 64)) * 64
            object.__setattr__(self, "d_ff", gated if self.mlp == "swiglu" else 4 * self.d_model)
        _positive("n_kv_head", self.kv_heads)
        _positive("d_ff", self.ff_size)
        _one_of("norm", self.norm, NORMS)
        _one_of("position", self.position, POSITIONS)
        _one_of("mlp", self.mlp, MLPS)
        self._check_variant()
        if self.head_dim is None and self.d_model % self.n_head:
            valid = _divisors(self.d_model)
            raise ValueError(
                f"GPTConfig: n_head {self.n_head} does not divide d_model {self.d_model}; use one of {valid}"
            )
        if self.n_head % self.kv_heads:
            valid = _divisors(self.n_head)
            raise ValueError(
                f"GPTConfig: n_kv_head {self.n_kv_head} does not divide n_head {self.n_head}; use one of {valid}"
            )
        if self.position == "rope" and self.head_size % 2:
            raise ValueError(f"GPTConfig: RoPE rotates pairs, but d_model / n_head = {self.head_size} is odd")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"GPTConfig: dropout {self.dropout} must lie in [0, 1)")
        if not self.norm_eps > 0 or not self.rope_base > 0:
            raise ValueError(f"GPTConfig: norm_eps {self.norm_eps} and rope_base {self.rope_base} must be positive")

    def _check_variant(self) -> None:
        """Check the fields that only some published models use."""
        if self.head_dim is not None:
            _positive("head_dim", self.head_dim)
        if self.no_rope_every:
            _positive("no_rope_every", self.no_rope_every)
        if self.rope_scaling is not None and not isinstance(self.rope_scaling, RopeScaling):
            raise ValueError(
                f"GPTConfig: rope_scaling is {brief(self.rope_scaling)}; expected RopeScaling(...) or None"
            )
        if not 0 < self.rope_share <= 1:
            raise ValueError(f"GPTConfig: rope_share is {brief(self.rope_share)}; expected more than 0, and at most 1")
        if self.position != "rope" and (self.rope_scaling or self.rope_share != 1 or self.no_rope_every):
            raise ValueError("GPTConfig: rope_scaling, rope_share and no_rope_every need position='rope'")

    @classmethod
    def llama(cls, **fields: Any) -> "GPTConfig":
        """A Llama-style config: RMSNorm, RoPE, SwiGLU, no biases, an output layer of its own."""
        style = {"norm": "rms", "position": "rope", "mlp": "swiglu", "bias": False, "tie_embeddings": False}
        return cls(**{**style, **fields})

    @classmethod
    def preset(cls, name: str, **changes: Any) -> "GPTConfig":
        """A published model's shape by its name, with some fields changed: preset("gpt2", context_length=256)."""
        if name not in PRESETS:
            raise ValueError(f"GPTConfig: no preset {name!r}; there are {', '.join(PRESETS)}")
        return replace(PRESETS[name], **changes)

    @property
    def head_size(self) -> int:
        """D."""
        return self.d_model // self.n_head if self.head_dim is None else self.head_dim

    @property
    def attention_size(self) -> int:
        """H D, what attention returns for a token; nearly always d_model."""
        return self.n_head * self.head_size

    @property
    def has_qkv_bias(self) -> bool:
        """Whether the projection to queries, keys and values has a bias."""
        return self.bias if self.qkv_bias is None else self.qkv_bias

    @property
    def turned_numbers(self) -> int:
        """How many of a head's numbers RoPE turns: an even number."""
        return int(self.rope_share * self.head_size) // 2 * 2

    def rotates(self, layer: int) -> bool:
        """Whether the block with this number has rotary positions."""
        return self.position == "rope" and (not self.no_rope_every or (layer + 1) % self.no_rope_every != 0)

    @property
    def kv_heads(self) -> int:
        """H_kv: n_kv_head, or n_head when that is None."""
        return self.n_head if self.n_kv_head is None else self.n_kv_head

    @property
    def ff_size(self) -> int:
        """F: d_ff, with its default filled in."""
        return 0 if self.d_ff is None else self.d_ff

    @property
    def qkv_size(self) -> int:
        """(H + 2 H_kv) D, the width of the projection that holds queries, keys and values."""
        return (self.n_head + 2 * self.kv_heads) * self.head_size

    def matmul_weights(self) -> int:
        """The number of weights that every token is multiplied with: all linear layers and the output layer."""
        block = self.d_model * (self.qkv_size + self.attention_size + (3 if self.mlp == "swiglu" else 2) * self.ff_size)
        return self.n_layer * block + self.vocab_size * self.d_model

    def parameter_count(self) -> int:
        """How many numbers training changes; tied embeddings count once."""
        C, F = self.d_model, self.ff_size
        norms = (2 * self.n_layer + 1) * C * (2 if self.norm == "layer" and self.bias else 1)
        biases = self.n_layer * (C + (2 * F if self.mlp == "swiglu" else F) + C) if self.bias else 0
        biases += self.n_layer * self.qkv_size if self.has_qkv_bias else 0
        norms += 2 * self.n_layer * self.head_size if self.qk_norm else 0
        tables = (0 if self.tie_embeddings else self.vocab_size * C) + (
            self.context_length * C if self.position == "learned" else 0
        )
        return self.matmul_weights() + tables + norms + biases

    def flops_per_token(self, time: int | None = None, training: bool = True) -> float:
        """Floating-point operations for each token of sequences of `time` tokens (context_length if None).

        Forward: 2 per weight, and per layer 4 H D for each key that a query sees, which are (time + 1) / 2 keys on
        average. Training: three times that, because backward computes two products for each product of forward (Kaplan
        et al. 2020, section 2.1).
        """
        keys = ((self.context_length if time is None else time) + 1) / 2
        forward = 2 * self.matmul_weights() + 4 * self.n_layer * self.attention_size * keys
        return forward * (3 if training else 1)


def _divisors(n: int) -> list[int]:
    small = [d for d in range(1, math.isqrt(n) + 1) if n % d == 0]
    return sorted({*small, *(n // d for d in small)})


def _positive(name: str, value: object) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"GPTConfig: {name} is {brief(value)}; expected a whole number, 1 or more")
    if value > MOST:
        raise ValueError(f"GPTConfig: {name} is {brief(value)}; expected at most {MOST}, the largest int32")


def _one_of(name: str, value: str, valid: tuple[str, ...]) -> None:
    if value not in valid:
        raise ValueError(f"GPTConfig: {name} is {brief(value)}; use one of {', '.join(map(repr, valid))}")


PRESETS = {
    "gpt2": GPTConfig(50257),
    "gpt2-medium": GPTConfig(50257, n_layer=24, n_head=16, d_model=1024),
    "gpt2-large": GPTConfig(50257, n_layer=36, n_head=20, d_model=1280),
    "gpt2-xl": GPTConfig(50257, n_layer=48, n_head=25, d_model=1600),
    "stories15m": GPTConfig.llama(
        vocab_size=32000, context_length=256, n_layer=6, n_head=6, d_model=288, d_ff=768, tie_embeddings=True
    ),
    "smollm-135m": GPTConfig.llama(
        vocab_size=49152, context_length=2048, n_layer=30, n_head=9, n_kv_head=3, d_model=576, d_ff=1536,
        tie_embeddings=True,
    ),
    "tinyllama-1.1b": GPTConfig.llama(
        vocab_size=32000, context_length=2048, n_layer=22, n_head=32, n_kv_head=4, d_model=2048, d_ff=5632
    ),
}  # fmt: skip
