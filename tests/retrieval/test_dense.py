"""Vectors from the transformer, their training, and the fusion of rankings."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minirl.gradient_check import check_gradients
from minirl.model import GPT, GPTConfig
from minirl.retrieval import Index
from minirl.retrieval.__main__ import main
from minirl.retrieval.collections import Collection
from minirl.retrieval.compare import parted
from minirl.retrieval.dense import DenseIndex, Embedder, batches, contrastive_loss, hard_negatives, train
from minirl.retrieval.fusion import fuse
from minirl.tensor import Tensor
from minirl.tokenizer import Tokenizer

TEXTS = ["the sun is a star", "sound is a wave", "the moon is grey", "a cat sleeps", "iron is a metal", "rain is water"]


@pytest.fixture
def embedder() -> Embedder:
    tokenizer = Tokenizer.train(TEXTS, 270)
    return Embedder(GPT(GPTConfig(vocab_size=270, context_length=16, n_layer=1, n_head=2, d_model=16)), tokenizer)


class TestEmbedder:
    def test_a_vector_is_the_mean_of_the_hidden_states_with_length_one(self, embedder: Embedder) -> None:
        ids = np.array([embedder.tokenizer.encode(TEXTS[1])[:16]], np.int32)
        mean = embedder.model.hidden(ids).data[0].mean(axis=0)
        np.testing.assert_allclose(embedder.vectors([TEXTS[1]])[0], mean / np.linalg.norm(mean), rtol=1e-4, atol=1e-6)

    def test_a_vector_does_not_depend_on_the_texts_beside_it(self, embedder: Embedder) -> None:
        alone = np.concatenate([embedder.vectors([text]) for text in TEXTS])
        np.testing.assert_allclose(embedder.vectors(TEXTS), alone, atol=1e-5)

    def test_empty_and_long_texts(self, embedder: Embedder) -> None:
        found = embedder.vectors(["", "sun " * 100])
        np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-4)

    def test_the_nearest_passage_is_the_text_itself(self, embedder: Embedder) -> None:
        index = DenseIndex(embedder, TEXTS)
        for number, text in enumerate(TEXTS):
            numbers, scores = index.rank(text, n=3)
            assert numbers[0] == number and scores[0] == pytest.approx(1, abs=1e-4) and len(numbers) == 3
        with pytest.raises(ValueError, match="n is 0"):
            index.rank("sun", n=0)


class TestTraining:
    def test_the_loss_by_hand(self) -> None:
        """Two questions, three passages: scores 1, 0, -1 and 0, 1, 0."""
        questions, passages = np.eye(2), np.array([[1.0, 0], [0, 1], [-1, 0]])
        loss = contrastive_loss(Tensor(questions.astype(np.float32)), Tensor(passages.astype(np.float32)), 0.5)
        first = np.log(np.exp([2.0, 0, -2]).sum()) - 2
        second = np.log(np.exp([0.0, 2, 0]).sum()) - 2
        assert loss.item() == pytest.approx((first + second) / 2, rel=1e-5)

    def test_training_brings_questions_to_their_passages(self, embedder: Embedder) -> None:
        """Questions without a word of their passages: BM25 cannot find these."""
        pairs = [("what shines", 0), ("what is heard", 1), ("night light", 2), ("pet", 3), ("magnet", 4), ("wet", 5)]
        index = Index.from_texts(TEXTS)
        losses = train(embedder, TEXTS, pairs, index, steps=60, batch=6, learning_rate=1e-2)
        assert losses[-1] < 0.3 * losses[0]
        found = DenseIndex(embedder, TEXTS)
        assert [int(found.rank(question, 1)[0][0]) for question, _ in pairs] == [0, 1, 2, 3, 4, 5]

    def test_a_hard_negative_is_found_and_wrong(self) -> None:
        index = Index.from_texts(TEXTS)
        assert hard_negatives([("sun moon", 0), ("sun", 0), ("sun", 2), ("xyzzy", 0)], index) == [2, None, 0, None]

    @given(st.lists(st.integers(0, 4), min_size=2, max_size=20), st.integers(2, 6))
    def test_a_batch_has_no_passage_twice(self, passages: list[int], size: int) -> None:
        if len(set(passages)) < 2:
            return
        pairs = [("", passage) for passage in passages]
        drawn = batches(pairs, size, np.random.default_rng(0))
        for _ in range(5):
            batch = [passages[number] for number in next(drawn)]
            assert 1 < len(batch) <= size and len(set(batch)) == len(batch)

    def test_one_passage_is_no_choice(self, embedder: Embedder) -> None:
        with pytest.raises(ValueError, match="there is nothing to choose from"):
            train(embedder, TEXTS, [("sun", 0), ("star", 0)], Index.from_texts(TEXTS))

    def test_the_gradient(self) -> None:
        rng = np.random.default_rng(0)
        inputs = [Tensor(rng.standard_normal(shape), requires_grad=True) for shape in ((2, 3), (4, 3))]
        check_gradients(lambda q, p: contrastive_loss(q, p, 0.5), inputs)


def test_held_out_passages_are_not_trained_on() -> None:
    collection = Collection(
        "x", [str(i) for i in range(10)], list("abcd"), [{0: 1}, {1: 1}, {5: 1, 6: 1}, {7: 1, 8: 0}]
    )
    pairs, held = parted(collection)
    assert pairs == [("b", 1), ("d", 7)] and held.queries == ["a", "c"] and held.texts == collection.texts


class TestProgram:
    @pytest.fixture
    def model(self, tmp_path: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch) -> str:
        monkeypatch.chdir(tmp_path)
        embedder.model.save_pretrained("model")
        embedder.tokenizer.save("model")
        paragraphs = [{"context": text, "qas": [{"question": text[:9]}, {"question": text[4:]}]} for text in TEXTS]
        Path("squad.json").write_text(json.dumps({"data": [{"paragraphs": paragraphs}]}))
        return "model"

    def test_compares_and_saves(self, model: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["dense", model, "squad.json", "--steps", "2", "--batch", "3", "--out", "tuned"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert lines[0] == "squad.json: 4 held-out questions, 6 texts" and max(map(len, lines)) <= 80
        assert [line[:10].rstrip() for line in lines[2:-1]] == ["BM25", "dense, bef", "dense", "BM25 and d"]
        assert lines[2].split()[1:] == ["1.000"] * 5 and lines[-1] == "saved: tuned"
        before, after = (GPT.from_pretrained(name) for name in (model, "tuned"))
        assert not np.array_equal(before.output_weight.data, after.output_weight.data)
        assert Tokenizer.load("tuned/tokenizer.json").encode("sun")

    @pytest.mark.parametrize("words", ["--steps 0", "--batch 1", "--learning-rate 0"])
    def test_mistakes(self, words: str, model: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["dense", model, "squad.json", *words.split()]) == 1
        printed, said = capsys.readouterr()
        assert not printed and words.split()[0] in said and said.count("\n") == 1


class TestFusion:
    def test_by_hand(self) -> None:
        found = dict(fuse([[7, 3], [3, 9]], k=60))
        assert found == pytest.approx({3: 1 / 62 + 1 / 61, 7: 1 / 61, 9: 1 / 62})
        assert [number for number, _ in fuse([[7, 3], [3, 9]])] == [3, 7, 9]

    @given(st.lists(st.permutations(range(5)), min_size=1, max_size=4), st.randoms())
    def test_the_order_of_the_rankings_does_not_matter(self, rankings, random) -> None:  # type: ignore[no-untyped-def]
        shuffled = random.sample(rankings, len(rankings))
        assert [score for _, score in fuse(rankings)] == pytest.approx([score for _, score in fuse(shuffled)])

    def test_equal_scores_come_by_number(self) -> None:
        assert [number for number, _ in fuse([[2, 1], [1, 2], []])] == [1, 2]

    def test_bad_rankings(self) -> None:
        with pytest.raises(ValueError, match="has a passage twice"):
            fuse([[1, 1]])
        with pytest.raises(ValueError, match="k is -1; give 0 or more"):
            fuse([[1]], k=-1)
