"""What the arguments of embeddings must be."""

import numpy as np

from minirl.kernels.arguments import FLOAT32, INT32, WRITE, check, check_apart, check_held, check_ids

Array = np.ndarray


def check_embedding(ids: Array, table: Array, real: np.dtype = FLOAT32) -> None:
    """table: (V, C), ids: int32 of any shape, from 0 to V - 1."""
    check_held("embedding", "table", table, (-1, -1), "V C", real)
    check("embedding", "ids", ids, np.shape(ids), "", INT32)
    check_ids("embedding", "ids", ids, len(table))


def check_embedding_backward(dout: Array, ids: Array, dtable: Array, real: np.dtype = FLOAT32) -> None:
    """dtable: (V, C), written; dout: (..., C) for ids (...)."""
    op = "embedding_backward"
    check(op, "dtable", dtable, (-1, -1), "V C", real, WRITE)
    check(op, "ids", ids, np.shape(ids), "", INT32)
    check(op, "dout", dout, (*ids.shape, dtable.shape[1]), "", real)
    check_ids(op, "ids", ids, len(dtable))
    check_apart(op, "dtable", dtable, dout=dout, ids=ids)
