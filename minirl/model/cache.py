"""The KV cache: keys and values of the tokens so far, so that generating a token costs the work of one token."""

from itertools import pairwise

import numpy as np

from minirl import kernels
from minirl.autograd import Array
from minirl.functional import Rotation, split_heads
from minirl.model.config import GPTConfig
from minirl.model.memory import check_memory

FEW = 40  # up to so many new tokens of a row attend one by one: a call for all rows beats a call for each
LONG = 8  # from so many new tokens a row on, on average, they are stored row by row: NumPy copies slices faster


def cache_bytes(config: GPTConfig, tokens: int) -> int:
    """Bytes of the keys and values of so many tokens, in float32, in all layers."""
    return 8 * config.n_layer * tokens * config.kv_heads * config.head_size


class KVCache:
    """For each layer, keys and values (rows, capacity, H_kv, D); row r holds the first held[r] of them.

    What lies behind them is whatever was in memory, and nobody reads it: filling it with zeros would take a sixth of
    the time of short rollouts.

    Rows are independent, and their order has no meaning: `at` chooses the rows to extend. Several rows may continue one
    row that holds their common beginning, such as a prompt, which is then stored once. GPT.extend fills the cache.
    """

    def __init__(self, config: GPTConfig, batch: int, capacity: int | None = None) -> None:
        """batch: the number of rows. capacity: the most tokens that a row may hold; by default, and at most,
        context_length. Raises ValueError for other numbers, and for a cache that is larger than the machine's memory.
        """
        capacity = config.context_length if capacity is None else capacity
        if not isinstance(batch, int | np.integer) or batch < 0:
            raise ValueError(f"KVCache: batch {batch!r}; expected a whole number of rows, 0 or more")
        if not isinstance(capacity, int | np.integer) or not 1 <= capacity <= config.context_length:
            raise ValueError(f"KVCache: capacity {capacity}; expected 1 to the context length, {config.context_length}")
        check_memory(f"KVCache: a cache of {batch} rows", cache_bytes(config, int(batch) * int(capacity)))
        self.config = config
        self.capacity = capacity
        shape = (batch, capacity, config.kv_heads, config.head_size)
        self.keys, self.values = ([kernels.empty(shape, np.float32) for _ in range(config.n_layer)] for _ in range(2))
        self.held = np.zeros(batch, np.int32)
        self.rows = np.arange(batch, dtype=np.int32)  # (B,): the rows that are extended
        self.prefixes = np.full(batch, -1, np.int32)  # (B,): the row that each continues, -1: none
        self.shares = False  # whether any row continues another
        self.few = FEW

    def at(self, rows: Array, prefixes: Array | None = None, few: int = FEW) -> "KVCache":
        """A view of these rows, in this order: writing to the view writes to this cache.

        rows: (B,), all different. prefixes: (B,), the row that rows[b] continues, or -1. A prefix is only read. few:
        more new tokens of a row than this attend together, as a prompt's do, and not one by one, as drawn tokens do.
        Both compute the same, but round differently: with few = 0 a prompt that is read in pieces gets the bits of one
        that is read at once. Raises ValueError for a row that the cache does not have, when a row occurs twice, or when
        a prefix is among the rows.
        """
        view = KVCache.__new__(KVCache)
        view.config, view.capacity, view.few = self.config, self.capacity, few
        view.keys, view.values, view.held = self.keys, self.values, self.held
        view.rows = np.ascontiguousarray(rows, np.int32)
        view.prefixes = np.full(len(rows), -1, np.int32) if prefixes is None else np.asarray(prefixes, np.int32)
        view.shares = bool((view.prefixes >= 0).any())
        count = len(self.held)
        try:
            uses = np.bincount(np.asarray(rows), minlength=count)  # refuses fractions and negative numbers
            continued = uses[view.prefixes[view.prefixes >= 0]]
            known = len(uses) == count and view.prefixes.shape == view.rows.shape
        except (IndexError, TypeError, ValueError):
            known = False
        if not known:
            raise ValueError(
                f"KVCache: rows {rows} after prefixes {prefixes}; expected whole numbers below {count}, and one prefix "
                "for each row (-1: none)"
            )
        if uses.max(initial=0) > 1 or continued.any():
            raise ValueError(
                f"KVCache: rows {view.rows} after {view.prefixes}; expected each row once, and none of them as a prefix"
            )
        return view

    @property
    def lengths(self) -> Array:
        """(B,) int32: the number of tokens of each row, including its prefix."""
        held = self.held[self.rows]
        return held + np.where(self.prefixes < 0, np.int32(0), self.held[self.prefixes]) if self.shares else held

    def grow(self, capacity: int) -> None:
        """Make room for more tokens in each row; what the rows hold stays. Views of the cache by `at` end with it.

        Raises ValueError for a capacity below the present one or above the context length.
        """
        if not self.capacity <= capacity <= self.config.context_length:
            raise ValueError(
                f"KVCache.grow: capacity {capacity}; expected {self.capacity} (the present one) to "
                f"{self.config.context_length}, the context length"
            )
        longest = int(self.held.max(initial=0))
        for tables in (self.keys, self.values):
            for layer, table in enumerate(tables):
                tables[layer] = kernels.empty((len(table), capacity, *table.shape[2:]), np.float32)
                tables[layer][:, :longest] = table[:, :longest]
        self.capacity = capacity

    def clear(self, rows: Array) -> None:
        """Empty these rows, so that they can be used again."""
        self.held[rows] = 0

    def copy(self, sources: Array, targets: Array) -> None:
        """Let each row targets[i] hold what row sources[i] held before the call; a row may be both. sources, targets:
        (n,) whole numbers, no target twice. Raises ValueError for a target that occurs twice."""
        if len(np.unique(targets)) < len(targets):
            raise ValueError(f"KVCache: rows are to be copied to {targets}; expected each target once")
        longest = int(self.held[sources].max(initial=0))
        for table in (*self.keys, *self.values):
            table[targets, :longest] = table[sources, :longest]  # the right side is read as a whole first
        self.held[targets] = self.held[sources]

    def check_model(self, config: GPTConfig) -> None:
        """Raise ValueError unless a model of this config can fill the cache."""
        own = self.config
        if own is config or own == config:
            return
        shapes = [(c.n_layer, c.n_head, c.kv_heads, c.head_size) for c in (own, config)]
        if shapes[0] != shapes[1] or own.context_length > config.context_length:
            raise ValueError(
                f"KVCache: made for (layers, heads, key and value heads, head size) = {shapes[0]} and a context of "
                f"{own.context_length}, but the model has {shapes[1]} and {config.context_length}; use "
                "KVCache(model.config, ...)"
            )

    def room_for(self, new: Array) -> None:
        """Raise ValueError when new[b] more tokens would exceed the capacity of row b, or together with its prefix the
        model's context length."""
        held = self.held[self.rows]
        full = np.flatnonzero(held + new > self.capacity)
        if full.size:
            at = int(full[0])
            raise ValueError(
                f"KVCache: row {self.rows[at]} holds {held[at]} tokens and {new[at]} more would exceed its capacity, "
                f"{self.capacity}"
            )
        longest = int((self.lengths + new).max(initial=0))
        if longest > self.config.context_length:
            raise ValueError(
                f"KVCache: a row and its prefix would come to {longest} tokens; expected at most the context length, "
                f"{self.config.context_length}"
            )

    def attend(self, layer: int, packed: Array, new: Array, rotation: Rotation | None) -> Array:
        """One layer's attention for new tokens: store their keys and values, return the result (1, N, H D).

        packed: (1, N, (H + 2 H_kv) D), queries, keys and values of the new tokens end to end, new[b] tokens of row b.
        Queries and keys are rotated in place. Does not advance `held`: that happens once, after the last layer.
        """
        config = self.config
        q, k, v = split_heads(packed, config.n_head, config.kv_heads)
        _, N, H, D = q.shape
        if rotation is not None:  # q and k lie side by side: one call rotates both, in place
            both = kernels.reshape(packed, (1, N, H + 2 * config.kv_heads, D))[:, :, : H + config.kv_heads]
            kernels.rope(both, *rotation, out=both)
        keys, values = self.keys[layer], self.values[layer]
        if len(new) == N and self.few:  # one token each
            prefixes = self.prefixes if self.shares else None
            out = kernels.attention_decode(
                q[0], keys, values, self.held, new=(k[0], v[0]), rows=self.rows, prefixes=prefixes
            )
            return kernels.reshape(out, (1, N, H * D))
        starts = np.cumsum([0, *new])
        of_token = np.repeat(self.rows, new)
        places = np.arange(N) + np.repeat(self.held[self.rows] - starts[:-1], new)
        if LONG * len(new) <= N:
            ends = list(zip(self.rows.tolist(), self.held[self.rows].tolist(), pairwise(starts.tolist()), strict=True))
            for table, added in ((keys, k[0]), (values, v[0])):
                for row, at, (start, stop) in ends:
                    table[row, at : at + stop - start] = added[start:stop]
        else:
            flat = of_token * self.capacity + places
            for table, added in ((keys, k), (values, v)):
                table.reshape(-1, *table.shape[2:])[flat] = added[0]
        if not self.lengths.any():  # nothing came before: the new tokens of a row see each other only
            return kernels.reshape(kernels.attention(q, k, v, starts=starts)[0], (1, N, H * D))
        seen, prefixes = (places + 1).astype(np.int32), np.repeat(self.prefixes, new)
        long = np.flatnonzero(new > self.few)
        if not len(long):  # each token on its own, as if they came one at a time
            out = kernels.attention_decode(q[0], keys, values, self.held, rows=of_token, prefixes=prefixes, seen=seen)
            return kernels.reshape(out, (1, N, H * D))
        out = kernels.empty((1, N, H, D), packed.dtype)
        few = np.flatnonzero(np.repeat(new <= self.few, new))
        if len(few):
            out[0, few] = kernels.attention_decode(
                q[0, few], keys, values, self.held, rows=of_token[few], prefixes=prefixes[few], seen=seen[few]
            )
        for b in long.tolist():
            own, count = slice(starts[b], starts[b + 1]), int(new[b])
            kernels.attention(q[:, own], self._seen(keys, b, count), self._seen(values, b, count), out=out[:, own])
        return kernels.reshape(out, (1, N, H * D))

    def _seen(self, table: Array, b: int, new: int) -> Array:
        """The keys or values (1, S, H_kv, D) that row b sees with `new` more tokens: its prefix's, then its own."""
        row, prefix = self.rows[b], self.prefixes[b]
        own = table[row : row + 1, : self.held[row] + new]
        return (
            own if prefix < 0 else kernels.concatenate([table[prefix : prefix + 1, : self.held[prefix]], own], axis=1)
        )


class Past:
    """What attention layers need in order to extend a cache: the cache, new (B,), the number of new tokens of each row,
    and whose turn it is. The layers are called in order, so each asks for the next number."""

    def __init__(self, cache: KVCache, new: Array) -> None:
        self.cache, self.new, self.layer = cache, new, -1

    def next_layer(self) -> int:
        """The number of the layer that is called now."""
        self.layer += 1
        return self.layer
