"""Tokenizers of other families: the same ids as the `tokenizers` library, on mixed, random and real text.

Published files are not needed: each family's configuration is set up with the library, and trained on a little text.
"""

import base64
import json
import unicodedata
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minirl.tokenizer import Tokenizer
from minirl.tokenizer.character_bpe import CharacterBPE, merges_by_score
from minirl.tokenizer.gguf_vocabulary import STEPS
from minirl.tokenizer.huggingface import FormatError, spell
from minirl.tokenizer.pretokenize import split
from minirl.tokenizer.steps import read_steps
from minirl.tokenizer.tiktoken_file import KNOWN, LLAMA3, QWEN

library = pytest.importorskip("tokenizers")
pytestmark = pytest.mark.peers

# Peers know the Unicode of their own version: letters added lately are left out
old_text = st.text(st.characters(max_codepoint=0x2FFF, exclude_categories=("Cs", "Cn")), max_size=60)
pieces = st.sampled_from(
    ["<s>", "</s>", "<|user|>", "<mask>", "<think>", "<unk>", " ", "  ", "\n", "\n\n", "▁", "12345", "a", "é",
     "e\u0301", "Ω", "\u212b", "🎾", "the", " the", "it's", "日本", ".", "<", "s>"]
)  # fmt: skip
mixed_text = st.lists(st.one_of(pieces, old_text), max_size=12).map("".join)

DEEPSEEK = [
    library.pre_tokenizers.Split(library.Regex(r"\p{N}{1,3}"), "isolated"),
    library.pre_tokenizers.Split(library.Regex("[一-龥぀-ゟ゠-ヿ]+"), "isolated"),
    library.pre_tokenizers.Split(
        library.Regex(
            r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"""
            r"""| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"""
        ),
        "isolated",
    ),
]


def byte_level(
    *splits: Any, use_regex: bool = False, normalizer: Any = None, alphabet: bool = True
) -> Callable[..., Any]:
    """A family with a byte-level vocabulary."""

    def make(texts: list[str]) -> Any:
        made = library.Tokenizer(library.models.BPE())
        last = library.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=use_regex)
        made.pre_tokenizer = library.pre_tokenizers.Sequence([*splits, last])
        made.decoder = library.decoders.ByteLevel()
        if normalizer is not None:
            made.normalizer = normalizer
        alphabets = library.pre_tokenizers.ByteLevel.alphabet() if alphabet else []
        trainer = library.trainers.BpeTrainer(
            vocab_size=900, special_tokens=["<s>", "</s>"], initial_alphabet=alphabets, show_progress=False
        )
        made.train_from_iterator(texts, trainer)
        return made

    return make


def sentencepiece(*, legacy: bool, split: bool = False, scheme: str = "first") -> Callable[..., Any]:
    """Llama 2 and its kind: characters, "▁" for a space, bytes for what is not there."""

    def make(texts: list[str]) -> Any:
        special = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
        learned = library.Tokenizer(library.models.BPE())
        learned.pre_tokenizer = library.pre_tokenizers.Metaspace(split=True)
        trainer = library.trainers.BpeTrainer(
            vocab_size=900, special_tokens=special, limit_alphabet=60, show_progress=False
        )
        learned.train_from_iterator(texts, trainer)
        contents = json.loads(learned.to_str())
        contents["added_tokens"] = [
            {"id": number, "content": name, "special": True, "normalized": False, "lstrip": False, "rstrip": False,
             "single_word": False}
            for number, name in enumerate(special[:3])
        ]  # fmt: skip
        contents["model"] |= {"byte_fallback": True, "unk_token": "<unk>", "fuse_unk": True}
        replace = {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}
        fallback: list[dict[str, Any]] = [replace, {"type": "ByteFallback"}, {"type": "Fuse"}]
        if legacy:
            back = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
            prepend = {"type": "Prepend", "prepend": "▁"}
            contents["normalizer"] = {"type": "Sequence", "normalizers": [prepend, back]}
            contents["pre_tokenizer"] = None
        else:
            contents["pre_tokenizer"] = {
                "type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": split
            }  # fmt: skip
        fallback.append({"type": "Strip", "content": " ", "start": 1, "stop": 0})
        contents["decoder"] = {"type": "Sequence", "decoders": fallback}
        return library.Tokenizer.from_str(json.dumps(contents))

    return make


FAMILIES = {
    "gpt2": byte_level(use_regex=True),
    "smollm": byte_level(library.pre_tokenizers.Digits(individual_digits=True), use_regex=True),
    "digits together": byte_level(library.pre_tokenizers.Digits(individual_digits=False), use_regex=True),
    "llama3": byte_level(library.pre_tokenizers.Split(library.Regex(LLAMA3), "isolated")),
    "qwen": byte_level(
        library.pre_tokenizers.Split(library.Regex(QWEN), "isolated"), normalizer=library.normalizers.NFC()
    ),
    "deepseek": byte_level(*DEEPSEEK),
    "pythia": byte_level(use_regex=True, normalizer=library.normalizers.NFC()),
    "no pattern": byte_level(),
    "nfkd": byte_level(use_regex=True, normalizer=library.normalizers.NFKD()),
    "llama2": sentencepiece(legacy=True),
    "mistral": sentencepiece(legacy=False),
    "always": sentencepiece(legacy=False, scheme="always"),
    "words": sentencepiece(legacy=False, split=True, scheme="always"),
    "never": sentencepiece(legacy=False, scheme="never"),
}

# The flags of added tokens, as Phi 3 ("<|user|>"), RoBERTa ("<mask>"), Pythia (runs of spaces) and Qwen3 have them
ADDED = [
    library.AddedToken("<|user|>", special=True, rstrip=True, normalized=False),
    library.AddedToken("<mask>", special=True, lstrip=True, normalized=False),
    library.AddedToken("<think>", special=False, normalized=False),
    library.AddedToken("       ", special=False, normalized=True),
    library.AddedToken("tennis", special=False, normalized=False, single_word=True),
]


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: Any, mixed: str, code: str) -> dict[str, tuple[Tokenizer, Any]]:
    """Ours and theirs, of each family."""
    found = {}
    for name, make in FAMILIES.items():
        theirs = make([mixed, code[:60_000]])
        theirs.add_special_tokens(ADDED[:2])
        theirs.add_tokens(ADDED[2:])
        folder = tmp_path_factory.mktemp("family")
        theirs.save(str(folder / "tokenizer.json"))
        found[name] = Tokenizer.load(folder / "tokenizer.json"), theirs
    return found


@pytest.mark.parametrize("name", FAMILIES)
def test_same_ids_on_text(name: str, pairs: Any, mixed: str, code: str) -> None:
    ours, theirs = pairs[name]
    for text in (mixed, code[60_000:120_000], "", " ", "  tennis tennisball", "a <mask>b<|user|> \n c       d<think>"):
        assert ours.encode(text, "all") == theirs.encode(text, add_special_tokens=False).ids
    assert ours.encode_batch([mixed, "", "x"], allowed_special="all") == [
        theirs.encode(text, add_special_tokens=False).ids for text in (mixed, "", "x")
    ]


@pytest.mark.parametrize("name", FAMILIES)
def test_same_ids_on_random_text(name: str, pairs: Any) -> None:
    ours, theirs = pairs[name]

    @given(mixed_text)
    @settings(max_examples=60, deadline=None)
    def same(text: str) -> None:
        if theirs.normalizer is not None:  # its tables of Unicode may be older than Python's
            text = "".join(c for c in text if unicodedata.ucd_3_2_0.category(c) != "Cn")
        ids = theirs.encode(text, add_special_tokens=False).ids
        assert ours.encode(text, "all") == ids
        assert ours.decode(ids, skip_special=True) == theirs.decode(ids, skip_special_tokens=True) or "\ufffd" in text

    same()


@pytest.mark.parametrize("name", FAMILIES)
def test_same_ids_on_real_text(name: str, pairs: Any, some_real_text: list[str]) -> None:
    ours, theirs = pairs[name]
    for text in some_real_text:
        assert ours.encode(text[:20_000], "all") == theirs.encode(text[:20_000], add_special_tokens=False).ids


@pytest.mark.parametrize("name", FAMILIES)
def test_a_saved_tokenizer_is_the_same(name: str, pairs: Any, tmp_path: Path, mixed: str) -> None:
    """For us and for the library; flags, steps and the decoder are kept."""
    ours, theirs = pairs[name]
    ours.save(tmp_path / "tokenizer.json")
    again, library_again = Tokenizer.load(tmp_path / "tokenizer.json"), library.Tokenizer.from_file(
        str(tmp_path / "tokenizer.json")
    )  # fmt: skip
    text = mixed + "a <mask>b<|user|> \n c       d<think>"
    ids = ours.encode(text, "all")
    assert again.encode(text, "all") == ids == library_again.encode(text, add_special_tokens=False).ids
    before, after = json.loads(theirs.to_str()), json.loads((tmp_path / "tokenizer.json").read_text("utf-8"))
    assert after["added_tokens"] == before["added_tokens"]
    for step in ("normalizer", "pre_tokenizer", "decoder"):
        assert after[step] == before[step]


@pytest.mark.parametrize("name", FAMILIES)
def test_special_tokens_in_a_text_are_letters(name: str, pairs: Any) -> None:
    ours, _ = pairs[name]
    text = "a <s> b</s><mask> <|user|> c"
    ids = ours.encode(text)
    assert not set(ids) & set(ours.special_tokens.values()) and ours.decode(ids) == text


def test_missing_bytes_are_an_error_only_when_met(tmp_path: Path) -> None:
    """SmolLM2's vocabulary lacks 21 bytes, which only rare characters have."""
    theirs = byte_level(use_regex=True, alphabet=False)(["plain letters and spaces, 0123456789 abc xyz"])
    theirs.save(str(tmp_path / "tokenizer.json"))
    ours = Tokenizer.load(tmp_path)
    assert ours.encode("letters and spaces") == theirs.encode("letters and spaces").ids
    for text in ("letters Q", "é"):
        with pytest.raises(ValueError, match="no token for the byte 0x51" if "Q" in text else "0xc3"):
            ours.encode(text)


def test_ids_with_gaps(pairs: Any, tmp_path: Path, mixed: str) -> None:
    ours, _ = pairs["gpt2"]
    contents = ours.contents()
    moved = {name: number + 100 for name, number in contents["model"]["vocab"].items() if number > 300}
    contents["model"]["vocab"] |= moved
    for token in contents["added_tokens"]:
        token["id"] += 100 if token["id"] > 300 else 0
        if token["content"] in contents["model"]["vocab"]:
            contents["model"]["vocab"][token["content"]] = token["id"]
    (tmp_path / "tokenizer.json").write_text(json.dumps(contents), "utf-8")
    gapped = Tokenizer.load(tmp_path)
    assert gapped.encode(mixed) == [i + 100 if i > 300 else i for i in ours.encode(mixed)]
    assert gapped.decode([*gapped.encode("a b"), 350]) == "a b" and gapped.token_bytes(350) == b""
    gapped.save(tmp_path / "again.json")
    assert Tokenizer.load(tmp_path / "again.json").encode(mixed, "all") == gapped.encode(mixed, "all")


def test_two_files_of_gpt2s_kind(pairs: Any, tmp_path: Path, mixed: str) -> None:
    theirs = byte_level(use_regex=True)([mixed])
    theirs.model.save(str(tmp_path))
    (tmp_path / "special_tokens_map.json").write_text('{"eos_token": "</s>", "bos_token": {"content": "<s>"}}')
    (tmp_path / "config.json").write_text('{"eos_token_id": 1}')
    for path in (tmp_path, tmp_path / "vocab.json", tmp_path / "merges.txt"):
        ours = Tokenizer.load(path)
        assert ours.encode(mixed, "all") == theirs.encode(mixed).ids and ours.special_tokens == {"</s>": 1, "<s>": 0}
    assert Tokenizer.load(tmp_path).conventions.ends == (1,)
    (tmp_path / "merges.txt").unlink()
    with pytest.raises(FileNotFoundError, match=r"merges\.txt"):
        Tokenizer.load(tmp_path / "vocab.json")


@pytest.mark.parametrize("name", KNOWN)
def test_files_of_tiktoken(name: str, tmp_path: Path, mixed: str, code: str) -> None:
    """A small vocabulary under each known name, whose pattern and special tokens it then has."""
    tiktoken = pytest.importorskip("tiktoken")
    trained = Tokenizer.train([mixed, code[:40_000]], 700, pattern="gpt4", special_tokens=[])
    ranks = {trained.token_bytes(number): number for number in range(len(trained))}
    path = tmp_path / f"{name}.tiktoken"
    path.write_bytes(b"".join(base64.b64encode(token) + b" %d\n" % rank for token, rank in ranks.items()))
    pattern, special = KNOWN[name]
    theirs = tiktoken.Encoding(name, pat_str=pattern, mergeable_ranks=ranks, special_tokens=special)
    ours = Tokenizer.load(path)
    for text in (mixed, code[40_000:90_000], "aaaaaaa", "  \n\n x"):
        assert ours.encode(text) == theirs.encode_ordinary(text)
    end = "a<|endoftext|>b"
    assert ours.encode(end, "all") == theirs.encode(end, allowed_special="all")
    with pytest.raises(FormatError, match="does not say how text is cut"):
        path.rename(tmp_path / "other.tiktoken")
        Tokenizer.load(tmp_path / "other.tiktoken")
    (tmp_path / f"{name}.tiktoken").write_bytes(b"IQ== 0\nIg== x\n")
    with pytest.raises(FormatError, match="line 2"):
        Tokenizer.load(tmp_path / f"{name}.tiktoken")


@given(st.lists(st.tuples(st.text("ab▁", min_size=1, max_size=4), st.floats(-9, 0)), max_size=12), st.text("ab▁"))
def test_merges_by_score_join_the_best_token_first(listed: list[tuple[str, float]], text: str) -> None:
    """Against the plain way: of all neighbours that make a token, join the pair whose token has the highest score."""
    scores = dict([("a", 0.0), ("b", 0.0), ("▁", 0.0), *((name, s) for name, s in listed if len(name) > 1)])
    names = list(scores)
    encoder = CharacterBPE({n: i for i, n in enumerate(names)}, merges_by_score(names, [scores[n] for n in names]))
    parts = list(text)
    while True:
        found = [
            (-scores[a + b], names.index(a + b), place)
            for place, (a, b) in enumerate(pairwise(parts))
            if a + b in scores
        ]
        if not found:
            break
        place = min(found)[2]
        parts[place : place + 2] = [parts[place] + parts[place + 1]]
    got = [names[i] for i in encoder.encode(text)]
    assert "".join(got) == text
    if not any(a + b == c + d and (a, b) != (c, d) for a, b in encoder.merges for c, d in encoder.merges):
        assert got == parts  # where a token can be made in two ways, their order decides


@pytest.mark.parametrize("name", STEPS)
def test_the_patterns_of_gguf_files_cut_as_the_library_does(name: str, mixed: str) -> None:
    """llama.cpp knows them by name; here each is a pre_tokenizer."""
    made = library.Tokenizer(library.models.BPE())
    contents = json.loads(made.to_str()) | {"pre_tokenizer": {"type": "Sequence", "pretokenizers": STEPS[name]}}
    theirs = library.Tokenizer.from_str(json.dumps(contents)).pre_tokenizer
    steps = read_steps(contents, byte_level=True)
    cut = [spell(chunk.encode()) for chunk in split(mixed, steps.patterns)]
    assert cut == [chunk for chunk, _ in theirs.pre_tokenize_str(mixed)]
