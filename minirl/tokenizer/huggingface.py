"""The file format: Hugging Face's tokenizer.json, for byte-level BPE models.

    {"model": {"type": "BPE", "vocab": {"Ġthe": 262, ...}, "merges": [["Ġ", "t"], ...]},
     "pre_tokenizer": the pattern,  "decoder": {"type": "ByteLevel"},  "added_tokens": [the special tokens]}

JSON holds characters, tokens hold bytes, so each byte is written as one printable character: as itself where Latin-1
has a printable character for it, else as U+0100, U+0101, ... in turn. A space (the 33rd that is not printable) becomes
"Ġ".

What minirl does not do, it refuses by name and value: normalizers, truncation, dropout, byte fallback, an added prefix
space, several patterns, added tokens that take the space beside them. A post_processor (which adds marks such as
<|begin_of_text|>) is not applied, but kept: `save` writes it back.

Added tokens that are not special are recognised in every text, and never left out. Special tokens are recognised only
where the caller allows them (special.py).
"""

import json
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from minirl.storage.strict_json import brief, has_surrogate
from minirl.tokenizer.pretokenize import PATTERNS, resolve

MAX_TOKENS = 1 << 20  # what csrc/bpe_encode.c can tell apart

POST_PROCESSORS = ("ByteLevel", "TemplateProcessing", "RobertaProcessing", "BertProcessing", "Sequence")

Pair = tuple[bytes, bytes]


class FormatError(ValueError):
    """A tokenizer.json that is damaged, or that needs what minirl does not have."""


class Vocabulary(NamedTuple):
    """What a tokenizer.json says, in the order in which the class Tokenizer takes it.

    tokens: the bytes of each id. special_tokens, added_tokens: name -> id. whole_chunks is the format's ignore_merges.
    kept: fields that change nothing here, and are written back.
    """

    tokens: list[bytes]
    merges: list[Pair]
    special_tokens: dict[str, int]
    pattern: str
    whole_chunks: bool = False
    added_tokens: dict[str, int] = {}  # noqa: RUF012 (never changed)
    kept: dict[str, Any] = {}  # noqa: RUF012


def _byte_characters() -> list[str]:
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = iter(range(0x100, 0x200))
    return [chr(byte) if byte in printable else chr(next(others)) for byte in range(256)]


_CHARACTERS = _byte_characters()
_BYTES = {character: byte for byte, character in enumerate(_CHARACTERS)}


def spell(token: bytes) -> str:
    """A token as it stands in tokenizer.json: b" the" -> "Ġthe"."""
    return "".join([_CHARACTERS[byte] for byte in token])


def unspell(name: str) -> bytes:
    """The bytes of a token as it stands in tokenizer.json: "Ġthe" -> b" the"."""
    try:
        return bytes([_BYTES[character] for character in name])
    except KeyError as error:
        raise FormatError(
            f"token {brief(name)} holds {error.args[0]!r}, which stands for no byte: the vocabulary is not byte-level"
        ) from None


def to_json(vocabulary: Vocabulary) -> dict[str, Any]:
    """The contents of tokenizer.json."""
    tokens, merges, special_tokens, pattern, whole_chunks, added_tokens, kept = vocabulary
    names = {number: name for name, number in (special_tokens | added_tokens).items()}
    normalized = kept.get("normalized", ())
    # The tokenizers library does not read the ids of added tokens: it takes the vocabulary's, or the next free ones. So
    # those that do not stand last must be in the vocabulary
    last = sorted(names) == list(range(len(tokens) - len(names), len(tokens)))
    vocab = {
        spell(token) if number not in names else names[number]: number
        for number, token in enumerate(tokens)
        if not last or number not in names
    }
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {
                "id": number,
                "content": name,
                "single_word": False,
                "lstrip": False,
                "rstrip": False,
                "normalized": name in normalized,
                "special": name in special_tokens,
            }
            for number, name in sorted(names.items())
        ],
        "normalizer": None,
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [
                {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False},
                {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False},
            ],
        },
        "post_processor": kept.get("post_processor"),
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": kept.get("unk_token"),
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": whole_chunks,
            "vocab": vocab,
            "merges": [[spell(left), spell(right)] for left, right in merges],
        },
    }


def spelling(name: str) -> bytes | None:
    """The bytes of the ordinary token that would stand in tokenizer.json under this name; None if there can be none."""
    return bytes(map(_BYTES.__getitem__, name)) if all(character in _BYTES for character in name) else None


# ---- reading: every field is looked at, because a wrong token is worse than a refusal ----


def from_json(contents: Any) -> Vocabulary:
    """What a tokenizer.json says. Raises FormatError naming the field, its value, and what is wrong with it."""
    _type(contents, dict, "the file")
    _known(contents, "", ("version", "added_tokens", "pre_tokenizer", "post_processor", "decoder", "model"))
    if contents.get("version", "1.0") != "1.0":
        raise _refuse("version", contents["version"])
    model = _field(contents, "model", dict)
    _known(model, "model.", ("type", "vocab", "merges", "ignore_merges", "unk_token", "fuse_unk"))
    if model.get("type", "BPE") != "BPE":
        raise _refuse("model.type", model["type"])
    whole_chunks = _field(model, "model.ignore_merges", bool, False)
    kept = {
        "unk_token": _field(model, "model.unk_token", (str, type(None)), None),
        "post_processor": _kind(contents, "post_processor", POST_PROCESSORS),
    }
    _kind(contents, "decoder", ("ByteLevel",))
    pattern = _pattern(contents)
    _check_writable({"post_processor and unk_token": kept, "pre_tokenizer.Split.pattern": pattern})
    special, added, kept["normalized"] = _added(_field(contents, "added_tokens", (list, type(None)), None) or [])

    tokens: dict[int, bytes] = {}
    names = special | added
    for name, number in _field(model, "model.vocab", dict).items():
        if name not in names:
            _take(tokens, number, unspell(name), f"model.vocab[{brief(name)}]")
        elif type(number) is not int or number != names[name]:
            raise FormatError(
                f"model.vocab gives {brief(name)} the id {brief(number)}, and added_tokens the id {names[name]}"
            )
    ids = {token: number for number, token in tokens.items()}
    for byte in range(256):
        if bytes([byte]) not in ids:
            raise FormatError(
                f"model.vocab: byte {byte:#04x} has no token, so some text could not be encoded; "
                "train with initial_alphabet=ByteLevel.alphabet()"
            )
    for name, number in names.items():
        _take(tokens, number, name.encode(), f"added token {brief(name)}")
    n = len(tokens)
    if n > MAX_TOKENS:
        raise FormatError(f"model.vocab has {n:,} tokens; minirl reads at most {MAX_TOKENS:,}")
    if max(tokens) != n - 1:
        missing = next(number for number in range(n) if number not in tokens)
        raise FormatError(f"model.vocab: id {missing} has no token; {n} tokens should have the ids 0 to {n - 1}")
    merges = _merges(_field(model, "model.merges", list), ids)
    return Vocabulary([tokens[i] for i in range(n)], merges, special, pattern, whole_chunks, added, kept)


def _refuse(field: str, value: object) -> FormatError:
    return FormatError(f"{field} is {brief(value)}: minirl reads byte-level BPE tokenizers without it only")


def _type(value: Any, kind: Any, field: str) -> Any:
    """The value, if it has the type that its field should have; True is no number."""
    kinds = kind if isinstance(kind, tuple) else (kind,)
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        wanted = {dict: "an object", list: "a list", str: "a string", bool: "true or false", int: "a whole number"}
        expected = " or ".join(wanted.get(one, "null") for one in kinds)
        raise FormatError(f"{field} is {brief(value)}; expected {expected}")
    return value


def _check_writable(values: Mapping[str, Any]) -> None:
    """What is kept must be fit to be saved again."""
    for field, value in values.items():
        try:
            json.dumps(value, ensure_ascii=False, indent=1).encode()
        except (RecursionError, UnicodeEncodeError):
            raise FormatError(f"{field} holds lone surrogates, or lists that stand too deep in each other") from None


_REQUIRED = object()


def _field(contents: Mapping[str, Any], field: str, kind: Any, default: Any = _REQUIRED) -> Any:
    """A field by its path, such as "model.vocab", from the object that holds it."""
    name = field.rpartition(".")[2]
    if name not in contents:
        if default is _REQUIRED:
            raise FormatError(f"there is no {field}: this is no tokenizer.json of a BPE tokenizer")
        return default
    return _type(contents[name], kind, field)


def _known(contents: Mapping[str, Any], path: str, names: Collection[str]) -> None:
    """Refuse each field that has another name, unless it is switched off: null, false, 0, or empty text."""
    for name, value in contents.items():
        if name not in names and not (value is None or value is False or value in (0, "")):
            raise _refuse(f"{path}{name if len(name) < 60 else brief(name)}", value)


def _kind(contents: Mapping[str, Any], field: str, kinds: Collection[str]) -> dict[str, Any] | None:
    """A step of the tokenizer, an object with a type, or None for one that is not there."""
    step: dict[str, Any] | None = _field(contents, field, (dict, type(None)), None)
    if step is not None and step.get("type") not in kinds:
        raise _refuse(f"{field}.type", step.get("type"))
    return step


def _pattern(contents: Mapping[str, Any]) -> str:
    """The pattern of the pre_tokenizer: ByteLevel alone (GPT-2's), or one Split followed by ByteLevel."""
    first = _field(contents, "pre_tokenizer", (dict, type(None)), None) or {}
    steps = [first]
    if first.get("type") == "Sequence":
        steps = _field(first, "pre_tokenizer.pretokenizers", list)
    for number, step in enumerate(steps):
        _type(step, dict, f"pre_tokenizer.pretokenizers[{number}]")
    if not steps or steps[-1].get("type") != "ByteLevel":
        kind = steps[-1].get("type") if steps else None
        raise FormatError(f"pre_tokenizer is {brief(kind)} in the place of ByteLevel: minirl reads byte-level BPE only")
    *splits, byte_level = steps
    path = "pre_tokenizer.ByteLevel."
    _known(byte_level, path, ("type", "add_prefix_space", "trim_offsets", "use_regex"))
    if _field(byte_level, path + "add_prefix_space", bool, True):
        raise FormatError(
            f"{path}add_prefix_space=true, which puts a space before the text: minirl reads tokenizers without it only"
        )
    use_regex = _field(byte_level, path + "use_regex", bool, True)
    if not splits and use_regex:
        return PATTERNS["gpt2"]
    if len(splits) != 1 or use_regex or splits[0].get("type") != "Split":
        raise FormatError(
            f"pre_tokenizer has {brief([split.get('type') for split in splits])} before ByteLevel (use_regex="
            f"{use_regex}): minirl reads ByteLevel alone, or one Split before a ByteLevel with use_regex=false"
        )
    path, split = "pre_tokenizer.Split.", splits[0]
    _known(split, path, ("type", "behavior", "pattern"))
    if split.get("behavior") != "Isolated":
        raise _refuse(path + "behavior", split.get("behavior"))
    pattern = _field(split, path + "pattern", dict)
    _known(pattern, path + "pattern.", ("Regex",))
    expression = _field(pattern, path + "pattern.Regex", str)
    try:
        return resolve(expression)
    except ValueError as error:
        raise FormatError(f"{path}pattern.Regex: {brief(str(error))}") from error


def _added(tokens: list[Any]) -> tuple[dict[str, int], dict[str, int], list[str]]:
    """Special tokens and other added tokens (name -> id), and the names of those that are "normalized"."""
    special: dict[str, int] = {}
    added: dict[str, int] = {}
    normalized = []
    for place, token in enumerate(tokens):
        path = f"added_tokens[{place}]."
        _type(token, dict, path[:-1])
        name = _field(token, path + "content", str)
        # lstrip, rstrip and single_word are not among them: when true they are refused
        _known(token, f"added token {brief(name)}: ", ("id", "content", "normalized", "special"))
        if not name or has_surrogate(name):
            raise FormatError(f"{path}content is {brief(name)}; expected some text")
        if name in special or name in added:
            raise FormatError(f"added token {brief(name)} occurs twice")
        (special if _field(token, path + "special", bool, False) else added)[name] = _field(token, path + "id", int)
        if _field(token, path + "normalized", bool, False):
            normalized.append(name)
    _check_order(normalized, [name for name in (special | added) if name not in normalized])
    return special, added, normalized


def _check_order(normalized: list[str], others: list[str]) -> None:
    """Refuse tokens of the two kinds that can overlap: the tokenizers library looks for one kind after the other."""
    for one in normalized:
        for other in others:
            ends = range(1, min(len(one), len(other)) + 1)
            if one in other or other in one or any(one[-n:] == other[:n] or other[-n:] == one[:n] for n in ends):
                raise FormatError(
                    f"added_tokens: {brief(one)} with normalized=true and {brief(other)} without it can overlap; "
                    "minirl reads tokens that overlap only if they have the same flag"
                )


def _take(tokens: dict[int, bytes], number: Any, token: bytes, where: str) -> None:
    """Note the token of an id."""
    if type(number) is not int or number < 0:
        raise FormatError(f"{where}: the id is {brief(number)}; expected a whole number, 0 or more")
    if number in tokens:
        other = brief(spell(tokens[number]))
        raise FormatError(f"{where}: id {brief(number)} belongs to two tokens, this one and {other}")
    tokens[number] = token


def _merges(merges: list[Any], ids: Mapping[bytes, int]) -> list[Pair]:
    pairs = []
    for number, merge in enumerate(merges):
        names = merge.split(" ") if isinstance(merge, str) else merge  # "a b" in older files, ["a", "b"] in newer
        if not isinstance(names, list) or len(names) != 2 or not all(isinstance(name, str) and name for name in names):
            raise FormatError(f"model.merges[{number}] is {brief(merge)}; expected two tokens")
        left, right = unspell(names[0]), unspell(names[1])
        for part in (left, right, left + right):
            if part not in ids:
                raise FormatError(
                    f"model.merges[{number}], {brief(merge)}, needs the token {brief(spell(part))}, which is not "
                    "in the vocabulary"
                )
        pairs.append((left, right))
    if len(set(pairs)) != len(pairs):
        raise FormatError("model.merges: a merge occurs twice")
    return pairs
