"""The fused operations of a transformer: what each computes, and beside it the gradient.

Every function takes and returns Tensors and calls a forward and a backward kernel; kernels/*/reference.py has their
equations. Token ids and targets are whole numbers in an array, a Tensor or a list; positions are int32 arrays. `...`
stands for any leading axes, N for the number of tokens; the other letters are B batch, T time, S keys, C d_model,
H heads, D head size, F d_ff, V vocabulary.
"""

from minirl.functional.attention import Documents, Rotation, attention, packed_attention, rope, split_heads
from minirl.functional.joining import concatenate, maximum, minimum, stack, where
from minirl.functional.layers import dropout, embedding, gelu, layer_norm, linear, rms_norm, silu, swiglu
from minirl.functional.low_rank import LowRank, low_rank_linear
from minirl.functional.probability import (
    CrossEntropy,
    cross_entropy,
    entropy,
    linear_cross_entropy,
    linear_log_prob,
    log_prob,
    log_softmax,
    softmax,
)
from minirl.functional.recompute import recomputed

__all__ = [
    "CrossEntropy",
    "Documents",
    "LowRank",
    "Rotation",
    "attention",
    "concatenate",
    "cross_entropy",
    "dropout",
    "embedding",
    "entropy",
    "gelu",
    "layer_norm",
    "linear",
    "linear_cross_entropy",
    "linear_log_prob",
    "log_prob",
    "log_softmax",
    "low_rank_linear",
    "maximum",
    "minimum",
    "packed_attention",
    "recomputed",
    "rms_norm",
    "rope",
    "silu",
    "softmax",
    "split_heads",
    "stack",
    "swiglu",
    "where",
]
