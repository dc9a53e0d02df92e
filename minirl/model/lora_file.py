"""Adapters as a file, in the format of Hugging Face's library PEFT: a folder with two files.

    adapter_config.json          rank, alpha, the names of the matrices, the name of the base model
    adapter_model.safetensors    base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight, ...

The folder holds what was learned and nothing else: for SmolLM2-135M and rank 8, 10 MB instead of 540.
"""

import json
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from minirl.autograd import Array
from minirl.model.hugging_face import model_type, prefix_of
from minirl.model.json_file import CheckpointError, read_json
from minirl.model.lora import Adapter, LoRAConfig, adapted_layers, add_adapters, last_name, matrices_of
from minirl.model.tensor_file import TensorFile, write_tensors
from minirl.model.transformer import GPT
from minirl.storage.strict_json import brief
from minirl.storage.transaction import replacing_files

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
USUAL: dict[str, tuple[object, ...]] = {  # options of PEFT's, and the values at which minirl's adapters are the same
    "use_dora": (None, False),
    "use_rslora": (None, False),
    "bias": (None, "none"),
    "rank_pattern": (None, {}),
    "alpha_pattern": (None, {}),
    "modules_to_save": (None, []),
    "layers_to_transform": (None, []),
}


def save_adapters(model: GPT, folder: str | PathLike[str], base: str = "") -> None:
    """Write the model's adapters into a folder, all files or none. base: the name or the folder of the model that they
    belong to, for programs that load both. Raises ValueError for a model without adapters."""
    found = dict(named_adapters(model))
    if not found:
        raise ValueError("save_adapters: the model has no adapters; add_adapters puts some beside its matrices")
    tensors, one = {}, next(iter(found.values()))
    for name, adapter in found.items():
        tensors[f"{name}.lora_A.weight"] = adapter.A.data
        tensors[f"{name}.lora_B.weight"] = in_order(adapter, adapter.B.data)
    rank = len(one.A)
    described: dict[str, Any] = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": base or None,
        "r": rank,
        "lora_alpha": one.scale * rank,
        "target_modules": sorted({name.rpartition(".")[2] for name in found}),
        "lora_dropout": 0.0,
        "bias": "none",
        "fan_in_fan_out": one.entry.transposed,  # GPT-2's layers are stored (inputs, outputs)
        "inference_mode": True,
    }
    with replacing_files(folder, obsolete=(CONFIG, WEIGHTS)) as new:
        write_tensors(new / WEIGHTS, tensors)
        (new / CONFIG).write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")


def load_adapters(model: GPT, folder: str | PathLike[str]) -> LoRAConfig:
    """Put the adapters in a folder beside the matrices of their base model; returns their settings. The model's own
    parameters are frozen then.

    Raises FileNotFoundError where a file is missing, CheckpointError for adapters of another kind than LoRA, with
    options that minirl lacks, or for another model; then the model stays as it was.
    """
    folder = Path(folder)
    for name in (CONFIG, WEIGHTS):
        if not (folder / name).is_file():
            raise FileNotFoundError(f"there are no adapters in {folder}: {name} is missing")
    config = read_config(folder / CONFIG)
    file = TensorFile(folder / WEIGHTS)
    expected = {
        name: shape
        for one, adapter in sketched(model, config)
        for name, shape in (
            (f"{one}.lora_A.weight", (config.rank, adapter[0])),
            (f"{one}.lora_B.weight", (adapter[1], config.rank)),
        )
    }
    shapes = file.shapes()
    wrong = sorted(name for name in {*expected, *shapes} if shapes.get(name) != expected.get(name))
    if wrong:
        raise CheckpointError(
            f"{folder / WEIGHTS} does not hold adapters for this model: {wrong[0]:.100} has shape "
            f"{shapes.get(wrong[0])}; expected {expected.get(wrong[0])}"
        )
    add_adapters(model, config)
    for name, adapter in named_adapters(model):
        adapter.A.data[...] = file.read(f"{name}.lora_A.weight")
        B = file.read(f"{name}.lora_B.weight")
        adapter.B.data[...] = B if adapter.entry.order is None else B[adapter.entry.order]
    return config


def read_config(path: Path) -> LoRAConfig:
    """The settings in adapter_config.json. Raises CheckpointError for what minirl's adapters cannot do."""
    found = read_json(path)
    if found.get("peft_type") != "LORA":
        raise CheckpointError(f"{path}: peft_type is {brief(found.get('peft_type'))}; minirl has LORA alone")
    for name, usual in USUAL.items():
        if found.get(name) not in usual:
            raise CheckpointError(f"{path}: {name} is {brief(found[name])}, which minirl's adapters do not have")
    rank, alpha, names = found.get("r"), found.get("lora_alpha"), found.get("target_modules")
    if not isinstance(rank, int) or isinstance(alpha, bool) or not isinstance(alpha, int | float):
        raise CheckpointError(f"{path}: r is {brief(rank)} and lora_alpha {brief(alpha)}; expected two numbers")
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise CheckpointError(f"{path}: target_modules is {brief(names)}; expected a list of names")
    try:
        return LoRAConfig(rank, float(alpha), tuple(names))
    except ValueError as error:
        raise CheckpointError(f"{path}: {error}") from None


def sketched(model: GPT, config: LoRAConfig) -> "list[tuple[str, tuple[int, int]]]":
    """The adapters that a model of this kind would get: the name in the file, and (inputs, outputs)."""
    from_matrices = []
    for entry in matrices_of(model):
        if not config.matrices or last_name(entry) in config.matrices:
            outputs, inputs = entry.shape[::-1] if entry.transposed else entry.shape
            from_matrices.append((file_name(model, entry.name), (inputs, outputs)))
    return from_matrices


def named_adapters(model: GPT) -> "list[tuple[str, Adapter]]":
    """The model's adapters by their names in the file."""
    return [
        (file_name(model, adapter.entry.name), adapter)
        for _, layer in adapted_layers(model)
        for adapter in layer.adapters.values()
    ]


def file_name(model: GPT, matrix: str) -> str:
    """PEFT's name of a matrix: "base_model.model.model.layers.0.self_attn.q_proj"."""
    return f"base_model.model.{prefix_of(model_type(model.config))}{matrix.removesuffix('.weight')}"


def in_order(adapter: Adapter, B: Array) -> Array:
    """B with its rows in the file's order."""
    order = adapter.entry.order
    return B if order is None else np.ascontiguousarray(B[np.argsort(order)])
