"""Random streams by purpose: one seed for a run, and from it independent streams that never depend on each other.

A stream is named by what it is for and by indices such as the step. Whoever needs random numbers makes its stream anew
from the name, so no state has to be carried along: step 100's prompts are the same in a run resumed at step 99.
"""

import zlib

import numpy as np


def stream_seed(seed: int, purpose: str, *indices: int) -> int:
    """A 63-bit seed for one purpose: `stream_seed(run_seed, "rollout", step)`."""
    sequence = np.random.SeedSequence([seed, zlib.crc32(purpose.encode()), *indices])
    return int(sequence.generate_state(1, np.uint64)[0] >> np.uint64(1))


def stream(seed: int, purpose: str, *indices: int) -> np.random.Generator:
    """A generator for one purpose."""
    return np.random.default_rng(stream_seed(seed, purpose, *indices))
