"""Documents, batches and the loader's cursor."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minirl.data import Batch, Document, Loader, encode_document, make_batches, pack
from minirl.model import GPT, GPTConfig
from minirl.tokenizer import Tokenizer

CONFIG = GPTConfig.llama(vocab_size=40, context_length=32, n_layer=2, n_head=2, d_model=16, d_ff=32)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.train(["Q: Roger has 5 tennis balls.\nReasoning: Roger has 5.\nAnswer: 5"] * 3, 290)


def document(*ids: int, weights: list[float] | None = None) -> Document:
    return Document(np.array(ids, np.int32), np.array(weights or [1.0] * len(ids), np.float32))


def random_documents(rng: np.random.Generator, lengths: list[int]) -> list[Document]:
    return [
        Document(rng.integers(0, 40, n).astype(np.int32), rng.integers(0, 3, n).astype(np.float32)) for n in lengths
    ]


class TestDocument:
    def test_pieces_keep_their_weights(self, tokenizer: Tokenizer) -> None:
        prompt, completion = "Q: Roger has 5 tennis balls.\nReasoning:", " Roger has 5.\nAnswer: 5<|end|>"
        ids, weights = encode_document(tokenizer, [(prompt, 0.0), (completion, 1.0)])
        first = tokenizer.encode(prompt)
        assert ids[: len(first)].tolist() == first
        assert not weights[: len(first)].any()
        assert (weights[len(first) :] == 1).all()
        assert ids[-1] == tokenizer.special_tokens["<|end|>"]
        assert tokenizer.decode(ids) == prompt + completion

    def test_end_is_the_only_special_token_that_is_read(self, tokenizer: Tokenizer) -> None:
        ids, _ = encode_document(tokenizer, [("<|tool|>", 1.0)])
        assert tokenizer.special_tokens["<|tool|>"] not in ids


class TestPack:
    def test_targets_are_the_ids_one_to_the_left(self) -> None:
        batch = pack([document(5, 6, 7, weights=[9, 2, 3]), document(4), document(8, 9)])
        np.testing.assert_array_equal(batch.ids, [5, 6, 8])
        np.testing.assert_array_equal(batch.targets, [6, 7, 9])
        np.testing.assert_array_equal(batch.weights, [2, 3, 1])
        np.testing.assert_array_equal(batch.starts, [0, 2, 2, 3])
        assert batch.tokens == 3

    def test_a_document_sees_no_other(self) -> None:
        """The predictions for a document are the same alone and in a batch: attention does not leave it."""
        rng = np.random.default_rng(0)
        documents = random_documents(rng, [12, 5, 9])
        model = GPT(CONFIG)
        together = pack(documents)
        log_probs = model.cross_entropy(*together).log_prob[0]
        for one, start, stop in zip(documents, together.starts[:-1], together.starts[1:], strict=True):
            expected = model.cross_entropy(one.ids[:-1], one.ids[1:]).log_prob[0]
            np.testing.assert_allclose(log_probs[start:stop], expected, rtol=1e-5, atol=1e-6)


class TestMakeBatches:
    @given(st.lists(st.integers(2, 20), min_size=1, max_size=60), st.integers(19, 64), st.integers(0, 99))
    def test_every_document_comes_once_and_no_batch_is_too_large(
        self, lengths: list[int], tokens: int, seed: int
    ) -> None:
        documents = [document(*range(n)) for n in lengths]
        batches = make_batches(documents, np.random.default_rng(seed), tokens=tokens)
        assert all(batch.tokens <= tokens for batch in batches)
        found = sorted(int(n) + 1 for batch in batches for n in np.diff(batch.starts))
        assert found == sorted(lengths)

    def test_size(self) -> None:
        documents = [document(1, 2, 3)] * 7
        sizes = [len(batch.starts) - 1 for batch in make_batches(documents, np.random.default_rng(0), size=3)]
        assert sizes == [3, 3, 1]

    def test_kinds_stay_mixed(self) -> None:
        """Long and short documents share batches, whatever their order was."""
        documents = [document(*range(5))] * 500 + [document(*range(20))] * 500
        for batch in make_batches(documents, np.random.default_rng(0), tokens=400)[:-1]:
            assert set(np.diff(batch.starts).tolist()) == {4, 19}

    def test_one_size_must_be_given(self) -> None:
        with pytest.raises(ValueError, match="give one of them"):
            make_batches([], np.random.default_rng(0))

    def test_a_document_that_fits_no_batch_is_named(self) -> None:
        with pytest.raises(ValueError, match=r"30 tokens.*at least 29"):
            make_batches([document(*range(30))], np.random.default_rng(0), tokens=16)


class TestSplit:
    @given(st.lists(st.integers(1, 12), min_size=1, max_size=9), st.integers(1, 9))
    def test_parts_are_batches_of_the_same_documents(self, lengths: list[int], size: int) -> None:
        documents = random_documents(np.random.default_rng(1), lengths)
        parts = pack(documents).split(size)
        for part, first in zip(parts, range(0, len(documents), size), strict=True):
            for found, expected in zip(part, pack(documents[first : first + size]), strict=True):
                np.testing.assert_array_equal(found, expected)

    def test_normalised_weights_sum_to_one(self) -> None:
        batch = pack(random_documents(np.random.default_rng(2), [5, 9, 3]))
        assert batch.normalised().weights.sum() == pytest.approx(1, abs=1e-6)


class TestLoader:
    @staticmethod
    def chunk(number: int) -> list[Batch]:
        rng = np.random.default_rng(number)
        return make_batches(random_documents(rng, rng.integers(2, 9, 5 + number).tolist()), rng, size=2)

    @given(st.integers(0, 30), st.integers(1, 20))
    def test_a_restored_cursor_goes_on_with_the_same_batches(self, before: int, after: int) -> None:
        loader = Loader(self.chunk)
        for _ in range(before):
            loader.next_batch()
        other = Loader(self.chunk)
        other.load_state_dict(loader.state_dict())
        for _ in range(after):
            for one, two in zip(loader.next_batch(), other.next_batch(), strict=True):
                np.testing.assert_array_equal(one, two)

    def test_chunks_follow_each_other(self) -> None:
        loader = Loader(self.chunk)
        expected = [batch for number in range(3) for batch in self.chunk(number)]
        for batch in expected:
            np.testing.assert_array_equal(loader.next_batch().ids, batch.ids)

    def test_nothing_to_train_on(self) -> None:
        with pytest.raises(ValueError, match="nothing to train on"):
            Loader(lambda number: []).next_batch()
