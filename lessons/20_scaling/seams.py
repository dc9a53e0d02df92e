"""Where the functions of lesson 20 go into minirl: its plan of a run, the rounding of weights, and the sum of gradients
over two ranks."""

import numpy as np

from minirl.lessons import Seam
from minirl.lessons.lesson import find_lesson

checks = find_lesson("20").module("checks")


def usual(config):
    """Whether a model is of the kind that the exercises are about: lesson 8's."""
    return (
        (config.norm, config.position, config.mlp) == ("rms", "rope", "swiglu")
        and config.kv_heads == config.n_head
        and config.attention_size == config.d_model
        and not (config.bias or config.has_qkv_bias or config.qk_norm or config.parallel)
    )


def fit_operations(operations, original):
    """GPTConfig.flops_per_token."""

    def fitted(config, time=None, training=True):
        if not usual(config) or not training:
            return original(config, time, training)
        length = config.context_length if time is None else time
        return operations(config.vocab_size, config.n_layer, config.d_model, config.ff_size, length)

    return fitted


def fit_memory(memory, original):
    """minirl.train.plan.activation_bytes: the last of the four numbers."""

    def fitted(config, tokens):
        if not usual(config):
            return original(config, tokens)
        return memory(config.parameter_count(), config.n_layer, config.d_model, config.ff_size, tokens)[3]

    return fitted


def fit_bf16(to_bf16, original):
    """minirl.kernels.precision.to_bfloat16_bits, which takes float64 as well."""
    return lambda x: to_bf16(np.asarray(x, np.float32, order="C"))


def fit_ring(ring_all_reduce, original):
    """minirl.ranks.shares.halve, which needs the sum in one part of x only. Two ranks are a ring: each is the other's
    next one and the one before. More ranks exchange in another order, so they are left to the original."""

    def fitted(group, x, bounds):
        if group.size != 2:
            original(group, x, bounds)
            return
        part, sending = x[bounds[0] : bounds[-1]], []

        def receive():
            mine = sending.pop()
            theirs = np.empty_like(mine)  # blocks come in pairs, so both halves are of the same length
            group.exchange(1 - group.rank, mine, theirs)
            return theirs

        part[...] = ring_all_reduce(group.rank, 2, part, lambda chunk: sending.append(np.array(chunk)), receive)

    return fitted


SEAMS = [
    Seam(
        "model.operations",
        places=[("minirl.model.config:GPTConfig.flops_per_token", fit_operations)],
        oracle=checks.added_up,
        bound=checks.COUNT,
        meter="minirl.model.config:GPTConfig.flops_per_token",
        unit="counts",
    ),
    Seam(
        "plan.memory",
        places=[("minirl.train.plan:activation_bytes", fit_memory)],
        oracle=checks.listed,
        meter="minirl.train.plan:activation_bytes",
        unit="counts",
    ),
    Seam(
        "kernels.to_bfloat16",
        places=[("minirl.kernels.precision:to_bfloat16_bits", fit_bf16)],
        oracle=checks.nearest_of,
        meter="minirl.kernels.precision:to_bfloat16_bits",
        unit="numbers",
        work=np.size,
        metered=np.size,
    ),
    Seam(
        "ranks.halve",
        places=[("minirl.ranks.shares:halve", fit_ring)],
        oracle=checks.by_chunks,
        meter="minirl.ranks.shares:halve",
        unit="numbers",
        work=lambda rank, size, x, send, receive: x.size,
        metered=lambda group, x, bounds: bounds[-1] - bounds[0],
        compare=False,  # what it returns depends on the other rank; the lesson compares the model
    ),
]
