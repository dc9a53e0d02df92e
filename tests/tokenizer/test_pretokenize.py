"""The C splitter against the `regex` library, and cutting text without changing its chunks."""

from pathlib import Path

import numpy as np
import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from minirl.tokenizer import PATTERNS, native
from minirl.tokenizer.pretokenize import cut, read_text, rejoin, resolve, split
from minirl.tokenizer.special import part

needs_native = pytest.mark.skipif(not native.available(), reason="the C code was not built")
# What the patterns look at: contractions and their letters, spaces and line ends, digits, and characters of each class
TRICKY = (
    "'’sStTrReEvVmMlLdDſ aZ19 \t\r\n\x00\x0b\x1c\x85\u00a0\u2028\u3000é日½²Ⅷ٣!?_-\u0301\u200d👩🏽\ud800\udfff\U000e0100"
)
tricky_text = st.text(st.sampled_from(TRICKY), max_size=30)
any_text = st.text(st.characters(), max_size=40)  # surrogates included


def ends_by_regex(text: str, pattern: str) -> list[int]:
    """Where each chunk ends, in bytes."""
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
    byte_ends = np.cumsum(1 + (points >= 0x80) + (points >= 0x800) + (points >= 0x10000))
    ends = np.array([match.end() for match in regex.finditer(pattern, text)], np.int64)
    return byte_ends[ends - 1].tolist() if len(ends) else []


def check(text: str, pattern: str) -> None:
    assert native.split_ends(native.to_bytes(text), pattern) == ends_by_regex(text, pattern)


@needs_native
@pytest.mark.parametrize("pattern", PATTERNS.values(), ids=PATTERNS)
class TestSplitter:
    @given(tricky_text)
    @settings(max_examples=500, deadline=None)
    def test_tricky_strings(self, pattern: str, text: str) -> None:
        check(text, pattern)

    @given(any_text)
    @settings(max_examples=200, deadline=None)
    def test_any_string(self, pattern: str, text: str) -> None:
        check(text, pattern)

    def test_every_code_point_in_context(self, pattern: str) -> None:
        """Beside a letter, a number, a space, a line end, an apostrophe, itself; every 16th beyond plane 3."""
        points = [*range(0x40000), *range(0x40000, 0x110000, 16), *range(0xE0000, 0xE0200)]
        for start in range(0, len(points), 0x10000):
            check("".join(f"a{c}1{c}{c} {c}\n'{c}" for c in map(chr, points[start : start + 0x10000])), pattern)

    def test_every_code_point_alone(self, pattern: str) -> None:
        for point in [*range(0x3000), *range(0x3000, 0x110000, 97)]:
            check(chr(point), pattern)

    def test_mixed_scripts(self, pattern: str, mixed: str) -> None:
        check(mixed, pattern)

    @pytest.mark.parametrize("run", [" ", "\n", " \n", "\r\n", "\t", "'", "'s", "9", "½", "é", "日", "-", "\x00", "👩"])
    def test_long_runs(self, pattern: str, run: str) -> None:
        for text in (run * 500, run * 500 + "x", "x" + run * 500 + " ", " " + run * 501):
            check(text, pattern)

    def test_source_code(self, pattern: str, code: str) -> None:
        check(code, pattern)

    def test_real_text(self, pattern: str, some_real_text: list[str]) -> None:
        for text in some_real_text:
            check(text, pattern)

    @pytest.mark.slow
    def test_all_real_text(self, pattern: str, real_texts: list[str]) -> None:
        for text in real_texts:
            check(text, pattern)

    def test_bytes_that_are_not_utf8_are_split_without_reading_past_them(self, pattern: str) -> None:
        for broken in (b"\xff", b"a\xe2\x82", b"\xf0\x9f\x8e", b"\x80\x80 \xc3", b"'\xc5", b" \xed\xa0"):
            ends = native.split_ends(broken, pattern)
            assert ends == sorted(set(ends)) and ends[-1] == len(broken)

    @given(st.binary(max_size=40))
    @settings(max_examples=200, deadline=None)
    def test_any_bytes_are_covered(self, pattern: str, data: bytes) -> None:
        ends = native.split_ends(data, pattern)
        assert ends == sorted(set(ends)) and (not data or ends[-1] == len(data))


class TestSplit:
    @given(any_text, st.sampled_from([*PATTERNS, r"[a-z]+", r"\s*", r"\d"]))
    @settings(max_examples=200, deadline=None)
    def test_no_character_is_lost(self, text: str, pattern: str) -> None:
        chunks = split(text, pattern)
        assert "".join(chunks) == text and all(chunks)

    def test_examples_of_the_module(self) -> None:
        assert split("It's 1234 dollars!!", "gpt2") == ["It", "'s", " 1234", " dollars", "!!"]
        assert split("It's 1234 dollars!!", "gpt4") == ["It", "'s", " ", "123", "4", " dollars", "!!"]
        assert split("It's 1234 dollars!!", "gpt4-digits") == ["It", "'s", " ", "1", "2", "3", "4", " dollars", "!!"]

    def test_what_a_pattern_leaves_out_is_a_chunk(self) -> None:
        assert split("ab, cd!", r"[a-z]+") == ["ab", ", ", "cd", "!"]

    def test_a_pattern_that_does_not_compile(self) -> None:
        with pytest.raises(ValueError, match="neither one of gpt2, gpt4, gpt4-digits nor a regular expression"):
            resolve("(")

    @pytest.mark.parametrize("pattern", [r"\p{inf}", "(" * 5000 + ")" * 5000, "[" * 5000])
    def test_what_regex_itself_fails_at_is_no_regular_expression_either(self, pattern: str) -> None:
        with pytest.raises(ValueError, match="nor a regular expression") as caught:
            resolve(pattern)
        assert len(str(caught.value)) < 500


class TestCutting:
    @given(st.lists(tricky_text | any_text, max_size=8), st.integers(1, 12), st.sampled_from(sorted(PATTERNS)))
    @settings(max_examples=400, deadline=None)
    def test_pieces_have_the_chunks_of_the_whole(self, parts: list[str], size: int, name: str) -> None:
        text, pattern = "".join(parts), PATTERNS[name]
        pieces = cut(text, pattern, size)
        assert "".join(pieces) == text
        assert [chunk for piece in pieces for chunk in split(piece, pattern)] == split(text, pattern)

    @given(st.lists(tricky_text | any_text, max_size=8), st.sampled_from(sorted(PATTERNS)))
    @settings(max_examples=400, deadline=None)
    def test_so_have_the_pieces_of_a_stream(self, blocks: list[str], name: str) -> None:
        text, pattern = "".join(blocks), PATTERNS[name]
        pieces = list(rejoin(blocks, pattern))
        assert "".join(pieces) == text
        assert [chunk for piece in pieces for chunk in split(piece, pattern)] == split(text, pattern)

    @given(st.lists(st.text(st.sampled_from("<|end> a1\n"), max_size=9), max_size=12))
    @settings(max_examples=400, deadline=None)
    def test_no_special_token_is_cut(self, blocks: list[str]) -> None:
        special = ["<|end|>", "a 1", "<|e"]
        text, at = "".join(blocks), 0
        for piece in rejoin(blocks, PATTERNS["gpt4"], special):
            at += len(piece)
            if at == len(text):
                break
            for token in special:
                assert token not in text[max(at - len(token) + 1, 0) : at + len(token) - 1]

    @given(st.lists(st.text(st.sampled_from("<|end> a1\n"), max_size=9), max_size=12))
    @settings(max_examples=400, deadline=None)
    def test_special_tokens_are_found_in_the_pieces_as_in_the_whole(self, blocks: list[str]) -> None:
        special = ["<|end|>", "a 1", "<|e", "1<|", "a 1<|end|>"]
        pieces = list(rejoin(blocks, PATTERNS["gpt4"], special))
        found = [token for piece in pieces for token in part(piece, special)[1::2]]
        assert "".join(pieces) == "".join(blocks) and found == part("".join(blocks), special)[1::2]

    def test_an_unknown_pattern_is_never_cut(self) -> None:
        assert cut("a b " * 1000, r"\S+ \S+", 10) == ["a b " * 1000]
        assert list(rejoin(["a b ", "c d "], r"\S+ \S+")) == ["a b c d "]

    def test_a_stream_without_a_safe_cut_is_held_whole(self) -> None:
        assert list(rejoin(["-" * 100] * 50, PATTERNS["gpt4"])) == ["-" * 5000]


class TestReadText:
    def test_text_and_line_ends_are_kept(self, tmp_path: Path, mixed: str) -> None:
        path = tmp_path / "text"
        path.write_bytes(mixed.encode())
        assert "".join(read_text(path)) == mixed

    def test_characters_across_blocks(self, tmp_path: Path) -> None:
        path = tmp_path / "text"
        path.write_bytes(b"x" + "é👩".encode() * 400_000)
        blocks = list(read_text(path))
        assert len(blocks) > 1 and "".join(blocks) == "x" + "é👩" * 400_000

    @pytest.mark.parametrize("before", [10, 1 << 20, (1 << 20) + 3])
    def test_invalid_bytes_are_located(self, tmp_path: Path, before: int) -> None:
        path = tmp_path / "text"
        path.write_bytes(b"\n" + b"a" * (before - 1) + b"\n\xe9t\xe9")
        with pytest.raises(ValueError, match=rf"text: byte 0xe9 at offset {before + 1} \(line 3\) is not valid UTF-8"):
            list(read_text(path))
        assert "".join(read_text(path, "replace")) == "\n" + "a" * (before - 1) + "\n\ufffdt\ufffd"

    def test_a_character_cut_off_by_the_end(self, tmp_path: Path) -> None:
        path = tmp_path / "text"
        path.write_bytes(b"abc\xf0\x9f")
        with pytest.raises(ValueError, match="0xf0 at offset 3"):
            list(read_text(path))
