"""One update: accumulated gradients, what counts in the loss, bits per byte."""

import math
from dataclasses import replace

import numpy as np
import pytest

from minirl.bugs import planted
from minirl.data import Batch, Document, Loader, make_batches, pack
from minirl.model import GPT, GPTConfig
from minirl.runs import PretrainConfig
from minirl.tasks import Problem, get
from minirl.tokenizer import Tokenizer
from minirl.train.pretrain import bits_per_byte, token_byte_counts
from minirl.train.sft import mean_loss, solved
from minirl.train.stage import SupervisedStage, accumulate_gradients

V = 50
CONFIG = GPTConfig.llama(vocab_size=V, context_length=64, n_layer=2, n_head=2, d_model=16, d_ff=32)


def gradients(model: GPT) -> dict[str, np.ndarray]:
    found = {name: p.grad.copy() for name, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    return found


def ragged_batch(seed: int = 0) -> Batch:
    """Documents whose numbers of targets differ much, some targets of weight 0."""
    rng = np.random.default_rng(seed)
    documents = []
    for length in (3, 40, 7, 25, 2, 33, 18):
        weights = rng.choice([0.0, 0.3, 1.0], length).astype(np.float32)
        documents.append(Document(rng.integers(0, V, length).astype(np.int32), weights))
    return pack(documents)


@pytest.mark.parametrize("size", [1, 2, 3, 6])
def test_accumulation_equals_the_large_batch(size: int) -> None:
    """The error of float32 sums taken in another order: some units in the last place of the largest gradient."""
    model, batch = GPT(CONFIG), ragged_batch()
    loss = accumulate_gradients(model, batch, 100)
    expected = gradients(model)
    parts_loss = accumulate_gradients(model, batch, size)
    for name, gradient in gradients(model).items():
        scale = np.abs(expected[name]).max()
        np.testing.assert_allclose(gradient, expected[name], rtol=0, atol=2e-5 * scale, err_msg=name)
    assert parts_loss == pytest.approx(loss, rel=1e-5)


def test_the_mean_of_the_parts_means_would_be_wrong() -> None:
    """The usual bug, which the test above must tell from the right answer."""
    with planted("mean of means"), pytest.raises(AssertionError, match="Not equal to tolerance"):
        test_accumulation_equals_the_large_batch(2)


def test_a_loss_that_is_not_finite_is_refused() -> None:
    model, batch = GPT(CONFIG), ragged_batch()
    model.final_norm.weight.data[0] = np.nan
    with pytest.raises(FloatingPointError, match="the loss is nan"):
        accumulate_gradients(model, batch, 100)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    problems = get("word_problems").problems("train", 100)
    return Tokenizer.train([p.prompt + p.completion for p in problems], 400)


class TestCompletionOnly:
    """SFT's loss counts what the model should write, not what it is asked."""

    def test_prompt_tokens_have_no_weight(self, tokenizer: Tokenizer) -> None:
        problem = get("word_problems").problems("train", 1)[0]
        (document,) = solved(tokenizer, [problem])
        prompt = len(tokenizer.encode(problem.prompt))
        assert not document.weights[:prompt].any()
        assert (document.weights[prompt:] == 1).all()
        assert tokenizer.decode(document.ids[prompt:]) == problem.completion

    def test_prompt_targets_give_no_gradient(self, tokenizer: Tokenizer) -> None:
        """Other targets inside the prompt, other gradients: not if only the completion counts."""
        model = GPT(
            GPTConfig.llama(vocab_size=tokenizer.vocab_size, context_length=160, n_layer=1, n_head=2, d_model=16)
        )
        batch = pack(solved(tokenizer, get("word_problems").problems("train", 3)))
        accumulate_gradients(model, batch, 8)
        expected = gradients(model)
        targets = np.where(batch.weights == 0, (batch.targets + 7) % 200, batch.targets)
        assert (targets != batch.targets).any()
        accumulate_gradients(model, batch._replace(targets=targets), 8)
        for name, gradient in gradients(model).items():
            np.testing.assert_array_equal(gradient, expected[name])

    def test_completion_targets_give_a_gradient(self, tokenizer: Tokenizer) -> None:
        model = GPT(
            GPTConfig.llama(vocab_size=tokenizer.vocab_size, context_length=160, n_layer=1, n_head=2, d_model=16)
        )
        batch = pack(solved(tokenizer, [Problem("How many?", "Roger has 5.", "5", "k")]))
        accumulate_gradients(model, batch, 8)
        assert all(np.abs(gradient).max() > 0 for gradient in gradients(model).values())


def document(length: int) -> Document:
    return Document((np.arange(length, dtype=np.int32) * 7) % V, np.ones(length, np.float32))


@pytest.mark.parametrize("style", ["llama", "gpt2"])
@pytest.mark.parametrize("lengths", [[1], [0], [], [1, 9], [9, 1], [9, 0, 4], [1, 1, 0], [9, 1, 4, 1], [0, 9, 4]])
def test_a_document_without_targets_contributes_nothing(lengths: list[int], style: str) -> None:
    """It has one token or none, and lies anywhere among others, which make the loss alone."""
    shape = {"vocab_size": V, "context_length": 64, "n_layer": 2, "n_head": 2, "d_model": 16, "d_ff": 32}
    model = GPT(GPTConfig.llama(**shape) if style == "llama" else GPTConfig(**shape))
    documents, others = [document(n) for n in lengths], [document(n) for n in lengths if n > 1]
    counts = np.full(V, 3)
    assert pack(documents).tokens == pack(others).tokens == sum(n - 1 for n in lengths if n > 1)
    assert mean_loss(model, documents) == mean_loss(model, others)
    assert bits_per_byte(model, documents, counts) == bits_per_byte(model, others, counts)
    for size in (1, 2, 100):
        expected = accumulate_gradients(model, pack(others), size), gradients(model)
        found = accumulate_gradients(model, pack(documents), size), gradients(model)
        assert found[0] == pytest.approx(expected[0], abs=1e-5)
        if others:
            for name, gradient in found[1].items():
                np.testing.assert_allclose(gradient, expected[1][name], atol=1e-5)
        else:
            assert found[0] == 0 and not any(gradient.any() for gradient in found[1].values())
    batches = make_batches(documents, np.random.default_rng(0), tokens=100)
    assert sum(batch.tokens for batch in batches) == pack(others).tokens


class MadeStage(SupervisedStage):
    def probe(self) -> dict[str, float]:
        return {}


class TestDropout:
    """It is on in updates, and in nothing that measures."""

    config = replace(CONFIG, dropout=0.3)

    def test_measures_do_not_see_it_and_leave_its_stream_alone(self) -> None:
        model, plain = GPT(self.config).train(), GPT(CONFIG)
        documents = [Document(np.arange(length, dtype=np.int32), np.ones(length, np.float32)) for length in (9, 4, 30)]
        before = model.dropout.generator.bit_generator.state
        assert mean_loss(model, documents) == mean_loss(plain, documents)
        counts = np.full(V, 3)
        assert bits_per_byte(model, documents, counts) == bits_per_byte(plain, documents, counts)
        assert model.dropout.generator.bit_generator.state == before and model.training

    def test_a_stage_trains_a_loaded_model_with_dropout(self) -> None:
        model = GPT(self.config).eval()
        loader = Loader(lambda number: [ragged_batch()])
        before = model.dropout.generator.bit_generator.state
        MadeStage(model, PretrainConfig(), 1, loader, 100).update(0)
        assert model.dropout.generator.bit_generator.state != before


class TestBitsPerByte:
    def test_a_model_that_knows_nothing(self, tokenizer: Tokenizer) -> None:
        """Zero weights give every token the probability 1 / V, so bits = tokens log2 V."""
        config = GPTConfig.llama(vocab_size=tokenizer.vocab_size, context_length=160, n_layer=1, n_head=2, d_model=16)
        model = GPT(config, seed=None)
        text = "Roger has 5 tennis balls. €5 größer 🎾"
        ids = np.array([*tokenizer.encode(text), tokenizer.special_tokens["<|end|>"]], np.int32)
        document = Document(ids, np.ones(len(ids), np.float32))
        first = len(tokenizer.token_bytes(int(ids[0])))
        tokens = len(ids) - 2  # neither the first nor the special token
        expected = tokens * math.log2(tokenizer.vocab_size) / (len(text.encode()) - first)
        found = bits_per_byte(model, [document], token_byte_counts(tokenizer))
        assert found == pytest.approx(expected, rel=1e-5)

    def test_bytes_are_those_of_the_text(self, tokenizer: Tokenizer) -> None:
        """Also where tokens are parts of characters, which decoded alone would count three bytes each."""
        text = "größer 🎾 “Roger”"
        counts = token_byte_counts(tokenizer)
        assert counts[tokenizer.encode(text)].sum() == len(text.encode())
        assert not counts[list(tokenizer.special_tokens.values())].any()
