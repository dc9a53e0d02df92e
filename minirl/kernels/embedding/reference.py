"""Embeddings in NumPy: what csrc/embedding.c must compute. Letters: V vocabulary, C d_model; `...` any leading axes."""

import numpy as np

from minirl.kernels.arguments import real_dtype
from minirl.kernels.embedding.checks import check_embedding, check_embedding_backward
from minirl.kernels.int8 import INT8, from_int8_blocks
from minirl.kernels.precision import BFLOAT16, from_bfloat16_bits

Array = np.ndarray


def embedding(ids: Array, table: Array) -> Array:
    """Row ids[...] of table: (...) int32 and (V, C) -> (..., C). Tables of bfloat16 bits (uint16) or of
    blocks (kernels/int8.py) give float32.

    Raises IndexError for an id outside the table.
    """
    check_embedding(ids, table, real_dtype(table))
    if table.dtype == INT8:
        return from_int8_blocks(table[ids])
    return from_bfloat16_bits(table[ids]) if table.dtype == BFLOAT16 else table[ids]


def embedding_backward(dout: Array, ids: Array, dtable: Array) -> None:
    """dtable[ids] += dout, in place: (..., C) added into (V, C). A token that occurs twice is added twice.

    dtable may overlap neither dout nor ids. Raises IndexError for an id outside the table.
    """
    check_embedding_backward(dout, ids, dtable, real_dtype(dtable))
    np.add.at(dtable, ids, dout)
