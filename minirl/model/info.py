"""What a model's folder or GGUF file holds, and whether minirl can use all of it."""

import re
from pathlib import Path
from typing import Any

from minirl.gguf import GGUF
from minirl.model import checkpoint, gguf_model
from minirl.model.cache import cache_bytes
from minirl.model.config import GPTConfig
from minirl.model.hugging_face import model_type
from minirl.model.json_file import read_json
from minirl.model.memory import model_bytes
from minirl.tokenizer import Tokenizer

LICENCES = ("LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE")


def describe(path: Path) -> tuple[list[tuple[str, str]], list[str]]:
    """Names and values about the model, and what of it minirl cannot use, a sentence each.

    Raises FileNotFoundError where there is no model.
    """
    problems: list[str] = []
    gguf = gguf_model.found_in(path)
    rows = [("file", str(gguf)), *about_file(gguf)] if gguf else [("folder", str(path)), *about_folder(path)]
    config: GPTConfig | None = None
    try:
        config = gguf_model.config_of(GGUF(gguf)) if gguf else checkpoint.read_config(path)
        rows += about_config(config)
    except ValueError as error:
        problems.append(str(error))
    try:
        rows += about_tokenizer(tokenizer := Tokenizer.load(gguf or path))
        if config is not None and len(tokenizer) > config.vocab_size:
            problems.append(f"the tokenizer has {len(tokenizer):,} tokens, the model only {config.vocab_size:,}")
    except (ValueError, FileNotFoundError) as error:
        problems.append(str(error))
    return rows, problems


def about_config(config: GPTConfig) -> list[tuple[str, str]]:
    """The shape, and what it needs."""
    count, memory = config.parameter_count(), model_bytes(config) / 2**20
    keys = cache_bytes(config, 1)
    heads = f"{config.n_head} heads of {config.head_size}"
    if config.kv_heads != config.n_head:
        heads += f", {config.kv_heads} of keys and values"
    return [
        ("architecture", model_type(config)),
        ("parameters", f"{count:,}"),
        ("shape", f"{config.n_layer} layers of width {config.d_model}, {heads}"),
        ("context", f"{config.context_length:,} tokens"),
        ("vocabulary", f"{config.vocab_size:,} ids"),
        ("memory", f"{memory:,.0f} MiB in float32, and {keys:,} bytes for each token that is kept"),
    ]


def about_tokenizer(tokenizer: Tokenizer) -> list[tuple[str, str]]:
    """Its size, and the conventions of the model's texts."""
    said = tokenizer.conventions
    names = {number: name for name, number in (tokenizer.special_tokens | tokenizer.added_tokens).items()}

    def name(number: int) -> str:
        return names.get(number, f"id {number}")

    return [
        ("tokenizer", f"{len(tokenizer):,} tokens, {len(tokenizer.merges):,} merges"),
        ("texts end with", " or ".join(map(name, said.ends)) or "no token: give `end` to generate"),
        ("texts begin with", name(said.begin) if said.add_begin and said.begin is not None else "no token"),
        ("chat template", "yes" if said.chat_template else "no"),
    ]


def about_file(path: Path) -> list[tuple[str, str]]:
    """What a GGUF file says of itself, and how its weights are stored."""
    file = GGUF(path)
    kinds: dict[str, int] = {}
    for place in file.tensors.values():
        kinds[place.type_name] = kinds.get(place.type_name, 0) + 1
    stored = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items(), key=lambda item: -item[1]))
    said = [(row, file.settings.get(f"general.{key}")) for row, key in (("name", "name"), ("licence", "license"))]
    return [*((row, value) for row, value in said if isinstance(value, str)), ("tensors", stored)]


def about_folder(folder: Path) -> list[tuple[str, str]]:
    """What a folder says of itself. Raises FileNotFoundError without config.json."""
    path = folder / checkpoint.CONFIG
    if not path.is_file():
        raise FileNotFoundError(
            f"there is no model in {folder}: neither {checkpoint.CONFIG} nor one file *.gguf is there"
        )
    found: dict[str, Any] = read_json(path)
    named = found.get("architectures")
    return [
        ("made as", str(named[0]) if isinstance(named, list) and named else str(found.get("model_type"))),
        ("licence", licence(folder)),
    ]


def licence(folder: Path) -> str:
    """The licence that the folder's model card names, or the file that holds it."""
    card = folder / "README.md"
    if card.is_file():
        match = re.search(r"^license:\s*(\S+)\s*$", card.read_text(encoding="utf-8", errors="replace"), re.MULTILINE)
        if match:
            return match[1]
    files = [name for name in LICENCES if (folder / name).is_file()]
    return f"see {files[0]}" if files else "not said here"
