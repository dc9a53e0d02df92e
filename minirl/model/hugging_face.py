"""Hugging Face's names: config.json and the tensors of the models that minirl has, GPT-2 and Llama first of all.

families.py has Llama's relatives, neox.py GPT-NeoX.
"""

import re
from collections.abc import Mapping
from typing import Any

from minirl.model.config import GPTConfig
from minirl.model.entry import Entry
from minirl.model.families import LLAMAS, expect, llama_config, llama_json, needed, refusal
from minirl.model.neox import neox_config, neox_entries, neox_json

GPT2_ACTIVATIONS = {"gelu_new": "gelu", "gelu_pytorch_tanh": "gelu", "gelu": "gelu_exact"}
PREFIXES = {"gpt2": "transformer.", "gpt_neox": "gpt_neox."}  # before every name but the output layer's
HEADS = {"gpt_neox": "embed_out.weight"}  # the output layer's name
HEAD, LLAMA_PREFIX = "lm_head.weight", "model."
BUFFERS = re.compile(r"(\.(attn|attention)\.(masked_)?bias|rotary_emb\.inv_freq)$")  # constants of old versions


def prefix_of(kind: str) -> str:
    """What stands before every name but the output layer's. GPT-2's first files lack it."""
    return PREFIXES.get(kind, LLAMA_PREFIX)


def head_of(kind: str) -> str:
    """The output layer's name."""
    return HEADS.get(kind, HEAD)


def model_type(config: GPTConfig) -> str:
    """Whichever layout can express this config: "gpt2", "llama", "qwen2", "qwen3", "smollm3" or "gpt_neox". ValueError
    naming the fields that none of GPT-2, Llama and GPT-NeoX can express."""
    gpt2 = {"norm": "layer", "position": "learned", "mlp": "gelu", "bias": True, "n_kv_head": config.n_head}
    neox = {**gpt2, "position": "rope", "mlp": "gelu_exact"}
    llama = {"norm": "rms", "position": "rope", "mlp": "swiglu", "rope_share": 1}
    plain: dict[str, Any] = {"qk_norm": False, "has_qkv_bias": config.bias, "no_rope_every": 0, "head_dim": None}
    if config.mlp == "gelu_exact":
        gpt2["mlp"] = "gelu_exact"
    reasons = []
    layouts = {"gpt2": {**gpt2, **plain, "parallel": False}, "llama": {**llama, "parallel": False}}
    layouts["gpt_neox"] = {**neox, **plain}
    for name, fields in layouts.items():
        own = {field: getattr(config, field) for field in fields}
        if own == fields:
            return llama_kind(config) if name == "llama" else name
        reasons.append(f"{name} has no {', '.join(f'{f}={own[f]!r}' for f in fields if own[f] != fields[f])}")
    raise ValueError(
        f"Hugging Face's layouts cannot express this config ({'; '.join(reasons)}); use GPT-2's or Llama's"
    )


def llama_kind(config: GPTConfig) -> str:
    """Which of Llama's relatives it is. ValueError for what two of them have, and none has together."""
    kinds = {"qwen3": config.qk_norm, "qwen2": config.has_qkv_bias != config.bias, "smollm3": config.no_rope_every > 0}
    found = [kind for kind, has in kinds.items() if has]
    if len(found) > 1 or (found and (config.bias or (found == ["qwen2"] and not config.has_qkv_bias))):
        raise ValueError(f"Hugging Face's layouts cannot express this config: no family has what {found} need together")
    return found[0] if found else "llama"


def entries(config: GPTConfig) -> list[Entry]:
    """Every tensor of the file, in the model's order."""
    kind = model_type(config)
    make = {"gpt2": gpt2_entries, "gpt_neox": neox_entries}.get(kind, llama_entries)
    found = make(config)
    if not config.tie_embeddings:
        found.append(Entry(head_of(kind), (config.vocab_size, config.d_model), "head.weight"))
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
    q, kv = config.attention_size, config.kv_heads * config.head_size
    found = [Entry("embed_tokens.weight", (config.vocab_size, C), "token_embedding.weight")]

    def linear(theirs: dict[str, int], ours: str, inputs: int, bias: bool = config.bias) -> None:
        """theirs: name -> outputs of the layers that are rows of one of ours."""
        for kind in ("weight", "bias") if bias else ("weight",):
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
        linear(qkv, f"{ours}.attention.qkv", C, config.has_qkv_bias)
        linear({f"{attention}.o_proj": C}, f"{ours}.attention.projection", q)
        if config.qk_norm:
            for name, own in (("q_norm", "query"), ("k_norm", "key")):
                norm = f"{ours}.attention.qk_norm.{own}.weight"
                found.append(Entry(f"{attention}.{name}.weight", (config.head_size,), norm))
        found.append(Entry(f"{theirs}.post_attention_layernorm.weight", (C,), f"{ours}.mlp_norm.weight"))
        linear({f"{mlp}.gate_proj": F, f"{mlp}.up_proj": F}, f"{ours}.mlp.up", C)
        linear({f"{mlp}.down_proj": C}, f"{ours}.mlp.projection", F)
    found.append(Entry("norm.weight", (C,), "final_norm.weight"))
    return found


def to_json(config: GPTConfig) -> dict[str, Any]:
    """config.json's content, but for the weights' type. Token ids are null: checkpoint.py fills
    them in where there is a tokenizer."""
    common = {
        "vocab_size": config.vocab_size,
        "tie_word_embeddings": config.tie_embeddings,
        "bos_token_id": None,
        "eos_token_id": None,
        "pad_token_id": None,  # SmolLM3's default lies outside of small vocabularies
        "resid_pdrop": config.dropout,
    }
    kind = model_type(config)
    if kind == "gpt_neox":
        return {**neox_json(config), **common}
    if kind != "gpt2":
        return {**llama_json(config, kind), **common}
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


def from_json(found: Mapping[str, Any]) -> GPTConfig:
    """The config that config.json describes. Raises ValueError naming what minirl's model does not have."""
    kind = found.get("model_type")
    if kind == "gpt2":
        return _gpt2_config(found)
    if kind == "gpt_neox":
        return neox_config(found)
    if kind in LLAMAS:
        return llama_config(found)
    raise refusal(kind)


def _gpt2_config(found: Mapping[str, Any]) -> GPTConfig:
    expect(found, "activation_function", "gelu_new", tuple(GPT2_ACTIVATIONS))
    expect(found, "scale_attn_weights", True)
    expect(found, "scale_attn_by_inverse_layer_idx", False)
    expect(found, "add_cross_attention", False)
    return GPTConfig(
        vocab_size=needed(found, "vocab_size"),
        context_length=needed(found, "n_positions"),
        n_layer=needed(found, "n_layer"),
        n_head=needed(found, "n_head"),
        d_model=needed(found, "n_embd"),
        d_ff=found.get("n_inner"),
        mlp=GPT2_ACTIVATIONS[found.get("activation_function", "gelu_new")],
        tie_embeddings=found.get("tie_word_embeddings", True),
        norm_eps=found.get("layer_norm_epsilon", 1e-5),
        dropout=found.get("resid_pdrop", 0.1),
    )
