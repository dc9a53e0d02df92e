"""A checkpoint is a Hugging Face folder: config.json and model.safetensors (or shards with an index).

`save` replaces all files of an older checkpoint at once, and `load` returns a whole, checked set of weights or raises:
there is no half-written and no half-loaded model.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path

import numpy as np

from minirl.kernels.int8 import INT8
from minirl.kernels.precision import BFLOAT16
from minirl.model import gguf_model
from minirl.model.config import GPTConfig
from minirl.model.entry import Entry
from minirl.model.hugging_face import BUFFERS, entries, from_json, head_of, model_type, prefix_of, to_json
from minirl.model.json_file import CheckpointError, plain, read_json, several
from minirl.model.memory import check_memory, model_bytes
from minirl.model.tensor_file import TensorFile, write_tensors
from minirl.storage.strict_json import brief
from minirl.storage.transaction import recover, replacing_files
from minirl.tokenizer import Tokenizer, conventions

Array = np.ndarray

CONFIG, WEIGHTS, INDEX = "config.json", "model.safetensors", "model.safetensors.index.json"
WEIGHT_DTYPES = ("F64", "F32", "F16", "BF16")
LONGEST_NAME = 255  # characters of a file's name
Stored = dict[str, tuple[TensorFile, str]]  # a tensor's name without its prefix: the file, and the name there
SIZE_UNITS = {"": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}


def save(
    config: GPTConfig, state: Mapping[str, Array], folder: str | PathLike[str], max_shard_size: int | str = "5GB",
    tokenizer: Tokenizer | None = None,
) -> None:  # fmt: skip
    """Write a model's config and weights (by minirl's names) into `folder`, all files or none.

    max_shard_size: the most bytes in one weights file, a number or text such as "500MB"; more than that is written as
    model-00001-of-00003.safetensors and so on, with an index. Other files in the folder are left alone. Weights held in
    bfloat16 are written as such. tokenizer: is written too, and config.json then says which tokens begin and end texts.
    """
    if any(x.dtype == INT8 for x in state.values()):
        raise ValueError(
            "save_pretrained: the weights are held in int8, which Hugging Face's format does not have; save the model "
            "before to_int8. A GGUF file has it: python -m minirl.model convert FOLDER model.gguf --type Q8_0"
        )
    tensors = to_hugging_face(config, state)
    shards = split(tensors, parse_size(max_shard_size))
    with replacing_files(folder, obsolete=("model*.safetensors", INDEX)) as new:
        halved = any(x.dtype == BFLOAT16 for x in tensors.values())
        described = {**to_json(config), "torch_dtype": "bfloat16" if halved else "float32"}
        if tokenizer is not None:
            described |= conventions.ids(tokenizer.conventions)
            tokenizer.save(new)
        (new / CONFIG).write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")
        if len(shards) == 1:
            write_tensors(new / WEIGHTS, shards[0])
            return
        where = {}
        for number, shard in enumerate(shards, start=1):
            file = f"model-{number:05}-of-{len(shards):05}.safetensors"
            write_tensors(new / file, shard)
            where.update(dict.fromkeys(shard, file))
        index = {"metadata": {"total_size": sum(x.nbytes for x in tensors.values())}, "weight_map": where}
        (new / INDEX).write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")


def to_hugging_face(config: GPTConfig, state: Mapping[str, Array]) -> dict[str, Array]:
    """The weights `state`, by minirl's names, under the names and in the shapes that a checkpoint file has; views."""
    kind = model_type(config)
    tensors = {}
    for entry in entries(config):
        name = entry.name if entry.name == head_of(kind) else prefix_of(kind) + entry.name
        tensors[name] = entry.from_parameter(state[entry.parameter])
    return tensors


def split(tensors: Mapping[str, Array], limit: int) -> list[dict[str, Array]]:
    """Cut the tensors, in order, into shards of at most `limit` bytes; one that is larger has a shard for itself."""
    shards: list[dict[str, Array]] = [{}]
    size = 0
    for name, x in tensors.items():
        if shards[-1] and size + x.nbytes > limit:
            shards.append({})
            size = 0
        shards[-1][name] = x
        size += x.nbytes
    return shards


def parse_size(size: int | str) -> int:
    """Bytes: 5_000_000_000 or "5GB"."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMG]i?B)?\s*", str(size), re.IGNORECASE)
    if match is None or float(match[1]) <= 0:
        raise ValueError(
            f"max_shard_size {size!r} is no size; write a number of bytes, or text such as '5GB' or '500MB'"
        )
    return int(float(match[1]) * SIZE_UNITS[(match[2] or "").upper()])


def load(folder: str | PathLike[str]) -> tuple[GPTConfig, dict[str, Array]]:
    """Read a checkpoint, or a GGUF file: its config, and each parameter by minirl's name, as float32.

    Files in float16, bfloat16 and float64 are converted. Nothing of the model's size is allocated before config and
    files agree. Raises FileNotFoundError for a missing file, and CheckpointError: TensorFileError for a truncated or
    corrupted file of weights, otherwise naming the first tensors that are missing, unexpected or mis-shaped.
    """
    folder = Path(folder)
    if gguf := gguf_model.found_in(folder):
        return gguf_model.load(gguf)
    if folder.is_dir():
        try:
            recover(folder)
        except ValueError as error:
            raise CheckpointError(f"{folder} was being replaced when the writer stopped: {error}") from None
    config = read_config(folder)
    kind = model_type(config)
    stored = stored_tensors(folder, prefix_of(kind))
    check_depth(folder, config, len(stored))
    wanted = entries(config)
    copy = stored.pop(head_of(kind), None) if config.tie_embeddings else None  # some writers repeat a tied table
    problems = mismatches(wanted, stored)
    if problems:
        listed = several(problems)
        raise CheckpointError(f"{folder} does not hold the model that its {CONFIG} describes: {listed}")

    parts: dict[str, list[Array]] = {}
    for entry in wanted:
        file, name = stored[entry.name]
        parts.setdefault(entry.parameter, []).append(entry.to_parameter(file.read(name)))
    state = {
        parameter: np.ascontiguousarray(pieces[0] if len(pieces) == 1 else np.concatenate(pieces), np.float32)
        for parameter, pieces in parts.items()
    }
    if copy is not None and not np.array_equal(copy[0].read(copy[1]), state["token_embedding.weight"]):
        raise CheckpointError(
            f"{folder}: {head_of(kind)} differs from the token table, though {CONFIG} says tie_word_embeddings"
        )
    return config, state


def stored_tensors(folder: Path, prefix: str) -> Stored:
    """Each tensor's name, without the prefix, and where it lies. Raises CheckpointError where a name occurs twice."""
    stored: Stored = {}
    for file in open_weights(folder):
        for name in file.shapes():
            short = name.removeprefix(prefix)
            if short in stored:
                raise CheckpointError(f"{file.path} holds {plain(name)}, which {stored[short][0].path} holds already")
            if not BUFFERS.search(name):
                stored[short] = file, name
    return stored


def check_depth(folder: Path, config: GPTConfig, found: int) -> None:
    """Raise CheckpointError where the config's layers have far more tensors than the files, before listing them."""
    one, two = (len(entries(replace(config, n_layer=count))) for count in (1, 2))
    expected = one + (config.n_layer - 1) * (two - one)
    if expected > 2 * found + 1000:
        raise CheckpointError(
            f"{folder}: {CONFIG} describes {config.n_layer} layers with {expected} tensors, but the files hold {found}"
        )


def mismatches(wanted: Sequence[Entry], stored: Stored) -> list[str]:
    """What is missing, unexpected, of another shape or of a dtype that weights do not have."""
    problems = [f"missing: {entry.name}" for entry in wanted if entry.name not in stored]
    problems += [f"unexpected: {plain(name)}" for name in sorted(set(stored) - {entry.name for entry in wanted})]
    for entry in wanted:
        if entry.name in stored:
            file, name = stored[entry.name]
            shape, dtype = file.shapes()[name], file.dtypes()[name]
            if shape != entry.shape:
                problems.append(f"{name} has shape {brief(shape)}; expected {entry.shape}")
            elif dtype not in WEIGHT_DTYPES:
                problems.append(f"{name} has dtype {dtype}; expected one of {', '.join(WEIGHT_DTYPES)}")
    return problems


def read_config(folder: Path) -> GPTConfig:
    """The config of the folder's model, small enough for this machine's memory."""
    path = folder / CONFIG
    if not path.is_file():
        raise FileNotFoundError(
            f"there is no checkpoint in {folder}: {CONFIG} is missing; `python -m minirl.train` makes one, and so does "
            "save_pretrained of minirl's or transformers' models"
        )
    found = read_json(path)
    try:
        config = from_json(found)
        check_memory("the model that it describes", model_bytes(config))
    except ValueError as error:
        raise CheckpointError(f"{path}: {error}") from None
    return config


def open_weights(folder: Path) -> list[TensorFile]:
    """The folder's files of weights, each checked."""
    if (folder / WEIGHTS).is_file():
        return [TensorFile(folder / WEIGHTS)]
    index = folder / INDEX
    if not index.is_file():
        old = " (pytorch_model.bin is pickle, which minirl does not read: save it with safe_serialization=True)"
        hint = old if (folder / "pytorch_model.bin").exists() else ""
        raise FileNotFoundError(f"{folder} holds neither {WEIGHTS} nor {INDEX}{hint}")
    where = read_json(index).get("weight_map")
    if not isinstance(where, dict) or not all(isinstance(name, str) for name in where.values()):
        raise CheckpointError(f"{index} cannot be read: its weight_map is {brief(where)}; expected names of files")
    for name in set(where.values()):
        if len(name) > LONGEST_NAME or Path(name).name != name or not (folder / name).is_file():
            raise FileNotFoundError(f"{index} names the shard {plain(name)}, which is not there")
    files = {name: TensorFile(folder / name) for name in sorted(set(where.values()))}
    lost = [f"{plain(name)} in {file}" for name, file in where.items() if name not in files[file].shapes()]
    if lost:
        raise CheckpointError(f"{index} promises tensors that are not there: {several(lost)}")
    return list(files.values())
