"""Llama's relatives and GPT-NeoX: transformers computes the same logits, and what minirl lacks is refused by name."""

from dataclasses import replace

import numpy as np
import pytest

from minirl.model import GPT, GPTConfig, KVCache
from minirl.model.families import KNOWN, MISSING
from minirl.model.hugging_face import from_json, model_type, to_json
from minirl.model.rope_scaling import RopeScaling

SHAPE = {"vocab_size": 97, "context_length": 40, "n_layer": 4, "n_head": 4, "d_model": 32}
LLAMA3 = RopeScaling("llama3", 8.0, 1.0, 4.0, 16)
OURS = {
    "llama": GPTConfig.llama(**SHAPE, n_kv_head=2, rope_scaling=LLAMA3),
    "llama-linear": GPTConfig.llama(**SHAPE, n_kv_head=2, rope_scaling=RopeScaling("linear", 4.0)),
    "llama-wide-heads": GPTConfig.llama(**SHAPE, n_kv_head=2, head_dim=12),
    "qwen2": GPTConfig.llama(**SHAPE, n_kv_head=2, qkv_bias=True, tie_embeddings=True),
    "qwen3": GPTConfig.llama(**SHAPE, n_kv_head=2, qk_norm=True, head_dim=16),
    "smollm3": GPTConfig.llama(**SHAPE, n_kv_head=1, no_rope_every=4, tie_embeddings=True),
    "gpt_neox": GPTConfig(
        **SHAPE, position="rope", mlp="gelu_exact", parallel=True, rope_share=0.25, tie_embeddings=False
    ),
    "gpt_neox-in-turn": GPTConfig(
        **SHAPE, position="rope", mlp="gelu_exact", rope_share=0.5, tie_embeddings=False, rope_base=500.0
    ),
}


def shaken(config: GPTConfig) -> GPT:
    """A model none of whose weights, biases and norms is at its initial value."""
    model, rng = GPT(config).eval(), np.random.default_rng(1)
    for parameter in model.parameters():
        parameter.data += rng.normal(0, 0.1, parameter.shape).astype(np.float32)
    return model


@pytest.fixture
def ids() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 97, (2, 38)).astype(np.int32)


@pytest.mark.parametrize("name", OURS)
def test_a_checkpoint_gives_the_model_back(name, ids, tmp_path):
    model = shaken(OURS[name])
    model.save_pretrained(tmp_path)
    loaded = GPT.from_pretrained(tmp_path)
    assert loaded.config == model.config and model_type(model.config) == name.split("-")[0]
    assert sum(p.data.size for p in model.parameters()) == model.config.parameter_count()
    np.testing.assert_array_equal(loaded(ids).data, model(ids).data)


@pytest.mark.parametrize("name", OURS)
def test_a_cache_gives_the_same_logits(name, ids):
    """Token by token, and a prompt at once."""
    model = shaken(OURS[name])
    cache, whole = KVCache(model.config, 2), model(ids).data
    found = [model.extend(ids[:, :20], cache)] + [model.extend(ids[:, t : t + 1], cache) for t in range(20, 38)]
    np.testing.assert_allclose(np.stack(found, axis=1), whole[:, 19:], atol=2e-5)


@pytest.mark.parametrize("name", ["qwen2", "qwen3", "gpt_neox"])
def test_gradients_reach_every_parameter(name, ids):
    """Against finite differences, at one number of each parameter."""
    model = shaken(OURS[name])
    model.loss(ids[:, :-1], ids[:, 1:]).backward()
    for parameter in model.parameters():
        assert parameter.grad is not None
        place = np.unravel_index(np.abs(parameter.grad).argmax(), parameter.shape)
        slope, before, h = parameter.grad[place], parameter.data[place], 1e-2
        sides = []
        for value in (before + h, before - h):
            parameter.data[place] = value
            sides.append(float(model.loss(ids[:, :-1], ids[:, 1:]).data))
        parameter.data[place] = before
        assert abs((sides[0] - sides[1]) / (2 * h) - slope) < 0.05 * abs(slope) + 2e-4


@pytest.mark.peers
@pytest.mark.parametrize("name", OURS)
def test_transformers_loads_ours(name, ids, tmp_path):
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    model = shaken(OURS[name])
    model.save_pretrained(tmp_path)
    theirs, report = transformers.AutoModelForCausalLM.from_pretrained(tmp_path, output_loading_info=True)
    assert not any(report[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    assert theirs.config.model_type == name.split("-")[0] and theirs.num_parameters() == model.parameter_count()
    with torch.no_grad():
        logits = theirs.eval()(torch.from_numpy(ids.astype(np.int64))).logits.float().numpy()
    np.testing.assert_allclose(model(ids).data, logits, atol=1e-4)


def their_config(transformers, kind):
    """A config as the family's own class has it, with its own defaults where they are small enough."""
    shape = {
        "vocab_size": 97, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 4, "num_attention_heads": 4,
        "max_position_embeddings": 40, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0,
    }  # fmt: skip
    grouped = {**shape, "num_key_value_heads": 2}
    scaled = {
        "rope_type": "llama3", "rope_theta": 500000.0, "factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
        "original_max_position_embeddings": 16,
    }  # fmt: skip
    return {
        "llama": lambda: transformers.LlamaConfig(**grouped, rope_parameters=scaled),
        "mistral": lambda: transformers.MistralConfig(**grouped, sliding_window=None, head_dim=12),
        "mistral-window": lambda: transformers.MistralConfig(**grouped, sliding_window=30),
        "qwen2": lambda: transformers.Qwen2Config(**grouped),
        "qwen3": lambda: transformers.Qwen3Config(**grouped, head_dim=16),
        "smollm3": lambda: transformers.SmolLM3Config(**grouped),
        "gpt_neox": lambda: transformers.GPTNeoXConfig(**shape),
        "gpt_neox-in-turn": lambda: transformers.GPTNeoXConfig(**shape, use_parallel_residual=False),
        "gpt2": lambda: transformers.GPT2Config(vocab_size=97, n_embd=32, n_layer=4, n_head=4, n_positions=40),
    }[kind]()


@pytest.mark.peers
@pytest.mark.parametrize(
    "kind",
    ["llama", "mistral", "mistral-window", "qwen2", "qwen3", "smollm3", "gpt_neox", "gpt_neox-in-turn", "gpt2"],
)
def test_ours_loads_theirs(kind, ids, tmp_path):
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    torch.manual_seed(0)
    theirs = transformers.AutoModelForCausalLM.from_config(their_config(transformers, kind)).eval()
    with torch.no_grad():
        for parameter in theirs.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    theirs.save_pretrained(tmp_path)
    ours = GPT.from_pretrained(tmp_path)
    rows = ids[:, :30] if kind == "mistral-window" else ids
    with torch.no_grad():
        logits = theirs(torch.from_numpy(rows.astype(np.int64))).logits.float().numpy()
    assert not ours.dropout.training
    np.testing.assert_allclose(ours(rows).data, logits, atol=1e-4)
    if kind == "mistral-window":
        with pytest.raises(ValueError, match="31 tokens are more than the context length, 30"):
            ours(ids[:, :31])


@pytest.mark.parametrize("kind", MISSING)
def test_other_families_are_refused_with_what_is_missing(kind):
    with pytest.raises(ValueError) as caught:
        from_json({"model_type": kind})
    assert repr(kind) in str(caught.value) and MISSING[kind] in str(caught.value) and "'qwen3'" in str(caught.value)
    assert kind not in KNOWN


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("llama", {"rope_parameters": {"rope_type": "yarn"}, "rope_scaling": None}, "RoPE of type 'yarn'"),
        ("llama", {"rope_scaling": {"rope_type": "llama3"}, "rope_parameters": None}, "lacks 'factor'"),
        ("llama", {"head_dim": "x"}, "head_dim = 'x'"),
        ("qwen3", {"attention_bias": True}, "attention_bias = true"),
        ("smollm3", {"no_rope_layers": [0, 1, 1, 1]}, r"no_rope_layers = \[0, 1, 1, 1\]"),
        ("smollm3", {"no_rope_layer_interval": -1}, "no_rope_layer_interval = -1"),
        ("qwen2", {"use_sliding_window": True, "sliding_window": 0}, "sliding_window = 0"),
        ("gpt_neox", {"hidden_act": "relu"}, "hidden_act = 'relu'"),
        ("gpt_neox", {"attention_bias": False}, "attention_bias = False"),
    ],
)
def test_variants_that_minirl_lacks_are_refused(name, changes, message):
    with pytest.raises(ValueError, match=message):
        from_json({**to_json(OURS[name]), **changes})


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"rope_share": 0}, "rope_share is 0"),
        ({"rope_share": 1.5}, "rope_share is 1.5"),
        ({"rope_scaling": "llama3"}, "rope_scaling is 'llama3'"),
        ({"head_dim": 0}, "head_dim is 0"),
        ({"head_dim": 7}, "7 is odd"),
        ({"no_rope_every": -1}, "no_rope_every is -1"),
        ({"position": "learned", "no_rope_every": 2}, "need position='rope'"),
        ({"qk_norm": 1}, "qk_norm is 1"),
        ({"qkv_bias": "yes"}, "qkv_bias is 'yes'"),
    ],
)
def test_fields_out_of_range(fields, message):
    with pytest.raises(ValueError, match=message):
        GPTConfig.llama(**{**SHAPE, **fields})


@pytest.mark.parametrize("fields", [{"kind": "yarn"}, {"factor": 0}, {"low_frequency": 5.0}, {"factor": float("nan")}])
def test_scalings_out_of_range(fields):
    with pytest.raises(ValueError, match="RopeScaling: "):
        RopeScaling(**fields)


def test_what_no_family_has_together_cannot_be_saved():
    for config in (
        replace(OURS["qwen3"], no_rope_every=2),
        replace(OURS["gpt_neox"], qk_norm=True),
        replace(OURS["llama"], parallel=True),
        GPTConfig.llama(**SHAPE, bias=True, qkv_bias=False),
    ):
        with pytest.raises(ValueError, match="layouts cannot express this config"):
            model_type(config)
