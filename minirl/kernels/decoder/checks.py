"""What the arguments of decoding must be."""

from collections.abc import Sequence

import numpy as np

from minirl.kernels.arguments import FLOAT32, INT32, WRITE, check, check_all_apart, check_ids
from minirl.kernels.attention.checks import check_cache_rows
from minirl.kernels.decoder.model import Decoder

Array = np.ndarray

LETTERS = "rows capacity H_kv D"


def check_decode(
    decoder: Decoder,
    ids: Array,
    keys: Sequence[Array],
    values: Sequence[Array],
    held: Array,
    rows: Array | None,
    prefixes: Array | None,
    capacity: int,
) -> Array:
    """The position of each new token, (B,). What concerns the caches alone is in `check_caches`, which gave the
    capacity."""
    check("decode", "ids", ids, (-1,), "B", INT32)
    check_ids("decode", "ids", ids, len(decoder.tokens))
    check("decode", "held", held, (len(keys[0]),), "rows", INT32)
    for name, numbers in (("rows", rows), ("prefixes", prefixes)):
        if numbers is not None:
            check("decode", name, numbers, ids.shape, "B", INT32)
    read = {"ids": ids, "held": held, "rows": rows, "prefixes": prefixes}
    near = [(name, x) for name, x in read.items() if x is not None and not _owned_by_whole_numbers(x)]
    if near:
        check_all_apart("decode", _named(keys, values), near, apart=True)
    check_cache_rows("decode", held, capacity, len(ids), rows, prefixes, None, True)
    positions = held if rows is None else held[rows]
    if prefixes is not None:
        positions = positions + np.where(prefixes < 0, np.int32(0), held[prefixes])
    if decoder.context is not None:
        check_ids("decode", "positions", positions, decoder.context)
    return positions


def check_caches(decoder: Decoder, keys: Sequence[Array], values: Sequence[Array]) -> int:
    """The caches' capacity. They must be as many as layers, all of one shape, and share no element."""
    layers = len(decoder.layers)
    if not len(keys) == len(values) == layers or not layers:
        raise ValueError(f"decode: {len(keys)} and {len(values)} caches; expected keys and values of {layers} layers")
    check("decode", "keys", keys[0], (-1, -1, decoder.n_kv_head, decoder.head_size), LETTERS, FLOAT32, WRITE)
    for name, tables in (("keys", keys), ("values", values)):
        for table in tables:
            check("decode", name, table, keys[0].shape, LETTERS, FLOAT32, WRITE)
    check_all_apart("decode", _named(keys, values), ())
    for name, table in _named(keys, values):
        if _owned_by_whole_numbers(table):
            raise ValueError(f"decode: {name} is a view of whole numbers; pass {name}.copy()")
    return keys[0].shape[1]


def _named(keys: Sequence[Array], values: Sequence[Array]) -> list[tuple[str, Array]]:
    return [(f"{name}[{i}]", x) for name, tables in (("keys", keys), ("values", values)) for i, x in enumerate(tables)]


def _owned_by_whole_numbers(x: Array) -> bool:
    """Whether x lies in memory that NumPy got for whole numbers. Then no array of floats does, unless somebody looks at
    one as the other, and to ask so is much quicker than to compare it with the caches of all layers."""
    owner = x if x.base is None else x.base
    return type(owner) is np.ndarray and owner.base is None and owner.dtype == INT32
