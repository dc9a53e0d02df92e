"""The same transformer in PyTorch, written as one writes it well there: the peer of whole-model benchmarks.

Parameters have minirl's names and shapes, so `load_state_dict` takes a minirl model's weights as they are. Attention is
PyTorch's own fused kernel, the loss its cross_entropy, AdamW its fused one. Batches are rows of equal length, padded as
people do it; the letters are those of model/transformer.py.
"""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from minirl import kernels
from minirl.model import GPT as Ours
from minirl.model import GPTConfig

IGNORE = -100  # a target that does not count


class Cache:
    """Keys and values (B, H_kv, capacity, D) of each layer; all rows hold `used` tokens.

    Shorter prompts are padded on the left, so that a step writes one column for all rows; the padding is masked.
    """

    def __init__(self, config: GPTConfig, batch: int, capacity: int, dtype: torch.dtype = torch.float32) -> None:
        shape = (config.n_layer, 2, batch, config.kv_heads, capacity, config.head_size)
        self.data, self.used = torch.empty(shape, dtype=dtype), 0

    def append(self, layer: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Store the new tokens' keys and values (B, H_kv, T, D); return all of the layer's so far."""
        stop = self.used + k.shape[2]
        keys, values = self.data[layer]
        keys[:, :, self.used : stop], values[:, :, self.used : stop] = k, v
        return keys[:, :, :stop], values[:, :, :stop]

    def select(self, rows: Tensor) -> None:
        """Keep these rows only."""
        self.data = self.data[:, :, rows]

    def repeat(self, samples: int, capacity: int) -> "Cache":
        """A cache with room for more tokens, each row `samples` times."""
        other = object.__new__(Cache)
        layers, two, batch, heads, _, size = self.data.shape
        other.data = self.data.new_empty(layers, two, batch * samples, heads, capacity, size)
        other.used = self.used
        other.data[..., : self.used, :] = self.data[..., : self.used, :].repeat_interleave(samples, dim=2)
        return other


class Attention(nn.Module):
    def __init__(self, config: GPTConfig, layer: int) -> None:
        super().__init__()
        self.config, self.layer = config, layer
        self.qkv = nn.Linear(config.d_model, config.qkv_size, config.bias)
        self.projection = nn.Linear(config.d_model, config.d_model, config.bias)

    def forward(self, x: Tensor, rotation: Any, mask: Tensor | None, cache: Cache | None) -> Tensor:
        B, T, C = x.shape
        H, H_kv, D = self.config.n_head, self.config.kv_heads, self.config.head_size
        heads = self.qkv(x).view(B, T, H + 2 * H_kv, D).transpose(1, 2)
        q, k, v = heads.split([H, H_kv, H_kv], dim=1)
        if rotation is not None:
            q, k = rotate(q, *rotation), rotate(k, *rotation)
        if cache is not None:
            k, v = cache.append(self.layer, k, v)
        causal = mask is None and T > 1
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=causal, enable_gqa=H_kv < H)
        return self.projection(y.transpose(1, 2).reshape(B, T, C))


class MLP(nn.Module):
    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.gated, self.approximate = config.mlp == "swiglu", "tanh" if config.mlp == "gelu" else "none"
        self.up = nn.Linear(config.d_model, config.ff_size * (2 if self.gated else 1), config.bias)
        self.projection = nn.Linear(config.ff_size, config.d_model, config.bias)

    def forward(self, x: Tensor) -> Tensor:
        if self.gated:
            gate, up = self.up(x).chunk(2, dim=-1)
            return self.projection(F.silu(gate) * up)
        return self.projection(F.gelu(self.up(x), approximate=self.approximate))


class Block(nn.Module):
    def __init__(self, config: GPTConfig, layer: int) -> None:
        super().__init__()
        self.attention_norm, self.attention = make_norm(config), Attention(config, layer)
        self.mlp_norm, self.mlp = make_norm(config), MLP(config)

    def forward(self, x: Tensor, rotation: Any, mask: Tensor | None, cache: Cache | None) -> Tensor:
        x = x + self.attention(self.attention_norm(x), rotation, mask, cache)
        return x + self.mlp(self.mlp_norm(x))


class GPT(nn.Module):
    """A language model of any shape that GPTConfig describes, without dropout."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.config = config
        self.token_embedding = nn.Embedding(config.vocab_size, config.d_model)
        if config.position == "learned":
            self.position_embedding = nn.Embedding(config.context_length, config.d_model)
        else:
            half = torch.arange(0, config.head_size, 2, dtype=torch.float64) / config.head_size
            angles = torch.arange(config.context_length, dtype=torch.float64)[:, None] * config.rope_base**-half
            self.register_buffer("cosine", angles.cos().float(), persistent=False)
            self.register_buffer("sine", angles.sin().float(), persistent=False)
        self.blocks = nn.ModuleList(Block(config, layer) for layer in range(config.n_layer))
        self.final_norm = make_norm(config)
        if not config.tie_embeddings:
            self.head = nn.Linear(config.d_model, config.vocab_size, bias=False)

    @classmethod
    def like(cls, model: Ours) -> "GPT":
        """A model with a copy of the weights of minirl's; where that one holds some in bfloat16, all are, and so is
        what it computes, as PyTorch's users have it."""
        made = cls(model.config)
        state = {name: torch.from_numpy(kernels.fetch(x).copy()) for name, x in model.state_dict().items()}
        halved = {name: x.view(torch.bfloat16) for name, x in state.items() if x.dtype == torch.uint16}
        made.load_state_dict({**state, **halved})
        return made.bfloat16() if halved else made

    @property
    def output_weight(self) -> Tensor:
        return self.token_embedding.weight if self.config.tie_embeddings else self.head.weight

    def hidden(
        self, ids: Tensor, positions: Tensor | None = None, mask: Tensor | None = None, cache: Cache | None = None
    ) -> Tensor:
        """Normed hidden states (B, T, C). mask: which keys each query sees, causal without one."""
        positions = torch.arange(ids.shape[1]) if positions is None else positions
        x, rotation = self.token_embedding(ids), None
        if self.config.position == "learned":
            x = x + self.position_embedding(positions)
        else:  # (T, D/2), or (B, 1, T, D/2) where rows are at different places
            rotation = [table[positions].unsqueeze(-3) for table in (self.cosine, self.sine)]
        for block in self.blocks:
            x = block(x, rotation, mask, cache)
        if cache is not None:
            cache.used += ids.shape[1]
        return self.final_norm(x)

    def forward(self, ids: Tensor, targets: Tensor) -> Tensor:
        """The mean loss over the targets that count; ids and targets (B, T)."""
        logits = F.linear(self.hidden(ids), self.output_weight)
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORE)


def make_norm(config: GPTConfig) -> Any:
    if config.norm == "layer":
        return nn.LayerNorm(config.d_model, config.norm_eps, bias=config.bias)
    return nn.RMSNorm(config.d_model, config.norm_eps)


def rotate(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """RoPE on pairs (i, i + D/2)."""
    a, b = x.chunk(2, dim=-1)
    return torch.cat([a * cosine - b * sine, b * cosine + a * sine], dim=-1)


def optimizer_for(model: GPT, lr: float, betas: tuple[float, float], weight_decay: float) -> Any:
    """Fused AdamW in nanoGPT's two groups: matrices decay, vectors do not."""
    parameters = list(model.parameters())
    groups = [
        {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=lr, betas=betas, fused=True)


def update(optimizer: Any, parameters: Iterable[Any], max_norm: float = 1.0) -> None:
    """Clip, step, and forget the gradients."""
    nn.utils.clip_grad_norm_(parameters, max_norm)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
