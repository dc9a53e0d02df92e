"""Decoding in NumPy: what csrc/decode.c must compute. B rows, C d_model, H heads, D head size, V vocabulary."""

from collections.abc import Sequence

import numpy as np

from minirl.kernels.activation.reference import swiglu
from minirl.kernels.attention.reference import attention_decode
from minirl.kernels.decoder.checks import check_caches, check_decode
from minirl.kernels.decoder.model import Decoder, Layer, Norm, Projection
from minirl.kernels.embedding.reference import embedding
from minirl.kernels.matmul.reference import matmul
from minirl.kernels.norm.reference import layer_norm, rms_norm
from minirl.kernels.rope.reference import rope

Array = np.ndarray


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
    """The logits (B, V) that follow one new token in each row. Its keys and values are put into the caches.

    ids: (B,) int32. keys, values: for each layer a cache (rows, capacity, H_kv, D), of which row r holds held[r]
    (int32) tokens. Query b extends row rows[b] (int32; by default row b), which continues row prefixes[b] (int32; -1,
    the default: none), as in attention_decode. `held` stays as it is.

    Raises IndexError for ids or positions that the model does not have, ValueError where a row has no room, and
    whatever attention_decode raises.
    """
    capacity = check_caches(decoder, keys, values)
    positions = check_decode(decoder, ids, keys, values, held, rows, prefixes, capacity)
    x = embedding(ids, decoder.tokens)
    if decoder.positions is not None:
        x = x + embedding(positions, decoder.positions)
    for layer, own_keys, own_values in zip(decoder.layers, keys, values, strict=True):
        q, k, v = _queries_keys_values(decoder, layer, _normalised(decoder, layer.attention_norm, x), positions)
        attended = attention_decode(q, own_keys, own_values, held, new=(k, v), rows=rows, prefixes=prefixes)
        y = x + _projected(layer.projection, attended.reshape(len(x), -1))
        inner = _projected(
            layer.up, _normalised(decoder, layer.mlp_norm, x if decoder.parallel else y), decoder.activation
        )
        if decoder.gated:
            inner = swiglu(*(np.ascontiguousarray(half) for half in np.split(inner, 2, axis=1)))
        x = y + _projected(layer.down, inner)
    return matmul(_normalised(decoder, decoder.final_norm, x), decoder.head, transpose_b=True)


def _normalised(decoder: Decoder, norm: Norm, x: Array) -> Array:
    return rms_norm(x, norm.gamma, decoder.eps)[0] if decoder.rms else layer_norm(x, *norm, decoder.eps)[0]


def _projected(projection: Projection, x: Array, activation: str | None = None) -> Array:
    return matmul(x, projection.weight, transpose_b=True, bias=projection.bias, activation=activation)


def _queries_keys_values(decoder: Decoder, layer: Layer, x: Array, positions: Array) -> tuple[Array, Array, Array]:
    """q (B, H, D), k and v (B, H_kv, D)."""
    H, H_kv = decoder.n_head, decoder.n_kv_head
    heads = _projected(layer.qkv, x).reshape(len(x), H + 2 * H_kv, decoder.head_size)
    q, k, v = (np.ascontiguousarray(part) for part in np.split(heads, [H, H + H_kv], axis=1))
    if layer.query_gamma is not None and layer.key_gamma is not None:
        q, k = rms_norm(q, layer.query_gamma, decoder.eps)[0], rms_norm(k, layer.key_gamma, decoder.eps)[0]
    if layer.rotates and decoder.rotation is not None:
        q, k = (rope(part[None], positions, *decoder.rotation)[0] for part in (q, k))
    return q, k, v
