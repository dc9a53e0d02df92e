"""One new token for each row without Python between the layers: the model as `kernels.decode` takes it.

`Block` says what is computed, and computes everything but this: training, prompts, and models with parts of another
kind. A token of one row takes a dozen kernels a layer, and Python takes longer to call most of them than they take. So
here all layers are one call. Both give the same bits.
"""

from collections.abc import Iterator
from operator import attrgetter, getitem, is_
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from minirl import kernels, swap
from minirl.kernels.decoder.model import Decoder, Layer, Norm, Projection
from minirl.kernels.int8 import INT8
from minirl.kernels.precision import BFLOAT16
from minirl.model.block import MLP, Attention, Block
from minirl.model.qk_norm import QKNorm
from minirl.nn import Embedding, LayerNorm, Linear, Module, Parameter, RMSNorm

PARTS = {Block, Attention, MLP, QKNorm, Linear, Embedding, LayerNorm, RMSNorm}  # what kernels.decode knows
Model = Any  # a GPT, whose module imports this one
BACKENDS = ("native", "reference")  # that have kernels.decode
DTYPES = {np.dtype(np.float32), BFLOAT16, INT8}


class Decoding:
    """A model's Decoder, and what must still be so that it is this model's: each attribute of its modules, each entry
    of their lists, and the arrays of their parameters."""

    def __init__(self, model: Model) -> None:
        held = list(_held(model))
        self.owners, self.names = [owner for owner, _ in held], [name for _, name in held]
        self.values = list(map(getitem, self.owners, self.names))
        self.lists = [value for value in self.values if isinstance(value, list)]
        self.lengths = list(map(len, self.lists))
        self.parameters = [value for value in self.values if isinstance(value, Parameter)]
        self.arrays = list(map(_array, self.parameters))
        usual = all(type(value) in PARTS for value in self.values if isinstance(value, Module))
        known = all(type(x) is np.ndarray and x.dtype in DTYPES for x in self.arrays)
        self.decoder = _decoder(model) if usual and known else None  # None: its modules alone say what is computed

    def still(self) -> bool:
        """Whether the model is what it was when this was made."""
        return (
            all(map(is_, map(getitem, self.owners, self.names), self.values))
            and all(map(is_, map(_array, self.parameters), self.arrays))
            and list(map(len, self.lists)) == self.lengths
        )


_array = attrgetter("data")
_known: "WeakKeyDictionary[Module, Decoding]" = WeakKeyDictionary()


def decoder_of(model: Model) -> Decoder | None:
    """The model as `kernels.decode` takes it; None where only its own modules say what it computes: because one of
    them is of another kind (an adapter, say), dropout is on, or a function is replaced (swap.py); and on GPUs."""
    if kernels.backend() not in BACKENDS or not swap.untouched() or (model.dropout.training and model.dropout.rate):
        return None
    known = _known.get(model)
    if known is None or not known.still():
        known = _known[model] = Decoding(model)
    return known.decoder


def _held(owner: Module | list[Any]) -> Iterator[tuple[Any, Any]]:
    """Every attribute of the modules and entry of the lists, as (a dict or a list, the key), but for settings of
    training."""
    inside: Any = owner if isinstance(owner, list) else vars(owner)
    for key, value in list(enumerate(inside) if isinstance(owner, list) else inside.items()):
        if key not in ("dropout", "training", "_recomputes"):
            yield inside, key
            if isinstance(value, Module | list):
                yield from _held(value)


def _decoder(model: Model) -> Decoder:
    config, learned = model.config, model.config.position == "learned"
    return Decoder(
        n_head=config.n_head,
        n_kv_head=config.kv_heads,
        head_size=config.head_size,
        eps=config.norm_eps,
        rms=config.norm == "rms",
        gated=config.mlp == "swiglu",
        activation=model.blocks[0].mlp.up.activation,
        parallel=config.parallel,
        tokens=model.token_embedding.weight.data,
        positions=model.position_embedding.weight.data if learned else None,
        rotation=None if learned else model.rope_tables,
        layers=tuple(_layer(block, config.rotates(number)) for number, block in enumerate(model.blocks)),
        final_norm=_norm(model.final_norm),
        head=model.output_weight.data,
    )


def _layer(block: Block, rotates: bool) -> Layer:
    attention, mlp = block.attention, block.mlp
    normalised = attention.config.qk_norm
    return Layer(
        attention_norm=_norm(block.attention_norm),
        qkv=_projection(attention.qkv),
        query_gamma=attention.qk_norm.query.weight.data if normalised else None,
        key_gamma=attention.qk_norm.key.weight.data if normalised else None,
        projection=_projection(attention.projection),
        mlp_norm=_norm(block.mlp_norm),
        up=_projection(mlp.up),
        down=_projection(mlp.projection),
        rotates=rotates,
    )


def _norm(norm: LayerNorm | RMSNorm) -> Norm:
    return Norm(norm.weight.data, _or_none(getattr(norm, "bias", None)))


def _projection(linear: Linear) -> Projection:
    return Projection(linear.weight.data, _or_none(linear.bias))


def _or_none(parameter: Parameter | None) -> Any:
    return None if parameter is None else parameter.data
