"""Text in, text out."""

import pytest

from minirl.generate import generate, stream
from minirl.model import GPT, GPTConfig
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


def test_a_tokenizer_without_an_end_token_is_refused(model):
    tokenizer = Tokenizer.train(["some text"], 257, special_tokens=["<|pad|>"])
    with pytest.raises(ValueError, match="has no token"):
        list(generate(model, tokenizer, PROMPTS))
