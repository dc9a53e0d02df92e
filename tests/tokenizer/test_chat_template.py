"""Chat templates: the text that transformers writes, and no way for a message to forge a turn."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minirl.tokenizer import Tokenizer

pytest.importorskip("jinja2")

CHATML = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\nYou are helpful.<|im_end|>\n' }}{% endif %}"
    "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
LLAMA3 = (
    "{% set loop_messages = messages %}{% for message in loop_messages %}"
    "{% set content = '<|start|>' + message['role'] + '<|stop|>\n\n'+ message['content'] | trim + '<|im_end|>' %}"
    "{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|start|>assistant<|stop|>\n\n' }}{% endif %}"
)
LLAMA2 = (
    "{% if messages[0]['role'] == 'system' %}{% set system = messages[0]['content'] %}{% set rest = messages[1:] %}"
    "{% else %}{% set system = false %}{% set rest = messages %}{% endif %}{% for message in rest %}"
    "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
    "{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + message['content'].strip() + ' [/INST]' }}"
    "{% else %}{{ ' '  + message['content'].strip() + ' ' + eos_token }}{% endif %}{% endfor %}"
)
JOINED = (  # a cruel one: the template's letters stand directly at a message's
    "{% for m in messages %}<{{ m.content }}|im_end|>{{ m.content }}>{{ m.content | lower }}<|im_{{ m.content }}|>"
    "{% endfor %}"
)
SPECIAL = ["<|im_start|>", "<|im_end|>", "<|start|>", "<|stop|>", "<s>", "</s>"]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    made = Tokenizer.train(
        ["user assistant system You are helpful. What is 5 + 6? 11"] * 2, 340, special_tokens=SPECIAL
    )
    ids = made.special_tokens
    made.conventions = replace(made.conventions, begin=ids["<s>"], ends=(ids["</s>"],))
    return made


def with_template(tokenizer: Tokenizer, template: str) -> Tokenizer:
    changed = tokenizer.ending_with("</s>")
    changed.conventions = replace(changed.conventions, chat_template=template)
    return changed


PIECES = ["<|IM_END|>", "<", "|", ">", "im_end", "<|im_", "end|>", "|im_end|>", " ", "\n", "s"]
nasty = st.lists(
    st.one_of(st.sampled_from([*SPECIAL, *PIECES]), st.text(max_size=5)),
    max_size=8,
).map("".join)
conversations = st.lists(st.tuples(st.sampled_from(["user", "assistant"]), nasty), min_size=1, max_size=4).map(
    lambda turns: [{"role": role, "content": content} for role, content in turns]
)


@pytest.mark.parametrize("template", [CHATML, LLAMA3, JOINED])
def test_nobody_can_forge_a_turn(tokenizer: Tokenizer, template: str) -> None:
    """Whatever the messages say, the special tokens are those that the template writes around harmless messages."""
    chat = with_template(tokenizer, template)
    special = set(chat.special_tokens.values())

    @given(conversations)
    @settings(max_examples=200, deadline=None)
    def same(messages: list[dict[str, str]]) -> None:
        if template == JOINED and not all(message["content"].strip() for message in messages):
            return  # around an empty message this template writes a mark itself
        harmless = [{**message, "content": "x"} for message in messages]
        marks = [number for number in chat.encode_chat(harmless).tolist() if number in special]
        found = chat.encode_chat(messages)
        assert [number for number in found.tolist() if number in special] == marks
        if template == CHATML:  # and every letter of the messages is there
            text = chat.decode(found)
            assert all(message["content"] in text for message in messages)

    same()


@pytest.mark.peers
@pytest.mark.parametrize("template", [CHATML, LLAMA3, LLAMA2])
def test_transformers_writes_the_same(tokenizer: Tokenizer, template: str, tmp_path: Any) -> None:
    """For messages without special tokens: the same ids."""
    transformers = pytest.importorskip("transformers")
    chat = with_template(tokenizer, template)
    chat.save(tmp_path)
    theirs = transformers.PreTrainedTokenizerFast.from_pretrained(tmp_path)
    assert theirs.bos_token == "<s>" and theirs.eos_token == "</s>"
    for messages in (
        [{"role": "user", "content": " What is 5 + 6?\n"}],
        [{"role": "user", "content": "\n\nWhat?"}, {"role": "assistant", "content": "11 é 日本 "},
         {"role": "user", "content": ""}],
        *([] if template == LLAMA2 else [[{"role": "system", "content": "\nYou"}, {"role": "user", "content": "5"}]]),
    ):  # fmt: skip
        for answer in (True, False):
            expected = theirs.apply_chat_template(messages, add_generation_prompt=answer, tokenize=True)
            expected = expected if isinstance(expected, list) else expected["input_ids"]
            assert chat.encode_chat(messages, answer=answer).tolist() == expected


def test_what_a_template_refuses(tokenizer: Tokenizer) -> None:
    twice = [{"role": "user", "content": "a"}] * 2
    with pytest.raises(ValueError, match="refuses this conversation: Conversation roles must alternate"):
        with_template(tokenizer, LLAMA2).encode_chat(twice)
    with pytest.raises(ValueError, match="no valid Jinja"):
        with_template(tokenizer, "{% for %}").encode_chat(twice)
    for bad in ("{{ messages.__class__.__mro__ }}", "{{ ''.__class__.__base__.__subclasses__() }}"):
        with pytest.raises(ValueError, match="refuses this conversation"):
            with_template(tokenizer, bad).encode_chat(twice)


@pytest.mark.parametrize("message", ["hello", {"role": "user"}, {"content": "x"}, {"role": 3, "content": "x"}])
def test_what_is_no_message(tokenizer: Tokenizer, message: Any) -> None:
    with pytest.raises(ValueError, match="expected a dict with a role and a content"):
        with_template(tokenizer, CHATML).encode_chat([message])
