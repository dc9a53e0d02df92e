"""Adapters beside frozen matrices: what they compute, what learns, what is written."""

import json

import numpy as np
import pytest

from minirl.model import GPT, GPTConfig
from minirl.model.json_file import CheckpointError
from minirl.model.lora import (
    LoRAConfig,
    adapter_arrays,
    adapters_of,
    add_adapters,
    load_adapter_arrays,
    merged,
    without_adapters,
)
from minirl.model.lora_file import load_adapters, save_adapters
from minirl.optim import AdamW, decay_groups

IDS = np.random.default_rng(1).integers(0, 61, (2, 9)).astype(np.int32)
SIZES = {"vocab_size": 61, "context_length": 12, "n_layer": 2, "n_head": 4, "d_model": 16}
CONFIGS = {
    "llama": GPTConfig.llama(**SIZES, d_ff=24, n_kv_head=2, tie_embeddings=True),
    "gpt2": GPTConfig(**SIZES, d_ff=40),
    "neox": GPTConfig(
        **SIZES, d_ff=40, position="rope", rope_share=0.5, mlp="gelu_exact", parallel=True, tie_embeddings=False
    ),
}
MATRICES = {
    "llama": ("q_proj", "v_proj", "down_proj"),
    "gpt2": ("c_attn", "c_proj"),
    "neox": ("query_key_value", "dense_4h_to_h"),
}


def adapted(kind, matrices=(), rank=3, spread=0.1):
    """A model with adapters that have learned something: B is not zeros any more."""
    model = GPT(CONFIGS[kind], seed=3, std=0.2).eval()
    add_adapters(model, LoRAConfig(rank, 8.0, matrices), seed=4)
    rng = np.random.default_rng(5)
    for adapter in adapters_of(model):
        adapter.B.data[...] = rng.standard_normal(adapter.B.shape).astype(np.float32) * spread
    return model


def logits(model):
    return model(IDS).data


@pytest.mark.parametrize("kind", CONFIGS)
def test_new_adapters_change_nothing(kind):
    model = GPT(CONFIGS[kind], seed=3).eval()
    before = logits(model)
    add_adapters(model, LoRAConfig())
    np.testing.assert_allclose(logits(model), before, atol=1e-6)


@pytest.mark.parametrize("kind", CONFIGS)
@pytest.mark.parametrize("some", [False, True])
def test_merged_weights_compute_what_the_adapters_do(kind, some):
    model = adapted(kind, MATRICES[kind] if some else ())
    plain = GPT(CONFIGS[kind], seed=None).eval()
    plain.load_state_dict(merged(model))
    np.testing.assert_allclose(logits(plain), logits(model), atol=2e-5)
    with without_adapters(model):
        assert np.abs(logits(plain) - logits(model)).max() > 1e-2
    np.testing.assert_allclose(logits(plain), logits(model), atol=2e-5)


@pytest.mark.parametrize("kind", CONFIGS)
def test_gradients_of_the_adapters_are_slopes_of_the_loss(kind):
    """The difference of two losses, over a step along a random direction, is the gradient times the direction."""
    model = adapted(kind, MATRICES[kind])
    targets = np.roll(IDS, 1)
    model.loss(IDS, targets).backward()
    rng, step = np.random.default_rng(6), np.float32(1e-2)
    for adapter in adapters_of(model):
        for parameter in (adapter.A, adapter.B):
            direction = rng.standard_normal(parameter.shape).astype(np.float32)
            start, found = parameter.data.copy(), []
            for sign in (1, -1):
                parameter.data[...] = start + sign * step * direction
                found.append(model.loss(IDS, targets).item())
            parameter.data[...] = start
            slope = (found[0] - found[1]) / (2 * step)
            assert slope == pytest.approx(float((parameter.grad * direction).sum()), rel=0.05, abs=2e-4)


def test_only_adapters_learn():
    model = GPT(CONFIGS["llama"], seed=3).eval()
    base = {name: x.copy() for name, x in model.state_dict().items()}
    learning = add_adapters(model, LoRAConfig(rank=2))
    optimizer = AdamW(decay_groups(model, 0.1), lr=0.1)
    assert {id(p) for p in optimizer.parameters} == {id(p) for p in learning}
    for _ in range(2):  # in the first step B is zeros, so A has no gradient
        model.loss(IDS, np.roll(IDS, 1)).backward()
        optimizer.step(1.0)
        optimizer.zero_grad()
    assert all(p.grad is None for p in model.parameters())
    now = model.state_dict()
    assert all(np.array_equal(now[name], x) for name, x in base.items())
    assert all(np.abs(x).max() > 0 for x in adapter_arrays(model).values())


def test_a_saved_model_is_merged(tmp_path):
    model = adapted("llama")
    model.save_pretrained(tmp_path)
    np.testing.assert_allclose(logits(GPT.from_pretrained(tmp_path)), logits(model), atol=2e-5)


def test_arrays_go_back_into_adapters_of_the_same_kind_only():
    model, other = adapted("llama"), adapted("llama", spread=0.3)
    load_adapter_arrays(other, {name: x.copy() for name, x in adapter_arrays(model).items()})
    assert np.array_equal(logits(other), logits(model))
    with pytest.raises(ValueError, match="another shape"):
        load_adapter_arrays(adapted("llama", rank=2), adapter_arrays(model))


@pytest.mark.parametrize("kind", CONFIGS)
def test_files_give_the_adapters_back(kind, tmp_path):
    model = adapted(kind, MATRICES[kind])
    save_adapters(model, tmp_path, base="roger")
    other = GPT(CONFIGS[kind], seed=3, std=0.2).eval()
    config = load_adapters(other, tmp_path)
    assert config == LoRAConfig(3, 8.0, tuple(sorted(MATRICES[kind])))
    assert np.array_equal(logits(other), logits(model))
    assert json.loads((tmp_path / "adapter_config.json").read_text())["base_model_name_or_path"] == "roger"


def test_adapters_of_another_model_are_refused(tmp_path):
    save_adapters(adapted("llama"), tmp_path)
    with pytest.raises(CheckpointError, match="does not hold adapters for this model"):
        load_adapters(GPT(GPTConfig.llama(**{**SIZES, "d_model": 32}, d_ff=24), seed=3), tmp_path)
    described = json.loads((tmp_path / "adapter_config.json").read_text())
    (tmp_path / "adapter_config.json").write_text(json.dumps({**described, "use_dora": True}))
    with pytest.raises(CheckpointError, match="use_dora"):
        load_adapters(GPT(CONFIGS["llama"], seed=3), tmp_path)


def test_what_cannot_be_adapted_is_refused():
    model = GPT(CONFIGS["llama"], seed=3)
    with pytest.raises(ValueError, match="has no matrix 'c_attn'; it has down_proj, gate_proj, k_proj"):
        add_adapters(model, LoRAConfig(matrices=("c_attn",)))
    assert all(p.requires_grad for p in model.parameters())
    add_adapters(model, LoRAConfig())
    with pytest.raises(ValueError, match="has adapters already"):
        add_adapters(model, LoRAConfig())
    with pytest.raises(ValueError, match="rank is 0"):
        LoRAConfig(rank=0)
    with pytest.raises(ValueError, match="no adapters"):
        save_adapters(GPT(CONFIGS["llama"]), "nowhere")


@pytest.mark.peers
@pytest.mark.parametrize("kind", CONFIGS)
def test_peft_reads_our_adapters(kind, tmp_path):
    """PEFT computes with our files what we compute."""
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    peft = pytest.importorskip("peft")
    model = adapted(kind)
    base = GPT(CONFIGS[kind], seed=3, std=0.2)
    base.save_pretrained(tmp_path / "base")
    save_adapters(model, tmp_path / "adapters")
    theirs = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "base")
    theirs = peft.PeftModel.from_pretrained(theirs, tmp_path / "adapters").eval()
    with torch.no_grad():
        found = theirs(torch.tensor(IDS.astype(np.int64))).logits.numpy()
    np.testing.assert_allclose(logits(model), found, atol=1e-4)
    with theirs.disable_adapter(), torch.no_grad():
        assert np.abs(theirs(torch.tensor(IDS.astype(np.int64))).logits.numpy() - found).max() > 1e-2


@pytest.mark.peers
def test_we_read_adapters_of_peft(tmp_path):
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    peft = pytest.importorskip("peft")
    base = GPT(CONFIGS["llama"], seed=3, std=0.2)
    base.save_pretrained(tmp_path / "base")
    theirs = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "base")
    settings = peft.LoraConfig(r=4, lora_alpha=12, target_modules=["q_proj", "v_proj"], init_lora_weights=False)
    theirs = peft.get_peft_model(theirs, settings).eval()
    theirs.save_pretrained(tmp_path / "adapters")
    with torch.no_grad():
        found = theirs(torch.tensor(IDS.astype(np.int64))).logits.numpy()
    load_adapters(base.eval(), tmp_path / "adapters")
    np.testing.assert_allclose(logits(base), found, atol=1e-4)
