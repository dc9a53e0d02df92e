"""Llama's relatives in Hugging Face's format, by model_type: what each changes, and what minirl does not have.

    mistral    a sliding window: a token sees no further back than so many tokens
    qwen2      biases on queries, keys and values
    qwen3      QK-norm, and heads of another size than d_model / n_head
    smollm3    every fourth block has no rotary positions
    gpt_neox   Pythia's: parallel attention and MLP, a quarter of each head turns; see neox.py

Within its window, a model with a sliding window computes what it would without one. So its context length here is the
window, and longer texts are refused.
"""

from collections.abc import Mapping
from typing import Any

from minirl.model.config import GPTConfig
from minirl.model.rope_scaling import RopeScaling
from minirl.storage.strict_json import brief

LLAMAS = ("llama", "mistral", "qwen2", "qwen3", "smollm3")
ARCHITECTURES = {
    "llama": "LlamaForCausalLM", "qwen2": "Qwen2ForCausalLM", "qwen3": "Qwen3ForCausalLM",
    "smollm3": "SmolLM3ForCausalLM",
}  # fmt: skip

MISSING = {  # what other families need, in words
    "gemma": "embeddings scaled by sqrt(d_model), norms with weight 1 + gamma, and GELU in the gate",
    "gemma2": "capped logits, norms after attention and MLP, and windows in every second block",
    "gemma3_text": "QK-norm with weight 1 + gamma, and windows with an own base in most blocks",
    "phi": "a parallel block with one norm, and a bias on the output layer",
    "phi3": "fused projections (qkv_proj, gate_up_proj), and long-context scaling of two tables",
    "mixtral": "a mixture of experts",
    "qwen2_moe": "a mixture of experts",
    "qwen3_moe": "a mixture of experts",
    "gpt_oss": "a mixture of experts, and attention sinks",
    "deepseek_v2": "latent attention, and a mixture of experts",
    "deepseek_v3": "latent attention, and a mixture of experts",
    "falcon": "parallel attention with one key and value head, and positions by ALiBi",
    "bloom": "positions by ALiBi",
    "mpt": "positions by ALiBi",
    "opt": "positions with an offset, and ReLU",
    "gptj": "rotary positions of neighbouring numbers, and one norm for attention and MLP",
    "gpt_bigcode": "one key and value head with learned positions",
    "starcoder2": "rotary positions with LayerNorm, biases and GELU, in separate projections",
    "olmo2": "norms after attention and MLP, and QK-norm over all heads together",
    "granite": "scaled embeddings, residuals and logits",
    "cohere": "a parallel block without biases, and scaled logits",
    "mamba": "a state space model has no attention",
    "t5": "an encoder",
    "bert": "a model that reads both ways, and does not write",
}
KNOWN = ("gpt2", *LLAMAS, "gpt_neox")


def refusal(kind: object) -> ValueError:
    """What a model_type needs that minirl does not have."""
    lacks = MISSING.get(kind) if isinstance(kind, str) else None
    reason = f" (it needs {lacks})" if lacks else ""
    return ValueError(f"config.json has model_type {brief(kind)}{reason}; minirl loads {', '.join(map(repr, KNOWN))}")


def llama_config(found: Mapping[str, Any]) -> GPTConfig:
    """The config of a model of Llama's kind."""
    kind = found.get("model_type")
    heads, width = needed(found, "num_attention_heads"), needed(found, "hidden_size")
    for key, value in (("num_attention_heads", heads), ("hidden_size", width)):
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise ValueError(f"config.json has {key} = {brief(value)}; expected a whole number, 1 or more")
    expect(found, "hidden_act", "silu")
    biased = found.get("attention_bias", False)
    qkv: bool | None = None
    if kind in ("llama", "smollm3"):
        expect(found, "mlp_bias", False, (biased,))
    elif kind == "qwen2":
        biased, qkv = False, True
    elif biased:
        raise ValueError(f"config.json has attention_bias = true; minirl's {kind} has no biases")
    if kind == "smollm3" and biased:
        raise ValueError("config.json has attention_bias = true; minirl's smollm3 has no biases")
    own = found.get("head_dim")
    if own is None and kind == "qwen3":
        own = 128  # of transformers' Qwen3Config
    if own is not None and (type(own) is not int or own < 1):
        raise ValueError(f"config.json has head_dim = {brief(own)}; expected a whole number, 1 or more, or null")
    rope = rope_settings(found)
    return GPTConfig.llama(
        vocab_size=needed(found, "vocab_size"),
        context_length=window(found, needed(found, "max_position_embeddings")),
        n_layer=needed(found, "num_hidden_layers"),
        n_head=heads,
        n_kv_head=found.get("num_key_value_heads"),
        d_model=width,
        d_ff=needed(found, "intermediate_size"),
        bias=biased,
        qkv_bias=qkv,
        qk_norm=kind == "qwen3",
        head_dim=None if own is None or own * heads == width else own,
        no_rope_every=no_rope_every(found) if kind == "smollm3" else 0,
        tie_embeddings=found.get("tie_word_embeddings", kind == "smollm3"),
        norm_eps=found.get("rms_norm_eps", 1e-6),
        rope_base=rope.get("rope_theta", found.get("rope_theta", 10000.0)),
        rope_scaling=rope_scaling(rope),
        dropout=found.get("resid_pdrop", 0.0),
    )


def llama_json(config: GPTConfig, kind: str) -> dict[str, Any]:
    """config.json of a model of Llama's kind, but for what all models have."""
    scaling = {"rope_type": "default"} if config.rope_scaling is None else config.rope_scaling.to_json()
    described: dict[str, Any] = {
        "architectures": [ARCHITECTURES[kind]],
        "model_type": kind,
        "max_position_embeddings": config.context_length,
        "hidden_size": config.d_model,
        "intermediate_size": config.d_ff,
        "num_hidden_layers": config.n_layer,
        "num_attention_heads": config.n_head,
        "num_key_value_heads": config.n_kv_head,
        "head_dim": config.head_size,
        "hidden_act": "silu",
        "rms_norm_eps": config.norm_eps,
        "rope_theta": config.rope_base,  # transformers 4 reads this, transformers 5 the next
        "rope_parameters": {**scaling, "rope_theta": config.rope_base},
        "attention_bias": config.bias,
        "mlp_bias": config.bias,
        "attention_dropout": 0.0,
    }
    if config.rope_scaling is not None:
        described["rope_scaling"] = scaling
    if kind == "smollm3":
        described["no_rope_layers"] = [int(config.rotates(layer)) for layer in range(config.n_layer)]
        described["no_rope_layer_interval"] = config.no_rope_every
    if kind in ("qwen2", "qwen3", "smollm3"):
        described["use_sliding_window"] = False
    return described


def rope_settings(found: Mapping[str, Any]) -> dict[str, Any]:
    """What config.json says of RoPE, in whichever place."""
    rope: dict[str, Any] = {}
    for key in ("rope_scaling", "rope_parameters"):
        settings = found.get(key) or {}
        if not isinstance(settings, Mapping):
            raise ValueError(f"config.json has {key} = {brief(settings)}; expected an object, {{...}}, or null")
        rope.update(settings)
    return rope


def rope_scaling(rope: Mapping[str, Any]) -> RopeScaling | None:
    """How the angles are scaled. Raises ValueError for a way that minirl does not know."""
    kind = rope.get("rope_type", rope.get("type", "default"))
    if kind == "default":
        return None
    if kind == "linear":
        return RopeScaling("linear", needed(rope, "factor"))
    if kind != "llama3":
        raise ValueError(f"config.json has RoPE of type {brief(kind)}; minirl has 'default', 'linear' and 'llama3'")
    return RopeScaling(
        "llama3",
        needed(rope, "factor"),
        needed(rope, "low_freq_factor"),
        needed(rope, "high_freq_factor"),
        needed(rope, "original_max_position_embeddings"),
    )


def window(found: Mapping[str, Any], context: Any) -> Any:
    """The context length, or the sliding window where that is shorter and in use."""
    size = found.get("sliding_window")
    used = found.get("use_sliding_window", found.get("model_type") == "mistral")
    if size is None or not used or not isinstance(context, int):
        return context
    if type(size) is not int or size < 1:
        raise ValueError(f"config.json has sliding_window = {brief(size)}; expected a whole number, 1 or more, or null")
    return min(size, context)


def no_rope_every(found: Mapping[str, Any]) -> int:
    """SmolLM3's interval of blocks without rotary positions; 0 where there are none."""
    every = found.get("no_rope_layer_interval", 4)
    layers = found.get("no_rope_layers")
    if type(every) is not int or every < 0:
        raise ValueError(f"config.json has no_rope_layer_interval = {brief(every)}; expected a whole number")
    if layers is None:
        return every
    count = needed(found, "num_hidden_layers")
    if layers == [1] * len(layers):
        return 0
    if not every or layers != [int((layer + 1) % every != 0) for layer in range(count)]:
        raise ValueError(f"config.json has no_rope_layers = {brief(layers)}; minirl's model leaves out every {every}th")
    return every


def needed(found: Mapping[str, Any], key: str) -> Any:
    """A setting that must be there."""
    if key not in found:
        raise ValueError(f"config.json lacks {key!r}, which a {found.get('model_type', 'scaled')} model needs")
    return found[key]


def expect(found: Mapping[str, Any], key: str, default: Any, valid: tuple[Any, ...] | None = None) -> None:
    """Raise ValueError for a setting that minirl's model does not have."""
    value = found.get(key, default)
    if value not in (valid or (default,)):
        options = " or ".join(map(brief, valid or (default,)))
        raise ValueError(f"config.json has {key} = {brief(value)}; minirl's model has {options}")
