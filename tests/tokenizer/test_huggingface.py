"""The file format: the `tokenizers` library, transformers and tiktoken give the same ids, and their files load here."""

import copy
import json
import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minirl import tasks
from minirl.rl.mdp import Environment
from minirl.tokenizer import PATTERNS, Tokenizer, native
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


def elsewhere(saved: Path, path: Path, special: dict[str, int], added: dict[str, int], **fields: Any) -> Path:
    """A file as other programs order it: special tokens first, then the words, each with its id in the vocabulary."""
    contents = json.loads(saved.read_text(encoding="utf-8"))
    words = [name for name, _ in sorted(contents["model"]["vocab"].items(), key=lambda item: item[1])]
    places = sorted((special | added).items(), key=lambda item: item[1])
    for name, place in places:
        words.insert(place, name)
    contents["model"]["vocab"] = {name: number for number, name in enumerate(words)}
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    contents["added_tokens"] = [
        {"id": number, "content": name, **flags, "special": name in special} for name, number in places
    ]
    path.write_text(json.dumps(contents | fields), encoding="utf-8")
    return path


class TestOrderAndKinds:
    """Special tokens that stand first or between words, and added tokens that are not special."""

    SPECIAL, ADDED = {"<s>": 0, "</s>": 1, "<mid>": 700}, {"tennis ball": 2, "é🎾": 500}
    TEXT = "<s>Roger has 5 tennis balls<mid>, é🎾tennis ball</s> tennis  ball"

    def test_ids_and_kinds_survive(self, saved: Path, tmp_path: Path) -> None:
        tok = Tokenizer.load(elsewhere(saved, tmp_path / "first.json", self.SPECIAL, self.ADDED))
        assert tok.special_tokens == self.SPECIAL and tok.added_tokens == self.ADDED
        tok.save(tmp_path / "second.json")
        again = Tokenizer.load(tmp_path / "second.json")
        again.save(tmp_path / "third.json")
        assert (tmp_path / "second.json").read_bytes() == (tmp_path / "third.json").read_bytes()
        assert again.special_tokens == tok.special_tokens and again.added_tokens == tok.added_tokens
        assert [again.token_bytes(i) for i in range(len(again))] == [tok.token_bytes(i) for i in range(len(tok))]
        for allowed in ((), "all", ["<s>"]):
            assert again.encode(self.TEXT, allowed) == tok.encode(self.TEXT, allowed)

    def test_added_tokens_are_recognised_in_every_text_and_never_left_out(self, saved: Path, tmp_path: Path) -> None:
        tok = Tokenizer.load(elsewhere(saved, tmp_path / "first.json", self.SPECIAL, self.ADDED))
        ids = tok.encode(self.TEXT)
        assert ids.count(2) == 2 and ids.count(500) == 1 and not {0, 1, 700} & set(ids)
        assert tok.decode(ids) == self.TEXT == tok.decode(ids, skip_special=True)
        assert tok.encode_batch([self.TEXT]) == [ids]
        (tmp_path / "text").write_text(self.TEXT, encoding="utf-8")
        assert [i for block in tok.encode_file(tmp_path / "text") for i in block.tolist()] == ids
        everything = tok.encode(self.TEXT, "all")
        assert tok.decode(everything) == self.TEXT
        assert tok.decode(everything, skip_special=True) == "Roger has 5 tennis balls, é🎾tennis ball tennis  ball"
        with pytest.raises(ValueError, match="is no special token here"):
            tok.encode("x", ["tennis ball"])
        with pytest.raises(ValueError, match="would not be recognised"):
            tok.to_tiktoken()

    def test_fields_that_change_nothing_are_kept(self, saved: Path, tmp_path: Path) -> None:
        template = {"type": "TemplateProcessing", "single": [], "pair": [], "special_tokens": {}}
        path = elsewhere(saved, tmp_path / "first.json", self.SPECIAL, self.ADDED, post_processor=template)
        contents = json.loads(path.read_text(encoding="utf-8"))
        contents["model"]["unk_token"] = "<s>"
        for token in contents["added_tokens"]:
            token["normalized"] = True
        path.write_text(json.dumps(contents), encoding="utf-8")
        Tokenizer.load(path).save(tmp_path / "second.json")
        second = json.loads((tmp_path / "second.json").read_text(encoding="utf-8"))
        for part in ("added_tokens", "post_processor", "pre_tokenizer"):
            assert second[part] == contents[part]
        assert second["model"] == contents["model"]

    def test_a_special_token_with_the_name_of_a_word(self) -> None:
        """In the file the names of special tokens and of words are keys of one vocabulary."""
        for name in ("e", "Ġ"):
            with pytest.raises(ValueError, match=f"special token '{name}' has the name of an ordinary token"):
                Tokenizer.train(["abc"], 257, special_tokens=[name])

    @pytest.mark.peers
    @pytest.mark.parametrize("normalized", [False, True])
    def test_the_tokenizers_library_gives_the_same_ids(self, saved: Path, tmp_path: Path, normalized: bool) -> None:
        library = pytest.importorskip("tokenizers")
        path = elsewhere(saved, tmp_path / "first.json", self.SPECIAL, self.ADDED)
        contents = json.loads(path.read_text(encoding="utf-8"))
        for token in contents["added_tokens"]:
            token["normalized"] = normalized
        path.write_text(json.dumps(contents), encoding="utf-8")
        tok = Tokenizer.load(path)
        tok.save(tmp_path / "second.json")
        for read in (path, tmp_path / "second.json"):
            theirs = library.Tokenizer.from_file(str(read))
            for text in (self.TEXT, "tennis balltennis ball<s", "<<s>>", "é🎾" * 3, ""):
                ids = tok.encode(text, "all")
                assert theirs.encode(text).ids == ids
                assert theirs.decode(ids, skip_special_tokens=False) == tok.decode(ids)
                assert theirs.decode(ids, skip_special_tokens=True) == tok.decode(ids, skip_special=True)

    @pytest.mark.peers
    def test_special_tokens_that_minirl_trained_stand_last_there_too(self, saved: Path, tok: Tokenizer) -> None:
        theirs = pytest.importorskip("tokenizers").Tokenizer.from_file(str(saved))
        assert {name: theirs.token_to_id(name) for name in tok.special_tokens} == tok.special_tokens


class TestCopies:
    """Processes and copies: a tokenizer that has encoded holds an encoder in C, which is made again in the copy."""

    def test_pickle_and_deepcopy(self, tok: Tokenizer, mixed: str) -> None:
        ids = tok.encode(mixed, "all")
        for copied in (pickle.loads(pickle.dumps(tok)), copy.deepcopy(tok), copy.copy(tok)):
            assert copied.encode(mixed, "all") == ids and copied.decode(ids) == mixed
        assert tok.encode(mixed, "all") == ids

    def test_in_the_environment_of_a_task_and_in_another_process(self, tok: Tokenizer) -> None:
        tok.encode("warm")
        task = tasks.get("arithmetic")
        environment = copy.deepcopy(Environment(tok, task))
        assert environment.reset(task.problems("train", 1)[0]).step == 0
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            assert list(pool.map(tok.encode, ["Roger", "5 balls"])) == [tok.encode("Roger"), tok.encode("5 balls")]

    @pytest.mark.skipif(not native.available(), reason="the C code is not built")
    def test_what_lives_in_c_says_so(self, tok: Tokenizer) -> None:
        tok.encode("warm")
        for held in (tok._encoder, native.Trainer()):
            for copied in (copy.copy, copy.deepcopy, pickle.dumps):
                with pytest.raises(TypeError, match="cannot be copied or pickled"):
                    copied(held)


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
            (lambda c: c["model"].update(type="WordPiece"), "model.type is 'WordPiece'"),
            (lambda c: c["model"].update(dropout=0.1), "model.dropout is 0.1"),
            (lambda c: c["model"].update(byte_fallback=True), "pre_tokenizer is {'behavior'"),
            (lambda c: c["model"].update(byte_fallback=1), "model.byte_fallback is 1"),
            (lambda c: c.update(normalizer={"type": "Lowercase"}), "normalizer is {'type': 'Lowercase'}"),
            (lambda c: c.update(normalizer={"type": "Prepend", "prepend": "▁"}), "the vocabulary is byte-level"),
            (lambda c: c.update(pre_tokenizer={"type": "Whitespace"}), "pre_tokenizer is 'Whitespace'"),
            (
                lambda c: c["pre_tokenizer"]["pretokenizers"].insert(0, {"type": "Whitespace"}),
                "pre_tokenizer is {'type': 'Whitespace'}",
            ),
            (lambda c: c.update(pre_tokenizer=None), "in the place of ByteLevel"),
            (
                lambda c: c.update(pre_tokenizer={"type": "ByteLevel", "add_prefix_space": True}),
                "add_prefix_space=true",
            ),
            (lambda c: c["model"]["vocab"].update(A=66), "id 66 belongs to two tokens"),
            (lambda c: c["model"]["vocab"].update({"日": 5000}), "stands for no byte"),
            (lambda c: c["model"]["vocab"].update(zzzzqq=1 << 20), "minirl reads at most 1,048,576 tokens"),
            (lambda c: c["model"]["merges"].append(["zzzz", "qq"]), "needs the token 'zzzz'"),
            (lambda c: c["model"]["merges"].append("a b c"), "expected two tokens"),
            (lambda c: c["model"]["merges"].append(c["model"]["merges"][0]), "occurs twice"),
            *(
                (lambda c, flag=flag: c["added_tokens"][0].update({flag: 1}), rf"added_tokens\[0\].{flag} is 1")
                for flag in ("lstrip", "rstrip", "single_word", "normalized")
            ),
            (lambda c: c["added_tokens"][0].update(unheard_of=True), "'<.end.>': unheard_of is True"),
            (
                lambda c: c["added_tokens"][0].update(special=1),
                r"added_tokens\[0\].special is 1; expected true or false",
            ),
            (lambda c: c["added_tokens"][0].update(id=True), r"added_tokens\[0\].id is True; expected a whole number"),
            (lambda c: c["added_tokens"][0].update(content=""), "expected some text"),
            (lambda c: c["added_tokens"][0].update(content="\ud800"), "expected some text"),
            (lambda c: c["added_tokens"][0].update(content="A"), "gives 'A' the id 65, and added_tokens the id 1994"),
            (lambda c: c.update(truncation={"max_length": 5}), "truncation is {'max_length': 5}"),
            (lambda c: c.update(padding={"length": 5}), "padding is"),
            (lambda c: c.update(decoder={"type": "WordPiece"}), "decoder.type is 'WordPiece'"),
            (lambda c: c.update(post_processor={"type": "Own"}), "post_processor.type is 'Own'"),
            (lambda c: c.update(post_processor={"type": "Sequence", "x": "\ud800"}), "lone surrogates"),
            (lambda c: c.update(version="2.0"), "version is '2.0'"),
            (lambda c: c.update(unheard_of=1), "unheard_of is 1"),
            (lambda c: c["model"].update(unheard_of=1), "model.unheard_of is 1"),
            (lambda c: c["model"].update(vocab=[]), r"model.vocab is \[\]; expected an object"),
            (lambda c: c["model"].update(vocab={}), "model.vocab is empty"),
            (lambda c: c["model"]["vocab"].update(A=65.0), r"model.vocab\['A'\]: the id is 65.0"),
            (lambda c: c["model"]["vocab"].update(A=-1), "the id is -1"),
            (lambda c: c["model"]["vocab"].update(A=10**1000), "minirl reads at most"),
            (lambda c: c["model"].update(merges={}), "model.merges is {}; expected a list"),
            (lambda c: c["model"]["merges"].append([1, 2]), "expected two tokens"),
            (lambda c: c["pre_tokenizer"]["pretokenizers"][0].update(invert=True), "Split.invert is True"),
            (lambda c: c["pre_tokenizer"]["pretokenizers"][0]["pattern"].update(Regex="("), "Regex: "),
            (lambda c: c["pre_tokenizer"]["pretokenizers"].append(3), r"pretokenizers\[2\] is 3; expected an object"),
            (lambda c: c["added_tokens"].append(c["added_tokens"][0]), "occurs twice"),
        ],
    )
    def test_what_is_wrong_is_said(self, saved: Path, tmp_path: Path, change: Any, message: str) -> None:
        path = self.change(saved, tmp_path, change)
        with pytest.raises(FormatError, match=message) as error:
            Tokenizer.load(path)
        assert str(path) in str(error.value)

    @pytest.mark.parametrize(
        ("contents", "message"),
        [
            (b"", "is not JSON"),
            (b"{", "is not JSON"),
            (b"[]", "expected an object"),
            (b"3", "expected an object"),
            (b"null", "expected an object"),
            (b'{"model": 3}', "model is 3; expected an object"),
            (b'\xef\xbb\xbf{"model": 3}', "byte order mark"),
            (b'{"model": "\xff"}', "byte 0xff at offset 11 is not UTF-8"),
            (b'{"model": NaN}', "NaN"),
            (b'{"model": 1, "model": 2}', "the name 'model' stands twice"),
            (b"[" * 100_000, "too deep"),
            (b'{"model": ' + b"9" * 10_000 + b"}", "is not JSON"),
        ],
    )
    def test_no_tokenizer_at_all(self, tmp_path: Path, contents: bytes, message: str) -> None:
        (tmp_path / "x.json").write_bytes(contents)
        with pytest.raises(FormatError, match=message) as error:
            Tokenizer.load(tmp_path / "x.json")
        assert "x.json" in str(error.value) and len(str(error.value)) < 2000

    def test_a_missing_file_names_the_command(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError, match=r"python -m minirl\.tokenizer train"):
            Tokenizer.load(tmp_path)


@pytest.mark.peers
class TestTokenizersLibrary:
    @given(text_of_old_characters)
    @settings(max_examples=300, deadline=None)
    def test_same_ids(self, tok: Tokenizer, theirs: Any, text: str) -> None:
        """Theirs always recognises special tokens in text, which is why the default here does not."""
        assert theirs.encode(text).ids == tok.encode(text, "all")

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
