"""Hugging Face's names: config.json and the tensors of GPT2LMHeadModel and LlamaForCausalLM."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from minirl.model.config import GPTConfig
from minirl.storage.strict_json import brief

GPT2_ACTIVATIONS = {"gelu_new": "gelu", "gelu_pytorch_tanh": "gelu", "gelu": "gelu_exact"}
PREFIXES = {"gpt2": "transformer.", "llama": "model."}  # before every name but lm_head; GPT-2's first files lack it
BUFFERS = re.compile(r"(\.attn\.(masked_)?bias|rotary_emb\.inv_freq)$")  # constants that old versions saved


@dataclass(frozen=True)
class Entry:
    """One tensor of the file, and where its values lie in a parameter of minirl's."""

    name: str
    """The tensor's name in the file, without the prefix."""
    shape: tuple[int, ...]
    """Its shape in the file."""
    parameter: str
    """minirl's name."""
    rows: tuple[int, int] | None = None
    """The parameter's rows that it holds, from first to one past the last, or None for all. Entries of one parameter
    follow each other."""
    transposed: bool = False
    """GPT-2's linear layers are stored (inputs, outputs)."""


def model_type(config: GPTConfig) -> str:
    """ "gpt2" or "llama", whichever layout can express this config; ValueError naming the fields that neither can."""
    gpt2 = {"norm": "layer", "position": "learned", "mlp": "gelu", "bias": True, "n_kv_head": config.n_head}
    llama = {"norm": "rms", "position": "rope", "mlp": "swiglu"}
    if config.mlp == "gelu_exact":
        gpt2["mlp"] = "gelu_exact"
    reasons = []
    for name, fields in (("gpt2", gpt2), ("llama", llama)):
        own = {field: getattr(config, field) for field in fields}
        if own == fields:
            return name
        reasons.append(f"{name} has no {', '.join(f'{f}={own[f]!r}' for f in fields if own[f] != fields[f])}")
    raise ValueError(
        f"Hugging Face's layouts cannot express this config ({'; '.join(reasons)}); use GPT-2's or Llama's"
    )


def entries(config: GPTConfig) -> list[Entry]:
    """Every tensor of the file, in the model's order."""
    found = gpt2_entries(config) if model_type(config) == "gpt2" else llama_entries(config)
    if not config.tie_embeddings:
        found.append(Entry("lm_head.weight", (config.vocab_size, config.d_model), "head.weight"))
    return found


def gpt2_entries(config: GPTConfig) -> list[Entry]:
    """The tensors of a GPT2LMHeadModel, by transformers' names, and the parameters they hold."""
    C, F = config.d_model, config.ff_size
    found = [
        Entry("wte.weight", (config.vocab_size, C), "token_embedding.weight"),
        Entry("wpe.weight", (config.context_length, C), "position_embedding.weight"),
    ]

    def norm(theirs: str, ours: str) -> None:
        found.extend(Entry(f"{theirs}.{kind}", (C,), f"{ours}.{kind}") for kind in ("weight", "bias"))

    def linear(theirs: str, ours: str, inputs: int, outputs: int) -> None:
        found.append(Entry(f"{theirs}.weight", (inputs, outputs), f"{ours}.weight", transposed=True))
        found.append(Entry(f"{theirs}.bias", (outputs,), f"{ours}.bias"))

    for layer in range(config.n_layer):
        theirs, ours = f"h.{layer}", f"blocks.{layer}"
        norm(f"{theirs}.ln_1", f"{ours}.attention_norm")
        linear(f"{theirs}.attn.c_attn", f"{ours}.attention.qkv", C, 3 * C)
        linear(f"{theirs}.attn.c_proj", f"{ours}.attention.projection", C, C)
        norm(f"{theirs}.ln_2", f"{ours}.mlp_norm")
        linear(f"{theirs}.mlp.c_fc", f"{ours}.mlp.up", C, F)
        linear(f"{theirs}.mlp.c_proj", f"{ours}.mlp.projection", F, C)
    norm("ln_f", "final_norm")
    return found


def llama_entries(config: GPTConfig) -> list[Entry]:
    """The tensors of a LlamaForCausalLM, by transformers' names, and the parameters they hold."""
    C, F = config.d_model, config.ff_size
    q, kv = C, config.kv_heads * config.head_size
    found = [Entry("embed_tokens.weight", (config.vocab_size, C), "token_embedding.weight")]

    def linear(theirs: dict[str, int], ours: str, inputs: int) -> None:
        """theirs: name -> outputs of the layers that are rows of one of ours."""
        for kind in ("weight", "bias") if config.bias else ("weight",):
            start = 0
            for name, outputs in theirs.items():
                shape = (outputs, inputs) if kind == "weight" else (outputs,)
                found.append(Entry(f"{name}.{kind}", shape, f"{ours}.{kind}", (start, start + outputs)))
                start += outputs

    for layer in range(config.n_layer):
        theirs, ours = f"layers.{layer}", f"blocks.{layer}"
        attention, mlp = f"{theirs}.self_attn", f"{theirs}.mlp"
        found.append(Entry(f"{theirs}.input_layernorm.weight", (C,), f"{ours}.attention_norm.weight"))
        qkv = {f"{attention}.q_proj": q, f"{attention}.k_proj": kv, f"{attention}.v_proj": kv}
        linear(qkv, f"{ours}.attention.qkv", C)
        linear({f"{attention}.o_proj": C}, f"{ours}.attention.projection", C)
        found.append(Entry(f"{theirs}.post_attention_layernorm.weight", (C,), f"{ours}.mlp_norm.weight"))
        linear({f"{mlp}.gate_proj": F, f"{mlp}.up_proj": F}, f"{ours}.mlp.up", C)
        linear({f"{mlp}.down_proj": C}, f"{ours}.mlp.projection", F)
    found.append(Entry("norm.weight", (C,), "final_norm.weight"))
    return found


def to_json(config: GPTConfig) -> dict[str, Any]:
    """config.json's content, but for the weights' type. Token ids are null: minirl's special tokens stand in
    tokenizer.json."""
    common = {
        "vocab_size": config.vocab_size,
        "tie_word_embeddings": config.tie_embeddings,
        "bos_token_id": None,
        "eos_token_id": None,
        "resid_pdrop": config.dropout,
    }
    if model_type(config) == "gpt2":
        return {
            "architectures": ["GPT2LMHeadModel"],
            "model_type": "gpt2",
            "n_positions": config.context_length,
            "n_embd": config.d_model,
            "n_layer": config.n_layer,
            "n_head": config.n_head,
            "n_inner": config.d_ff,
            "activation_function": "gelu_new" if config.mlp == "gelu" else "gelu",
            "layer_norm_epsilon": config.norm_eps,
            "embd_pdrop": config.dropout,
            "attn_pdrop": 0.0,
            **common,
        }
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
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
        "rope_parameters": {"rope_type": "default", "rope_theta": config.rope_base},
        "attention_bias": config.bias,
        "mlp_bias": config.bias,
        "attention_dropout": 0.0,
        **common,
    }


def from_json(found: Mapping[str, Any]) -> GPTConfig:
    """The config that config.json describes. Raises ValueError naming what minirl's model does not have."""
    kind = found.get("model_type")
    if kind == "gpt2":
        return _gpt2_config(found)
    if kind == "llama":
        return _llama_config(found)
    raise ValueError(f"config.json has model_type {brief(kind)}; minirl loads 'gpt2' and 'llama'")


def _gpt2_config(found: Mapping[str, Any]) -> GPTConfig:
    _expect(found, "activation_function", "gelu_new", tuple(GPT2_ACTIVATIONS))
    _expect(found, "scale_attn_weights", True)
    _expect(found, "scale_attn_by_inverse_layer_idx", False)
    _expect(found, "add_cross_attention", False)
    return GPTConfig(
        vocab_size=_needed(found, "vocab_size"),
        context_length=_needed(found, "n_positions"),
        n_layer=_needed(found, "n_layer"),
        n_head=_needed(found, "n_head"),
        d_model=_needed(found, "n_embd"),
        d_ff=found.get("n_inner"),
        mlp=GPT2_ACTIVATIONS[found.get("activation_function", "gelu_new")],
        tie_embeddings=found.get("tie_word_embeddings", True),
        norm_eps=found.get("layer_norm_epsilon", 1e-5),
        dropout=found.get("resid_pdrop", 0.1),
    )


def _llama_config(found: Mapping[str, Any]) -> GPTConfig:
    heads, width = _needed(found, "num_attention_heads"), _needed(found, "hidden_size")
    for key, value in (("num_attention_heads", heads), ("hidden_size", width)):
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise ValueError(f"config.json has {key} = {brief(value)}; expected a whole number, 1 or more")
    _expect(found, "hidden_act", "silu")
    _expect(found, "mlp_bias", False, (found.get("attention_bias", False),))
    _expect(found, "head_dim", None, (None, width // heads))
    rope: dict[str, Any] = {}
    for key in ("rope_scaling", "rope_parameters"):
        settings = found.get(key) or {}
        if not isinstance(settings, Mapping):
            raise ValueError(f"config.json has {key} = {brief(settings)}; expected an object, {{...}}, or null")
        rope.update(settings)
    scaling = rope.get("rope_type", rope.get("type", "default"))
    if scaling != "default":
        raise ValueError(f"config.json has RoPE of type {brief(scaling)}; minirl's is 'default', without scaling")
    return GPTConfig.llama(
        vocab_size=_needed(found, "vocab_size"),
        context_length=_needed(found, "max_position_embeddings"),
        n_layer=_needed(found, "num_hidden_layers"),
        n_head=heads,
        n_kv_head=found.get("num_key_value_heads"),
        d_model=width,
        d_ff=_needed(found, "intermediate_size"),
        bias=found.get("attention_bias", False),
        tie_embeddings=found.get("tie_word_embeddings", False),
        norm_eps=found.get("rms_norm_eps", 1e-6),
        rope_base=rope.get("rope_theta", found.get("rope_theta", 10000.0)),
        dropout=found.get("resid_pdrop", 0.0),
    )


def _needed(found: Mapping[str, Any], key: str) -> Any:
    if key not in found:
        raise ValueError(f"config.json lacks {key!r}, which a {found.get('model_type')} model needs")
    return found[key]


def _expect(found: Mapping[str, Any], key: str, default: Any, valid: tuple[Any, ...] | None = None) -> None:
    value = found.get(key, default)
    if value not in (valid or (default,)):
        options = " or ".join(map(brief, valid or (default,)))
        raise ValueError(f"config.json has {key} = {brief(value)}; minirl's model has {options}")
