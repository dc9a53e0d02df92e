"""Embeddings in C: csrc/embedding.c."""

import numpy as np

from minirl.kernels.embedding.checks import check_embedding, check_embedding_backward
from minirl.kernels.int8 import INT8, from_int8_blocks
from minirl.kernels.precision import BFLOAT16, from_bfloat16_bits
from minirl.kernels.runtime import floats, ints, lib

Array = np.ndarray


def embedding(ids: Array, table: Array) -> Array:
    check_embedding(ids, table)
    if table.dtype == BFLOAT16:
        return from_bfloat16_bits(table[ids])
    if table.dtype == INT8:
        return from_int8_blocks(table[ids])
    out = np.empty((*ids.shape, table.shape[1]), np.float32)
    lib.kernel_embedding(ids.size, table.shape[1], ints(ids), floats(table), floats(out))
    return out


def embedding_backward(dout: Array, ids: Array, dtable: Array) -> None:
    check_embedding_backward(dout, ids, dtable)
    lib.kernel_embedding_backward(ids.size, dtable.shape[1], ints(ids), floats(dout), floats(dtable))
