"""GPTConfig: presets, counts, and what it refuses."""

import dataclasses

import pytest

from minirl.model import GPT, PRESETS, GPTConfig

TINY = {"vocab_size": 50, "context_length": 16, "n_layer": 2, "n_head": 4, "d_model": 32}


@pytest.mark.parametrize(
    "name, count",
    [
        ("gpt2", 124_439_808),
        ("gpt2-medium", 354_823_168),
        ("gpt2-large", 774_030_080),
        ("gpt2-xl", 1_557_611_200),
        ("stories15m", 15_191_712),
        ("smollm-135m", 134_515_008),
        ("tinyllama-1.1b", 1_100_048_384),
    ],
)
def test_presets_have_the_published_number_of_parameters(name, count):
    assert GPTConfig.preset(name).parameter_count() == count


def test_every_preset_is_tested_and_can_be_changed():
    assert len(PRESETS) == 7
    config = GPTConfig.preset("gpt2", context_length=256)
    assert (config.context_length, config.n_layer, config.vocab_size) == (256, 12, 50257)
    with pytest.raises(ValueError, match="no preset 'gpt3'; there are gpt2, gpt2-medium"):
        GPTConfig.preset("gpt3")


@pytest.mark.parametrize("norm", ["layer", "rms"])
@pytest.mark.parametrize("position", ["learned", "rope"])
@pytest.mark.parametrize("mlp", ["gelu", "gelu_exact", "swiglu"])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("tie", [True, False])
def test_the_count_is_the_models(norm, position, mlp, bias, tie):
    config = GPTConfig(**TINY, n_kv_head=2, norm=norm, position=position, mlp=mlp, bias=bias, tie_embeddings=tie)
    assert config.parameter_count() == GPT(config, seed=None).parameter_count()


def test_defaults_are_gpt2s_and_llamas():
    config = GPTConfig(**TINY)
    assert (config.n_kv_head, config.d_ff, config.head_size) == (4, 128, 8)
    llama = GPTConfig.llama(**TINY)
    assert (llama.d_ff, llama.norm, llama.position, llama.bias) == (128, "rms", "rope", False)
    assert GPTConfig.llama(**{**TINY, "d_model": 4096, "n_head": 32}).d_ff == 10944
    assert not GPTConfig.llama(**TINY).tie_embeddings


def test_flops():
    config = GPTConfig(**TINY)
    block = 32 * 3 * 32 + 32 * 32 + 2 * 32 * 128
    forward = 2 * (2 * block + 50 * 32) + 4 * 2 * 32 * (16 + 1) / 2
    assert config.flops_per_token(training=False) == forward
    assert config.flops_per_token() == 3 * forward
    assert config.flops_per_token(time=1, training=False) == 2 * (2 * block + 50 * 32) + 4 * 2 * 32
    gpt2 = GPTConfig.preset("gpt2")
    assert gpt2.flops_per_token() == pytest.approx(6 * 124e6, rel=0.1)  # the usual 6 N


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"n_head": 5}, r"n_head 5 does not divide d_model 32; use one of \[1, 2, 4, 8, 16, 32\]"),
        ({"n_kv_head": 3}, r"n_kv_head 3 does not divide n_head 4; use one of \[1, 2, 4\]"),
        ({"norm": "batch"}, "norm is 'batch'; use one of 'layer', 'rms'"),
        ({"position": "alibi"}, "position is 'alibi'; use one of 'learned', 'rope'"),
        ({"mlp": "relu"}, "mlp is 'relu'; use one of 'gelu', 'gelu_exact', 'swiglu'"),
        ({"vocab_size": 0}, "vocab_size is 0; expected a whole number"),
        ({"n_layer": 2.0}, "n_layer is 2.0; expected a whole number"),
        ({"d_ff": -1}, "d_ff is -1"),
        ({"dropout": 1.0}, r"dropout 1.0 must lie in \[0, 1\)"),
        ({"norm_eps": 0.0}, "must be positive"),
        ({"position": "rope", "n_head": 32}, "d_model / n_head = 1 is odd"),
    ],
)
def test_what_makes_no_model_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        GPTConfig(**{**TINY, **changes})


def test_it_is_a_frozen_dataclass():
    with pytest.raises(dataclasses.FrozenInstanceError):
        GPTConfig(**TINY).n_layer = 3
