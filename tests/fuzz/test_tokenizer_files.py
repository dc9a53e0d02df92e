"""Damaged tokenizer.json files: each is refused with a short FormatError that names the file, or is read and works."""

import json
import random
from pathlib import Path

import pytest
from mutations import damaged_bytes, damaged_value, to_bytes

from minirl.tokenizer import Tokenizer
from minirl.tokenizer.huggingface import FormatError

TEXT = "Roger has 5 tennis balls. He buys 2 more cans of tennis balls.<|end|>"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("whole") / "tokenizer.json"
    Tokenizer.train([TEXT], 290, special_tokens=["<|end|>", "<|pad|>"]).save(path)
    return path.read_bytes()


def check(data: bytes, path: Path) -> bool:
    """Whether the file was refused."""
    path.write_bytes(data)
    try:
        tok = Tokenizer.load(path)
    except FormatError as error:
        said = str(error)
        assert str(path) in said and len(said) - len(str(path)) < 2000 and "\n" not in said, said
        return True
    assert all(0 <= number < len(tok) for number in tok.encode(TEXT))
    assert tok.decode(tok.encode(TEXT, "all")) == TEXT
    tok.save(path)
    again = Tokenizer.load(path)
    assert again.encode(TEXT, "all") == tok.encode(TEXT, "all")
    assert again.special_tokens == tok.special_tokens and again.added_tokens == tok.added_tokens
    return False


def fuzz(whole: bytes, folder: Path, seeds: range) -> None:
    contents = json.loads(whole)
    refused = 0
    for seed in seeds:
        rng = random.Random(seed)
        data = to_bytes(damaged_value(contents, rng)) if seed % 2 else damaged_bytes(whole, rng)
        try:
            refused += check(data, folder / "damaged.json")
        except BaseException:
            print(f"seed {seed}")
            raise
    assert 0.3 < refused / len(seeds) < 0.98  # most damage is damage, and some files are still whole


def test_damaged_files(whole: bytes, tmp_path: Path) -> None:
    fuzz(whole, tmp_path, range(500))


@pytest.mark.slow
def test_many_damaged_files(whole: bytes, tmp_path: Path) -> None:
    fuzz(whole, tmp_path, range(10_000, 30_000))
