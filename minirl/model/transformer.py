"""The whole model, GPT-2 style and Llama style: token ids in, logits of the next token out.

New to transformers? Read plain.py first, then block.py. Letters: B batch, T time, C d_model, H heads, D head size, V
vocabulary.

A batch is either B rows of T tokens, or documents of any lengths end to end in one row of N tokens, without padding.
Then ids are (1, N), and `starts` says where each document begins. Only two computations must know the documents:
positions count from each document's start, and attention stays inside it. Everything else treats each token by itself.
Tokens that several documents share, such as a prompt, can therefore be stored and computed once: see `prefixes` in
`GPT.hidden`.
"""

import math
from collections.abc import Iterator, Sequence
from functools import partial
from os import PathLike
from typing import Any

import numpy as np

from minirl import functional as F
from minirl import kernels
from minirl.autograd import Array, no_grad
from minirl.kernels.arguments import check_ids
from minirl.kernels.attention.checks import check_documents
from minirl.kernels.int8 import BLOCK, INT8
from minirl.kernels.precision import BFLOAT16
from minirl.model import checkpoint
from minirl.model.block import STD, Block, make_norm
from minirl.model.cache import KVCache, Past
from minirl.model.config import GPTConfig
from minirl.model.decode import decoder_of
from minirl.model.lora import merged
from minirl.model.memory import check_memory, model_bytes
from minirl.model.rope import rope_tables
from minirl.nn import Dropout, Embedding, Linear, Module, Parameter
from minirl.tensor import Tensor
from minirl.tokenizer import Tokenizer

DTYPES = ("float32", "bfloat16", "int8")  # what weights may be held in
IGNORE = -100  # a target that does not count

Ids = Array | Sequence[int] | Sequence[Sequence[int]]


class GPT(Module):
    """A language model: model(ids)[b, t] are the logits of the token that follows ids[b, : t + 1].

    Initialised as in the GPT-2 paper (Radford et al. 2019, section 2.3): weights are drawn from N(0, std^2), biases
    are 0. The 2 n_layer projections that add to the residual stream have weights smaller by 1 / sqrt(2 n_layer), so
    that their sum does not grow with the number of layers. std is GPT-2's 0.02; narrow models learn faster from larger
    weights, up to about 1 / sqrt(d_model). With seed=None all weights are zeros, for a checkpoint to fill.

    A new model is in training mode: where the config sets dropout, two calls differ. `eval()` switches dropout off,
    `train()` on again. A model from `from_pretrained` has it off.

    Raises ValueError for a model larger than the machine's memory, and for a negative seed.
    """

    def __init__(self, config: GPTConfig, seed: int | None = 0, std: float = STD) -> None:
        if not isinstance(config, GPTConfig):
            raise TypeError(f"GPT: config is {type(config).__name__}; expected GPTConfig(...)")
        if seed is not None and (not isinstance(seed, int | np.integer) or seed < 0):
            raise ValueError(f"GPT: seed is {seed!r:.80}; expected a whole number, 0 or more, or None")
        if not 0 < std < math.inf:
            raise ValueError(f"GPT: std is {std}; expected the spread of the initial weights, more than 0")
        check_memory("GPT: a model of this config", model_bytes(config))
        self.config = config
        streams = np.random.SeedSequence(0 if seed is None else seed).spawn(2)
        generator = None if seed is None else np.random.default_rng(streams[0])
        self.dropout = Dropout(config.dropout, np.random.default_rng(streams[1]))
        self._recomputes = False
        self.token_embedding = Embedding(config.vocab_size, config.d_model, generator, std)
        if config.position == "learned":
            self.position_embedding = Embedding(config.context_length, config.d_model, generator, std)
        else:
            self.rope_tables = rope_tables(config)
        self.blocks = [Block(config, generator, self.dropout, std) for _ in range(config.n_layer)]
        self.final_norm = make_norm(config)
        if not config.tie_embeddings:
            self.head = Linear(config.d_model, config.vocab_size, generator, bias=False, std=std)

    # ---- training ----

    def __call__(self, ids: Ids) -> Tensor:
        """Logits (B, T, V) for token ids (B, T), or (T,) taken as one row.

        Raises ValueError for more than context_length tokens, IndexError for an id outside the vocabulary.
        """
        return F.linear(self.hidden(ids), self.output_weight)

    def loss(self, ids: Ids, targets: Ids, weights: Any = None, starts: Array | None = None) -> Tensor:
        """-sum w log pi(target | ids up to there), a single number.

        ids, targets: (B, T); a target of -100 does not count. weights: (B, T); by default 1 / (number of targets that
        count), which makes the loss a mean. Supervised fine-tuning passes mask / N, REINFORCE advantage / N.
        starts: where documents begin in a row that holds several end to end; see `hidden`.
        """
        return self.cross_entropy(ids, targets, weights, starts).loss

    def cross_entropy(self, ids: Ids, targets: Ids, weights: Any = None, starts: Array | None = None) -> F.CrossEntropy:
        """The loss and two arrays that its pass computes anyway: log_prob (B, T) of the targets, and entropy (B, T)."""
        h, rows = self.hidden(ids, starts), self._targets(ids, targets)
        return F.linear_cross_entropy(h, self.output_weight, rows, _weights(weights, rows), IGNORE)

    def log_prob(self, ids: Ids, targets: Ids, starts: Array | None = None) -> tuple[Tensor, Array]:
        """log pi(target | ids up to there) (B, T), with gradients, and the entropies (B, T), without."""
        h, rows = self.hidden(ids, starts), self._targets(ids, targets)
        return F.linear_log_prob(h, self.output_weight, rows, IGNORE)

    def hidden(self, ids: Ids, starts: Array | None = None, prefixes: Array | None = None) -> Tensor:
        """The last hidden states (B, T, C), after the final norm. Their products with output_weight are the logits.

        starts: (documents + 1,) whole numbers, ascending from 0 to N. ids, (1, N) or (N,), are then documents end to
        end: document i is tokens starts[i] to starts[i + 1]. Each document is computed as if it were alone: its
        positions begin at 0, and it sees no other document. A document may be empty.

        prefixes: (documents,) whole numbers. prefixes[i] is the index of an earlier document whose tokens document i
        continues (a shared prompt, say), or -1. A prefix may not have a prefix itself. Shared tokens are stored and
        computed once.

        Raises ValueError when a row, or a document with its prefix, is longer than the context length.
        """
        rows = self._ids(ids)
        positions, documents = np.arange(rows.shape[1], dtype=np.int32), None
        if starts is not None or prefixes is not None:
            starts, prefixes = check_documents("GPT", _offsets(starts), _offsets(prefixes), rows.shape)
            documents = F.Documents(starts, prefixes)
            lengths = np.diff(starts)
            first_positions = np.where(prefixes < 0, 0, lengths[prefixes])
            positions += np.repeat(first_positions - starts[:-1], lengths).astype(np.int32)
        longest = int(positions.max(initial=-1)) + 1
        if self.config.context_length < longest:
            raise ValueError(f"GPT: {longest} tokens are more than the context length, {self.config.context_length}")
        return self.final_norm(self._blocks(rows, positions, documents))

    @property
    def output_weight(self) -> Tensor:
        """(V, C): the output layer's weight, or the token table when the two are tied."""
        return self.token_embedding.weight if self.config.tie_embeddings else self.head.weight

    def recompute(self, on: bool = True) -> "GPT":
        """From now on, keep only each block's input in the forward pass of training, and compute the rest again when
        its gradient is due: several times less memory, a third more work, the same bits (functional/recompute.py).
        Without effect while dropout is active, because it would draw other numbers the second time. Returns the model.
        """
        self._recomputes = on
        return self

    # ---- generation ----

    @no_grad()
    def extend(self, ids: Ids, cache: KVCache, lengths: Array | None = None) -> Array:
        """Append tokens to each row of the cache; return the logits (B, V) that follow each row's last token.

        ids: (B, T). lengths: (B,), by default T for every row; only the first lengths[b] tokens of row b are appended.
        The rest is padding and costs nothing. The first call takes the prompts; later calls take one or more tokens per
        row. Raises ValueError when a row would exceed the cache.
        """
        if not isinstance(cache, KVCache):
            raise TypeError(f"GPT.extend: cache is {type(cache).__name__}; expected KVCache(model.config, rows)")
        cache.check_model(self.config)
        rows = self._ids(ids)
        B, T = rows.shape
        if lengths is not None and np.size(lengths) and np.asarray(lengths).dtype.kind not in "iu":
            raise TypeError(f"GPT.extend: lengths have dtype {np.asarray(lengths).dtype}; expected whole numbers")
        new = np.full(B, T, np.int32) if lengths is None else np.ascontiguousarray(lengths, np.int32)
        if len(cache.rows) != B or new.shape != (B,) or T == 0 or new.min(initial=1) < 1 or new.max(initial=1) > T:
            raise ValueError(
                f"GPT.extend: ids have shape {rows.shape}, the cache {len(cache.rows)} rows, lengths are {lengths}; "
                "expected as many rows, and 1 to T tokens in each"
            )
        cache.room_for(new)
        decoder = decoder_of(self) if T == 1 and cache.few else None
        if decoder is not None:
            logits = kernels.decode(
                decoder, rows[:, 0], cache.keys, cache.values, cache.held,
                rows=cache.rows, prefixes=cache.prefixes if cache.shares else None,
            )  # fmt: skip
            cache.held[cache.rows] += 1
            return logits
        counted = np.arange(T, dtype=np.int32) < new[:, None]
        positions = (cache.lengths[:, None] + np.arange(T, dtype=np.int32))[counted]
        x = self._blocks(rows[counted][None], positions, past=Past(cache, new))  # the rows' tokens end to end
        cache.held[cache.rows] += new
        last = self.final_norm(Tensor(x.data[0, np.cumsum(new) - 1]))
        return F.linear(last, self.output_weight).data

    def to_bfloat16(self) -> "GPT":
        """Round every matrix to bfloat16, in place, and return the model. It can then generate, but no longer train.

        Generating a token takes as long as reading the weights. Half the bytes therefore mean nearly twice the tokens
        per second on a processor that multiplies bfloat16; on others only memory is saved. The rounded matrices are the
        weights of Linear layers and the token table. Norms, biases, position embeddings and all activations stay
        float32. The logits equal what the float32 model computes from the rounded weights in bfloat16 precision
        (`kernels.set_precision`).

        A loss can be computed, but backward raises: the matrices have no gradient. Raises ValueError where weights are
        held in int8.
        """
        for matrix in self._matrices():
            if matrix.dtype == INT8:
                raise ValueError("GPT.to_bfloat16: the weights are held in int8 already; load the model again")
            if matrix.dtype != BFLOAT16:
                _hold(matrix, kernels.to_bfloat16_bits(matrix.numpy()))
        return self

    def to_int8(self) -> "GPT":
        """Hold every matrix in int8, in place, and return the model. It can then generate, but no longer train.

        Each 32 weights of a row become whole numbers from -127 to 127 and one scale: 34 bytes instead of 128, so
        reading them takes about a quarter of the time. In products, the other operand is rounded to such blocks as well
        (kernels/int8.py). What is rounded is what `to_bfloat16` rounds; matrices whose rows have no multiple of 32
        numbers stay as they are.

        The probabilities are a little different from the float32 model's. Reinforcement learning compares the two, and
        so refuses to draw episodes from such a model.
        """
        for matrix in self._matrices():
            if matrix.dtype != INT8 and matrix.shape[1] % BLOCK == 0:
                wide = matrix.numpy()
                wide = kernels.from_bfloat16_bits(wide) if matrix.dtype == BFLOAT16 else wide
                _hold(matrix, kernels.to_int8_blocks(wide))
        return self

    def to(self, dtype: str) -> "GPT":
        """Hold the weights in dtype, "float32" (as they are), "bfloat16" or "int8", and return the model. Raises
        ValueError for another one."""
        if dtype not in DTYPES:
            raise ValueError(f"GPT: dtype {dtype!r} is not one of {', '.join(DTYPES)}")
        return {"float32": lambda: self, "bfloat16": self.to_bfloat16, "int8": self.to_int8}[dtype]()

    def _matrices(self) -> Iterator[Parameter]:
        """The weights of Linear layers and the token table."""
        for name, parameter in self.named_parameters():
            if parameter.ndim == 2 and name != "position_embedding.weight":
                yield parameter

    def _blocks(
        self, ids: Array, positions: Array, documents: F.Documents | None = None, past: Past | None = None
    ) -> Tensor:
        """The residual stream (B, T, C) after the last block."""
        x = self.token_embedding(ids)
        rotation = None
        if self.config.position == "learned":
            x = x + self.position_embedding(positions)
        else:
            rotation = F.Rotation(
                kernels.send(np.ascontiguousarray(np.broadcast_to(positions, ids.shape))), *self.rope_tables
            )
        x = self.dropout(x)
        again = self._recomputes and past is None and not (self.dropout.training and self.dropout.rate)
        for layer, block in enumerate(self.blocks):
            own = rotation if self.config.rotates(layer) else None
            if again:
                x = F.recomputed(partial(block, rotation=own, documents=documents), x, block.parameters())
            else:
                x = block(x, own, documents, past)
        return x

    # ---- checkpoints ----

    def save_pretrained(
        self, folder: str | PathLike[str], max_shard_size: int | str = "5GB", tokenizer: Tokenizer | None = None
    ) -> None:
        """Write config.json and the weights in Hugging Face's layout, which transformers loads; see checkpoint.py.

        tokenizer: is written beside them, with the settings that make transformers stop where minirl stops. Adapters
        (lora.py) are merged into the matrices.

        All files appear together or, if this is interrupted, not at all: an older checkpoint then stays as it was.
        """
        checkpoint.save(self.config, merged(self), folder, max_shard_size, tokenizer)

    @classmethod
    def from_pretrained(cls, folder: str | PathLike[str], dtype: str = "float32") -> "GPT":
        """Load a checkpoint folder that minirl or transformers (GPT2LMHeadModel, LlamaForCausalLM) wrote.

        The model is ready for inference, with dropout off; call `train()` before you train it with dropout.

        dtype: how the model holds its weights, whatever the files hold: "float32", or for generation only "bfloat16"
        (see `to_bfloat16`) or "int8" (`to_int8`). Raises ValueError for another dtype, and what checkpoint.load raises.
        """
        if dtype not in DTYPES:
            raise ValueError(f"GPT.from_pretrained: dtype {dtype!r} is not one of {', '.join(DTYPES)}")
        config, state = checkpoint.load(folder)
        model = cls(config, seed=None)
        for name, parameter in model.named_parameters():
            parameter.data = kernels.send(state[name])
        return model.to(dtype).eval()

    # ---- arguments ----

    def _ids(self, ids: Ids) -> Array:
        return _tokens("ids", ids, self.config.vocab_size)

    def _targets(self, ids: Ids, targets: Ids) -> Array:
        rows = _tokens("targets", targets, self.config.vocab_size, ignore=IGNORE)
        if rows.size != np.size(ids):
            raise ValueError(f"GPT: targets have shape {np.shape(targets)}; expected {np.shape(ids)}, that of ids")
        return rows


def _hold(matrix: Parameter, held: Array) -> None:
    """Let the parameter hold its numbers in another form, which has no gradient."""
    matrix.data = kernels.send(held)
    matrix.grad, matrix.requires_grad = None, False


def _tokens(name: str, ids: Ids, vocab_size: int, ignore: int | None = None) -> Array:
    """ids as a (B, T) int32 array, each in the vocabulary (or `ignore`)."""
    try:
        array = np.asarray(ids)
    except ValueError:
        raise ValueError(
            f"GPT: {name} have rows of different lengths; expected (B, T), or documents end to end with starts"
        ) from None
    if array.dtype.kind not in "iu" and array.size:
        raise TypeError(f"GPT: {name} have dtype {array.dtype}; expected whole numbers, int32")
    if array.ndim == 1:
        array = array[None]
    if array.ndim != 2:
        raise ValueError(f"GPT: {name} have shape {array.shape}; expected (B, T)")
    check_ids("GPT", name, array, vocab_size, ignore)
    return np.ascontiguousarray(array, np.int32)


def _offsets(numbers: Any) -> Any:
    """A list, or whole numbers of another width, as int64; what is no such thing is left for the check to refuse."""
    array = None if numbers is None else np.asarray(numbers)
    return array if array is None or array.dtype.kind not in "iu" else np.ascontiguousarray(array, np.int64)


def _weights(weights: Any, targets: Array) -> Array | None:
    if weights is None:
        return None
    array = np.asarray(weights.data if isinstance(weights, Tensor) else weights)
    return array[None] if array.ndim == 1 else array
