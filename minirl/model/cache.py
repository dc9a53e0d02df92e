"""The keys and values of tokens seen so far, so that generating the next token costs one token's work."""

import numpy as np

from minirl import kernels
from minirl.autograd import Array
from minirl.functional import Rotation, split_heads
from minirl.model.config import GPTConfig


class KVCache:
    """For each layer, keys and values (B, capacity, H_kv, D); row b holds lengths[b] of them.

    Rows are independent: prompts of different lengths are padded on the right, and the padding is never read.
    GPT.extend fills the cache.
    """

    def __init__(self, config: GPTConfig, batch: int, capacity: int | None = None) -> None:
        """capacity: the most tokens a row may hold, at most context_length, which is the default."""
        capacity = config.context_length if capacity is None else capacity
        if not 1 <= capacity <= config.context_length:
            raise ValueError(f"KVCache: capacity {capacity}; expected 1 to the context length, {config.context_length}")
        self.config = config
        self.capacity = capacity
        shape = (batch, capacity, config.kv_heads, config.head_size)
        self.keys = [np.zeros(shape, np.float32) for _ in range(config.n_layer)]
        self.values = [np.zeros(shape, np.float32) for _ in range(config.n_layer)]
        self.lengths = np.zeros(batch, np.int32)

    def select(self, rows: Array) -> "KVCache":
        """A new cache whose row i is a copy of row rows[i]: to drop finished rows, or to repeat a prompt's."""
        return self._with([k[rows] for k in self.keys], [v[rows] for v in self.values], self.lengths[rows])

    def first(self, count: int) -> "KVCache":
        """The first `count` rows: a view, so that what is written to it is written here."""
        return self._with([k[:count] for k in self.keys], [v[:count] for v in self.values], self.lengths[:count])

    def put(self, rows: Array, other: "KVCache", others: Array) -> None:
        """Make row rows[i] a copy of row others[i] of another cache, or of this one."""
        longest = int(other.lengths[others].max(initial=0))
        for mine, theirs in zip(self.keys + self.values, other.keys + other.values, strict=True):
            mine[rows, :longest] = theirs[others, :longest]
        self.lengths[rows] = other.lengths[others]

    def _with(self, keys: list[Array], values: list[Array], lengths: Array) -> "KVCache":
        other = KVCache.__new__(KVCache)
        other.config, other.capacity = self.config, self.capacity
        other.keys, other.values, other.lengths = keys, values, lengths
        return other

    def room_for(self, new: Array) -> None:
        """Raise ValueError where a row has no room for new[b] more tokens."""
        full = np.flatnonzero(self.lengths + new > self.capacity)
        if full.size:
            row = int(full[0])
            raise ValueError(
                f"KVCache: row {row} holds {self.lengths[row]} tokens and {new[row]} more would exceed its capacity, "
                f"{self.capacity}"
            )

    def attend(self, layer: int, packed: Array, new: Array, rotation: Rotation | None) -> Array:
        """One layer's attention for new tokens: store their keys and values, return the mixed values (B, T, H D).

        packed: the projection (B, T, (H + 2 H_kv) D), of whose row b the first new[b] tokens are real. Does not advance
        `lengths`: that happens once, after the last layer.
        """
        config = self.config
        q, k, v = split_heads(packed, config.n_head, config.kv_heads)
        B, T, H, D = q.shape
        if rotation is not None:
            turned = kernels.rope(kernels.reshape(packed, (B, T, -1, D))[:, :, : H + config.kv_heads], *rotation)
            q, k = turned[:, :, :H], turned[:, :, H:]
        keys, values = self.keys[layer], self.values[layer]
        if T == 1 and new.all():
            every = np.arange(B)
            keys[every, self.lengths], values[every, self.lengths] = k[:, 0], v[:, 0]
            out = kernels.attention_decode(kernels.copy(q[:, 0]), keys, values, self.lengths + np.int32(1))
            return kernels.reshape(out, (B, 1, H * D))
        for row, (start, count) in enumerate(zip(self.lengths, new, strict=True)):
            keys[row, start : start + count] = k[row, :count]
            values[row, start : start + count] = v[row, :count]
        if not self.lengths.any():  # nothing came before: the new tokens see each other only
            return kernels.reshape(kernels.attention(q, k, v)[0], (B, T, H * D))
        out = kernels.zeros((B, T, H, D), packed.dtype)
        for row, (start, count) in enumerate(zip(self.lengths, new, strict=True)):
            one, seen = slice(row, row + 1), slice(start + count)
            kernels.attention(q[one, :count], keys[one, seen], values[one, seen], out=out[one, :count])
        return kernels.reshape(out, (B, T, H * D))
