"""The tables of rotary positions that a config describes."""

import numpy as np

from minirl import kernels
from minirl.model.config import GPTConfig

Array = np.ndarray


def rope_tables(config: GPTConfig) -> tuple[Array, Array]:
    """cos and sin of every position's angles, (context_length, D/2) each, as kernels.rope_tables makes them.

    Where only a share of each head turns (GPT-NeoX), the other pairs have the angle 0; the weights of queries and keys
    are loaded in an order in which the pairs that turn come first (neox.py).
    """
    D, context = config.head_size, config.context_length
    if config.rope_scaling is None and config.rope_share == 1:
        return kernels.rope_tables(context, D, config.rope_base)
    turned = config.turned_numbers
    f = config.rope_base ** (-np.arange(0, turned, 2) / turned)
    f = f if config.rope_scaling is None else config.rope_scaling.frequencies(f)
    angles = np.zeros((context, D // 2))
    angles[:, : len(f)] = np.arange(context)[:, None] * f
    return kernels.send(np.cos(angles).astype(np.float32)), kernels.send(np.sin(angles).astype(np.float32))
