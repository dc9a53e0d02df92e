"""A model in a GGUF file: llama.cpp's names for Llama and its relatives Qwen2 and Qwen3.

    token_embd.weight, blk.3.attn_q.weight, blk.3.ffn_gate.weight, output_norm.weight, output.weight

llama.cpp turns neighbouring numbers of a Llama's head, 2 i and 2 i + 1, where minirl and transformers turn i and
i + D/2. So the rows of Llama's queries and keys are stored in another order; Qwen's are not.

docs/models.md says what reading such a file costs, here and with the gguf package.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from minirl.gguf import GGUF, GGUFError, write
from minirl.gguf.writer import Type, Waiting
from minirl.model.config import GPTConfig
from minirl.model.entry import Entry
from minirl.model.hugging_face import entries, model_type
from minirl.model.json_file import CheckpointError, several
from minirl.model.memory import check_memory, model_bytes
from minirl.model.rope_scaling import RopeScaling
from minirl.storage.strict_json import brief

Array = np.ndarray

FAMILIES = ("llama", "qwen2", "qwen3")
NAMES = {
    "embed_tokens": "token_embd", "norm": "output_norm", "lm_head": "output", "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}  # fmt: skip
FREQUENCIES = "rope_freqs.weight"  # Llama 3's scaling: by how much each pair is slowed down
PUBLISHED = [RopeScaling("llama3", factor) for factor in (8.0, 32.0)]  # Llama 3.1, and 3.2


def found_in(path: Path) -> Path | None:
    """The GGUF file that a path names, or the only one in a folder that holds no other model."""
    if path.is_file():
        return path if path.suffix == ".gguf" else None
    files = [] if (path / "config.json").exists() else list(path.glob("*.gguf"))
    return files[0] if len(files) == 1 else None


def load(path: str | PathLike[str]) -> tuple[GPTConfig, dict[str, Array]]:
    """Read a GGUF file: its config, and each parameter by minirl's name, as float32.

    Raises FileNotFoundError, GGUFError for a damaged file, and CheckpointError for a model that minirl does not have.
    """
    file = GGUF(path)
    try:
        config = config_of(file)
        check_memory("the model that it describes", model_bytes(config))
    except GGUFError:
        raise
    except ValueError as error:
        raise CheckpointError(f"{path}: {error}") from None
    wanted = gguf_entries(config)
    problems = [f"missing: {entry.name}" for entry in wanted if entry.name not in file.tensors]
    surplus = set(file.tensors) - {entry.name for entry in wanted} - {FREQUENCIES}
    problems += [f"unexpected: {brief(name)}" for name in sorted(surplus)]
    for entry in wanted:
        if entry.name in file.tensors and file.tensors[entry.name].shape != entry.shape:
            problems.append(f"{entry.name} has shape {file.tensors[entry.name].shape}; expected {entry.shape}")
    if problems:
        raise CheckpointError(f"{path} does not hold the model that its settings describe: {several(problems)}")
    state: dict[str, Array] = {}
    rows: dict[str, int] = {}
    for entry in wanted:
        rows[entry.parameter] = rows.get(entry.parameter, 0) + entry.shape[0]
    for entry in wanted:  # each tensor straight into its place: the weights are copied once
        if entry.parameter not in state:
            state[entry.parameter] = np.empty((rows[entry.parameter], *entry.shape[1:]), np.float32)
        place = state[entry.parameter] if entry.rows is None else state[entry.parameter][slice(*entry.rows)]
        if entry.order is None:
            file.read(entry.name, into=place)
        else:
            place[:] = entry.to_parameter(file.read(entry.name))
    return config, state


def config_of(file: GGUF) -> GPTConfig:
    """The config that a file's settings describe. Raises ValueError for what minirl's model does not have."""
    family = file.setting("general.architecture", str)
    if family not in FAMILIES:
        raise ValueError(
            f"general.architecture is {brief(family)}; minirl reads {', '.join(FAMILIES)} as GGUF, and others from "
            "Hugging Face's folders"
        )

    def count(name: str, default: int | None = None) -> int:
        found = file.setting(f"{family}.{name}", int, default)
        if found is None:
            raise ValueError(f"there is no {family}.{name}")
        return int(found)

    heads, width = count("attention.head_count"), count("embedding_length")
    if heads < 1 or width < 1:
        raise ValueError(f"{family} has {heads} heads and width {width}; expected whole numbers, 1 or more")
    size = count("attention.key_length", width // heads)
    turned = count("rope.dimension_count", size)
    if turned != size or count("attention.value_length", size) != size:
        raise ValueError(f"{family} turns {turned} of {size} numbers, or its values have another size: not in minirl")
    if count("expert_count", 0):
        raise ValueError(f"{family}.expert_count is {count('expert_count')}; minirl has no mixture of experts")
    base = float(file.setting(f"{family}.rope.freq_base", float, 10000.0))
    tokens = file.tensors.get("token_embd.weight")
    if tokens is None or len(tokens.shape) != 2:
        raise ValueError("there is no token_embd.weight, the table of tokens")
    return GPTConfig.llama(
        vocab_size=tokens.shape[0],
        context_length=count("context_length"),
        n_layer=count("block_count"),
        n_head=heads,
        n_kv_head=count("attention.head_count_kv", heads),
        d_model=width,
        d_ff=count("feed_forward_length"),
        head_dim=None if size * heads == width else size,
        bias="blk.0.ffn_up.bias" in file.tensors,
        qkv_bias=True if family == "qwen2" else None,
        qk_norm=family == "qwen3",
        tie_embeddings="output.weight" not in file.tensors,
        norm_eps=float(file.setting(f"{family}.attention.layer_norm_rms_epsilon", float, 1e-5)),
        rope_base=base,
        rope_scaling=scaling_of(file, family, base, size),
    )


def scaling_of(file: GGUF, family: str, base: float, size: int) -> RopeScaling | None:
    """How RoPE's angles are scaled. Llama 3's scaling is stored as its result; it is known again by that."""
    kind = file.setting(f"{family}.rope.scaling.type", str, "none")
    if kind == "linear":
        return RopeScaling("linear", float(file.setting(f"{family}.rope.scaling.factor", float, 1.0)))
    if kind not in ("none", ""):
        raise ValueError(f"{family}.rope.scaling.type is {brief(kind)}; minirl has 'linear'")
    if FREQUENCIES not in file.tensors:
        return None
    stored = file.read(FREQUENCIES)
    for scaling in PUBLISHED:
        if stored.shape == (size // 2,) and np.allclose(stored, slowed(scaling, base, size), rtol=1e-4):
            return scaling
    raise ValueError(f"{FREQUENCIES} is neither Llama 3.1's nor 3.2's; minirl knows no other scaling by its result")


def slowed(scaling: RopeScaling, base: float, size: int) -> Array:
    """By how much each pair is slowed down (D/2,)."""
    f = base ** (-np.arange(0, size, 2) / size)
    return (f / scaling.frequencies(f)).astype(np.float32)


def gguf_entries(config: GPTConfig) -> list[Entry]:
    """Every tensor of the file: the ones that Hugging Face's folder has, under llama.cpp's names."""
    kind = model_type(config)
    if kind not in FAMILIES:
        raise ValueError(f"GGUF: minirl writes {', '.join(FAMILIES)}; this is {kind}")
    D = config.head_size
    found = []
    for entry in entries(config):
        name = gguf_name(entry.name)
        turned = kind == "llama" and re.search(r"\.attn_[qk]\.", name)
        rows = neighbours(entry.shape[0] // D, D) if turned else None
        found.append(replace(entry, name=name, order=rows))
    return found


def gguf_name(name: str) -> str:
    """layers.3.self_attn.q_proj.weight -> blk.3.attn_q.weight."""
    stem, _, kind = name.rpartition(".")
    match = re.fullmatch(r"layers\.(\d+)\.(.*)", stem)
    return f"blk.{match[1]}.{NAMES[match[2]]}.{kind}" if match else f"{NAMES[stem]}.{kind}"


def neighbours(heads: int, D: int) -> Array:
    """(heads D,): the row of the file that each row of minirl's matrix is, for heads of D rows.

    >>> neighbours(1, 6).tolist()          # pair (i, i + 3) lies at 2 i and 2 i + 1
    [0, 2, 4, 1, 3, 5]
    """
    order = np.concatenate([np.arange(0, D, 2), np.arange(1, D, 2)])
    return (D * np.arange(heads)[:, None] + order).reshape(-1)


def save(
    config: GPTConfig, state: Mapping[str, Array], path: str | PathLike[str], kind: Type = "F16",
    settings: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """Write a model as a GGUF file. kind: F32, F16, BF16 or Q8_0. settings: of its tokenizer, or other ones.

    Raises ValueError for a model that llama.cpp knows under no name that minirl writes.
    """
    family = model_type(config)
    wanted = gguf_entries(config)
    scaling = config.rope_scaling
    described: dict[str, Any] = {
        "general.architecture": family,
        "general.name": "minirl",
        **{
            f"{family}.{name}": value
            for name, value in {
                "context_length": config.context_length, "block_count": config.n_layer,
                "embedding_length": config.d_model, "feed_forward_length": config.ff_size,
                "attention.head_count": config.n_head, "attention.head_count_kv": config.kv_heads,
                "attention.key_length": config.head_size, "attention.value_length": config.head_size,
                "rope.dimension_count": config.head_size, "vocab_size": config.vocab_size,
            }.items()
        },
        f"{family}.attention.layer_norm_rms_epsilon": float(config.norm_eps),
        f"{family}.rope.freq_base": float(config.rope_base),
        **(settings or {"tokenizer.ggml.model": "no_vocab"}),
    }  # fmt: skip
    if scaling is not None and scaling.kind == "linear":
        described |= {f"{family}.rope.scaling.type": "linear", f"{family}.rope.scaling.factor": float(scaling.factor)}

    def waiting(entry: Entry) -> Waiting:
        return Waiting(entry.name, entry.shape, lambda: entry.from_parameter(state[entry.parameter]))

    tensors = [waiting(entry) for entry in wanted]
    if scaling is not None and scaling.kind == "llama3":
        frequencies = slowed(scaling, config.rope_base, config.head_size)
        tensors.append(Waiting(FREQUENCIES, frequencies.shape, lambda: frequencies))
    write(path, described, tensors, kind)
