"""Words as hashes, their repetitions and signatures: C against NumPy to the bit, and what the numbers mean."""

import numpy as np
import pytest
from calls import BACKENDS
from hypothesis import given
from hypothesis import strategies as st

from minirl import kernels

both = pytest.mark.skipif(not kernels.has_native(), reason="the C kernels are not built")


def as_bytes(text: str) -> np.ndarray:
    return np.frombuffer(text.encode("utf-8", "surrogatepass"), np.uint8)


def functions(n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(7)
    a, b = rng.integers(0, 2**32, (2, n), dtype=np.uint32)
    return a | np.uint32(1), b


def grams_of(hashes: np.ndarray, n: int) -> np.ndarray:
    return kernels.gram_hashes(hashes, n)


def under(backend: str, text: str, n: int) -> list[np.ndarray]:
    """All that the family computes of a text."""
    with kernels.using(backend):
        hashes, lengths = kernels.word_hashes(as_bytes(text))
        grams = kernels.gram_hashes(hashes, n)
        shingles = (grams ^ grams >> np.uint64(32)).astype(np.uint32)
        repeats = np.array(kernels.gram_repeats(grams, lengths, n))
        return [hashes, lengths, grams, repeats, kernels.minhash(shingles, *functions(70))]


@both
@given(st.text(max_size=60) | st.text("ab \n", max_size=200), st.integers(1, 6))
def test_native_equals_reference(text, n):
    for one, other in zip(under("reference", text, n), under("native", text, n), strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


@both
@given(st.binary(max_size=40))
def test_bytes_that_are_no_text_are_parted_alike_or_end_a_word(data):
    """C never reads past the end, whatever the last byte announces."""
    with kernels.using("native"):
        hashes, lengths = kernels.word_hashes(np.frombuffer(data, np.uint8))
    assert len(hashes) == len(lengths) <= (len(data) + 1) // 2
    assert lengths.sum() <= len(data)


@pytest.fixture(params=BACKENDS)
def backend(request):
    with kernels.using(request.param):
        yield request.param


def test_words_are_letters_numbers_and_underscores(backend):
    hashes, lengths = kernels.word_hashes(as_bytes("Für 3 snake_case-words, für"))
    assert lengths.tolist() == [4, 1, 10, 5, 4]
    assert len(set(hashes.tolist())) == 5, "capitals count"
    assert hashes[1] == ((0xCBF29CE484222325 ^ ord("3")) * 0x100000001B3) % 2**64


def test_grams_know_their_order(backend):
    hashes, _ = kernels.word_hashes(as_bytes("a b a b c"))
    grams = kernels.gram_hashes(hashes, 2)
    assert grams[0] == grams[2] != grams[1]
    assert len(kernels.gram_hashes(hashes, 6)) == 0
    for n in range(2, 7):
        np.testing.assert_array_equal(kernels.gram_hashes(hashes, n, grams_of(hashes, n - 1)), grams_of(hashes, n))


def test_repeats_by_hand(backend):
    hashes, lengths = kernels.word_hashes(as_bytes("one two one two one two x"))
    grams = kernels.gram_hashes(hashes, 2)
    # "one two" stands three times, 6 bytes each; its second and third time are repetitions
    assert kernels.gram_repeats(grams, lengths, 2) == (18, 12)
    assert kernels.gram_repeats(kernels.gram_hashes(hashes, 7), lengths, 7) == (0, 0)


def test_a_signature_estimates_how_much_two_sets_share(backend):
    rng = np.random.default_rng(0)
    a, b = functions(1024)
    common, one, other = np.split(rng.integers(0, 2**32, 900, dtype=np.uint32), [300, 600])
    first = kernels.minhash(np.concatenate([common, one]), a, b)
    second = kernels.minhash(np.concatenate([other, common]), a, b)
    agree = np.mean(first == second)  # 300 of 900 elements are shared; the standard deviation is 1.5%
    assert abs(agree - 1 / 3) < 0.06
    assert (kernels.minhash(np.zeros(0, np.uint32), a, b) == 2**32 - 1).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: kernels.word_hashes("text"), "word_hashes: text is a str; expected a uint8"),
        (lambda: kernels.gram_hashes(np.zeros(3, np.uint64), 0), "gram_hashes: n is 0"),
        (
            lambda: kernels.gram_repeats(np.zeros(3, np.uint64), np.zeros(3, np.int32), 2),
            r"gram_repeats: grams has shape \(3,\); expected \(G=2,\)",
        ),
        (
            lambda: kernels.minhash(np.zeros(3, np.uint32), np.zeros(2, np.uint32), np.zeros(3, np.uint32)),
            "minhash: b has shape",
        ),
    ],
)
def test_wrong_arguments(backend, call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call()
