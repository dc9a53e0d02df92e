"""The file format: Hugging Face's tokenizer.json, for tokenizers whose model is BPE.

    {"model": {"type": "BPE", "vocab": {"Ġthe": 262, ...}, "merges": [["Ġ", "t"], ...]},
     "normalizer": normal forms,  "pre_tokenizer": the patterns,  "decoder": {"type": "ByteLevel"},
     "added_tokens": [the special tokens, and others that are looked for in every text]}

JSON holds characters, tokens hold bytes, so each byte is written as one printable character: as itself where Latin-1
has a printable character for it, else as U+0100, U+0101, ... in turn. A space (the 33rd that is not printable) becomes
"Ġ". A vocabulary with byte_fallback is SentencePiece's instead: its tokens are characters (character_bpe.py).

What minirl does not do, it refuses by name and value: truncation, dropout, an added prefix space, steps that steps.py
does not know. A post_processor (which adds marks such as <|begin_of_text|>) is kept: `save` writes it back, and its
first mark is the token that begins texts (conventions.py).

Added tokens that are not special are recognised in every text, and never left out. Special tokens are recognised only
where the caller allows them (special.py).
"""

import json
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from minirl.storage.strict_json import brief, has_surrogate
from minirl.tokenizer.added import PLAIN, Flags, described
from minirl.tokenizer.character_bpe import CharacterBPE, name_bytes
from minirl.tokenizer.details import Details
from minirl.tokenizer.fields import FormatError, known, refusal
from minirl.tokenizer.steps import Steps, read_steps, strips_first_space

MAX_TOKENS = 1 << 20  # what csrc/bpe_encode.c can tell apart

POST_PROCESSORS = ("ByteLevel", "TemplateProcessing", "RobertaProcessing", "BertProcessing", "Sequence")

Pair = tuple[bytes, bytes]


class Vocabulary(NamedTuple):
    """What a file of a tokenizer says, in the order in which the class Tokenizer takes it.

    tokens: the bytes of each id; none where an id has no token. special_tokens, added_tokens: name -> id. whole_chunks
    is the format's ignore_merges. kept: fields that change nothing here, and are written back. details: what only some
    tokenizers have.
    """

    tokens: list[bytes]
    merges: list[Pair]
    special_tokens: dict[str, int]
    pattern: str | tuple[str, ...]
    whole_chunks: bool = False
    added_tokens: dict[str, int] = {}  # noqa: RUF012 (never changed)
    kept: dict[str, Any] = {}  # noqa: RUF012
    details: Details = Details()


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
    tokens, merges, special_tokens, pattern, whole_chunks, added_tokens, kept, details = vocabulary
    names = {number: name for name, number in (special_tokens | added_tokens).items()}
    # The tokenizers library does not read the ids of added tokens: it takes the vocabulary's, or the next free ones. So
    # those that do not stand last must be in the vocabulary
    last = sorted(names) == list(range(len(tokens) - len(names), len(tokens))) and not details.gaps
    characters = details.characters
    if characters is None:
        vocab = {
            spell(token) if number not in names else names[number]: number
            for number, token in enumerate(tokens)
            if number not in details.gaps and (not last or number not in names)
        }
        pairs = [[spell(left), spell(right)] for left, right in merges]
    else:
        ordinary = characters.names | {name: number for number, name in names.items()}
        vocab = dict(sorted(ordinary.items(), key=lambda item: item[1]))
        pairs = [list(pair) for pair in characters.merges]
    cut = {
        "type": "Sequence",
        "pretokenizers": [
            {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False},
            {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False},
        ],
    }
    joined = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            described(name, number, name in special_tokens, details.flags.get(name, PLAIN))
            for number, name in sorted(names.items())
        ],
        "normalizer": kept.get("normalizer"),
        "pre_tokenizer": kept.get("pre_tokenizer", cut),
        "post_processor": kept.get("post_processor"),
        "decoder": kept.get("decoder") or joined,
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": kept.get("unk_token"),
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": kept.get("fuse_unk", False),
            "byte_fallback": characters is not None,
            "ignore_merges": whole_chunks,
            "vocab": vocab,
            "merges": pairs,
        },
    }


def spelling(name: str) -> bytes | None:
    """The bytes of the ordinary token that would stand in tokenizer.json under this name; None if there can be none."""
    return bytes(map(_BYTES.__getitem__, name)) if all(character in _BYTES for character in name) else None


# ---- reading: every field is looked at, because a wrong token is worse than a refusal ----


def from_json(contents: Any) -> Vocabulary:
    """What a tokenizer.json says. Raises FormatError naming the field, its value, and what is wrong with it."""
    _type(contents, dict, "the file")
    steps = ("normalizer", "pre_tokenizer", "post_processor", "decoder")
    known(contents, "", ("version", "added_tokens", "model", *steps))
    if contents.get("version", "1.0") != "1.0":
        raise refusal("version", contents["version"])
    model = _field(contents, "model", dict)
    known(model, "model.", ("type", "vocab", "merges", "ignore_merges", "unk_token", "fuse_unk", "byte_fallback"))
    if model.get("type", "BPE") != "BPE":
        raise refusal("model.type", model["type"])
    byte_level = not _field(model, "model.byte_fallback", bool, False)
    kept = {
        "unk_token": _field(model, "model.unk_token", (str, type(None)), None),
        "fuse_unk": _field(model, "model.fuse_unk", bool, False),
        **{name: _field(contents, name, (dict, type(None)), None) for name in steps},
    }
    _check_writable(kept)
    _kind(contents, "post_processor", POST_PROCESSORS)
    todo = read_steps(contents, byte_level)
    if byte_level:
        _kind(contents, "decoder", ("ByteLevel",))
    strips = not byte_level and strips_first_space(contents)
    special, added, flags = _added(_field(contents, "added_tokens", (list, type(None)), None) or [])
    names = special | added
    ordinary = _ordinary(_field(model, "model.vocab", dict), names)

    tokens: dict[int, bytes] = {}
    for name, number in ordinary.items():
        token = unspell(name) if byte_level else name_bytes(name)
        _take(tokens, number, token, f"model.vocab[{brief(name)}]")
    ids = {token: number for number, token in tokens.items()}
    for name, number in names.items():
        _take(tokens, number, name.encode(), f"added token {brief(name)}")
    if not ordinary:
        raise FormatError("model.vocab is empty; expected the tokens of a BPE tokenizer")
    n = max(tokens) + 1
    if n > MAX_TOKENS:
        raise FormatError(f"model.vocab has ids up to {brief(n - 1)}; minirl reads at most {MAX_TOKENS:,} tokens")
    pairs = _pairs(_field(model, "model.merges", list))
    whole_chunks = _field(model, "model.ignore_merges", bool, False)
    characters = None
    if byte_level:
        merges = _merges(pairs, ids)
    else:
        kept_pairs = [pair for pair in pairs if "".join(pair) not in names]
        merges = [(left.encode(), right.encode()) for left, right in kept_pairs]
        characters = _characters(ordinary, kept_pairs, names, kept, whole_chunks, todo)
    gaps = frozenset(range(n)) - set(tokens)
    details = Details(todo, flags, gaps, characters, strips, _begins(kept["post_processor"], special))
    patterns = todo.patterns[0] if len(todo.patterns) == 1 else todo.patterns
    listed = [tokens.get(number, b"") for number in range(n)]
    return Vocabulary(listed, merges, special, patterns, whole_chunks, added, kept, details)


def _ordinary(vocab: Mapping[str, Any], names: Mapping[str, int]) -> dict[str, int]:
    """The vocabulary without added tokens, whose ids must be the same in both places."""
    for name in names.keys() & vocab.keys():
        if type(vocab[name]) is not int or vocab[name] != names[name]:
            raise FormatError(
                f"model.vocab gives {brief(name)} the id {brief(vocab[name])}, and added_tokens the id {names[name]}"
            )
    return {name: number for name, number in vocab.items() if name not in names}


def _characters(
    ordinary: Mapping[str, int], pairs: list[tuple[str, str]], names: Mapping[str, int], kept: Mapping[str, Any],
    whole_chunks: bool, steps: Steps,
) -> CharacterBPE:  # fmt: skip
    """The encoder of a vocabulary with byte_fallback."""
    for pair in pairs:
        for name in (*pair, "".join(pair)):
            if name not in ordinary:
                raise FormatError(f"model.merges: {brief(pair)} needs the token {brief(name)}, which is not there")
    unknown = names.get(kept["unk_token"], ordinary.get(kept["unk_token"])) if kept["unk_token"] else None
    return CharacterBPE(ordinary, pairs, unknown, kept["fuse_unk"], whole_chunks, steps.words)


def _begins(processor: Mapping[str, Any] | None, special: Mapping[str, int]) -> int | None:
    """The special token that a post_processor puts before every text."""
    if processor is None:
        return None
    if processor.get("type") == "Sequence":
        found = [_begins(one, special) for one in processor.get("processors") or [] if isinstance(one, Mapping)]
        return next((one for one in found if one is not None), None)
    single = processor.get("single")
    if processor.get("type") != "TemplateProcessing" or not isinstance(single, list) or not single:
        return None
    first = single[0].get("SpecialToken") if isinstance(single[0], Mapping) else None
    name = first.get("id") if isinstance(first, Mapping) else None
    return special.get(name) if isinstance(name, str) else None


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


def _kind(contents: Mapping[str, Any], field: str, kinds: Collection[str]) -> dict[str, Any] | None:
    """A step of the tokenizer, an object with a type, or None for one that is not there."""
    step: dict[str, Any] | None = _field(contents, field, (dict, type(None)), None)
    if step is not None and step.get("type") not in kinds:
        raise refusal(f"{field}.type", step.get("type"))
    return step


def _added(tokens: list[Any]) -> tuple[dict[str, int], dict[str, int], dict[str, Flags]]:
    """Special tokens and other added tokens (name -> id), and the flags of those that have any."""
    special: dict[str, int] = {}
    added: dict[str, int] = {}
    flags: dict[str, Flags] = {}
    for place, token in enumerate(tokens):
        path = f"added_tokens[{place}]."
        _type(token, dict, path[:-1])
        name = _field(token, path + "content", str)
        known(token, f"added token {brief(name)}: ", ("id", "content", "special", *Flags._fields))
        if not name or has_surrogate(name):
            raise FormatError(f"{path}content is {brief(name)}; expected some text")
        if name in special or name in added:
            raise FormatError(f"added token {brief(name)} occurs twice")
        (special if _field(token, path + "special", bool, False) else added)[name] = _field(token, path + "id", int)
        own = Flags(*(_field(token, path + flag, bool, False) for flag in Flags._fields))
        if not own.plain:
            flags[name] = own
    return special, added, flags


def _take(tokens: dict[int, bytes], number: Any, token: bytes, where: str) -> None:
    """Note the token of an id."""
    if type(number) is not int or number < 0:
        raise FormatError(f"{where}: the id is {brief(number)}; expected a whole number, 0 or more")
    if number in tokens:
        other = brief(spell(tokens[number]))
        raise FormatError(f"{where}: id {brief(number)} belongs to two tokens, this one and {other}")
    tokens[number] = token


def _pairs(merges: list[Any]) -> list[tuple[str, str]]:
    """The merges as pairs of names."""
    pairs: list[tuple[str, str]] = []
    for number, merge in enumerate(merges):
        names = merge.split(" ") if isinstance(merge, str) else merge  # "a b" in older files, ["a", "b"] in newer
        if not isinstance(names, list) or len(names) != 2 or not all(isinstance(name, str) and name for name in names):
            raise FormatError(f"model.merges[{number}] is {brief(merge)}; expected two tokens")
        pairs.append((names[0], names[1]))
    if len(set(pairs)) != len(pairs):
        raise FormatError("model.merges: a merge occurs twice")
    return pairs


def _merges(pairs: list[tuple[str, str]], ids: Mapping[bytes, int]) -> list[Pair]:
    """The merges as pairs of bytes."""
    merges = []
    for number, pair in enumerate(pairs):
        left, right = unspell(pair[0]), unspell(pair[1])
        for part in (left, right, left + right):
            if part not in ids:
                raise FormatError(
                    f"model.merges[{number}], {brief(list(pair))}, needs the token {brief(spell(part))}, which is not "
                    "in the vocabulary"
                )
        merges.append((left, right))
    return merges
