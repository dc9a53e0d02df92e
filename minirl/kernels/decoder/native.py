"""Decoding in C: csrc/decode.c."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from weakref import ref

import numpy as np

from minirl.kernels.decoder.checks import check_caches, check_decode
from minirl.kernels.decoder.model import Decoder, Norm
from minirl.kernels.int8 import INT8, row_length
from minirl.kernels.matmul.checks import ACTIVATIONS
from minirl.kernels.precision import BFLOAT16, in_bfloat16
from minirl.kernels.runtime import check_allocated, ffi, floats, ints, lib

Array = np.ndarray

KINDS = {np.dtype(np.float32): 0, BFLOAT16: 1, INT8: 2}  # and their numbers in C


def decode(
    decoder: Decoder,
    ids: Array,
    keys: Sequence[Array],
    values: Sequence[Array],
    held: Array,
    *,
    rows: Array | None = None,
    prefixes: Array | None = None,
) -> Array:
    model, caches = _model(decoder), _caches(decoder, keys, values)
    check_decode(decoder, ids, keys, values, held, rows, prefixes, caches.capacity)
    model.bf16 = in_bfloat16()
    logits = np.empty((len(ids), len(decoder.head)), np.float32)
    status = lib.kernel_decode(
        model, len(ids), ints(ids), caches.capacity, caches.keys, caches.values,
        ints(held), ints(rows), ints(prefixes), floats(logits),
    )  # fmt: skip
    check_allocated(status, "decode")
    return logits


# ---- what C reads, made once for many tokens ----


def _model(decoder: Decoder) -> Any:
    """The decoder as a struct. It keeps the weights' arrays alive."""
    if "model" not in decoder.kept:
        alive: list[Any] = []

        def pointer(x: Array | None) -> Any:
            if x is None:
                return ffi.NULL
            alive.append(ffi.from_buffer(x))
            return ffi.cast("void *", alive[-1])

        def linear(weight: Array, bias: Array | None = None) -> dict[str, Any]:
            return {"weight": pointer(weight), "bias": pointer(bias), "outputs": len(weight),
                    "inputs": row_length(weight), "kind": KINDS[weight.dtype]}  # fmt: skip

        def norm(parts: Norm) -> dict[str, Any]:
            return {"gamma": pointer(parts.gamma), "beta": pointer(parts.beta)}

        layers = ffi.new("decoder_layer[]", [
            {
                "attention_norm": norm(layer.attention_norm), "mlp_norm": norm(layer.mlp_norm),
                "qkv": linear(*layer.qkv), "projection": linear(*layer.projection),
                "up": linear(*layer.up), "down": linear(*layer.down),
                "query_gamma": pointer(layer.query_gamma), "key_gamma": pointer(layer.key_gamma),
                "rotates": layer.rotates,
            }
            for layer in decoder.layers
        ])  # fmt: skip
        cosine, sine = decoder.rotation or (None, None)
        model = ffi.new("decoder *", {
            "C": row_length(decoder.tokens), "F": row_length(decoder.layers[0].down.weight),
            "H": decoder.n_head, "H_kv": decoder.n_kv_head, "D": decoder.head_size, "layers": len(layers),
            "rms": decoder.rms, "gated": decoder.gated, "activation": ACTIVATIONS[decoder.activation],
            "parallel": decoder.parallel, "eps": decoder.eps, "scale": decoder.head_size**-0.5,
            "tokens": linear(decoder.tokens), "head": linear(decoder.head), "final_norm": norm(decoder.final_norm),
            "positions": pointer(decoder.positions), "cosine": pointer(cosine), "sine": pointer(sine), "layer": layers,
        })  # fmt: skip
        decoder.kept["model"] = model, layers, alive
    return decoder.kept["model"][0]


class _Caches(NamedTuple):
    """Pointers to the caches of all layers. The arrays themselves are not kept alive: they may be large."""

    arrays: list["ref[Array]"]
    capacity: int
    keys: Any
    values: Any


def _caches(decoder: Decoder, keys: Sequence[Array], values: Sequence[Array]) -> _Caches:
    arrays, kept = (*keys, *values), decoder.kept.get("caches")
    if kept is None or len(kept.arrays) != len(arrays) or any(x() is not y for x, y in zip(kept.arrays, arrays)):  # noqa: B905
        capacity = check_caches(decoder, keys, values)
        pointers = (
            ffi.new("float *[]", [ffi.cast("float *", table.__array_interface__["data"][0]) for table in tables])
            for tables in (keys, values)
        )
        kept = decoder.kept["caches"] = _Caches([ref(x) for x in arrays], capacity, *pointers)
    return kept
