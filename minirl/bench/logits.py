"""Whether a peer computes what minirl computes: logits, held against each other before anything is timed.

In bfloat16 the texts themselves say little. Implementations keep different numbers in it: minirl and llama.cpp what is
multiplied, PyTorch the sums and activations too. So the most likely token soon differs somewhere, and all of them from
there on.
"""

from collections.abc import Callable

import numpy as np

from minirl.kernels.precision import BFLOAT16
from minirl.model import GPT, KVCache

TOLERANCE = 1e-4  # of the largest logit; keys and values in float16 would cost 3e-4
BFLOAT16_TOLERANCE = 3e-2  # PyTorch comes to 1.3e-2 on 12 layers, llama.cpp to 5e-3


def check(title: str, extend: Callable[[np.ndarray], np.ndarray], model: GPT, ids: np.ndarray) -> None:
    """RuntimeError where the peer's logits differ from the model's after ids (B, T), or after all but the last column.

    extend: appends tokens (B, t) to the peer's texts, which are empty at first, and returns its logits (B, V).
    """
    tolerance = BFLOAT16_TOLERANCE if model.output_weight.dtype == BFLOAT16 else TOLERANCE
    cache = KVCache(model.config, *ids.shape)
    for part in (ids[:, :-1], ids[:, -1:]):
        part = np.ascontiguousarray(part)
        ours, theirs = model.extend(part, cache), extend(part)
        difference, largest = np.abs(theirs - ours).max(), np.abs(ours).max()
        if not difference <= tolerance * largest:
            raise RuntimeError(
                f"{title}'s logits differ from minirl's by {difference:.2g}, where the largest is {largest:.2g}; the "
                f"same weights should agree to {tolerance:g} of it"
            )
