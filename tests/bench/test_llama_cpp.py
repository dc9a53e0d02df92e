"""llama.cpp's side of the generation benchmark computes what minirl computes, from the same weights."""

from dataclasses import replace

import numpy as np
import pytest

from minirl.bench import generate, whole
from minirl.model import GPT, GPTConfig

pytest.importorskip("llama_cpp")

from minirl.bench import llama_cpp, logits

pytestmark = pytest.mark.peers

SIZES = {"vocab_size": 61, "context_length": 24, "n_layer": 2, "n_head": 4, "d_model": 32}
CONFIGS = {
    "llama": GPTConfig.llama(**SIZES),
    "grouped and tied": GPTConfig.llama(**SIZES, n_kv_head=2, tie_embeddings=True),
    "another base and epsilon": GPTConfig.llama(**SIZES, rope_base=100.0, norm_eps=1e-2),
    "biases": GPTConfig.llama(**SIZES, bias=True),
}


def model_of(name: str) -> GPT:
    """Every number random, and weights large enough that attention and positions matter."""
    model, rng = GPT(CONFIGS[name]), np.random.default_rng(0)
    for parameter in model.parameters():
        parameter.data += rng.normal(0, 0.2, parameter.shape).astype(np.float32)
    return model


@pytest.mark.parametrize("name", CONFIGS)
def test_logits_are_the_same_with_weights_in_bfloat16(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It rounds what is multiplied, as minirl does, so on a model this small there is hardly a difference."""
    monkeypatch.setattr(logits, "BFLOAT16_TOLERANCE", 2e-3)
    model = model_of(name).to_bfloat16()
    peer, ids = llama_cpp.LlamaCpp(model, 24), np.random.default_rng(1).integers(0, 61, 17).astype(np.int32)
    llama_cpp.check(peer, model, ids)


@pytest.mark.parametrize("name", CONFIGS)
def test_logits_and_text_are_the_same(name: str) -> None:
    model = model_of(name)
    ids = np.random.default_rng(1).integers(0, 61, 17).astype(np.int32)
    peer = llama_cpp.LlamaCpp(model, 24)
    llama_cpp.check(peer, model, ids)
    expected = list(ids)
    for _ in range(7):
        expected.append(model(expected).data[0, -1].argmax())
    for _ in range(2):  # a second text does not see the first
        np.testing.assert_array_equal(peer.complete(ids, 7), expected[17:])


@pytest.mark.parametrize("bf16", [False, True])
def test_other_weights_are_refused(bf16: bool) -> None:
    model = model_of("llama")
    if bf16:
        model.to_bfloat16()
    peer = llama_cpp.LlamaCpp(model, 24)
    weight = model.blocks[1].mlp.projection.weight
    weight.data = weight.data[::-1].copy() if bf16 else weight.data * np.float32(1.1)
    with pytest.raises(RuntimeError, match=r"llama\.cpp's logits differ from minirl's by"):
        llama_cpp.check(peer, model, np.arange(9, dtype=np.int32))


def test_a_model_in_the_style_of_gpt2_is_refused() -> None:
    with pytest.raises(ValueError, match="this is gpt2"):
        llama_cpp.LlamaCpp(GPT(GPTConfig(**SIZES)), 24)


@pytest.mark.parametrize("bf16", [False, True])
def test_it_takes_part_in_the_benchmark(bf16: bool) -> None:
    request = next(request for request in generate.QUICK if request.group == "llama")
    assert "llama.cpp" in whole.race(generate.work(replace(request, bf16=bf16)), repeats=1).seconds
