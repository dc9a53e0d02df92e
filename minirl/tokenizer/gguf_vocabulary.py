"""The tokenizer in a GGUF file, and a tokenizer written as a GGUF file's settings.

    tokenizer.ggml.model        "gpt2": byte-level, with merges.  "llama": SentencePiece's, with scores
    tokenizer.ggml.pre          the name of the pattern, such as "smollm"
    tokenizer.ggml.tokens, token_type (1 ordinary, 3 special, 4 added, 6 a byte, 5 unused), merges or scores
    tokenizer.ggml.bos_token_id, eos_token_id, eot_token_id, add_bos_token; tokenizer.chat_template

llama.cpp knows patterns by name alone (llama-vocab.cpp); the ones here are those of the models that minirl loads.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from minirl.gguf import GGUF, GGUFError
from minirl.storage.strict_json import brief
from minirl.tokenizer.character_bpe import CharacterBPE, merges_by_score, name_bytes
from minirl.tokenizer.conventions import Conventions
from minirl.tokenizer.details import Details
from minirl.tokenizer.huggingface import FormatError, Vocabulary, from_json
from minirl.tokenizer.pretokenize import PATTERNS
from minirl.tokenizer.steps import Steps
from minirl.tokenizer.tiktoken_file import LLAMA3, QWEN

ORDINARY, UNKNOWN, SPECIAL, ADDED, UNUSED, BYTE = range(1, 7)

_LAST = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
_GPT2 = [{**_LAST, "use_regex": True}]


def _split(pattern: str) -> dict[str, Any]:
    return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}


_DIGITS = [{"type": "Digits", "individual_digits": True}, *_GPT2]
STEPS: dict[str, list[dict[str, Any]]] = {  # by tokenizer.ggml.pre
    "gpt-2": _GPT2,
    "gpt2": _GPT2,
    "default": _GPT2,
    "olmo": _GPT2,
    "smollm": _DIGITS,
    "starcoder": _DIGITS,
    "refact": _DIGITS,
    "command-r": _DIGITS,
    "llama3": [_split(LLAMA3), _LAST],
    "llama-bpe": [_split(LLAMA3), _LAST],
    "llama-v3": [_split(LLAMA3), _LAST],
    "smaug-bpe": [_split(LLAMA3), _LAST],
    "qwen2": [_split(QWEN), _LAST],
    "deepseek-r1-qwen": [_split(QWEN), _LAST],
}
NORMAL_FORMS = {"qwen2": "NFC", "deepseek-r1-qwen": "NFC"}
IGNORES_MERGES = ("llama3", "llama-bpe", "llama-v3")
NAMED = {PATTERNS["gpt2"]: "gpt-2", LLAMA3: "llama-bpe", QWEN: "qwen2", (r"\p{N}", PATTERNS["gpt2"]): "smollm"}


def read_gguf(path: Path) -> tuple[Vocabulary, Conventions]:
    """The tokenizer of a GGUF file. Raises FormatError for one that minirl cannot use, and what GGUF raises."""
    file = GGUF(path)
    try:
        kind = file.setting("tokenizer.ggml.model", str)
        tokens = file.setting("tokenizer.ggml.tokens", list, [])
        types = file.setting("tokenizer.ggml.token_type", list, [ORDINARY] * len(tokens))
        if kind not in ("gpt2", "llama"):
            raise FormatError(f"{path} has a tokenizer of the kind {brief(kind)}; minirl reads 'gpt2' and 'llama'")
        if not tokens or len(types) != len(tokens) or not all(isinstance(name, str) for name in tokens):
            raise FormatError(f"{path} has {len(tokens)} tokens and {len(types)} types of tokens; expected as many")
        vocabulary = byte_level(file, tokens, types) if kind == "gpt2" else characters(file, tokens, types)
        return vocabulary, said(file, vocabulary, kind)
    except GGUFError as error:
        raise FormatError(str(error)) from None


def byte_level(file: GGUF, tokens: list[str], types: list[int]) -> Vocabulary:
    """A vocabulary with merges, read as a tokenizer.json with the same contents would be."""
    pre = file.setting("tokenizer.ggml.pre", str, "default")
    if pre not in STEPS:
        raise FormatError(
            f"{file.path} cuts text by the pattern {brief(pre)}; minirl knows {', '.join(STEPS)}. The tokenizer.json "
            "of the model's own folder holds the pattern itself"
        )
    seen: dict[str, int] = {}
    for number, name in enumerate(tokens):
        if name in seen:
            raise FormatError(f"{file.path}: the tokens {seen[name]} and {number} are both {brief(name)}")
        seen[name] = number
    marks = {number for number, kind in enumerate(types) if kind in (SPECIAL, ADDED, UNKNOWN)}
    unused = {number for number, kind in enumerate(types) if kind == UNUSED}
    form = NORMAL_FORMS.get(pre)
    return from_json(
        {
            "added_tokens": [
                {"id": number, "content": tokens[number], "special": types[number] != ADDED} for number in sorted(marks)
            ],
            "normalizer": {"type": form} if form else None,
            "pre_tokenizer": {"type": "Sequence", "pretokenizers": STEPS[pre]},
            "decoder": {**_GPT2[0], "add_prefix_space": True},
            "model": {
                "type": "BPE",
                "ignore_merges": pre in IGNORES_MERGES,
                "vocab": {name: number for name, number in seen.items() if number not in marks | unused},
                "merges": file.setting("tokenizer.ggml.merges", list, []),
            },
        }
    )


def characters(file: GGUF, tokens: list[str], types: list[int]) -> Vocabulary:
    """A vocabulary with scores: SentencePiece's."""
    scores = file.setting("tokenizer.ggml.scores", list, [])
    if len(scores) != len(tokens):
        raise FormatError(f"{file.path} has {len(tokens)} tokens and {len(scores)} scores; expected as many")
    marks = {number for number, kind in enumerate(types) if kind in (SPECIAL, UNKNOWN, UNUSED)}
    added = {tokens[number]: number for number, kind in enumerate(types) if kind == ADDED}
    special = {tokens[number]: number for number in sorted(marks)}
    ordinary = [n for n in range(len(tokens)) if n not in marks and types[n] != ADDED]
    names = {tokens[number]: number for number in ordinary}
    merged = [number for number in ordinary if types[number] != BYTE]
    merges = merges_by_score([tokens[number] for number in merged], [scores[number] for number in merged])
    unknown = file.setting("tokenizer.ggml.unknown_token_id", int, special.get("<unk>"))
    prefix = file.setting("tokenizer.ggml.add_space_prefix", bool, True)
    steps = Steps((), (), True, "always" if prefix else "")
    encoder = CharacterBPE(names, merges, unknown)
    kept = {
        "unk_token": None if unknown is None else tokens[unknown],
        "fuse_unk": True,
        "normalizer": {
            "type": "Sequence",
            "normalizers": [
                *([{"type": "Prepend", "prepend": "▁"}] if prefix else []),
                {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
            ],
        },
        "pre_tokenizer": None,
        "decoder": {
            "type": "Sequence",
            "decoders": [
                {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
                {"type": "ByteFallback"},
                {"type": "Fuse"},
                *([{"type": "Strip", "content": " ", "start": 1, "stop": 0}] if prefix else []),
            ],
        },
    }
    known = [name.encode() if n in marks or types[n] == ADDED else name_bytes(name) for n, name in enumerate(tokens)]
    pairs = [(left.encode(), right.encode()) for left, right in merges]
    details = Details(steps, characters=encoder, strips=prefix)
    return Vocabulary(known, pairs, special, (), False, added, kept, details)


def said(file: GGUF, vocabulary: Vocabulary, kind: str) -> Conventions:
    """Which tokens begin and end texts. llama.cpp stops at the end of a turn too, which some files name apart."""
    size = len(vocabulary.tokens)

    def number(role: str) -> int | None:
        found = file.setting(f"tokenizer.ggml.{role}_token_id", int)
        return found if found is not None and 0 <= found < size else None

    ends = [one for one in (number("eos"), number("eot"), number("eom")) if one is not None]
    usual = ("<|end|>", "<|im_end|>", "<|eot_id|>", "<|endoftext|>", "<|end_of_text|>", "</s>")
    ends += [vocabulary.special_tokens[name] for name in usual if name in vocabulary.special_tokens]
    add = file.setting("tokenizer.ggml.add_bos_token", bool, kind == "llama")
    template = file.setting("tokenizer.chat_template", str)
    begin = number("bos")
    return Conventions(tuple(dict.fromkeys(ends)), begin, add and begin is not None, number("padding"), template)


def settings(tokenizer: Any, vocab_size: int = 0) -> Mapping[str, Any]:
    """The settings that describe a byte-level tokenizer in a GGUF file. vocab_size: the model's, which may be larger
    than the tokenizer's. llama.cpp wants a token for each row of the model's table, so unused ones fill the list up.

    Raises FormatError for another tokenizer, and for a pattern that llama.cpp has no name for.
    """
    contents = tokenizer.contents()
    pre = NAMED.get(tokenizer.pattern)
    if contents["model"]["byte_fallback"] or pre is None:
        raise FormatError(
            f"llama.cpp has no name for the pattern of {tokenizer!r}; a GGUF file can have the tokenizers of "
            f"{', '.join(NAMED.values())} only. Write it without its tokenizer, with --no-tokenizer"
        )
    named = {**tokenizer.special_tokens, **tokenizer.added_tokens}
    names = {number: name for name, number in named.items()}
    ids = range(max(len(tokenizer), vocab_size))
    vocab = {number: name for name, number in contents["model"]["vocab"].items()} | names
    conventions = tokenizer.conventions
    found: dict[str, Any] = {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": pre,
        "tokenizer.ggml.tokens": [vocab.get(number, f"[UNUSED{number}]") for number in ids],
        "tokenizer.ggml.token_type": [
            ORDINARY if number not in names and number in vocab
            else SPECIAL if names.get(number) in tokenizer.special_tokens
            else ADDED if number in names else UNUSED
            for number in ids
        ],
        "tokenizer.ggml.merges": [" ".join(pair) for pair in contents["model"]["merges"]],
        "tokenizer.ggml.add_bos_token": conventions.add_begin,
    }  # fmt: skip
    roles = {"bos": conventions.begin, "eos": next(iter(conventions.ends), None), "padding": conventions.pad}
    found |= {f"tokenizer.ggml.{role}_token_id": number for role, number in roles.items() if number is not None}
    if conventions.chat_template is not None:
        found["tokenizer.chat_template"] = conventions.chat_template
    return found
