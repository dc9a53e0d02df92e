"""Many clients at once, clients who leave, a full queue: each gets what it would get alone, and nothing stays taken."""

import http.client
import json
import os
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from listening import ask, serving, settled

from minirl.generate import generate, parse_temperature
from minirl.serve.served import Limits

PROMPT = "Q: What is {} + 6?\nReasoning:"


def test_fifty_clients_at_once_get_the_bits_that_each_gets_alone(server):
    """Slots are 8, so they come and go; each has settings of its own."""
    tokenizer, model = server.served.tokenizer, server.served.stages["rl"].model
    asked = [
        {
            "prompt": PROMPT.format(i) * (1 + i % 3), "samples": 1 + i % 3, "seed": i, "max_tokens": 5 + 7 * i % 40,
            "temperature": [1.0, 0.0, "1.5:0.3/9", 0.7][i % 4], "top_k": [0, 5][i % 2], "top_p": [1.0, 0.8][i // 2 % 2],
            "top": i % 3, **({"stop": "12"} if i % 5 == 0 else {}),
        }
        for i in range(50)
    ]  # fmt: skip
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda body: ask(server, "/minirl/generate", body), asked))
    for body, (status, said) in zip(asked, answers, strict=True):
        assert status == 200, said
        temperature = parse_temperature(str(body["temperature"]))
        wanted = generate(
            model, tokenizer, body["prompt"], samples=body["samples"], seed=body["seed"], top_k=body["top_k"],
            max_new_tokens=body["max_tokens"], temperature=temperature, top_p=body["top_p"], stop=body.get("stop", ()),
        )  # fmt: skip
        for sample, one in enumerate(wanted):
            told = [token for token in said if token["type"] == "token" and token["sample"] == sample]
            assert [token["id"] for token in told] == one.ids.tolist()
            assert [token["log_prob"] for token in told] == [round(x, 6) for x in one.log_probs.tolist()]
            [end] = [end for end in said if end["type"] == "end" and end["sample"] == sample]
            assert end["text"] == one.text
    assert settled(server.served)


def start(server, body, path="/minirl/generate"):
    """A request whose answer is not read."""
    data = json.dumps(body).encode()
    connection = socket.create_connection(("127.0.0.1", server.port))
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(data)}"
    connection.sendall(f"{head}\r\n\r\n".encode() + data)
    return connection


ENDLESS = {"prompt": "Q", "samples": 2, "temperature": 1, "top_k": 1, "no_repeat_ngram": 1, "max_tokens": 240}


@pytest.fixture
def slow_model(server, monkeypatch):
    """The model takes a while for each token, so that answers last."""
    model = server.served.stages["rl"].model
    real = type(model).extend

    def extend(self, *given):
        time.sleep(0.01)
        return real(self, *given)

    monkeypatch.setattr(type(model), "extend", extend)


@pytest.mark.parametrize(
    ("path", "more"),
    [("/minirl/generate", {}), ("/v1/completions", {"stream": True}), ("/v1/completions", {}),
     ("/v1/chat/completions", {"stream": True}), ("/v1/chat/completions", {})],
)  # fmt: skip
def test_a_client_who_leaves_frees_its_slots_and_disturbs_nobody(server, slow_model, monkeypatch, path, more):
    jobs, submit = [], server.served.worker.submit
    monkeypatch.setattr(server.served.worker, "submit", lambda *given: (jobs.append(given[1]), submit(*given)))
    body = ENDLESS if path.startswith("/minirl") else {"model": "smoke", "n": 2, "max_tokens": 240, "seed": 1, **more}
    body |= {"messages": [{"role": "user", "content": "Q"}]} if "chat" in path else {"prompt": "Q"}
    kept = {"prompt": PROMPT.format(5), "seed": 1, "temperature": 1, "max_tokens": 60}
    with ThreadPoolExecutor(1) as pool:
        staying = pool.submit(ask, server, "/minirl/generate", kept)
        leaving = start(server, body, path)
        until = time.monotonic() + 20
        while server.served.running < 3 and time.monotonic() < until:
            time.sleep(0.005)
        assert server.served.running >= 3
        leaving.close()
        while server.served.running > 1 and time.monotonic() < until:
            time.sleep(0.005)
        assert server.served.running <= 1
        [gone] = [job for job in jobs if len(job.rows) == 2]
        assert not any(len(row.ids) for row in gone.rows)  # they were given up: none came to its end
        status, said = staying.result()
    [wanted] = generate(
        server.served.stages["rl"].model, server.served.tokenizer, PROMPT.format(5), seed=1, max_new_tokens=60
    )
    assert status == 200
    assert [token["id"] for token in said if token["type"] == "token"] == wanted.ids.tolist()
    assert settled(server.served)


def test_a_full_queue_says_so(run):
    with serving(run, Limits(slots=2, queue=2)) as server:
        model = server.served.stages["rl"].model
        gate, real = threading.Event(), type(model).extend

        def extend(self, *given):
            gate.wait(20)
            return real(self, *given)

        type(model).extend = extend
        try:
            waiting = [start(server, {**ENDLESS, "samples": 1}) for _ in range(4)]
            stage, until = server.served.stages["rl"], time.monotonic() + 20
            while stage.outstanding < 4 and time.monotonic() < until:
                time.sleep(0.005)
            status, said = ask(server, "/minirl/generate", {"prompt": "Q"})
            assert status == 429 and said["error"]["code"] == "queue_full"
            connection = http.client.HTTPConnection("127.0.0.1", server.port)
            connection.request("POST", "/minirl/generate", '{"prompt": "Q"}', {"Content-Type": "application/json"})
            assert connection.getresponse().headers["Retry-After"] == "1"
            connection.close()
            for one in waiting:
                one.close()
        finally:
            gate.set()
            type(model).extend = real
        assert settled(server.served)
        assert ask(server, "/minirl/generate", {"prompt": "Q", "max_tokens": 2})[0] == 200


def test_an_engine_that_fails_says_so_and_starts_afresh(server, monkeypatch):
    model = server.served.stages["rl"].model

    def extend(self, *given):
        raise FloatingPointError("broken")

    with monkeypatch.context() as patch, pytest.warns(UserWarning, match="the engine failed"):
        patch.setattr(type(model), "extend", extend)
        status, said = ask(server, "/v1/completions", {"model": "smoke", "prompt": "Q"})
        assert status == 500 and "FloatingPointError" in said["error"]["message"]
        status, said = ask(server, "/minirl/generate", {"prompt": "Q"})
        assert status == 200 and said[-1]["type"] == "error"
    assert settled(server.served)
    assert ask(server, "/v1/completions", {"model": "smoke", "prompt": "Q"})[0] == 200


def open_files():
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.slow
@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="only Linux tells which files are open")
def test_a_thousand_clients_who_leave_leave_nothing_behind(server):
    """At random moments, some before they have sent everything."""
    ask(server, "/minirl/generate", {"prompt": "Q", "max_tokens": 2})
    before = open_files()
    paths = ["/minirl/generate", "/v1/completions"]
    for number in range(1000):
        body = {**ENDLESS} if number % 2 == 0 else {"model": "smoke", "prompt": "Q", "max_tokens": 200, "stream": True}
        connection = start(server, body, paths[number % 2])
        if number % 3:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # a reset, no farewell
        time.sleep(number % 7 / 1000)
        if number % 5 == 0:
            connection.recv(100)
        connection.close()
        if number % 11 == 0:
            half = socket.create_connection(("127.0.0.1", server.port))
            half.sendall(b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                         b"Content-Length: 100\r\n\r\n{")  # fmt: skip
            half.close()
    assert settled(server.served, 60)
    until = time.monotonic() + 20
    while open_files() > before and time.monotonic() < until:
        time.sleep(0.05)
    assert open_files() <= before
    assert all(stage.outstanding == 0 for stage in server.served.stages.values())
    for stage in server.served.stages.values():
        assert stage.works is None or not stage.works.tickets
    assert ask(server, "/minirl/generate", {"prompt": "Q", "max_tokens": 2})[0] == 200
