"""Weights held in int8: for generation only, and close to the model that they come from."""

import numpy as np
import pytest

from minirl import kernels
from minirl.kernels.int8 import INT8
from minirl.model import GPT, GPTConfig
from minirl.rl.rollout import rollout

SIZES = {"vocab_size": 61, "context_length": 32, "n_layer": 2, "n_head": 2, "d_model": 64}
CONFIGS = {
    "gpt2": GPTConfig(**SIZES),
    "llama": GPTConfig.llama(**SIZES, d_ff=80),  # the MLP's second matrix has rows of 80 numbers
}


@pytest.mark.parametrize("name", CONFIGS)
def test_matrices_of_whole_blocks_are_held_in_int8_and_nothing_else(name):
    model = GPT(CONFIGS[name])
    before = {key: x.copy() for key, x in model.state_dict().items()}
    count = model.parameter_count()
    assert model.to_int8() is model and model.to_int8() is model, "twice is once"
    assert model.parameter_count() == count
    for key, parameter in model.named_parameters():
        x = before[key]
        if x.ndim == 2 and key != "position_embedding.weight" and x.shape[1] % 32 == 0:
            assert parameter.data.tobytes() == kernels.to_int8_blocks(x).tobytes() and not parameter.requires_grad
            assert parameter.data.nbytes * 128 == x.nbytes * 34
        else:
            np.testing.assert_array_equal(parameter.data, x)


@pytest.mark.parametrize("name", CONFIGS)
def test_the_model_is_nearly_the_same(name):
    ids = np.random.default_rng(0).integers(0, 61, (3, 32))
    model = GPT(CONFIGS[name], std=0.15)
    exact, loss = model(ids).data, float(model.loss(ids[:, :-1], ids[:, 1:]).data)
    model.to_int8()
    error = model(ids).data - exact
    assert error.any() and error.std() < 0.05 * exact.std()
    assert float(model.loss(ids[:, :-1], ids[:, 1:]).data) == pytest.approx(loss, rel=0.02)


def test_what_it_is_not_for_says_so(tmp_path):
    ids = np.arange(8)[None]
    model = GPT(CONFIGS["gpt2"]).to_int8()
    with pytest.raises((TypeError, ValueError), match=r"held in int8|Gradients need other products|no gradient"):
        model.loss(ids, ids).backward()
    with pytest.raises(ValueError, match="save_pretrained: the weights are held in int8"):
        model.save_pretrained(tmp_path / "model")
    with pytest.raises(ValueError, match=r"GPT.to_bfloat16: the weights are held in int8 already"):
        model.to_bfloat16()
    with pytest.raises(ValueError, match="rollout: the model's weights are held in int8"):
        rollout(model, None, None, [], 1)
    with pytest.raises(ValueError, match="GPT: dtype 'int4' is not one of float32, bfloat16, int8"):
        model.to("int4")


def test_a_checkpoint_is_loaded_in_int8(tmp_path):
    model = GPT(CONFIGS["gpt2"])
    model.save_pretrained(tmp_path / "model")
    loaded = GPT.from_pretrained(tmp_path / "model", dtype="int8")
    assert loaded.output_weight.dtype == INT8
    assert loaded.output_weight.data.tobytes() == kernels.to_int8_blocks(model.output_weight.data).tobytes()
    halved = GPT(CONFIGS["gpt2"]).to_bfloat16().to_int8()
    assert halved.output_weight.dtype == INT8
