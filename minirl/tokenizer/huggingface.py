"""The file format: Hugging Face's tokenizer.json, for byte-level BPE models.

    {"model": {"type": "BPE", "vocab": {"Ġthe": 262, ...}, "merges": [["Ġ", "t"], ...]},
     "pre_tokenizer": the pattern,  "decoder": {"type": "ByteLevel"},  "added_tokens": [the special tokens]}

JSON holds characters, tokens hold bytes, so each byte is written as one printable character: as itself where Latin-1
has a printable character for it, else as U+0100, U+0101, ... in turn. A space (the 33rd that is not printable) becomes
"Ġ".

What this cannot do, it refuses by name: normalizers, dropout, byte fallback, an added prefix space, several patterns.
A post_processor (which adds marks such as <|begin_of_text|>) is not applied; its tokens are there, as special tokens.
"""

from typing import Any

from minirl.tokenizer.pretokenize import PATTERNS, resolve


class FormatError(ValueError):
    """A tokenizer.json that is damaged, or that needs what minirl does not have."""


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
            f"token {name!r} holds {error.args[0]!r}, which stands for no byte: this is not a byte-level vocabulary"
        ) from None


def to_json(
    tokens: list[bytes], merges: list[tuple[bytes, bytes]], special_tokens: dict[str, int], pattern: str, whole: bool
) -> dict[str, Any]:
    """The contents of tokenizer.json; whole is the format's ignore_merges."""
    special_ids = set(special_tokens.values())
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
                "normalized": False,
                "special": True,
            }
            for name, number in sorted(special_tokens.items(), key=lambda item: item[1])
        ],
        "normalizer": None,
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [
                {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False},
                {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False},
            ],
        },
        "post_processor": None,
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": whole,
            "vocab": {spell(token): number for number, token in enumerate(tokens) if number not in special_ids},
            "merges": [[spell(left), spell(right)] for left, right in merges],
        },
    }


def _refuse(what: str) -> FormatError:
    return FormatError(f"{what}: minirl reads byte-level BPE tokenizers without it only")


def _pattern(step: dict[str, Any] | None) -> str:
    """The pattern of a pre_tokenizer: ByteLevel alone (GPT-2's), or one Split followed by ByteLevel."""
    steps = [step or {}]
    if steps[0].get("type") == "Sequence":
        steps = steps[0]["pretokenizers"]
    if not steps or steps[-1].get("type") != "ByteLevel":
        raise _refuse(f"pre_tokenizer {steps[-1].get('type') if steps else None!r} in the place of ByteLevel")
    *splits, byte_level = steps
    if byte_level.get("add_prefix_space", True):
        raise _refuse("ByteLevel with add_prefix_space=true, which puts a space before the text")
    use_regex = byte_level.get("use_regex", True)
    if not splits and use_regex:
        return PATTERNS["gpt2"]
    if len(splits) != 1 or use_regex or splits[0].get("type") != "Split":
        raise _refuse(f"pre_tokenizers {[split.get('type') for split in splits]} before ByteLevel")
    split = splits[0]
    if split.get("behavior") != "Isolated" or split.get("invert") or "Regex" not in split["pattern"]:
        raise _refuse(f"a Split with {split}")
    return resolve(split["pattern"]["Regex"])


def _special_tokens(added: list[dict[str, Any]]) -> dict[str, int]:
    special: dict[str, int] = {}
    for token in added:
        if any(token.get(flag) for flag in ("single_word", "lstrip", "rstrip")):
            raise _refuse(f"added token {token['content']!r} with single_word, lstrip or rstrip")
        if token["content"] in special:
            raise FormatError(f"added token {token['content']!r} occurs twice")
        special[token["content"]] = token["id"]
    return special


def _merges(merges: list[Any], ids: dict[bytes, int]) -> list[tuple[bytes, bytes]]:
    pairs = []
    for number, merge in enumerate(merges):
        names = merge.split(" ") if isinstance(merge, str) else merge  # "a b" in older files, ["a", "b"] in newer
        if len(names) != 2:
            raise FormatError(f"merge {number} is {merge!r}; expected two tokens")
        left, right = unspell(names[0]), unspell(names[1])
        for part in (left, right, left + right):
            if part not in ids:
                raise FormatError(
                    f"merge {number}, {merge!r}, needs the token {spell(part)!r}, which is not in the vocabulary"
                )
        pairs.append((left, right))
    return pairs


def from_json(
    contents: Any,
) -> tuple[list[bytes], list[tuple[bytes, bytes]], dict[str, int], str, bool]:
    """What to_json was given, from the contents of a tokenizer.json; FormatError says what is wrong with them."""
    try:
        return _from_json(contents)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise FormatError(
            f"this is no tokenizer.json as the tokenizers library writes it ({type(error).__name__}: {error})"
        ) from error


def _from_json(contents: Any) -> tuple[list[bytes], list[tuple[bytes, bytes]], dict[str, int], str, bool]:
    model = contents["model"]
    if model.get("type", "BPE") != "BPE":
        raise _refuse(f"a model of type {model['type']!r}")
    if contents.get("normalizer"):
        raise _refuse(f"normalizer {contents['normalizer'].get('type')!r}, which changes the text")
    for option in ("dropout", "continuing_subword_prefix", "end_of_word_suffix", "byte_fallback"):
        if model.get(option):
            raise _refuse(f"{option}={model[option]!r}")
    pattern = _pattern(contents.get("pre_tokenizer"))
    special = _special_tokens(contents.get("added_tokens") or [])

    tokens: dict[int, bytes] = {}
    for name, number in model["vocab"].items():
        if name in special:
            continue
        if number in tokens:
            raise FormatError(f"id {number} belongs to two tokens, {spell(tokens[number])!r} and {name!r}")
        tokens[number] = unspell(name)
    ids = {token: number for number, token in tokens.items()}
    for byte in range(256):
        if bytes([byte]) not in ids:
            raise FormatError(
                f"byte {byte:#04x} has no token, so some text could not be encoded; "
                "train with initial_alphabet=ByteLevel.alphabet()"
            )
    for name, number in special.items():
        if number in tokens:
            raise FormatError(f"id {number} belongs to two tokens, {spell(tokens[number])!r} and {name!r}")
        tokens[number] = name.encode("utf-8", "surrogatepass")
    if sorted(tokens) != list(range(len(tokens))):
        missing = min(set(range(len(tokens))) - set(tokens))
        raise FormatError(f"id {missing} has no token: {len(tokens)} tokens should have the ids 0 to {len(tokens) - 1}")
    merges = _merges(model["merges"], ids)
    if len(set(merges)) != len(merges):
        raise FormatError("a merge occurs twice")
    return [tokens[number] for number in range(len(tokens))], merges, special, pattern, bool(model.get("ignore_merges"))
