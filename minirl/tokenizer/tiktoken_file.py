"""The format of tiktoken (OpenAI's models; Llama 3's and Qwen's original files), read; and its Encoding, made.

    IQ== 0        a line for each token: its bytes in base64, and its rank, which is its id
    Ig== 1

There are no merges: two neighbours are joined if together they are a token, the pair with the lowest rank first. So
each way to cut a token into two tokens is a merge, in the order of ranks. And a chunk that is a token is that token at
once. The pattern and the special tokens are not in the file; they are known for the files that have names.
"""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from minirl.storage.strict_json import brief
from minirl.tokenizer.details import Details
from minirl.tokenizer.huggingface import MAX_TOKENS, FormatError, Pair, Vocabulary
from minirl.tokenizer.pretokenize import PATTERNS, SPLITTERS

if TYPE_CHECKING:
    import tiktoken

# Patterns of published tokenizers; LLAMA3's is GPT-4's with the whole of the text in mind
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)"
    r"|\s+"
)
QWEN = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
O200K = "|".join(
    [
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
        r"\s*[\r\n]+",
        r"\s+(?!\S)",
        r"\s+",
    ]
)
END = "<|endoftext|>"
KNOWN = {  # by the file's name: the pattern, and special tokens with their ids
    "r50k_base": (PATTERNS["gpt2"], {END: 50256}),
    "p50k_base": (PATTERNS["gpt2"], {END: 50256}),
    "cl100k_base": (
        LLAMA3,
        {END: 100257, "<|fim_prefix|>": 100258, "<|fim_middle|>": 100259, "<|fim_suffix|>": 100260,
         "<|endofprompt|>": 100276},
    ),
    "o200k_base": (O200K, {END: 199999, "<|endofprompt|>": 200018}),
    "qwen": (QWEN, {END: 151643, "<|im_start|>": 151644, "<|im_end|>": 151645}),
}  # fmt: skip
LLAMA3_SPECIAL = (
    "<|begin_of_text|>", "<|end_of_text|>", "<|reserved_special_token_0|>", "<|reserved_special_token_1|>",
    "<|finetune_right_pad_id|>", "<|step_id|>", "<|start_header_id|>", "<|end_header_id|>", "<|eom_id|>", "<|eot_id|>",
    "<|python_tag|>",
)  # fmt: skip
LLAMA3_SIZE = 128000  # ordinary tokens; its file is called tokenizer.model


def is_tiktoken(data: bytes) -> bool:
    """Whether a file's first line is that of a tiktoken file: base64, a space, a number."""
    return re.match(rb"[A-Za-z0-9+/]+={0,2} [0-9]+\r?\n", data[:200]) is not None


def read_tiktoken(path: Path, data: bytes) -> Vocabulary:
    """A tokenizer from a tiktoken file. Raises FormatError for a damaged file, and for one whose name does not tell
    its pattern."""
    ranks: dict[bytes, int] = {}
    for number, line in enumerate(data.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            spelled, rank = line.split()
            token = base64.b64decode(spelled, validate=True)
            if token in ranks or not token or not 0 <= int(rank) < MAX_TOKENS:
                raise ValueError
            ranks[token] = int(rank)
        except (ValueError, binascii.Error):
            raise FormatError(
                f"{path}, line {number}, is {brief(line)}; expected a token in base64 and its rank"
            ) from None
    pattern, special = known(path, len(ranks))
    size = 1 + max(*ranks.values(), *special.values(), 0)
    tokens = [b""] * size
    for token, place in ranks.items():
        if tokens[place]:
            raise FormatError(f"{path}: rank {place} belongs to two tokens")
        tokens[place] = token
    for name, place in special.items():
        tokens[place] = name.encode()
    gaps = frozenset(place for place, token in enumerate(tokens) if not token)
    return Vocabulary(tokens, merges_of(ranks), special, pattern, True, {}, {}, Details(gaps=gaps))


def known(path: Path, size: int) -> tuple[str, dict[str, int]]:
    """The pattern and special tokens that belong to a file, by its name. Raises FormatError where it is not known."""
    name = path.name.removesuffix(".tiktoken")
    if name in KNOWN:
        return KNOWN[name]
    if path.name == "tokenizer.model" and size == LLAMA3_SIZE:
        names = [*LLAMA3_SPECIAL, *(f"<|reserved_special_token_{number}|>" for number in range(2, 247))]
        return LLAMA3, {token: size + number for number, token in enumerate(names)}
    raise FormatError(
        f"{path} is a file of tiktoken, which does not say how text is cut; minirl knows it of "
        f"{', '.join(f'{one}.tiktoken' for one in KNOWN)} and Llama 3's tokenizer.model: use one of these names"
    )


def merges_of(ranks: Mapping[bytes, int]) -> list[Pair]:
    """All ways to cut a token into two tokens, in the order of the tokens' ranks."""
    merges: list[Pair] = []
    for token in sorted(ranks, key=ranks.__getitem__):
        pairs = [(token[:cut], token[cut:]) for cut in range(1, len(token))]
        found = [pair for pair in pairs if pair[0] in ranks and pair[1] in ranks]
        merges += sorted(found, key=lambda pair: (ranks[pair[0]], ranks[pair[1]]))
    return merges


def encoding(
    name: str, pattern: str, ids: Mapping[bytes, int], merges: Sequence[Pair] | None, special: Mapping[str, int]
) -> "tiktoken.Encoding":
    """A tiktoken.Encoding with the same ids. merges: None for a vocabulary that is not merged in their order.

    Raises ValueError where tiktoken, which merges by id, would merge in another order.
    """
    made = [ids[left + right] for left, right in merges or ()]
    if merges is None or any(a >= b for a, b in pairwise(made)):
        raise ValueError("to_tiktoken: the merges of this tokenizer are not in the order of its ids, as tiktoken needs")
    import tiktoken

    if pattern not in SPLITTERS:  # tiktoken drops what the pattern does not match; here it is a chunk
        pattern = rf"(?:{pattern})|(?:(?!{pattern})[\s\S])+"
    return tiktoken.Encoding(name, pat_str=pattern, mergeable_ranks=dict(ids), special_tokens=dict(special))
