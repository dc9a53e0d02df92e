"""Sampling on a GPU: csrc/cuda/sampling.cu. What is drawn is fetched at once: the program needs it to go on."""

import numpy as np

from minirl.kernels.device import DeviceArray, device, empty, launch, layout
from minirl.kernels.sampling.checks import check_sample, not_a_distribution

Array = np.ndarray | DeviceArray
THREADS = 256  # as in sampling.cu


def sample(
    logits: Array, uniform: np.ndarray, *, temperature: float = 1.0, top_k: int = 0, top_p: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    N, V = check_sample(layout(logits), uniform, temperature, top_k, top_p)
    drawn = empty((2, N), np.int32)  # ids, and the bits of log-probabilities: one array, one fetch
    arguments = V, device(logits), temperature, top_k, top_p, device(uniform)
    launch("sampling", "sample", N, THREADS, *arguments, drawn[0], drawn[1].view(np.float32))
    ids, bits = drawn.numpy()
    if (ids < 0).any():
        raise not_a_distribution(int(np.argmax(ids < 0)))
    return ids, bits.view(np.float32)
