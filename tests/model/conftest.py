"""Small models of every style, shared by the tests of this folder."""

import numpy as np
import pytest

from minirl.model import GPTConfig

SHAPE = {"vocab_size": 97, "context_length": 24, "n_layer": 2, "n_head": 4, "d_model": 32}
CONFIGS = {
    "gpt2": GPTConfig(**SHAPE),
    "gpt2-untied": GPTConfig(**SHAPE, tie_embeddings=False, mlp="gelu_exact", d_ff=48),
    "llama": GPTConfig.llama(**SHAPE),
    "llama-grouped": GPTConfig.llama(**SHAPE, n_kv_head=2, d_ff=40, rope_base=500.0),
    "llama-tied-biased": GPTConfig.llama(**SHAPE, n_kv_head=1, tie_embeddings=True, bias=True, norm_eps=1e-3),
}


@pytest.fixture(params=CONFIGS)
def config(request):
    return CONFIGS[request.param]


@pytest.fixture
def configs():
    return CONFIGS


@pytest.fixture
def ids():
    return np.random.default_rng(0).integers(0, 97, (3, 20)).astype(np.int32)
