"""The page's own requests: every token seen, votes, going on from a token, tools."""

import math

import numpy as np
import pytest
from listening import ask, serving

from minirl.generate import Schedule, generate
from minirl.generate.text import Completion
from minirl.model import GPT
from minirl.retrieval.lookup import open_lookup
from minirl.tokenizer.special import END_TOOL, TOOL

QUESTION = "Roger has 5 balls and buys 6 more. How many balls does he have?"
PROMPT = f"Q: {QUESTION}\nReasoning:"


def answered(server, **body):
    status, said = ask(server, "/minirl/generate", body)
    assert status == 200, said
    return said


def tokens(said, sample=0):
    return [one for one in said if one["type"] == "token" and one["sample"] == sample]


def of_type(said, kind):
    return [one for one in said if one["type"] == kind]


def model_of(server, stage="rl"):
    return server.served.stages[stage].model


def test_the_server_says_what_it_has(server):
    status, info = ask(server, "/minirl/info")
    assert status == 200
    assert [stage["name"] for stage in info["stages"]] == ["pretrain", "sft", "rl"]
    assert info["stage"] == "rl" and info["name"] == info["model"] == "smoke" and info["kind"] == "run"
    assert info["forms"] == ["reasoning", "direct", "tools", "facts", "text"]
    assert info["tools"] == ["calculator"] and info["default_tools"] == [] and info["lookup"] is None
    assert info["tokenizer"]["size"] == 300 and info["context_length"] == 256
    assert info["parameters"] == sum(p.size for p in model_of(server).parameters())
    assert len(info["task"]["examples"]) == 8


def test_events_tell_each_token_and_what_was_likely_beside_it(server):
    said = answered(server, question=QUESTION, samples=2, temperature="1.5:0.5/6", seed=4, max_tokens=10, top=3)
    schedule = Schedule(1.5, 0.5, 6)
    wanted = list(
        generate(
            model_of(server), server.served.tokenizer, PROMPT, samples=2, seed=4, temperature=schedule,
            max_new_tokens=10,
        )
    )  # fmt: skip
    assert [one["type"] for one in (said[0], said[-1])] == ["start", "done"]
    assert "".join(one["text"] for one in said[0]["prompt"]) == said[0]["prompt_text"] == PROMPT
    for sample, one in enumerate(wanted):
        told = tokens(said, sample)
        assert [token["id"] for token in told] == one.ids.tolist()
        assert [token["index"] for token in told] == list(range(len(told)))
        np.testing.assert_allclose([token["log_prob"] for token in told], one.log_probs, atol=1e-6)
        logits = model_of(server)(np.concatenate([one.prompt_ids, one.ids])[None]).data[0, len(one.prompt_ids) - 1 : -1]
        for step, token in enumerate(told):
            z = logits[step].astype(np.float64) / schedule.at([step])[0]
            pi = np.exp(z - z.max()) / np.exp(z - z.max()).sum()
            assert token["temperature"] == pytest.approx(schedule.at([step])[0])
            assert token["p"] == pytest.approx(pi[token["id"]], abs=1e-4)
            assert token["entropy"] == pytest.approx(-(pi * np.log(pi)).sum(), abs=1e-3)
            assert token["rank"] == (pi > pi[token["id"]] * (1 + 1e-6)).sum()
            assert [other["id"] for other in token["top"]] == np.argsort(-pi, kind="stable")[:3].tolist()
            np.testing.assert_allclose([other["p"] for other in token["top"]], np.sort(pi)[::-1][:3], atol=1e-4)
        [end] = [end for end in of_type(said, "end") if end["sample"] == sample]
        assert end["text"] == one.text
        assert end["finish_reason"] == ("end" if one.finished else "length")
        assert end["log_prob"] == pytest.approx(one.log_prob, abs=1e-4)


def test_going_on_from_a_sample_s_own_tokens_gives_its_rest(server):
    given = dict(question=QUESTION, temperature=1.2, seed=9, max_tokens=30, top=0, presence_penalty=0.3)
    whole = tokens(answered(server, **given, samples=3), 2)
    for k in (1, len(whole) // 2, len(whole) - 1):
        prefix = [token["id"] for token in whole[:k]]
        said = answered(server, **{**given, "max_tokens": 30 - k}, prefix_ids=prefix, sample=2)
        assert [one["id"] for one in said[0]["prefix"]] == prefix
        rest = tokens(said)
        assert [(t["index"], t["id"], t["log_prob"]) for t in rest] == [
            (t["index"], t["id"], t["log_prob"]) for t in whole[k:]
        ]


def test_another_token_at_a_place_begins_another_answer(server):
    given = dict(question=QUESTION, temperature=1, seed=9, max_tokens=20, top=4)
    whole = tokens(answered(server, **given))
    other = next(one["id"] for one in whole[3]["top"] if one["id"] != whole[3]["id"])
    prefix = [*[token["id"] for token in whole[:3]], other]
    said = answered(server, **given, prefix_ids=prefix)
    [end] = of_type(said, "end")
    tokenizer = server.served.tokenizer
    ids = np.array([*prefix, *[token["id"] for token in tokens(said)]])
    assert end["text"] == tokenizer.decode(ids, skip_special=True, begins=False)


def test_an_end_token_in_the_prefix_ends_the_answer(server):
    tokenizer = server.served.tokenizer
    prefix = [*tokenizer.encode(" 5 + 6 = 12.\nAnswer: 12"), tokenizer.conventions.ends[0]]
    said = answered(server, question=QUESTION, prefix_ids=prefix, expected="11")
    assert [one["type"] for one in said] == ["start", "end", "done"]
    assert said[1]["answer"] == "12" and said[1]["correct"] is False and said[1]["finish_reason"] == "end"
    assert said[1]["equations"] == [{"text": "5 + 6 = 12", "start": 1, "end": 11, "holds": False}]
    assert said[2]["vote"]["answers"] == [{"answer": "12", "votes": 1, "samples": [0]}]


def scripted(server, monkeypatch, texts):
    """Sample i of the model writes texts[i] and the end token, as if it had learnt to."""
    tokenizer = server.served.tokenizer
    special = {mark: number for mark, number in tokenizer.special_tokens.items()}
    scripts = []
    for text in texts:
        parts = text.replace(TOOL, f"\0{TOOL}\0").replace(END_TOOL, f"\0{END_TOOL}\0").split("\0")
        ids = [i for part in parts for i in ([special[part]] if part in special else tokenizer.encode(part))]
        scripts.append([*ids, tokenizer.conventions.ends[0]])
    engine, real = server.served.stages["rl"].works.engine, GPT.extend

    def extend(self, ids, cache, lengths=None):
        logits = real(self, ids, cache, lengths)
        if self is engine.model:
            rows = engine.rows if len(engine.rows) == len(logits) else [None] * len(logits)
            logits = np.full_like(logits, -20)
            for i, row in enumerate(rows):
                drawn = 0 if row is None else int(engine.counts[engine.at[i]] - engine.given[engine.at[i]])
                script = scripts[0 if row is None else row.sample]
                logits[i, script[min(drawn, len(script) - 1)]] = 20
        return logits

    monkeypatch.setattr(GPT, "extend", extend)
    return scripts


def test_the_answers_vote(server, monkeypatch):
    texts = [" x\nAnswer: 11", " x\nAnswer: 12", " x 5 + 6 = 11.\nAnswer: 11.0", " x"]
    scripted(server, monkeypatch, texts)
    said = answered(server, question=QUESTION, samples=4, temperature=1, expected="11")
    ends = {end["sample"]: end for end in of_type(said, "end")}
    assert [ends[i]["text"] for i in range(4)] == texts
    assert [ends[i]["answer"] for i in range(4)] == ["11", "12", "11.0", None]
    assert [ends[i]["correct"] for i in range(4)] == [True, False, True, False]
    vote = said[-1]["vote"]
    assert (vote["chosen"], vote["votes"], vote["of"]) == (0, 2, 4)
    assert {answer["answer"]: answer["samples"] for answer in vote["answers"]} == {"11": [0], "12": [1], "11.0": [2]}


def test_a_tool_is_called_and_its_result_is_no_word_of_the_model(server, monkeypatch):
    scripted(server, monkeypatch, [f" 12 * 34 ={TOOL}calculator 12 * 34{END_TOOL} 408.\nAnswer: 408"])
    said = answered(server, question=QUESTION, tools=["calculator"], temperature=1)
    [call], [end] = of_type(said, "call"), of_type(said, "end")
    assert (call["tool"], call["argument"], call["result"], call["error"]) == ("calculator", "12 * 34", "408", False)
    told = tokens(said)
    forced = [token for token in told if token["forced"]]
    assert call["index"] == forced[0]["index"]
    assert {token["kind"] for token in forced} == {"result"}
    assert all(token["p"] is None and token["top"] == [] for token in forced)
    assert "".join(token["text"] for token in told if token["kind"] == "said") == end["text"]
    assert end["text"] == " 12 * 34 = 408.\nAnswer: 408" and end["forced"] == len(forced)
    assert [token["index"] for token in told] == list(range(len(told)))

    cut = next(token["index"] for token in told if token["forced"])  # go on from where the call has just ended
    prefix = [token["id"] for token in told[:cut]]
    monkeypatch.undo()
    again = answered(server, question=QUESTION, tools=["calculator"], prefix_ids=prefix, max_tokens=2)
    assert of_type(again, "call") == [call]
    assert [token["id"] for token in tokens(again)][: len(forced)] == [token["id"] for token in forced]


def test_facts_are_given_or_looked_up(run):
    with serving(run, lookup=open_lookup("science", 2), place="science") as server:
        said = answered(server, question="What is the\nMilky Way?", lookup=True, facts=["A\nfact."], max_tokens=1)
        assert said[0]["form"] == "facts"
        assert said[0]["prompt_text"].startswith("Facts: 1. A fact. 2. ")
        assert said[0]["prompt_text"].endswith("\nQ: What is the Milky Way?\nReasoning:")
        assert [fact["score"] is None for fact in said[0]["facts"]] == [True, False, False]
        assert ask(server, "/minirl/info")[1]["lookup"] == {"place": "science", "top": 2}


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, None), ({"question": "a", "prompt": "b"}, None), ({"question": " "}, "question"),
        ({"prompt": ""}, "prompt"), ({"prompt_ids": []}, "prompt"), ({"prompt_ids": [300]}, "prompt_ids"),
        ({"prompt_ids": [1.0]}, "prompt_ids"), ({"messages": [{"role": "user", "content": "a"}]}, "messages"),
        ({"question": "a", "stage": "none"}, "stage"), ({"question": "a", "tools": ["axe"]}, "tools"),
        ({"question": "a", "temperature": "hot"}, "temperature"), ({"question": "a", "form": "chat"}, "form"),
        ({"question": "a", "form": "facts"}, "facts"), ({"question": "a", "lookup": True}, "lookup"),
        ({"question": "a", "form": "direct", "facts": ["b"]}, "form"), ({"prompt": "a", "facts": ["b"]}, "facts"),
        ({"question": "a", "samples": 33}, "samples"), ({"question": "a", "top": 21}, "top"),
        ({"question": "a", "prefix_ids": [1], "prefix_forced": []}, "prefix_forced"),
        ({"question": "a", "prefix_ids": [1] * 250}, "prefix_ids"), ({"question": "a", "beam": 4}, "beam"),
        ({"question": "a", "sample": 1, "samples": 2}, "sample"), ({"question": "a", "choose": "me"}, "choose"),
    ],
)  # fmt: skip
def test_requests_that_cannot_be_answered(server, body, param):
    status, said = ask(server, "/minirl/generate", body)
    assert status in (400, 404)
    assert said["error"]["param"] == param


def test_text_and_tokens(server):
    status, said = ask(server, "/minirl/tokenize", {"text": "Roger has <|end|> \u00fc"})
    assert status == 200 and said["text"] == "Roger has <|end|> \u00fc"
    assert "".join(token["text"] for token in said["tokens"]) == said["text"]
    ids = [token["id"] for token in said["tokens"]]
    assert server.served.tokenizer.conventions.ends[0] not in ids
    assert ask(server, "/minirl/tokenize", {"ids": ids})[1]["text"] == said["text"]


def test_completions_of_the_engine_are_what_the_page_is_told(server):
    """A stop text: the tokens are told, and the text ends before it."""
    [free] = generate(model_of(server), server.served.tokenizer, PROMPT, max_new_tokens=40, seed=1)
    assert isinstance(free, Completion)
    stop = next(letter for letter in free.text[4:] if letter.isascii())
    said = answered(server, prompt=PROMPT, seed=1, temperature=1, stop=stop, max_tokens=40)
    [end] = of_type(said, "end")
    assert end["finish_reason"] == "stop" and end["stop"] == stop
    assert end["text"] == free.text[: free.text.index(stop)]
    assert math.isclose(end["log_prob"], sum(token["log_prob"] for token in tokens(said)), abs_tol=1e-4)
