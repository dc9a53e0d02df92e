"""Embeddings on a GPU: csrc/cuda/embedding.cu."""

import numpy as np

from minirl.kernels.device import DeviceArray, blocks, device, empty, launch, layout, written
from minirl.kernels.embedding.checks import check_embedding, check_embedding_backward
from minirl.kernels.precision import BFLOAT16

Array = np.ndarray | DeviceArray
THREADS = 128  # as in embedding.cu


def embedding(ids: Array, table: Array) -> DeviceArray:
    check_embedding(layout(ids), layout(table))
    V, C = table.shape
    out = empty((*ids.shape, C))
    kernel = "embedding_bf16" if table.dtype == BFLOAT16 else "embedding"
    grid = blocks(out.size, THREADS)
    launch("embedding", kernel, grid, THREADS, out.size, C, V, device(ids), device(table), out)
    return out


def embedding_backward(dout: Array, ids: Array, dtable: Array) -> None:
    dtable = written("embedding_backward", "dtable", dtable)
    check_embedding_backward(layout(dout), layout(ids), dtable.layout)
    V, C = dtable.shape
    grid = ids.size if C else 0
    launch("embedding", "embedding_backward", grid, THREADS, ids.size, C, V, device(ids), device(dout), dtable)
