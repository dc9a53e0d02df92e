"""Text in, text out."""

from dataclasses import replace

import numpy as np
import pytest

from minirl.generate import Row, generate, row_stream, stream
from minirl.generate.text import as_completion
from minirl.model import GPT, GPTConfig
from minirl.rl import Agent, State
from minirl.tokenizer import Tokenizer

PROMPTS = ["Q: two and two?\nReasoning:", "Q: é?\nReasoning:", "x"]


@pytest.fixture(scope="module")
def tokenizer():
    return Tokenizer.train(["Q: two and two? Reasoning: two and two is four. Answer: 4 é"] * 5, 290)


@pytest.fixture(scope="module")
def model(tokenizer):
    made = GPT(GPTConfig.llama(vocab_size=tokenizer.vocab_size, context_length=64, n_layer=1, n_head=2, d_model=16))
    for parameter in made.parameters():
        if parameter.ndim == 2:
            parameter.data *= 6
    return made


def test_completions_come_in_order_with_prompt_ids_text_and_log_probabilities(model, tokenizer):
    found = list(generate(model, tokenizer, PROMPTS, samples=3, max_new_tokens=20, seed=1, slots=4))
    assert [c.prompt_ids.tolist() for c in found] == [tokenizer.encode(p) for p in PROMPTS for _ in range(3)]
    for c in found:
        assert c.text == tokenizer.decode(c.ids, skip_special=True)
        assert len(c.ids) == len(c.log_probs) <= 20
        assert c.finished == (c.ids[-1] == tokenizer.special_tokens["<|end|>"])


def test_a_completion_does_not_depend_on_what_comes_after_it(model, tokenizer):
    few = list(generate(model, tokenizer, PROMPTS[:1], samples=2, max_new_tokens=20, seed=1))
    many = list(generate(model, tokenizer, PROMPTS, samples=5, max_new_tokens=20, seed=1, slots=3))
    assert [c.text for c in few] == [c.text for c in many[:2]]


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_a_stream_joins_to_the_text_of_generate(model, tokenizer, temperature):
    """Also where tokens are bytes of half a character: a model that has learned nothing makes many."""
    for seed in range(5):
        settings = {"temperature": temperature, "max_new_tokens": 30, "seed": seed}
        [whole] = generate(model, tokenizer, PROMPTS[1:2], **settings)
        pieces = list(stream(model, tokenizer, PROMPTS[1], **settings))
        ids = [i for i in whole.ids.tolist() if i not in tokenizer.special_tokens.values()]
        assert "".join(pieces) == tokenizer.decode(ids, errors="replace")
        assert all(pieces)


def test_one_text_is_one_prompt(model, tokenizer):
    [single] = generate(model, tokenizer, PROMPTS[0], max_new_tokens=5)
    [listed] = generate(model, tokenizer, iter(PROMPTS[:1]), max_new_tokens=5)
    assert single.text == listed.text and single.prompt_ids.tolist() == tokenizer.encode(PROMPTS[0])


@pytest.mark.parametrize("complete", [lambda *given: generate(given[0], given[1], [given[2]]), stream])
@pytest.mark.parametrize(
    "prompt, error, message",
    [
        ("", ValueError, "a prompt is empty"),
        ("Q: two and two? " * 40, ValueError, "context length"),
        (b"Q:", TypeError, "a prompt is bytes b'Q:'; expected text"),
        (7.5, TypeError, "a prompt is float 7.5; expected text"),
        (None, TypeError, "a prompt is NoneType None; expected text"),
    ],
)
def test_prompts_that_cannot_be_completed_are_refused_at_once(model, tokenizer, complete, prompt, error, message):
    with pytest.raises(error, match=message):
        complete(model, tokenizer, prompt)


def test_special_tokens_are_left_out_by_id_and_never_by_text(tokenizer):
    """Somebody, or the model, may write the letters of an end mark."""
    written = "is <|end|> four<|pad|>"
    ids = [*tokenizer.encode(written), tokenizer.special_tokens["<|end|>"]]
    row = Row(np.array([1], np.int32), 0, 0, row_stream(0, 0, 0), ids=np.array(ids, np.int32), finished=True)
    assert as_completion(row, tokenizer).text == written
    decoder = tokenizer.stream_decoder(skip_special=True)
    assert "".join([decoder.push(token) or "" for token in ids]) + (decoder.finish() or "") == written


def padded(model, tokenizer, rows):
    """A model with surplus rows in its token table, which it likes best."""
    made = GPT(replace(model.config, vocab_size=tokenizer.vocab_size + rows))
    for name, parameter in made.named_parameters():
        own = model.state_dict()[name]
        parameter.data[: len(own)] = own
    made.output_weight.data[tokenizer.vocab_size :] = 3 * model.output_weight.data[7]
    return made


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_a_padded_vocabulary_writes_only_tokens_that_exist(model, tokenizer, temperature):
    made = padded(model, tokenizer, 47)
    settings = {"temperature": temperature, "max_new_tokens": 30}
    found = list(generate(made, tokenizer, PROMPTS, samples=4, **settings))
    assert all((c.ids < tokenizer.vocab_size).all() for c in found)
    assert "".join(stream(made, tokenizer, PROMPTS[0], **settings)) is not None
    agent = Agent(made, tokenizer, temperature)
    state, rng = State(tuple(tokenizer.encode(PROMPTS[0])), 1), np.random.default_rng(0)
    assert all(agent.act(state, rng) < tokenizer.vocab_size for _ in range(50))
    assert agent.policy(state).shape == (made.config.vocab_size,)


def test_a_tokenizer_with_more_tokens_than_the_model_is_refused(model, tokenizer):
    small = GPT(replace(model.config, vocab_size=tokenizer.vocab_size - 1))
    for start in (
        lambda: generate(small, tokenizer, PROMPTS),
        lambda: stream(small, tokenizer, "Q"),
        lambda: Agent(small, tokenizer),
    ):
        with pytest.raises(ValueError, match=r"the tokenizer has \d+ tokens, the model only \d+"):
            start()
