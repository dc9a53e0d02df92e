"""HTTP: who may ask, what a body may be, and that no body makes the server fail."""

import json
import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from listening import ask, serving

from minirl.serve.served import Limits

POSTS = ["/v1/completions", "/v1/chat/completions", "/minirl/generate", "/minirl/tokenize"]


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "", "192.168.0.1", "127.0.0.1.nip.io:80"])
def test_another_host_is_refused(server, host):
    assert ask(server, "/health", headers={"Host": host})[0] == 403


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:1", "[::1]:8000", "LOCALHOST:9", "127.0.0.2"])
def test_loopback_names_are_known(server, host):
    assert ask(server, "/health", headers={"Host": host})[0] == 200


def test_another_page_s_script_is_refused(server):
    body = {"prompt": "Q", "max_tokens": 1}
    assert ask(server, "/minirl/generate", body, headers={"Origin": "https://evil.example"})[0] == 403
    assert ask(server, "/minirl/generate", body, headers={"Origin": "null"})[0] == 403
    own = f"http://127.0.0.1:{server.port}"
    assert ask(server, "/minirl/generate", body, headers={"Origin": own})[0] == 200
    for path in POSTS:  # a form's types need no permission of the browser's
        assert ask(server, path, "{}", headers={"Content-Type": "text/plain"})[0] == 415


def test_a_key_is_asked_for(run):
    with serving(run, key="open sesame") as server:
        assert ask(server, "/health")[0] == 200
        for path, body in [("/v1/models", None), ("/minirl/info", None), *((path, {}) for path in POSTS)]:
            status, said = ask(server, path, body)
            assert status == 401 and said["error"]["type"] == "authentication_error"
            assert ask(server, path, body, headers={"Authorization": "Bearer open"})[0] == 401
        assert ask(server, "/v1/models", headers={"Authorization": "Bearer open sesame"})[0] == 200


def test_addresses_and_methods_that_there_are_not(server):
    for path, method, status in [("/v2", "GET", 404), ("/v1/models", "POST", 405), ("/health/", "GET", 404)]:
        got, said = ask(server, path, method=method)
        assert got == status and path in said["error"]["message"]


def test_a_long_body_is_refused(run):
    with serving(run, Limits(slots=2, body=1000)) as server:
        for path in POSTS:
            status, said = ask(server, path, {"prompt": "x" * 1000})
            assert status == 413 and "1,000" in said["error"]["message"]
        connection = socket.create_connection(("127.0.0.1", server.port))
        connection.sendall(
            b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n" + b"400\r\n" + b"x" * 1024 + b"\r\n"
        )
        assert b" 413 " in connection.recv(100)
        connection.close()


@pytest.mark.parametrize(
    "body",
    ["", "{", "[]", "1", '{"prompt": NaN}', '{"prompt": "a", "prompt": "b"}', b"\xff", "[" * 99_999, b"\xef\xbb\xbf{}"],
)  # fmt: skip
def test_what_is_no_json_object_is_refused(server, body):
    for path in POSTS:
        status, said = ask(server, path, body)
        assert status == 400 and said["error"]["type"] == "invalid_request_error"


NAMES = (
    "model prompt messages max_tokens max_completion_tokens temperature top_p top_k min_p n stream logprobs "
    "top_logprobs stop seed echo user tools tool_choice response_format stream_options question prompt_ids "
    "prefix_ids prefix_forced form facts lookup samples top choose expected sample stage text ids "
    "presence_penalty no_repeat_ngram best_of"
)
names = st.sampled_from(NAMES.split())
simple = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 400), st.integers(), st.floats(allow_nan=False),
    st.text(st.characters(), max_size=12),
    st.sampled_from(["smoke", "smoke/sft", "rl", "1.5:0.3/4", "<|end|>", "auto"]),
)  # fmt: skip
values = st.recursive(
    simple,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=6), inner, max_size=3),
        st.lists(
            st.fixed_dictionaries({"role": st.sampled_from(["user", "tool", "assistant"]), "content": inner}),
            max_size=3,
        ),
    ),
    max_leaves=8,
)  # fmt: skip
BASES = {
    "/v1/completions": {"model": "smoke", "prompt": "Q", "max_tokens": 2},
    "/v1/chat/completions": {"model": "smoke", "messages": [{"role": "user", "content": "Q"}], "max_tokens": 2},
    "/minirl/generate": {"question": "Q", "max_tokens": 2},
    "/minirl/tokenize": {"text": "Q"},
}


@settings(deadline=None, max_examples=200)
@given(path=st.sampled_from(POSTS), changes=st.dictionaries(names, values, max_size=3), without=st.booleans())
def test_no_body_makes_the_server_fail(server, path, changes, without):
    base = {} if without else BASES[path]
    body = json.dumps({**base, **changes, **({"max_tokens": 2} if "max_tokens" in base else {})})
    status, said = ask(server, path, body)
    assert status in (200, 400, 404, 429), said
    if status != 200:
        assert said["error"]["message"] and "\n" not in said["error"]["message"]
    elif isinstance(said, list) and isinstance(said[-1], dict):
        assert said[-1].get("type") in ("done", None)


@settings(deadline=None, max_examples=100)
@given(path=st.sampled_from(POSTS), body=st.binary(max_size=60))
def test_no_bytes_make_the_server_fail(server, path, body):
    assert ask(server, path, body)[0] in (200, 400, 404)
