"""Weights held in bfloat16: the model of the rounded weights, for generation only."""

import numpy as np
import pytest

from minirl import kernels
from minirl.generate import Sampling, generate_ids
from minirl.model import GPT, GPTConfig

SIZES = {"vocab_size": 61, "context_length": 48, "n_layer": 2, "n_head": 4, "d_model": 32}
CONFIGS = {
    "gpt2": GPTConfig(**SIZES),
    "llama": GPTConfig.llama(**SIZES, n_kv_head=2),
    "tied llama": GPTConfig.llama(**SIZES, tie_embeddings=True),
    "odd": GPTConfig(**{**SIZES, "d_model": 28}, d_ff=39),
}
BACKENDS = ["reference", "native"] if kernels.has_native() else ["reference"]


@pytest.fixture(params=BACKENDS)
def backend(request):
    with kernels.using(request.param):
        yield


def model_of(name: str) -> GPT:
    """Every number random, and weights large enough that attention matters."""
    model, rng = GPT(CONFIGS[name]), np.random.default_rng(0)
    for parameter in model.parameters():
        parameter.data += rng.normal(0, 0.2, parameter.shape).astype(np.float32)
    return model


def widened(model: GPT) -> GPT:
    """The float32 model whose weights are those that `model` holds in bfloat16."""
    other = GPT(model.config, seed=None)
    for ours, theirs in zip(model.parameters(), other.parameters(), strict=True):
        theirs.data = kernels.from_bfloat16_bits(ours.data) if ours.dtype == np.uint16 else ours.data
    return other


def ids(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 61, shape).astype(np.int32)


def test_matrices_are_rounded_and_nothing_else() -> None:
    model = model_of("gpt2")
    before = {name: x.copy() for name, x in model.state_dict().items()}
    count = model.parameter_count()
    assert model.to_bfloat16() is model and model.to_bfloat16() is model, "twice is once"
    assert model.parameter_count() == count
    for name, parameter in model.named_parameters():
        if before[name].ndim == 2 and name != "position_embedding.weight":
            expected = kernels.round_bfloat16(before[name])
            np.testing.assert_array_equal(kernels.from_bfloat16_bits(parameter.data), expected, err_msg=name)
            assert not parameter.requires_grad and not np.array_equal(expected, before[name])
        else:
            np.testing.assert_array_equal(parameter.data, before[name], err_msg=name)
    assert model.output_weight is model.token_embedding.weight, "still tied"


@pytest.mark.parametrize("name", CONFIGS)
def test_logits_and_text_are_those_of_the_rounded_weights_in_bfloat16_precision(backend, name) -> None:
    model = model_of(name).to_bfloat16()
    prompts = [ids(n) for n in (5, 2, 40, 9)]
    rule = Sampling(1.0, max_new_tokens=8)
    logits = model(ids(3, 40)).data
    rows = list(generate_ids(model, prompts, rule, 3, seed=5, samples=3))
    with kernels.using_precision("bfloat16"):
        other = widened(model)
        assert other(ids(3, 40)).data.tobytes() == logits.tobytes()
        for row, expected in zip(rows, generate_ids(other, prompts, rule, 3, seed=5, samples=3), strict=True):
            np.testing.assert_array_equal(row.ids, expected.ids)
            np.testing.assert_array_equal(row.log_probs, expected.log_probs)
    exact = widened(model)(ids(3, 40)).data
    assert 0 < np.abs(logits - exact).max() < 0.05 * np.abs(exact).max(), "in float32 precision it is another model"


@pytest.mark.parametrize("name", CONFIGS)
def test_a_loss_can_be_computed_but_nothing_trained(backend, name) -> None:
    model = model_of(name).to_bfloat16()
    tokens = ids(2, 20)
    loss = model.loss(tokens[:, :-1], tokens[:, 1:])
    log_prob, _ = model.log_prob(tokens[:, :-1], tokens[:, 1:])
    with kernels.using_precision("bfloat16"):
        assert loss.item() == widened(model).loss(tokens[:, :-1], tokens[:, 1:]).item()
    with pytest.raises(TypeError, match=r"weight is held in bfloat16.*has no gradients.*Train the float32 model"):
        loss.backward()
    with pytest.raises(TypeError, match="weight is held in bfloat16"):
        log_prob.sum().backward()
    with pytest.raises(ValueError, match=r"b holds bfloat16 bits.*Gradients need other products"):
        model(tokens).sum().backward()


@pytest.mark.parametrize("name", [name for name in CONFIGS if name != "odd"])  # its layout is that of another
def test_it_is_saved_as_it_is_held_and_loads_as_float32_or_bfloat16(name, tmp_path) -> None:
    model = model_of(name).to_bfloat16()
    model.save_pretrained(tmp_path)
    config = (tmp_path / "config.json").read_text()
    assert '"torch_dtype": "bfloat16"' in config
    size = (tmp_path / "model.safetensors").stat().st_size
    halved = sum(parameter.data.nbytes for parameter in model.parameters())
    assert halved < size < halved + 8000
    wide = GPT.from_pretrained(tmp_path)
    for parameter, ours, expected in zip(
        wide.parameters(), model.parameters(), widened(model).parameters(), strict=True
    ):
        assert parameter.dtype == np.float32 and parameter.requires_grad
        np.testing.assert_array_equal(parameter.data, expected.data)
        assert ours.dtype == (np.uint16 if not ours.requires_grad else np.float32)
    again = GPT.from_pretrained(tmp_path, dtype="bfloat16")
    for parameter, ours in zip(again.parameters(), model.parameters(), strict=True):
        np.testing.assert_array_equal(parameter.data, ours.data)
        assert parameter.dtype == ours.dtype and parameter.requires_grad == ours.requires_grad
    wide.save_pretrained(tmp_path)
    assert '"torch_dtype": "float32"' in (tmp_path / "config.json").read_text()
    with pytest.raises(ValueError, match="dtype 'float16' is not one of float32, bfloat16"):
        GPT.from_pretrained(tmp_path, dtype="float16")


def test_state_dicts_do_not_mix() -> None:
    wide, model = model_of("gpt2"), model_of("gpt2").to_bfloat16()
    other = GPT(CONFIGS["gpt2"], seed=1).to_bfloat16()
    other.load_state_dict(model.state_dict())
    assert other(ids(2, 9)).data.tobytes() == model(ids(2, 9)).data.tobytes()
    before = wide.state_dict()["token_embedding.weight"].copy()
    with pytest.raises(ValueError, match=r"token_embedding.weight has dtype uint16; expected float32"):
        wide.load_state_dict(model.state_dict())
    with pytest.raises(
        ValueError, match=r"blocks.1.mlp.up.weight has dtype float32; expected uint16 \(.* bfloat16 bits"
    ):
        model.load_state_dict(wide.state_dict())
    np.testing.assert_array_equal(wide.state_dict()["token_embedding.weight"], before)
