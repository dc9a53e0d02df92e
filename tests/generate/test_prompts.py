"""Prompts that are texts, ids or conversations; tokens and texts that end a completion."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minirl import tasks
from minirl.generate import beam_search, encode_prompt, generate, needed_end_tokens, row_stream, stream
from minirl.generate.prompts import StopTexts, listed
from minirl.model import GPT, GPTConfig
from minirl.rl.mdp import Agent, Environment, play
from minirl.rl.rollout import rollout
from minirl.tokenizer import Tokenizer
from minirl.tokenizer.conventions import Conventions

TEXT = "Q: two and two?\nReasoning: two and two is four.\nAnswer: 4 é"
TEMPLATE = (
    "{% for m in messages %}<|user|>{{ m.role }}: {{ m.content | trim }}<|turn|>{% endfor %}"
    "{% if add_generation_prompt %}<|user|>assistant:{% endif %}"
)


@pytest.fixture(scope="module")
def tokenizer():
    return Tokenizer.train([TEXT] * 5, 300, special_tokens=["<|end|>", "<|turn|>", "<|user|>", "<|begin|>"])


@pytest.fixture(scope="module")
def chat(tokenizer):
    """A tokenizer with a chat template, two ends, and a token before each text."""
    pytest.importorskip("jinja2")
    ids = tokenizer.special_tokens
    changed = tokenizer.ending_with("<|turn|>", ids["<|end|>"])
    changed.conventions = Conventions(changed.conventions.ends, ids["<|begin|>"], True, None, TEMPLATE)
    return changed


@pytest.fixture(scope="module")
def model(tokenizer):
    made = GPT(GPTConfig.llama(vocab_size=tokenizer.vocab_size, context_length=64, n_layer=1, n_head=2, d_model=16))
    for parameter in made.parameters():
        if parameter.ndim == 2:
            parameter.data *= 6
    return made


MESSAGES = [{"role": "user", "content": " two and two?\n"}]


def test_a_text_ids_and_a_conversation(chat):
    special = chat.special_tokens
    text = encode_prompt(chat, "two<|turn|>")
    assert text.tolist() == [special["<|begin|>"], *chat.encode("two<|turn|>")] and special["<|turn|>"] not in text
    allowed = encode_prompt(chat, "two<|turn|>", ["<|turn|>"])
    assert allowed.tolist() == [special["<|begin|>"], *chat.encode("two"), special["<|turn|>"]]
    assert encode_prompt(chat, "<|begin|>two", "all").tolist() == [special["<|begin|>"], *chat.encode("two")]
    assert encode_prompt(chat, np.array([5, 6])).tolist() == [5, 6]  # as they are
    said = encode_prompt(chat, MESSAGES)
    assert said.tolist() == [
        special["<|user|>"], *chat.encode("user: two and two?"), special["<|turn|>"], special["<|user|>"],
        *chat.encode("assistant:"),
    ]  # fmt: skip
    assert said.dtype == text.dtype == np.int32


def test_one_prompt_of_each_kind_need_not_be_in_a_list(model, chat):
    for prompt in ("two", [5, 6], np.array([5, 6]), MESSAGES):
        [alone] = generate(model, chat, prompt, max_new_tokens=3)
        [inside] = generate(model, chat, [prompt], max_new_tokens=3)
        assert alone.prompt_ids.tolist() == inside.prompt_ids.tolist() == encode_prompt(chat, prompt).tolist()
        assert "".join(stream(model, chat, prompt, max_new_tokens=3)) == alone.text
    assert listed(["a", [1, 2]]) == ["a", [1, 2]] and listed(iter([MESSAGES])) == [MESSAGES] and listed([]) == []


@pytest.mark.parametrize(
    ("prompt", "error", "message"),
    [
        ([5, 10_000], IndexError, "10000 is outside the vocabulary"),
        ([5, -1], IndexError, "-1 is outside the vocabulary"),
        ([[]], ValueError, "a prompt is empty"),
        (np.array([[1, 2]], float)[0], TypeError, "expected text, ids or messages"),
        ([{"role": "user"}], ValueError, "expected a dict with a role and a content"),
    ],
)
def test_what_is_no_prompt(model, chat, prompt, error, message):
    with pytest.raises(error, match=message):
        generate(model, chat, prompt)


def test_a_conversation_needs_a_template(model, tokenizer):
    with pytest.raises(ValueError, match="no chat template"):
        generate(model, tokenizer, MESSAGES)


def test_each_of_several_tokens_ends_a_row(model, chat):
    """Every row ends at the first end token that the model draws, whichever it is; beams too."""
    ends = chat.conventions.ends
    found = list(generate(model, chat, "two and", samples=200, max_new_tokens=40, seed=3))
    last = {int(c.ids[-1]) for c in found if c.finished}
    assert last == set(ends)
    for c in found:
        assert c.finished == (c.ids[-1] in ends) and not set(c.ids[:-1].tolist()) & set(ends)
    for hypotheses in beam_search(model, chat, ["two and"], width=3, max_new_tokens=12):
        for one in hypotheses:
            assert one.finished == (one.ids[-1] in ends) and not set(one.ids[:-1].tolist()) & set(ends)


def test_other_ends_by_name_and_by_id(model, chat):
    only = chat.special_tokens["<|user|>"]
    for end in ("<|user|>", only, [only], ["<|user|>"]):
        found = list(generate(model, chat, "two and", samples=50, max_new_tokens=40, seed=3, end=end))
        assert {int(c.ids[-1]) for c in found if c.finished} == {only}
    with pytest.raises(ValueError, match=r"'<.nothing.>' is no special token here"):
        generate(model, chat, "two", end="<|nothing|>")


def test_without_an_end_token_a_row_ends_at_its_longest(model):
    tokenizer = Tokenizer.train([TEXT], 270, special_tokens=["<|pad|>"])
    [one] = generate(model, tokenizer, "two", max_new_tokens=9)
    assert len(one.ids) == 9 and not one.finished
    for start in (lambda: needed_end_tokens(tokenizer), lambda: Environment(tokenizer, tasks.get("arithmetic"))):
        with pytest.raises(ValueError, match="no answer could end"):
            start()


@pytest.mark.parametrize("stop", [["w"], ["and", "é"], ["is", "fo"]])
def test_texts_that_end_a_row(model, tokenizer, stop):
    """What is written up to a stop is what would have been written without it; `stream` says the same."""
    settings = {"max_new_tokens": 30, "temperature": 1.5}
    free = list(generate(model, tokenizer, "two", samples=40, seed=1, **settings))
    found = list(generate(model, tokenizer, "two", samples=40, seed=1, stop=stop, **settings))
    stopped = 0
    for one, other in zip(found, free, strict=True):
        places = [other.text.find(text) for text in stop if text in other.text]
        assert one.ids.tolist() == other.ids[: len(one.ids)].tolist()
        if places:
            stopped += 1
            assert one.finished and one.text == other.text[: min(places)]
        else:
            assert one.text == other.text and one.finished == other.finished
    assert stopped > 3
    for seed in range(6):
        [whole] = generate(model, tokenizer, "two", seed=seed, stop=stop, **settings)
        assert "".join(stream(model, tokenizer, "two", seed=seed, stop=stop, **settings)) == whole.text


@given(st.text("ab", max_size=12), st.lists(st.text("ab", min_size=1, max_size=3), min_size=1, max_size=3), st.data())
def test_a_stream_is_cut_where_the_text_is(tokenizer, text, stop, data):
    """However the text comes in pieces."""
    pieces, rest = [], text
    while rest:
        n = data.draw(st.integers(1, len(rest)))
        pieces.append(rest[:n])
        rest = rest[n:]
    stops = StopTexts(tokenizer, stop)
    # a text that is cut by one stop as soon as it is complete may hold the beginning of another that is not
    done = next((text[:n] for n in range(len(text) + 1) if any(one in text[:n] for one in stop)), text)
    assert "".join(stops.stream(iter(done))) == stops.cut(done)
    assert text.startswith("".join(stops.stream(pieces)))


def test_empty_stops_are_refused(model, tokenizer):
    for stop, error in ((["a", ""], ValueError), ([3], TypeError)):
        with pytest.raises(error, match="stop holds"):
            generate(model, tokenizer, "two", stop=stop)


def test_rollouts_and_the_environment_ask_alike(model, chat):
    """In a conversation, with ids, or as usual: rollout gives the episode that mdp.play gives."""
    task = tasks.get("arithmetic")
    problems = task.problems("train", 2)
    for ask in (
        lambda problem: [{"role": "user", "content": problem.question}],
        lambda problem: chat.encode(problem.question)[:9],
        lambda problem: problem.question[:12],
    ):
        found = rollout(model, chat, task, problems, 2, max_new_tokens=20, seed=4, ask=ask)
        environment = Environment(chat, task, max_new_tokens=20, ask=ask)
        for number, episode in enumerate(found):
            problem, sample = divmod(number, 2)
            played = play(Agent(model, chat), environment, problems[problem], row_stream(4, problem, sample))
            assert (
                played.prompt.tolist()
                == episode.prompt.tolist()
                == encode_prompt(chat, ask(problems[problem])).tolist()
            )
            assert played.actions.tolist() == episode.actions.tolist() and played.finished == episode.finished
