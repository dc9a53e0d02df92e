"""The page of Python, against what is published; and the C trainer and encoder against the page of Python."""

import doctest
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minirl.tokenizer import PATTERNS, Tokenizer, bpe, native
from minirl.tokenizer.pretokenize import split

needs_native = pytest.mark.skipif(not native.available(), reason="the C code was not built")


def ranks(tokenizer: Tokenizer) -> dict[tuple[bytes, bytes], int]:
    return {pair: rank for rank, pair in enumerate(tokenizer.merges)}


def chunks_of(texts: list[str], pattern: str) -> list[bytes]:
    return [native.to_bytes(chunk) for text in texts for chunk in split(text, pattern)]


def train_quietly(*arguments: Any, **options: Any) -> Tokenizer:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Tokenizer.train(*arguments, **options)


class TestReference:
    def test_docstring(self) -> None:
        failures, tests = doctest.testmod(bpe)
        assert tests > 0 and failures == 0

    def test_merges_of_the_course_handout(self) -> None:
        """CS336, assignment 1, section 2.4: the example and its merges as published there."""
        text = "low low low low low lower lower widest widest widest newest newest newest newest newest newest"
        merges = bpe.train([word.encode() for word in text.split()], 12)
        published = "s t|e st|o w|l ow|w est|n e|ne west|w i|wi d|wid est|low e|lowe r"
        assert [b" ".join(pair).decode() for pair in merges] == published.split("|")

    def test_wikipedias_example(self) -> None:
        """aaabdaaabac: Wikipedia joins aa, then ab, then the two; ties there are broken by hand: sizes agree."""
        merges = bpe.train([b"aaabdaaabac"], 3)
        assert merges[0] == (b"a", b"a")
        assert len(bpe.encode(b"aaabdaaabac", {pair: rank for rank, pair in enumerate(merges)})) == 5

    def test_overlapping_pairs_are_joined_from_the_left(self) -> None:
        assert bpe.join([b"a"] * 5, (b"a", b"a")) == [b"aa", b"aa", b"a"]

    def test_ties_go_to_the_larger_pair(self) -> None:
        assert bpe.train([b"ab", b"cd", b"ce"], 1) == [(b"c", b"e")]
        assert bpe.train([b"ab", b"zz"], 1) == [(b"z", b"z")]


@needs_native
class TestNativeTraining:
    @given(
        st.lists(st.text(alphabet="ab c1\n", max_size=40), min_size=1, max_size=8),
        st.integers(0, 60),
        st.sampled_from(sorted(PATTERNS)),
    )
    @settings(max_examples=300, deadline=None)
    def test_same_merges_on_few_letters(self, texts: list[str], n: int, pattern: str) -> None:
        """Few letters make overlaps (aaa) and ties, where incremental counts go wrong first."""
        if not any(texts):
            return
        tokenizer = train_quietly(texts, 256 + n, pattern=pattern, special_tokens=[])
        assert tokenizer.merges == bpe.train(chunks_of(texts, pattern), n)

    @given(st.lists(st.text(max_size=60), min_size=1, max_size=6), st.integers(0, 40))
    @settings(max_examples=150, deadline=None)
    def test_same_merges_on_any_text(self, texts: list[str], n: int) -> None:
        if not any(texts):
            return
        tokenizer = train_quietly(texts, 256 + n, special_tokens=[])
        assert tokenizer.merges == bpe.train(chunks_of(texts, "gpt4-digits"), n)

    def test_same_merges_with_long_chunks(self) -> None:
        generator = np.random.default_rng(0)
        texts = ["".join(generator.choice(list("ab"), length)) for length in (1, 15, 16, 17, 31, 100, 500, 2000)]
        tokenizer = train_quietly(texts, 256 + 300, special_tokens=[])
        assert tokenizer.merges == bpe.train(chunks_of(texts, "gpt4-digits"), 300)

    @pytest.mark.parametrize("pattern", [*PATTERNS, r"\S+|\s+", r"[a-z]+"])
    def test_same_merges_on_source_code(self, code: str, mixed: str, pattern: str) -> None:
        texts = [code[:40_000], mixed]
        tokenizer = train_quietly(texts, 256 + 120, pattern=pattern, special_tokens=[])
        assert tokenizer.merges == bpe.train(chunks_of(texts, pattern), 120)

    def test_same_merges_on_real_text(self, some_real_text: list[str]) -> None:
        texts = [text[:15_000] for text in some_real_text]
        tokenizer = train_quietly(texts, 256 + 150, special_tokens=[])
        assert tokenizer.merges == bpe.train(chunks_of(texts, "gpt4-digits"), 150)

    def test_neither_threads_nor_order_matter(self, code: str, mixed: str) -> None:
        texts = [mixed, *(code[start : start + 5_000] for start in range(0, len(code), 5_000))]
        one = Tokenizer.train(texts, 2000, threads=1)
        assert Tokenizer.train(texts, 2000, threads=4).merges == one.merges
        assert Tokenizer.train(reversed(texts), 2000, threads=3).merges == one.merges

    def test_a_long_text_is_shared_out_without_changing_its_chunks(self, code: str) -> None:
        whole = Tokenizer.train([code * 2], 1500, threads=4)
        lines = [text for text in code.splitlines(keepends=True)]
        assert whole.merges == Tokenizer.train([code, code], 1500, threads=1).merges
        assert len(lines) > 1000  # so that the text is really cut

    @pytest.mark.slow
    def test_every_merge_is_the_best_one_left(self, real_texts: list[str]) -> None:
        """At full size the reference is too slow, but each of its choices can be checked against C's next one."""
        texts = [text[:40_000] for text in real_texts]
        tokenizer = Tokenizer.train(texts, 256 + 600, special_tokens=[])
        assert tokenizer.merges == bpe.train(chunks_of(texts, "gpt4-digits"), 600)


@needs_native
class TestNativeEncoding:
    @given(st.text(alphabet="abc ", max_size=200))
    @settings(max_examples=300, deadline=None)
    def test_same_tokens_on_few_letters(self, few_letters: Tokenizer, text: str) -> None:
        self.check(few_letters, text)

    @given(st.text(max_size=300))
    @settings(max_examples=200, deadline=None)
    def test_same_tokens_on_any_text(self, trained: Tokenizer, text: str) -> None:
        self.check(trained, text)

    @pytest.mark.parametrize("length", [1, 14, 15, 16, 17, 47, 48, 49, 50, 100, 1000])
    def test_same_tokens_for_every_way_of_merging(self, few_letters: Tokenizer, length: int) -> None:
        """Chunks of up to 15 bytes are packed, up to 48 scanned, and longer ones kept in a heap."""
        generator = np.random.default_rng(length)
        for _ in range(5):
            self.check(few_letters, "".join(generator.choice(list("abc"), length)))
        self.check(few_letters, "a" * length)

    def test_same_tokens_on_real_text(self, trained: Tokenizer, some_real_text: list[str]) -> None:
        for text in some_real_text:
            self.check(trained, text[:4_000])

    @pytest.mark.parametrize("pattern", [*PATTERNS, r"\w+", r"\s*"])
    def test_same_tokens_for_every_pattern(self, code: str, mixed: str, pattern: str) -> None:
        tokenizer = Tokenizer.train([code[:60_000]], 600, pattern=pattern)
        self.check(tokenizer, mixed + code[60_000:70_000])

    def test_a_megabyte_of_one_letter(self, few_letters: Tokenizer) -> None:
        ids = few_letters.encode_array("a" * 1_000_000)
        assert few_letters.decode(ids) == "a" * 1_000_000
        longest = max(ids, key=lambda number: len(few_letters.token_bytes(number)))
        assert (ids[: len(ids) // 2] == longest).all()

    @staticmethod
    def check(tokenizer: Tokenizer, text: str) -> None:
        order = ranks(tokenizer)
        expected = [token for chunk in chunks_of([text], tokenizer.pattern) for token in bpe.encode(chunk, order)]
        for _ in range(2):  # the second time from the cache
            assert [tokenizer.token_bytes(number) for number in tokenizer.encode(text)] == expected


@pytest.fixture(scope="module")
def few_letters() -> Tokenizer:
    generator = np.random.default_rng(1)
    texts = ["".join(generator.choice(list("aaabc "), 300)) for _ in range(20)] + ["a" * 500]
    return Tokenizer.train(texts, 256 + 200, special_tokens=[])


@pytest.fixture(scope="module")
def trained(code: str, mixed: str) -> Tokenizer:
    return Tokenizer.train([code, mixed], 3000)


class TestWithoutNative:
    def test_the_reference_gives_the_same(
        self, code: str, mixed: str, monkeypatch: pytest.MonkeyPatch, without_native: Callable[[], None]
    ) -> None:
        texts = [mixed, code[:20_000]]
        native_one = train_quietly(texts, 400)
        expected = (
            native_one.encode(mixed + "<|end|>", "all"),
            native_one.encode_batch(texts, allowed_special=["<|end|>"]),
        )
        without_native()
        tokenizer = train_quietly(texts, 400)
        assert tokenizer.merges == native_one.merges
        assert tokenizer.encode(mixed + "<|end|>", "all") == expected[0]
        assert tokenizer.encode_batch(texts, allowed_special=["<|end|>"]) == expected[1]


@pytest.fixture
def without_native(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    return lambda: monkeypatch.setattr(native, "available", lambda: False)


class TestWikipediasExample:
    """The example of Wikipedia's article on byte-pair encoding: aaabdaaabac becomes XdXac in three merges."""

    def test_encodes_as_the_article_does(self) -> None:
        tok = Tokenizer.train(["aaabdaaabac"], 256 + 3, special_tokens=[])
        ids = tok.encode("aaabdaaabac")
        assert [tok.token_bytes(number) for number in (256, 257, 258)] == [b"aa", b"aaa", b"aaab"]
        assert [tok.token_bytes(number) for number in ids] == [b"aaab", b"d", b"aaab", b"a", b"c"]
        assert tok.decode(ids) == "aaabdaaabac"

    def test_merges_beyond_its_text_are_not_made(self) -> None:
        with pytest.warns(UserWarning, match="no pair is left"):
            tok = Tokenizer.train(["aaabdaaabac"], 1000, special_tokens=[])
        assert tok.encode("aaabdaaabac") == [len(tok) - 1]
