"""Duplicates: equal and nearly equal documents, found by bands of MinHash; the first one stays."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minirl.corpus.duplicates import earlier, find_duplicates
from minirl.corpus.page import Page
from minirl.corpus.signature import BANDS, bands, chosen, digest


@given(st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 5), max_size=50), st.integers(1, 60), st.integers(0, 50))
def test_the_first_of_equal_numbers(numbers, portion, cut):
    x = np.array(numbers, np.uint64)
    found = earlier([x[:cut], x[cut:]], len(x), portion)
    assert found.tolist() == [
        numbers.index(number) if numbers.index(number) < place else -1 for place, number in enumerate(numbers)
    ]


def duplicates(texts):
    signatures = np.array([bands(Page(text)) for text in texts]).T
    digests = np.array([digest(text) for text in texts], np.uint64)
    return find_duplicates(digests, [[row[:2], row[2:]] for row in signatures])


def words(rng, n):
    return ["".join(rng.choice(list("abcdefgh"), 5)) for _ in range(n)]


def test_equal_and_near_and_other_documents():
    rng = np.random.default_rng(0)
    first, other = words(rng, 300), words(rng, 300)
    near = [*first[:150], "changed", *first[151:]]
    half = first[:150] + other[:150]
    found = duplicates([" ".join(text) for text in (first, other, first, near, half)] + [" ".join(other).upper() + "!"])
    assert found.exact.tolist() == [-1, -1, 0, -1, -1, -1]
    assert found.near.tolist() == [-1, -1, -1, 0, -1, 1], "capitals and punctuation make no other document"
    assert found.kept.tolist() == [True, True, False, False, True, False]


@pytest.mark.parametrize(("changed", "expected"), [(0, 1.0), (6, 0.8), (40, 0.2)])
def test_the_more_two_documents_share_the_likelier_they_are_found(changed, expected):
    """Each changed word takes five 5-grams away: of 300 words, 6 leave a share of 0.82, and 40 of about 0.2."""
    rng = np.random.default_rng(changed)
    found = 0
    for _ in range(40):
        text = words(rng, 300)
        copy = list(text)
        for place in rng.choice(300, changed, replace=False):
            copy[place] = "zz"
        found += bool((bands(Page(" ".join(text))) == bands(Page(" ".join(copy)))).any())
    assert found / 40 >= expected if changed < 40 else found / 40 <= expected


def test_numbers_of_a_document_do_not_change():
    """They decide what is held out: other numbers would put other documents into the validation split."""
    assert digest("one text") == 10696774032828830263
    assert bands(Page("one two three four five six")).shape == (BANDS,)
    share = np.mean([chosen(digest(f"text {n}"), 0.25) for n in range(4000)])
    assert abs(share - 0.25) < 0.03
    assert not chosen(0, 0.0)
