"""Scores: by hand, by the plain formula, by bm25s; and the order of what is found."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minirl.retrieval import Index, SearchError, Settings
from minirl.retrieval.bm25 import best, plain_scores

WORDS = ["sun", "moon", "star", "wave", "sound", "light", "the", "a"]
texts = st.lists(st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join), min_size=1, max_size=12)
queries = st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join)


def test_three_passages_by_hand() -> None:
    """N = 3, lengths 5, 2, 3, mean 10/3. "star" is in 2 passages, "sun" in 1."""
    index = Index.from_texts(["the sun is a star", "the moon", "a star shines"], Settings(stemmer="none"))
    star, sun = math.log(1 + 1.5 / 2.5), math.log(1 + 2.5 / 1.5)
    first = (star + sun) / (1 + 1.2 * (0.25 + 0.75 * 5 / (10 / 3)))
    third = star / (1 + 1.2 * (0.25 + 0.75 * 3 / (10 / 3)))
    np.testing.assert_allclose(index.scores("star sun"), [first, 0, third], rtol=1e-6)
    np.testing.assert_allclose(index.scores("star star"), [2 * star * 1 / (1 + 1.65), 0, 2 * third], rtol=1e-6)


def test_what_each_part_of_the_formula_is_for() -> None:
    texts = ["sun", "sun sun", "sun moon star wave light", "sound"]
    flat = Index.from_texts(texts, Settings(b=0)).scores("sun")
    assert flat[0] == flat[2] < flat[1] < 2 * flat[0]  # a second occurrence counts less than the first
    assert Index.from_texts(texts, Settings(b=1)).scores("sun")[2] < flat[2]  # long passages are held back
    binary = Index.from_texts(texts, Settings(k1=0)).scores("sun")
    assert binary[0] == binary[1] > 0
    both = Index.from_texts(["sun moon", "sun star"] * 3 + ["moon"]).scores("sun star moon")
    assert both[1] > both[0]  # "star" is rarer than "moon"


def test_a_word_that_all_passages_have_still_counts() -> None:
    """The idf of other variants of BM25 is 0 or negative here."""
    assert np.all(Index.from_texts(["sun moon", "sun"]).scores("sun") > 0)


@settings(max_examples=40)
@given(texts, queries, st.sampled_from([0.0, 0.9, 1.2, 2.0]), st.sampled_from([0.0, 0.4, 0.75, 1.0]))
def test_the_index_computes_the_plain_formula(texts: list[str], query: str, k1: float, b: float) -> None:
    index = Index.from_texts(texts, Settings(stemmer="none", k1=k1, b=b))
    passages = [text.split() for text in texts]
    if not set(query.split()) & {word for passage in passages for word in passage}:
        with pytest.raises(SearchError):
            index.scores(query)
        return
    np.testing.assert_allclose(index.scores(query), plain_scores(query.split(), passages, k1, b), rtol=1e-5)


@pytest.mark.peers
@given(texts, queries)
def test_the_scores_are_those_of_bm25s(texts: list[str], query: str) -> None:
    bm25s = pytest.importorskip("bm25s")
    passages, terms = [text.split() for text in texts], query.split()
    known = {word for passage in passages for word in passage}
    if not known & set(terms):
        return
    theirs = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
    theirs.index(passages, show_progress=False)
    wanted = theirs.get_scores([term for term in terms if term in known])
    np.testing.assert_allclose(Index.from_texts(texts, Settings(stemmer="none")).scores(query), wanted, rtol=2e-6)


@settings(max_examples=40)
@given(texts, queries, st.randoms())
def test_the_score_of_a_passage_does_not_depend_on_the_order(texts: list[str], query: str, random) -> None:  # type: ignore[no-untyped-def]
    order = list(range(len(texts)))
    random.shuffle(order)
    try:
        scores = Index.from_texts(texts).scores(query)
    except SearchError:
        return
    np.testing.assert_array_equal(Index.from_texts([texts[i] for i in order]).scores(query), scores[order])


@given(st.lists(st.sampled_from([0.0, 0.5, 1.0, 2.0]), max_size=30), st.integers(1, 35))
def test_the_best_come_first_and_the_earlier_of_equal_ones(scores: list[float], n: int) -> None:
    wanted = sorted((i for i, score in enumerate(scores) if score > 0), key=lambda i: (-scores[i], i))[:n]
    assert best(np.array(scores, np.float32), n).tolist() == wanted


def test_no_passage_without_a_word_of_the_query_is_found() -> None:
    hits = Index.from_texts(["sun", "moon", "sun moon"]).search("moon", n=10)
    assert [hit.number for hit in hits] == [1, 2]


class TestNothingFound:
    index = Index.from_texts(["The Sun is a star.", ""], Settings(stop_words=True))

    @pytest.mark.parametrize(
        ("query", "message"),
        [
            ("xyzzy", "no passage has the word 'xyzzy'; try other words"),
            ("Xyzzies and plugh", "no passage has any of the words 'xyzzies', 'plugh'; try other words"),
            ("", "the query '' has no words; ask with at least one"),
            ("?! ''", "has no words; ask with at least one"),
            ("the", "has only words that this index leaves out, such as 'the'; name the subject"),
        ],
    )
    def test_is_an_error_that_says_why(self, query: str, message: str) -> None:
        with pytest.raises(SearchError, match=message.replace("?", r"\?")):
            self.index.search(query)

    def test_a_known_word_beside_unknown_ones_is_enough(self) -> None:
        assert self.index.search("xyzzy sun")[0].text == "The Sun is a star."
        assert self.index.unknown("the xyzzy sun") == ["xyzzy"]

    def test_n_below_one(self) -> None:
        with pytest.raises(ValueError, match="n is 0; give 1 or more"):
            self.index.search("sun", n=0)
