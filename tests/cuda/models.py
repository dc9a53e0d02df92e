"""The two models that the tests of this folder train and ask, and the same on the CPU."""

import numpy as np

from minirl import kernels
from minirl.model import GPT, GPTConfig

VOCABULARY, CONTEXT = 24, 12
CONFIGS = {
    "gpt2": GPTConfig(vocab_size=VOCABULARY, context_length=CONTEXT, n_layer=2, n_head=2, d_model=16),
    "llama": GPTConfig(
        vocab_size=VOCABULARY, context_length=CONTEXT, n_layer=2, n_head=4, n_kv_head=2, d_model=16, d_ff=24,
        norm="rms", position="rope", mlp="swiglu", bias=False, tie_embeddings=False,
    ),
}  # fmt: skip
CPU = "native" if kernels.has_native() else "reference"


def model(shape: str, backend: str = "cuda") -> GPT:
    """The model with its weights where `backend` keeps them; they are the same numbers under every backend."""
    with kernels.using(backend):
        return GPT(CONFIGS[shape], seed=1, std=0.2)


def batch(rows: int = 2, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """ids, targets, some of which do not count, and weights."""
    rng = np.random.default_rng(seed)
    ids = rng.integers(0, VOCABULARY, (rows, CONTEXT)).astype(np.int32)
    targets = np.roll(ids, -1, axis=1)
    targets[0, 3] = -100
    return ids, targets, rng.random((rows, CONTEXT)).astype(np.float32) / 20
