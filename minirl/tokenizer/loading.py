"""Which file holds a tokenizer, and of which kind it is.

tokenizer.json               Hugging Face's, with everything in it
vocab.json + merges.txt      GPT-2's files, and those of other early models: the same vocabulary in two files
*.tiktoken, tokenizer.model  OpenAI's format, which has neither pattern nor special tokens
*.gguf                       llama.cpp's file of a model holds its tokenizer too
"""

from pathlib import Path
from typing import Any

from minirl.storage.strict_json import brief, parse
from minirl.tokenizer.conventions import TOKENIZER_CONFIG, Conventions
from minirl.tokenizer.gguf_vocabulary import read_gguf
from minirl.tokenizer.huggingface import FormatError, Vocabulary, from_json
from minirl.tokenizer.tiktoken_file import is_tiktoken, read_tiktoken

TOKENIZER, VOCAB, MERGES, SPECIAL = "tokenizer.json", "vocab.json", "merges.txt", "special_tokens_map.json"
GPT2_END = "<|endoftext|>"
BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}


def load_vocabulary(path: Path) -> tuple[Vocabulary, Conventions | None]:
    """The tokenizer in a file or folder, and its conventions where the same file has them.

    Raises FileNotFoundError, and FormatError for what cannot be read.
    """
    path = found_in(path) if path.is_dir() else path
    if path.suffix == ".gguf":
        return read_gguf(path)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(
            f"there is no {path}; `python -m minirl.tokenizer train FILES --out {path}` makes one"
        ) from None
    if is_tiktoken(data):
        return read_tiktoken(path, data), None
    if path.name in (VOCAB, MERGES):
        return read_pair(path.parent), None
    try:
        return from_json(_json(path, data)), None
    except ValueError as error:
        raise error if str(path) in str(error) else FormatError(f"{path}: {error}") from error


def found_in(folder: Path) -> Path:
    """The file of a folder that holds the tokenizer; tokenizer.json where there is none of any kind."""
    if (folder / TOKENIZER).is_file():
        return folder / TOKENIZER
    if (folder / VOCAB).is_file() and (folder / MERGES).is_file():
        return folder / VOCAB
    others = sorted([*folder.glob("*.tiktoken"), *folder.glob("tokenizer.model"), *folder.glob("*.gguf")])
    return others[0] if others else folder / TOKENIZER


def read_pair(folder: Path) -> Vocabulary:
    """vocab.json and merges.txt. Special tokens are the ones that the files beside them name."""
    for name in (VOCAB, MERGES):
        if not (folder / name).is_file():
            raise FileNotFoundError(f"there is no {folder / name}; {VOCAB} and {MERGES} belong together")
    vocab = _json(folder / VOCAB, (folder / VOCAB).read_bytes())
    if not isinstance(vocab, dict):
        raise FormatError(f"{folder / VOCAB} holds {brief(vocab)}; expected an object with the id of each token")
    lines = (folder / MERGES).read_text(encoding="utf-8").split("\n")
    merges = [line for line in lines if line and not line.startswith("#version")]
    special = [name for name in special_names(folder) if name in vocab]
    contents: dict[str, Any] = {
        "added_tokens": [{"id": vocab[name], "content": name, "special": True} for name in special],
        "pre_tokenizer": {**BYTE_LEVEL, "add_prefix_space": False},
        "decoder": BYTE_LEVEL,
        "model": {"type": "BPE", "vocab": vocab, "merges": merges},
    }
    try:
        return from_json(contents)
    except ValueError as error:
        raise FormatError(f"{folder / VOCAB} and {MERGES}: {error}") from error


def special_names(folder: Path) -> list[str]:
    """The special tokens that a folder's files name; GPT-2's where there are no such files."""
    names: list[str] = []
    for file in (SPECIAL, TOKENIZER_CONFIG):
        found = _json(folder / file, (folder / file).read_bytes()) if (folder / file).is_file() else {}
        for key, value in found.items() if isinstance(found, dict) else ():
            if key.endswith(("_token", "_tokens")):
                for one in value if isinstance(value, list) else [value]:
                    name = one.get("content") if isinstance(one, dict) else one
                    names += [name] if isinstance(name, str) else []
    return list(dict.fromkeys(names)) or [GPT2_END]


def _json(path: Path, data: bytes) -> Any:
    try:
        return parse(data)
    except ValueError as error:
        raise FormatError(f"{path} is not JSON: {error}") from error
