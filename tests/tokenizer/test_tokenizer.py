"""The Tokenizer class: nothing is lost, nothing is injected, files stream, and bad input is refused by name."""

import json
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minirl.tokenizer import DEFAULT_SPECIAL_TOKENS, Tokenizer

ROGER = "Roger has 5 tennis balls. He buys 2 more cans of tennis balls."


@pytest.fixture(scope="module")
def tok(code: str, mixed: str) -> Tokenizer:
    return Tokenizer.train([code, mixed, ROGER], 2000)


class TestRoundTrip:
    @given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
    @settings(max_examples=400, deadline=None)
    def test_every_text(self, tok: Tokenizer, text: str) -> None:
        assert tok.decode(tok.encode(text)) == text

    @given(st.text(st.one_of(st.characters(), st.sampled_from("\ud83d\ude00\udfff é\ufffd👩")), max_size=40))
    @settings(max_examples=300, deadline=None)
    def test_every_string_with_lone_surrogates(self, tok: Tokenizer, text: str) -> None:
        """They come back where the caller asks for them, and are U+FFFD where the text is printed or saved."""
        ids = tok.encode(text)
        assert tok.decode(ids, errors="lossless") == text
        assert tok.decode(ids) == text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")

    @given(st.binary(max_size=60))
    @settings(max_examples=300, deadline=None)
    def test_any_bytes_decode_to_what_can_be_printed_and_saved(self, tok: Tokenizer, data: bytes) -> None:
        assert tok.decode_bytes(data) == data
        text = tok.decode(data)
        assert text == data.decode("utf-8", "replace")
        assert json.loads(json.dumps(text, ensure_ascii=False).encode()) == text

    @pytest.mark.parametrize(
        "data", [b"\xed\xa0\x80", b"a\xed\xbf\xbfb", b"\xed\xa0\xbd\xed\xb8\x80", b"\xed\xa0", b"\xed"]
    )
    def test_encoded_surrogates_are_no_text(self, tok: Tokenizer, data: bytes) -> None:
        """`decode` and the stream follow one rule, so a model that writes these bytes cannot stop a run."""
        decoder = tok.stream_decoder()
        text = tok.decode(data)
        assert "\ufffd" in text and text.encode()
        assert text == "".join(map(decoder.push, data)) + decoder.finish()

    def test_invalid_bytes(self, tok: Tokenizer) -> None:
        assert tok.decode([0x61, 0xFF, 0x62]) == "a\ufffdb"
        with pytest.raises(UnicodeDecodeError):
            tok.decode([0xFF], errors="strict")
        with pytest.raises(ValueError, match="expected 'lossless', 'replace' or 'strict'"):
            tok.decode([0x61], errors="ignore")

    def test_empty(self, tok: Tokenizer) -> None:
        assert tok.encode("") == [] and tok.decode([]) == "" and tok.encode_batch([]) == []
        assert tok.encode_array("").dtype == np.int32 and tok.encode_batch(["", "a", ""])[0] == []

    def test_lists_and_arrays(self, tok: Tokenizer) -> None:
        ids = tok.encode(ROGER)
        assert all(type(number) is int for number in ids)
        array = tok.encode_array(ROGER)
        assert array.dtype == np.int32 and array.flags.c_contiguous and array.tolist() == ids
        assert tok.decode(array) == tok.decode(iter(ids)) == ROGER


class TestBatch:
    @pytest.mark.parametrize("threads", [1, 2, 5])
    def test_same_as_one_by_one(self, tok: Tokenizer, code: str, mixed: str, threads: int) -> None:
        texts = [mixed, "", code * 6, "a", *code.splitlines(), ""]
        expected = [tok.encode(text) for text in texts]
        assert tok.encode_batch(texts, threads=threads) == expected
        arrays = tok.encode_batch_arrays(iter(texts), threads=threads)
        assert [array.tolist() for array in arrays] == expected and {array.dtype for array in arrays} == {
            np.dtype("int32")
        }

    def test_special_tokens(self, tok: Tokenizer) -> None:
        texts = ["a<|end|>b", "<|end|><|pad|>", "none", ""]
        assert tok.encode_batch(texts, allowed_special="all") == [tok.encode(text, "all") for text in texts]
        assert tok.encode_batch(texts) == [tok.encode(text) for text in texts]

    def test_several_python_threads(self, tok: Tokenizer, code: str) -> None:
        texts = [code[start : start + 20_000] for start in range(0, 200_000, 20_000)] * 4
        with ThreadPoolExecutor(6) as pool:
            assert list(pool.map(tok.encode, texts)) == [tok.encode(text) for text in texts]


class TestSpecialTokens:
    def test_text_cannot_inject_one(self, tok: Tokenizer) -> None:
        special = set(tok.special_tokens.values())
        for name in DEFAULT_SPECIAL_TOKENS:
            ids = tok.encode(f"please {name} now")
            assert not special & set(ids) and tok.decode(ids) == f"please {name} now"

    def test_allowed_by_name_or_all(self, tok: Tokenizer) -> None:
        end, pad = tok.special_tokens["<|end|>"], tok.special_tokens["<|pad|>"]
        plain = tok.encode("<|pad|>")
        assert tok.encode("a<|end|><|pad|>", ["<|end|>"]) == [*tok.encode("a"), end, *plain]
        assert tok.encode("<|end|><|pad|>", "all") == [end, pad]

    def test_the_longest_wins(self) -> None:
        tok = Tokenizer.train([ROGER], 256 + 3, special_tokens=["<a", "<a>", "<a>>"])
        assert tok.encode("<a>>><a>", "all") == [258, ord(">"), 257]

    @given(
        st.lists(
            st.sampled_from(["<|end|>", "<|pad|>", "<|en", "d|>", "<|", "|>", "Roger has", " ", "é🎾", "\n"]),
            max_size=12,
        )
    )
    @settings(max_examples=200, deadline=None)
    def test_the_text_between_them_is_encoded_as_if_alone(self, tok: Tokenizer, pieces: list[str]) -> None:
        text = "".join(pieces)
        between = [half.split("<|pad|>") for half in text.split("<|end|>")]
        end, pad = tok.special_tokens["<|end|>"], tok.special_tokens["<|pad|>"]
        expected: list[int] = []
        for i, half in enumerate(between):
            expected += [end] * (i > 0)
            for j, plain in enumerate(half):
                expected += [pad] * (j > 0) + tok.encode(plain)
        assert tok.encode(text, "all") == tok.encode_batch([text], allowed_special="all")[0] == expected

    def test_any_number_of_them_takes_one_call_of_the_encoder(
        self, tok: Tokenizer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A call for each would make a text of special tokens a thousand times slower than ordinary text."""
        calls = []
        encode = tok._encode_pieces

        def counted(pieces: Sequence[str], threads: int) -> tuple[np.ndarray, np.ndarray]:
            calls.append(len(pieces))
            return encode(pieces, threads)

        monkeypatch.setattr(tok, "_encode_pieces", counted)
        assert tok.encode("<|end|>" * 5000, "all") == [tok.special_tokens["<|end|>"]] * 5000
        assert tok.encode_batch(["a<|end|>" * 5000], allowed_special="all")[0] == tok.encode("a<|end|>", "all") * 5000
        assert len(calls) == 3

    def test_many_different_ones(self) -> None:
        names = [f"<|reserved_{i}|>" for i in range(1000)]
        tok = Tokenizer.train([ROGER], 1256, special_tokens=names)
        assert tok.encode("".join(names), "all") == list(range(256, 1256))
        assert tok.encode("<|reserved_" * 3, "all") == tok.encode("<|reserved_" * 3)

    def test_ids_follow_the_merges(self, tok: Tokenizer) -> None:
        assert list(tok.special_tokens.values()) == list(range(2000 - len(DEFAULT_SPECIAL_TOKENS), 2000))
        assert tok.token_bytes(tok.special_tokens["<|end|>"]) == b"<|end|>"

    def test_skip_special(self, tok: Tokenizer) -> None:
        ids = tok.encode("Answer: 11<|end|><|pad|>", "all")
        assert tok.decode(ids) == "Answer: 11<|end|><|pad|>"
        assert tok.decode(ids, skip_special=True) == "Answer: 11"

    def test_they_part_the_text_in_training(self) -> None:
        with_mark = Tokenizer.train(["ab<|end|>cd" * 50], 256 + 2 + 1, special_tokens=["<|end|>"])
        assert set(with_mark.merges) == {(b"a", b"b"), (b"c", b"d")}

    def test_bad_ones(self, tok: Tokenizer) -> None:
        with pytest.raises(ValueError, match="'<x>' is given 2 times"):
            Tokenizer.train([ROGER], 300, special_tokens=["<x>", "<y>", "<x>"])
        with pytest.raises(ValueError, match="lone surrogate"):
            Tokenizer.train([ROGER], 300, special_tokens=["\ud800"])
        with pytest.raises(TypeError, match="special token 5 is a int"):
            Tokenizer.train([ROGER], 300, special_tokens=[5])  # type: ignore[list-item]
        with pytest.raises(ValueError, match="empty string"):
            Tokenizer.train([ROGER], 300, special_tokens=[""])
        with pytest.raises(TypeError, match="expected a list of strings"):
            Tokenizer.train([ROGER], 300, special_tokens="<x>")
        with pytest.raises(ValueError, match="'<nope>' is no special token"):
            tok.encode("x", ["<nope>"])
        with pytest.raises(TypeError, match="expected 'all' or a collection"):
            tok.encode("x", "<|end|>")


class TestTraining:
    def test_bad_input(self) -> None:
        with pytest.raises(ValueError, match="vocab_size=261 is too small: 256 bytes and 6 special tokens need 262"):
            Tokenizer.train([ROGER], 261)
        for bad in (300.0, "300", None, True):
            with pytest.raises(TypeError, match=f"vocab_size is {bad!r}; expected a whole number"):
                Tokenizer.train([ROGER], bad)  # type: ignore[arg-type]
        for bad in (10**12, 10**5000):
            with pytest.raises(ValueError, match="at most 1,048,576 is possible"):
                Tokenizer.train([ROGER], bad)
        with pytest.raises(ValueError, match="vocab_size=-5 is too small"):
            Tokenizer.train([ROGER], -5)
        assert len(Tokenizer.train([ROGER], np.int64(264))) == 264  # type: ignore[arg-type]
        for empty in ([], ["", ""], ["<|end|>"]):
            with pytest.raises(ValueError, match="nothing to learn from"):
                Tokenizer.train(empty, 300)
        with pytest.raises(TypeError, match="texts is one string"):
            Tokenizer.train(ROGER, 300)
        with pytest.raises(TypeError, match="expected a str, not bytes"):
            Tokenizer.train([b"abc"], 300)  # type: ignore[list-item]

    def test_bytes_alone(self) -> None:
        tok = Tokenizer.train([ROGER], 262)
        assert tok.merges == [] and tok.encode("é") == [0xC3, 0xA9] and len(tok) == tok.vocab_size == 262

    def test_a_short_text_gives_a_small_vocabulary_and_a_warning(self) -> None:
        with pytest.warns(UserWarning, match="after 2 merges no pair is left"):
            tok = Tokenizer.train(["abc"], 300, special_tokens=[])
        assert tok.vocab_size == 258

    def test_files_give_what_their_text_gives(self, tmp_path: Path, code: str, mixed: str) -> None:
        paths = [tmp_path / "a.txt", tmp_path / "b.txt"]
        paths[0].write_bytes((code * 8).encode())  # more than a block
        paths[1].write_bytes((mixed + "<|end|>" + mixed).encode())
        expected = Tokenizer.train([code * 8, mixed + "<|end|>" + mixed], 1000)
        assert Tokenizer.train_files(paths, 1000).merges == expected.merges

    def test_a_file_that_is_not_utf8(self, tmp_path: Path) -> None:
        path = tmp_path / "latin1.txt"
        path.write_bytes("café café".encode("latin-1"))
        with pytest.raises(ValueError, match=r"latin1.txt: byte 0xe9 at offset 3 \(line 1\)"):
            Tokenizer.train_files([path], 263)
        assert Tokenizer.train_files([path], 263, errors="replace").merges
        with pytest.raises(TypeError, match="one path"):
            Tokenizer.train_files(path, 263)  # type: ignore[arg-type]

    def test_progress(self, code: str) -> None:
        calls: list[tuple[str, int, int | None]] = []
        Tokenizer.train([code], 1500, progress=lambda *call: calls.append(call))
        assert calls[0] == ("reading", len(code), None) and calls[-1] == ("merging", 1238, 1238)


class TestStreams:
    def test_a_file_in_blocks(self, tok: Tokenizer, tmp_path: Path, code: str, mixed: str) -> None:
        text = (mixed + code) * 12
        path = tmp_path / "text"
        path.write_bytes(text.encode())
        blocks = list(tok.encode_file(path))
        assert len(blocks) > 2 and np.concatenate(blocks).tolist() == tok.encode(text)

    def test_a_file_with_special_tokens(self, tok: Tokenizer, tmp_path: Path) -> None:
        text = "some words<|end|>" * 200_000
        path = tmp_path / "text"
        path.write_bytes(text.encode())
        blocks = list(tok.encode_file(path, allowed_special="all"))
        assert len(blocks) > 2 and np.array_equal(np.concatenate(blocks), tok.encode_array(text, "all"))

    @pytest.mark.skipif(sys.platform != "linux", reason="measures memory as Linux reports it")
    def test_memory_stays_bounded(self, tok: Tokenizer, tmp_path: Path, code: str) -> None:
        """Under 50 MB above the start, for a file of 60 MB."""
        path = tmp_path / "text"
        with path.open("wb") as file:
            while file.tell() < 60e6:
                file.write(code.encode())
        tok.save(tmp_path)
        program = (
            "import resource, sys; from minirl.tokenizer import Tokenizer\n"
            "tok = Tokenizer.load(sys.argv[1]); tok.encode('warm'); import regex\n"
            "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
            "before = peak(); n = sum(map(len, tok.encode_file(sys.argv[2]))); print(n, peak() - before)"
        )
        command = [sys.executable, "-c", program, str(tmp_path), str(path)]
        n, kilobytes = map(int, subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
        assert n > 5e6 and kilobytes < 50_000

    @given(st.text(max_size=60))
    @settings(max_examples=200, deadline=None)
    def test_decoding_one_token_at_a_time(self, tok: Tokenizer, text: str) -> None:
        decoder = tok.stream_decoder()
        pieces = [decoder.push(number) for number in tok.encode(text)]
        assert "".join(pieces) + decoder.finish() == text

    def test_incomplete_characters_are_held_back(self, tok: Tokenizer) -> None:
        decoder = tok.stream_decoder(skip_special=True)
        assert [decoder.push(byte) for byte in "🎾".encode()] == ["", "", "", "🎾"]
        assert decoder.push(tok.special_tokens["<|end|>"]) == ""
        assert decoder.push(0xF0) == "" and decoder.finish() == "\ufffd"
        assert decoder.push(0x61) == "a" and decoder.finish() == ""
        assert tok.stream_decoder().push(tok.special_tokens["<|end|>"]) == "<|end|>"

    @given(st.binary(max_size=30))
    @settings(max_examples=200, deadline=None)
    def test_what_is_streamed_can_be_printed(self, tok: Tokenizer, data: bytes) -> None:
        decoder = tok.stream_decoder()
        text = "".join(map(decoder.push, data)) + decoder.finish()
        assert text == data.decode("utf-8", "replace")
        text.encode()
        half = len(data) // 2
        assert decoder.push_all(data[:half]) + decoder.push_all(data[half:]) + decoder.finish() == text


class TestVocabulary:
    def test_token_bytes(self, tok: Tokenizer) -> None:
        assert tok.token_bytes(0x41) == b"A"
        left, right = tok.merges[0]
        assert tok.token_bytes(256) == left + right
        for bad in (-1, len(tok), 10**9, 10**30, 10**5000):
            with pytest.raises(IndexError, match="outside the vocabulary, 0 to 1999"):
                tok.token_bytes(bad)
            with pytest.raises(IndexError, match="outside the vocabulary"):
                tok.decode([0x41, bad])

    def test_repr(self, tok: Tokenizer) -> None:
        assert repr(tok) == "Tokenizer(2000 tokens: 1738 merges, 6 special; pattern 'gpt4-digits')"

    def test_wrong_types(self, tok: Tokenizer) -> None:
        with pytest.raises(TypeError, match="expected a str, not bytes"):
            tok.encode(b"abc")  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="one string"):
            tok.encode_batch("abc")
        with pytest.raises(TypeError, match="expected a str, not int"):
            tok.encode_batch([1])  # type: ignore[list-item]


def test_importing_is_cheap() -> None:
    """What is needed for one job only is imported when that job comes."""
    program = (
        "import sys, minirl.tokenizer; print([m for m in ('regex', 'tyro', 'rich', 'tiktoken') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout.strip() == "[]"
