"""GPT-NeoX, the family of Pythia, in Hugging Face's format (Black et al. 2022; Biderman et al. 2023).

It is GPT-2 with rotary positions and with attention and MLP side by side. Two things lie elsewhere in its files. Its
projection holds queries, keys and values head by head, [q k v of head 0, q k v of head 1, ...]; minirl's holds all
queries first. And RoPE turns a quarter of each head, the first r of D numbers, pair (i, i + r/2). Attention does not
notice when queries and keys are put into another order, if it is the same for both. So the weights are loaded in an
order in which pair i is (i, i + D/2), as everywhere in minirl, and the pairs after r/2 have the angle 0.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from minirl.model.config import GPTConfig
from minirl.model.entry import Entry
from minirl.model.families import expect, needed, rope_scaling, rope_settings

Array = np.ndarray


def neox_config(found: Mapping[str, Any]) -> GPTConfig:
    """The config of a GPTNeoXForCausalLM."""
    expect(found, "hidden_act", "gelu")
    expect(found, "attention_bias", True)
    rope = rope_settings(found)
    share = rope.get("partial_rotary_factor", found.get("rotary_pct", 0.25))
    base = rope.get("rope_theta", found.get("rotary_emb_base", found.get("rope_theta", 10000.0)))
    return GPTConfig(
        vocab_size=needed(found, "vocab_size"),
        context_length=needed(found, "max_position_embeddings"),
        n_layer=needed(found, "num_hidden_layers"),
        n_head=needed(found, "num_attention_heads"),
        d_model=needed(found, "hidden_size"),
        d_ff=needed(found, "intermediate_size"),
        position="rope",
        mlp="gelu_exact",
        tie_embeddings=found.get("tie_word_embeddings", False),
        norm_eps=found.get("layer_norm_eps", 1e-5),
        rope_base=base,
        rope_share=share,
        rope_scaling=rope_scaling(rope),
        parallel=found.get("use_parallel_residual", True),
        dropout=found.get("hidden_dropout", 0.0),
    )


def neox_json(config: GPTConfig) -> dict[str, Any]:
    """config.json of a GPTNeoXForCausalLM, but for what all models have."""
    scaling = {"rope_type": "default"} if config.rope_scaling is None else config.rope_scaling.to_json()
    return {
        "architectures": ["GPTNeoXForCausalLM"],
        "model_type": "gpt_neox",
        "max_position_embeddings": config.context_length,
        "hidden_size": config.d_model,
        "intermediate_size": config.d_ff,
        "num_hidden_layers": config.n_layer,
        "num_attention_heads": config.n_head,
        "hidden_act": "gelu",
        "layer_norm_eps": config.norm_eps,
        "rotary_pct": config.rope_share,
        "rotary_emb_base": config.rope_base,
        "rope_parameters": {
            **scaling,
            "rope_theta": config.rope_base,
            "partial_rotary_factor": config.rope_share,
        },
        "use_parallel_residual": config.parallel,
        "attention_bias": True,
        "attention_dropout": 0.0,
        "hidden_dropout": config.dropout,
    }


def neox_entries(config: GPTConfig) -> list[Entry]:
    """The tensors of a GPTNeoXForCausalLM, but for the output layer, and the parameters they hold."""
    C, F = config.d_model, config.ff_size
    found = [Entry("embed_in.weight", (config.vocab_size, C), "token_embedding.weight")]
    order = packed_order(config)

    def norm(theirs: str, ours: str) -> None:
        found.extend(Entry(f"{theirs}.{kind}", (C,), f"{ours}.{kind}") for kind in ("weight", "bias"))

    def linear(theirs: str, ours: str, inputs: int, outputs: int, order: Array | None = None) -> None:
        found.append(Entry(f"{theirs}.weight", (outputs, inputs), f"{ours}.weight", order=order))
        found.append(Entry(f"{theirs}.bias", (outputs,), f"{ours}.bias", order=order))

    for layer in range(config.n_layer):
        theirs, ours = f"layers.{layer}", f"blocks.{layer}"
        norm(f"{theirs}.input_layernorm", f"{ours}.attention_norm")
        linear(f"{theirs}.attention.query_key_value", f"{ours}.attention.qkv", C, config.qkv_size, order)
        linear(f"{theirs}.attention.dense", f"{ours}.attention.projection", C, C)
        norm(f"{theirs}.post_attention_layernorm", f"{ours}.mlp_norm")
        linear(f"{theirs}.mlp.dense_h_to_4h", f"{ours}.mlp.up", C, F)
        linear(f"{theirs}.mlp.dense_4h_to_h", f"{ours}.mlp.projection", F, C)
    norm("final_layer_norm", "final_norm")
    return found


def packed_order(config: GPTConfig) -> Array:
    """(3 H D,): the row of the file that each row of minirl's projection is."""
    H, D = config.n_head, config.head_size
    rows = np.arange(3 * H * D).reshape(H, 3, D).swapaxes(0, 1).copy()  # (q k v, H, D)
    rows[:2] = rows[:2][..., head_order(D, config.turned_numbers)]
    return rows.reshape(-1)


def head_order(D: int, turned: int) -> Array:
    """(D,): the number of a head in the file that each number of minirl's head is.

    >>> head_order(8, 4).tolist()          # the pairs (0, 2) and (1, 3) turn, (4, 6) and (5, 7) do not
    [0, 1, 4, 5, 2, 3, 6, 7]
    """
    half, rest = turned // 2, (D - turned) // 2
    first = [*range(half), *range(turned, turned + rest)]
    second = [*range(half, turned), *range(turned + rest, D)]
    return np.array(first + second)
