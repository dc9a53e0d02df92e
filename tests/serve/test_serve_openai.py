"""OpenAI's own client, and every field that it may send."""

import json

import numpy as np
import pytest

from minirl.generate import generate
from minirl.model import GPT
from minirl.tokenizer.special import END_RESULT, END_TOOL, RESULT, TOOL

openai = pytest.importorskip("openai", reason="openai is not installed: pip install 'minirl[peers]'")

PROMPT = "Q: What is 5 + 6?\nReasoning:"


@pytest.fixture(scope="module")
def client(server):
    return openai.OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0)


def expected(server, prompt=PROMPT, **settings):
    model = server.served.stages[server.served.default].model
    return list(generate(model, server.served.tokenizer, prompt, **settings))


def test_the_models_are_the_stages(client, server):
    names = [model.id for model in client.models.list()]
    assert names == ["smoke", "smoke/pretrain", "smoke/sft", "smoke/rl"]
    assert client.models.retrieve("smoke/sft").id == "smoke/sft"
    with pytest.raises(openai.NotFoundError, match="there is no model 'gpt-4'"):
        client.models.retrieve("gpt-4")


def test_a_completion_is_what_generate_gives(client, server):
    answer = client.completions.create(
        model="smoke", prompt=PROMPT, max_tokens=12, temperature=0.9, top_p=0.9, n=3, seed=5,
        presence_penalty=0.5, frequency_penalty=-0.2, extra_body={"top_k": 40, "min_p": 0.01},
    )  # fmt: skip
    wanted = expected(
        server, max_new_tokens=12, temperature=0.9, top_p=0.9, samples=3, seed=5, presence_penalty=0.5,
        frequency_penalty=-0.2, top_k=40, min_p=0.01,
    )  # fmt: skip
    assert [choice.text for choice in answer.choices] == [one.text for one in wanted]
    assert [choice.finish_reason for choice in answer.choices] == ["stop" if o.finished else "length" for o in wanted]
    assert answer.usage.prompt_tokens == len(wanted[0].prompt_ids)
    assert answer.usage.completion_tokens == sum(len(one.ids) for one in wanted)


def test_a_stream_joins_to_the_whole_answer(client):
    settings = dict(model="smoke", prompt=[PROMPT, "Q: Why?"], max_tokens=20, n=2, seed=3, stop=["e", "12"])
    whole = client.completions.create(**settings)
    texts, reasons, usage = [""] * 4, [None] * 4, None
    for chunk in client.completions.create(**settings, stream=True, stream_options={"include_usage": True}):
        usage = chunk.usage or usage
        for choice in chunk.choices:
            texts[choice.index] += choice.text
            reasons[choice.index] = choice.finish_reason or reasons[choice.index]
    assert texts == [choice.text for choice in whole.choices]
    assert reasons == [choice.finish_reason for choice in whole.choices]
    assert usage == whole.usage
    assert not any("e" in text or "12" in text for text in texts)


def test_prompts_may_be_ids_and_be_repeated(client, server):
    ids = server.served.tokenizer.encode(PROMPT)
    given = dict(model="smoke/rl", max_tokens=5, temperature=0, echo=True)
    answers = [client.completions.create(prompt=prompt, **given) for prompt in (ids, [ids], PROMPT)]
    assert len({answer.choices[0].text for answer in answers}) == 1
    assert answers[0].choices[0].text.startswith(PROMPT)


def test_log_probabilities_are_those_of_the_training_forward(client, server):
    """Whatever the temperature of the draw, at temperature 1; and they are the same in a stream."""
    given = dict(model="smoke", prompt=PROMPT, max_tokens=15, temperature=0.3, logprobs=3, seed=1, n=2)
    answer = client.completions.create(**given)
    wanted = expected(server, max_new_tokens=15, temperature=0.3, seed=1, samples=2)
    model = server.served.stages["rl"].model
    for choice, one in zip(answer.choices, wanted, strict=True):
        ids = np.concatenate([one.prompt_ids, one.ids])
        logits = model(ids[None]).data[0, len(one.prompt_ids) - 1 : -1].astype(np.float64)
        log_pi = (
            logits
            - np.log(np.exp(logits - logits.max(1, keepdims=True)).sum(1, keepdims=True))
            - logits.max(1, keepdims=True)
        )
        np.testing.assert_allclose(choice.logprobs.token_logprobs, log_pi[range(len(one.ids)), one.ids], atol=1e-4)
        for step, top in enumerate(choice.logprobs.top_logprobs):
            best = np.sort(log_pi[step])[:-4:-1]  # tokens that look the same share an entry
            assert all(np.isclose(best, value, atol=1e-4).any() for value in top.values())
            assert max(top.values()) == pytest.approx(best[0], abs=1e-4)
        assert len(choice.logprobs.tokens) == len(one.ids)
    streamed = [[], []]
    for chunk in client.completions.create(**given, stream=True):
        for choice in chunk.choices:
            streamed[choice.index] += choice.logprobs.token_logprobs
    assert streamed == [choice.logprobs.token_logprobs for choice in answer.choices]


def test_a_chat_is_a_question_in_the_usual_form(client, server):
    given = dict(
        model="smoke", messages=[{"role": "user", "content": "What is 5 +\n6?"}], max_completion_tokens=9, seed=2
    )
    answer = client.chat.completions.create(**given, logprobs=True, top_logprobs=2)
    [wanted] = expected(server, max_new_tokens=9, seed=2)
    assert answer.choices[0].message.content == wanted.text
    content = answer.choices[0].logprobs.content
    assert b"".join(bytes(one.bytes) for one in content) == server.served.tokenizer.decode_bytes(wanted.ids)
    assert all(len(one.top_logprobs) == 2 for one in content)
    streamed = list(client.chat.completions.create(**given, stream=True))
    assert streamed[0].choices[0].delta.role == "assistant"
    assert "".join(chunk.choices[0].delta.content or "" for chunk in streamed) == wanted.text
    assert streamed[-1].choices[0].finish_reason in ("stop", "length")


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"logit_bias": {"3": 1}}, "logit_bias"), ({"temperature": 1000}, "temperature"), ({"n": 0}, "n"),
        ({"n": True}, "n"), ({"stop": ["a"] * 5}, "stop"), ({"stop": ""}, "stop"), ({"seed": -1}, "seed"),
        ({"top_p": 0}, "top_p"), ({"top_logprobs": 2}, "top_logprobs"), ({"top_logprobs": 21}, "top_logprobs"),
        ({"response_format": {"type": "json_object"}}, "response_format"), ({"wibble": 1}, "wibble"),
        ({"stream_options": {"include_usage": True}}, "stream_options"), ({"functions": []}, "functions"),
        ({"stream": True, "stream_options": {"other": 1}}, "stream_options.other"), ({"messages": []}, "messages"),
        ({"messages": [{"role": "user"}]}, "messages[0]"),
        ({"messages": [{"role": "system", "content": "x"}]}, "messages"),
        ({"messages": [{"role": "user", "content": "x", "cat": 1}]}, "messages[0].cat"),
        ({"messages": [{"role": "user", "content": "x " * 900}]}, "messages"),
        ({"tools": [{"type": "function", "function": {"name": "two words"}}]}, "tools[0].function.name"),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "tools[0].function.parameters"),
        ({"tool_choice": "required"}, "tool_choice"), ({"max_tokens": 1.5}, "max_tokens"),
    ],
)  # fmt: skip
def test_what_is_unknown_or_out_of_range_is_refused_by_name(client, changes, param):
    given = {"messages": [{"role": "user", "content": "Why?"}], **changes}
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(model="smoke", messages=given.pop("messages"), extra_body=given)
    assert refused.value.body["param"] == param
    assert param.split("[")[0].split(".")[0] in refused.value.body["message"]


FUNCTION = {
    "type": "function",
    "function": {
        "name": "calculator", "description": "computes",
        "parameters": {"type": "object", "properties": {"sum": {"type": "string"}}, "required": ["sum"]},
    },
}  # fmt: skip


def calls(server, monkeypatch, text):
    """The model writes this next, as if it had learnt to; then it goes on by itself."""
    tokenizer = server.served.tokenizer
    special = tokenizer.special_tokens
    script = [*tokenizer.encode("12 * 34 ="), special[TOOL], *tokenizer.encode(text), special[END_TOOL]]
    model = server.served.stages["rl"].model
    real, seen = GPT.extend, []

    def extend(self, ids, cache, lengths=None):
        logits = real(self, ids, cache, lengths)
        if self is model and len(seen) < len(script):
            logits = np.full_like(logits, -20)
            logits[:, script[len(seen)]] = 20
            seen.append(np.shape(ids))
        return logits

    monkeypatch.setattr(GPT, "extend", extend)
    return script


def test_a_function_is_called_and_its_result_read(client, server, monkeypatch):
    script = calls(server, monkeypatch, "calculator 12 * 34")
    messages = [{"role": "user", "content": "What is 12 * 34?"}]
    answer = client.chat.completions.create(model="smoke", messages=messages, tools=[FUNCTION], seed=0)
    [choice] = answer.choices
    assert choice.finish_reason == "tool_calls"
    assert choice.message.content == "12 * 34 ="
    [call] = choice.message.tool_calls
    assert call.function.name == "calculator" and json.loads(call.function.arguments) == {"sum": "12 * 34"}

    rows = []
    real = server.served.worker.submit
    monkeypatch.setattr(
        server.served.worker, "submit", lambda works, job, n: (rows.extend(job.rows), real(works, job, n))
    )
    messages += [choice.message, {"role": "tool", "tool_call_id": call.id, "content": "<|/result|>\nAnswer: 408"}]
    client.chat.completions.create(model="smoke", messages=messages, tools=[FUNCTION], max_tokens=3)
    [row] = rows
    special = server.served.tokenizer.special_tokens
    assert row.begun[~row.begun_forced].tolist() == script
    result = row.begun[row.begun_forced].tolist()
    assert result[0] == special[RESULT] and result[-1] == special[END_RESULT]
    assert server.served.tokenizer.decode(result[1:-1]) == "<|/result|> Answer: 408"
    assert special[END_RESULT] not in result[1:-1]  # nobody forges a mark


def test_a_streamed_call(client, server, monkeypatch):
    calls(server, monkeypatch, "calculator 1 + 1")
    messages = [{"role": "user", "content": "What is 1 + 1?"}]
    chunks = list(client.chat.completions.create(model="smoke", messages=messages, tools=[FUNCTION], stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "12 * 34 ="
    [called] = [chunk.choices[0].delta.tool_calls for chunk in chunks if chunk.choices[0].delta.tool_calls]
    assert json.loads(called[0].function.arguments) == {"sum": "1 + 1"}
    assert chunks[-1].choices[0].finish_reason == "tool_calls"
