"""How a model's texts begin, end, and take turns: what a model expects of its tokens, beyond what they stand for.

minirl's own models end a text with <|end|>, and begin with the text itself. Published models have other habits. Llama 3
begins every text with <|begin_of_text|>, and ends a text with <|end_of_text|>, an answer in a chat with <|eot_id|>. The
habits stand in several files of a model's folder, and they do not always agree:

    config.json, generation_config.json    bos_token_id, eos_token_id (a number or a list), pad_token_id
    tokenizer_config.json                  bos_token, eos_token, pad_token (names), add_bos_token, chat_template
    chat_template.jinja                    the template alone, in newer folders
    tokenizer.json                         a post_processor that puts a token before every text

`read` brings them together. A token ends a text if any of these files says so: transformers stops at those of
generation_config.json, and reads the others where that file is missing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minirl.storage.strict_json import brief, parse

END, PAD = "<|end|>", "<|pad|>"  # of minirl's own tokenizers
CONFIG, GENERATION, TOKENIZER_CONFIG = "config.json", "generation_config.json", "tokenizer_config.json"
TEMPLATE = "chat_template.jinja"
LARGEST_FILE = 10_000_000  # bytes of a file with settings


@dataclass(frozen=True)
class Conventions:
    """What a model expects. Ids are those of its tokenizer."""

    ends: tuple[int, ...] = ()
    """Tokens that end a text, in no particular order; the first is the one that training writes."""
    begin: int | None = None
    """The token that begins a text (BOS), if the model has one."""
    add_begin: bool = False
    """Whether it stands before every text."""
    pad: int | None = None
    """The token that fills up the shorter rows of a batch."""
    chat_template: str | None = None
    """How a conversation becomes one text: a template of Jinja, see chat_template.py."""


def own(special_tokens: Mapping[str, int]) -> Conventions:
    """Those of minirl's tokenizers: a text ends with <|end|> where there is that token."""
    end = special_tokens.get(END)
    return Conventions(() if end is None else (end,), pad=special_tokens.get(PAD))


def read(folder: Path, special_tokens: Mapping[str, int], size: int, begins: int | None = None) -> Conventions:
    """The conventions that a model's folder describes.

    special_tokens: name -> id. size: the number of ids; others are left out, because config files are often older
    than their tokenizer. begins: the token that tokenizer.json itself puts before every text. Raises ValueError for a
    file that is no JSON object, or has a setting of another type.
    """
    config, generation = _settings(folder / CONFIG), _settings(folder / GENERATION)
    named = _settings(folder / TOKENIZER_CONFIG)

    def by_name(role: str) -> int | None:
        name = named.get(f"{role}_token")
        if isinstance(name, Mapping):
            name = name.get("content")
        return special_tokens.get(name) if isinstance(name, str) else None

    def by_id(role: str) -> list[int]:
        found = []
        for file, settings in ((GENERATION, generation), (CONFIG, config)):
            value = settings.get(f"{role}_token_id")
            for one in value if isinstance(value, list) else [value]:
                if one is not None and (type(one) is not int or one < -1):
                    raise ValueError(f"{folder / file} has {role}_token_id = {brief(value)}; expected ids of tokens")
                found.append(one)
        return [one for one in found if one is not None and 0 <= one < size]

    ends = [one for one in (by_name("eos"), *by_id("eos"), special_tokens.get(END)) if one is not None]
    begin = next((one for one in (begins, by_name("bos"), *by_id("bos")) if one is not None), None)
    pads = [one for one in (by_name("pad"), *by_id("pad"), special_tokens.get(PAD)) if one is not None]
    add = named.get("add_bos_token")
    return Conventions(
        tuple(dict.fromkeys(ends)),
        begin,
        begins is not None if not isinstance(add, bool) else add and begin is not None,
        pads[0] if pads else None,
        _template(folder, named),
    )


def write(conventions: Conventions, names: Mapping[int, str], context_length: int | None = None) -> dict[str, Any]:
    """The contents of tokenizer_config.json and generation_config.json, by file name. names: id -> special token."""
    roles = {
        "bos_token": conventions.begin,
        "eos_token": next(iter(conventions.ends), None),
        "pad_token": conventions.pad,
    }
    described: dict[str, Any] = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "clean_up_tokenization_spaces": False,
        "add_bos_token": conventions.add_begin,
        **{role: names[number] for role, number in roles.items() if number is not None and number in names},
    }
    if context_length is not None:
        described["model_max_length"] = context_length
    if conventions.chat_template is not None:
        described["chat_template"] = conventions.chat_template
    return {TOKENIZER_CONFIG: described, GENERATION: ids(conventions)}


def ids(conventions: Conventions) -> dict[str, Any]:
    """bos_token_id, eos_token_id (a list where there are several) and pad_token_id, as config files give them."""
    ends = list(conventions.ends)
    return {
        "bos_token_id": conventions.begin,
        "eos_token_id": ends if len(ends) > 1 else next(iter(ends), None),
        "pad_token_id": conventions.pad,
    }


def ends_by(names: Iterable[str | int], special_tokens: Mapping[str, int], size: int) -> tuple[int, ...]:
    """The ids of tokens that a caller names, by name or by id. Raises ValueError for one that does not exist."""
    found = []
    for name in [names] if isinstance(names, str | int) else names:
        number = special_tokens.get(name) if isinstance(name, str) else name
        if number is None or not 0 <= number < size:
            raise ValueError(
                f"end: {brief(name)} is no special token here; there are {', '.join(special_tokens) or 'none'}"
            )
        found.append(int(number))
    return tuple(dict.fromkeys(found))


def _settings(path: Path) -> Mapping[str, Any]:
    """The settings in a file; none where there is no file."""
    if not path.is_file():
        return {}
    if path.stat().st_size > LARGEST_FILE:
        raise ValueError(f"{path} has {path.stat().st_size:,} bytes; expected at most {LARGEST_FILE:,}")
    try:
        found = parse(path.read_bytes())
    except ValueError as error:
        raise ValueError(f"{path} is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise ValueError(f"{path} holds {brief(found)}; expected an object, {{...}}")
    return found


def _template(folder: Path, named: Mapping[str, Any]) -> str | None:
    """The chat template, from its own file or from tokenizer_config.json. Of several named ones it is "default"."""
    path = folder / TEMPLATE
    if path.is_file():
        return path.read_text(encoding="utf-8")
    found = named.get("chat_template")
    if isinstance(found, list):
        several = {one.get("name"): one.get("template") for one in found if isinstance(one, Mapping)}
        found = several.get("default")
    if found is not None and not isinstance(found, str):
        raise ValueError(f"{folder / TOKENIZER_CONFIG} has chat_template = {brief(found)}; expected text")
    return found
