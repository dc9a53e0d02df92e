"""The file format: the `tokenizers` library, transformers and tiktoken give the same ids, and their files load here."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minirl.tokenizer import PATTERNS, Tokenizer
from minirl.tokenizer.huggingface import FormatError, spell, unspell

# Peers know the Unicode of their own version: letters added lately are left out
text_of_old_characters = st.text(st.characters(max_codepoint=0x2FFF, exclude_categories=("Cs", "Cn")), max_size=80)


@pytest.fixture(scope="module")
def tok(code: str, mixed: str) -> Tokenizer:
    return Tokenizer.train([code, mixed], 2000)


@pytest.fixture(scope="module")
def saved(tok: Tokenizer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("saved") / "tokenizer.json"
    tok.save(path)
    return path


@pytest.fixture(scope="module")
def theirs(saved: Path) -> Any:
    return pytest.importorskip("tokenizers").Tokenizer.from_file(str(saved))


class TestFile:
    def test_load_gives_back_what_was_saved(self, tok: Tokenizer, saved: Path, mixed: str) -> None:
        for path in (saved, saved.parent):
            loaded = Tokenizer.load(path)
            assert loaded.encode(mixed) == tok.encode(mixed)
            for attribute in ("merges", "special_tokens", "pattern"):
                assert getattr(loaded, attribute) == getattr(tok, attribute)

    @pytest.mark.parametrize("pattern", [*PATTERNS, r"\S+|\s+"])
    def test_patterns_are_kept(self, tmp_path: Path, mixed: str, pattern: str) -> None:
        tok = Tokenizer.train([mixed], 400, pattern=pattern)
        tok.save(tmp_path)
        assert Tokenizer.load(tmp_path).encode(mixed) == tok.encode(mixed)

    @given(st.binary())
    def test_spelling(self, token: bytes) -> None:
        name = spell(token)
        assert unspell(name) == token and (name.isprintable() or not token) and " " not in name

    def test_spelling_is_gpt2s(self) -> None:
        assert spell(b" the\n") == "ĠtheĊ"

    def test_a_failed_save_leaves_the_old_file(
        self, tok: Tokenizer, saved: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = saved.read_bytes()

        def fail(*arguments: Any, **options: Any) -> None:
            arguments[1].write("half")
            raise OSError("disk full")

        monkeypatch.setattr(json, "dump", fail)
        with pytest.raises(OSError, match="disk full"):
            tok.save(saved)
        assert saved.read_bytes() == before and list(saved.parent.iterdir()) == [saved]


class TestDamage:
    def change(self, saved: Path, tmp_path: Path, change: Any) -> Path:
        contents = json.loads(saved.read_text(encoding="utf-8"))
        change(contents)
        path = tmp_path / "changed.json"
        path.write_text(json.dumps(contents), encoding="utf-8")
        return path

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda c: c.pop("model"), "no tokenizer.json"),
            (lambda c: c["model"].pop("merges"), "no tokenizer.json"),
            (lambda c: c["model"].update(type="WordPiece"), "model of type 'WordPiece'"),
            (lambda c: c["model"].update(dropout=0.1), "dropout=0.1"),
            (lambda c: c["model"].update(byte_fallback=True), "byte_fallback=True"),
            (lambda c: c.update(normalizer={"type": "NFC"}), "normalizer 'NFC'"),
            (lambda c: c.update(pre_tokenizer={"type": "Whitespace"}), "pre_tokenizer 'Whitespace'"),
            (lambda c: c.update(pre_tokenizer=None), "in the place of ByteLevel"),
            (
                lambda c: c.update(pre_tokenizer={"type": "ByteLevel", "add_prefix_space": True}),
                "add_prefix_space=true",
            ),
            (lambda c: c["model"]["vocab"].pop("A"), "byte 0x41 has no token"),
            (lambda c: c["model"]["vocab"].update(A=66), "id 66 belongs to two tokens"),
            (lambda c: c["model"]["vocab"].update({"日": 5000}), "stands for no byte"),
            (lambda c: c["model"]["vocab"].update(zzzzqq=5000), "id 2000 has no token"),
            (lambda c: c["model"]["merges"].append(["zzzz", "qq"]), "needs the token 'zzzz'"),
            (lambda c: c["model"]["merges"].append("a b c"), "expected two tokens"),
            (lambda c: c["model"]["merges"].append(c["model"]["merges"][0]), "occurs twice"),
            (lambda c: c["added_tokens"][0].update(lstrip=True), "lstrip"),
            (lambda c: c["added_tokens"].append(c["added_tokens"][0]), "occurs twice"),
        ],
    )
    def test_what_is_wrong_is_said(self, saved: Path, tmp_path: Path, change: Any, message: str) -> None:
        path = self.change(saved, tmp_path, change)
        with pytest.raises(FormatError, match=message) as error:
            Tokenizer.load(path)
        assert str(path) in str(error.value)

    @pytest.mark.parametrize("contents", ["", "{", "[]", "3", "null", '{"model": 3}'])
    def test_no_tokenizer_at_all(self, tmp_path: Path, contents: str) -> None:
        (tmp_path / "x.json").write_text(contents)
        with pytest.raises(FormatError):
            Tokenizer.load(tmp_path / "x.json")

    def test_a_missing_file_names_the_command(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError, match=r"python -m minirl\.tokenizer train"):
            Tokenizer.load(tmp_path)


@pytest.mark.peers
class TestTokenizersLibrary:
    @given(text_of_old_characters)
    @settings(max_examples=300, deadline=None)
    def test_same_ids(self, tok: Tokenizer, theirs: Any, text: str) -> None:
        assert theirs.encode(text).ids == tok.encode(text)

    def test_same_ids_on_code(self, tok: Tokenizer, theirs: Any, code: str) -> None:
        ids = tok.encode(code)
        assert theirs.encode(code).ids == ids and theirs.decode(ids) == code

    @pytest.mark.parametrize("pattern", [*PATTERNS, r"\p{L}+|\s+"])
    def test_same_ids_for_every_pattern(self, tmp_path: Path, code: str, pattern: str) -> None:
        library = pytest.importorskip("tokenizers")
        tok = Tokenizer.train([code[:80_000]], 800, pattern=pattern)
        tok.save(tmp_path)
        theirs = library.Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
        text = code[80_000:] + " 1234567 it's IT'LL\r\n\r\n  x  \n "
        assert theirs.encode(text).ids == tok.encode(text)

    def test_special_tokens(self, tok: Tokenizer, theirs: Any) -> None:
        text = "a<|end|> b<|pad|>"
        assert theirs.encode(text).ids == tok.encode(text, "all")
        assert theirs.decode(tok.encode(text, "all"), skip_special_tokens=True) == "a b"

    def test_same_ids_on_real_text(self, tok: Tokenizer, theirs: Any, some_real_text: list[str]) -> None:
        for text in some_real_text:
            assert theirs.encode(text[:100_000]).ids == tok.encode(text[:100_000])

    @pytest.mark.slow
    def test_same_ids_on_all_real_text(self, tok: Tokenizer, theirs: Any, real_texts: list[str]) -> None:
        for text in real_texts:
            assert theirs.encode(text).ids == tok.encode(text)

    def test_transformers(self, tok: Tokenizer, saved: Path, code: str) -> None:
        fast = pytest.importorskip("transformers").PreTrainedTokenizerFast(tokenizer_file=str(saved))
        ids = tok.encode(code[:20_000])
        assert fast(code[:20_000])["input_ids"] == ids and fast.decode(ids) == code[:20_000] and len(fast) == len(tok)


@pytest.mark.peers
class TestFilesFromElsewhere:
    def test_gpt2_style(self, tmp_path: Path, code: str, mixed: str) -> None:
        library = pytest.importorskip("tokenizers")
        theirs = library.Tokenizer(library.models.BPE())
        theirs.pre_tokenizer = library.pre_tokenizers.ByteLevel(add_prefix_space=False)
        theirs.decoder = library.decoders.ByteLevel()
        alphabet = library.pre_tokenizers.ByteLevel.alphabet()
        trainer = library.trainers.BpeTrainer(
            vocab_size=1200, special_tokens=["<|endoftext|>"], initial_alphabet=alphabet, show_progress=False
        )
        theirs.train_from_iterator([code, mixed], trainer)
        theirs.save(str(tmp_path / "tokenizer.json"))
        tok = Tokenizer.load(tmp_path)
        assert tok.pattern == PATTERNS["gpt2"] and tok.special_tokens == {"<|endoftext|>": 0}
        for text in (code, mixed):
            assert tok.encode(text) == theirs.encode(text).ids and tok.decode(tok.encode(text)) == text

    def test_older_files_spell_merges_as_one_string(
        self, tok: Tokenizer, saved: Path, tmp_path: Path, mixed: str
    ) -> None:
        contents = json.loads(saved.read_text(encoding="utf-8"))
        contents["model"]["merges"] = [" ".join(merge) for merge in contents["model"]["merges"]]
        (tmp_path / "old.json").write_text(json.dumps(contents), encoding="utf-8")
        assert Tokenizer.load(tmp_path / "old.json").encode(mixed) == tok.encode(mixed)

    def test_llama3_style(self, tok: Tokenizer, saved: Path, tmp_path: Path, code: str) -> None:
        """ignore_merges: a chunk in the vocabulary is one token, here even "xyzzyqq", which no merge makes."""
        library = pytest.importorskip("tokenizers")
        contents = json.loads(saved.read_text(encoding="utf-8"))
        contents["model"]["ignore_merges"] = True
        contents["model"]["vocab"].update({"xyzzyqq": 2000, "averyverylongtokenindeed": 2001})
        contents["post_processor"] = {
            "type": "ByteLevel",
            "add_prefix_space": True,
            "trim_offsets": False,
            "use_regex": True,
        }
        path = tmp_path / "llama.json"
        path.write_text(json.dumps(contents), encoding="utf-8")
        theirs, loaded = library.Tokenizer.from_file(str(path)), Tokenizer.load(path)
        text = "xyzzyqq\nxyzzyqqq\naveryverylongtokenindeed\naveryverylongtokenindeedx " + code[:50_000]
        ids = loaded.encode(text)
        assert ids == theirs.encode(text).ids and {2000, 2001} <= set(ids)
        loaded.save(tmp_path / "again.json")
        assert Tokenizer.load(tmp_path / "again.json").encode(text) == ids
        with pytest.raises(ValueError, match="not in the order of its ids"):
            loaded.to_tiktoken()


@pytest.mark.peers
class TestTiktoken:
    @pytest.mark.parametrize("pattern", [*PATTERNS, r"[a-z]+"])
    def test_same_ids(self, code: str, mixed: str, pattern: str) -> None:
        pytest.importorskip("tiktoken")
        tok = Tokenizer.train([code[:80_000], mixed], 800, pattern=pattern)
        theirs = tok.to_tiktoken()
        for text in (mixed, code):
            assert theirs.encode_ordinary(text) == tok.encode(text)
        assert theirs.encode("a<|end|>", allowed_special="all") == tok.encode("a<|end|>", "all")
        assert theirs.n_vocab == len(tok)

    def test_same_ids_on_real_text(self, tok: Tokenizer, real_texts: list[str]) -> None:
        pytest.importorskip("tiktoken")
        theirs = tok.to_tiktoken()
        for text in real_texts:
            assert theirs.encode_ordinary(text[:300_000]) == tok.encode(text[:300_000])
