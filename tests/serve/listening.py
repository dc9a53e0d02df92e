"""For tests of the server: one that listens, in this process, and ways to ask it."""

import contextlib
import http.client
import json
import threading
import time
from types import SimpleNamespace

import pytest

pytest.importorskip("starlette", reason="the server needs starlette: pip install 'minirl[serve]'")
pytest.importorskip("uvicorn", reason="the server needs uvicorn: pip install 'minirl[serve]'")

from minirl.serve.__main__ import listen
from minirl.serve.served import Limits, Served


@contextlib.contextmanager
def serving(run, limits=None, **settings):
    """A server of this run at a free port: .served, .port, .url. settings: key, and those of Served."""
    import uvicorn

    from minirl.serve.app import make_app

    key = settings.pop("key", None)
    served = Served(run, limits or Limits(slots=8, queue=200), **settings)
    stage = served.stages[served.default]
    stage.works = served.load(stage)
    listening = listen("127.0.0.1", 0)
    server = uvicorn.Server(
        uvicorn.Config(make_app(served, key=key), log_level="error", access_log=False, timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    port = listening.getsockname()[1]
    while not server.started:
        time.sleep(0.01)
    try:
        yield SimpleNamespace(served=served, port=port, url=f"http://127.0.0.1:{port}", server=server)
    finally:
        server.should_exit = True
        thread.join(timeout=20)
        listening.close()


def ask(server, path, body=None, method=None, headers=None):
    """The status and the JSON of an answer; of a stream the list of its events."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        data = body if body is None or isinstance(body, bytes | str) else json.dumps(body)
        own = {} if data is None else {"Content-Type": "application/json"}
        connection.request(method or ("GET" if data is None else "POST"), path, data, {**own, **(headers or {})})
        response = connection.getresponse()
        text = response.read().decode()
        if response.headers["Content-Type"].startswith("text/event-stream"):
            return response.status, events(text)
        return response.status, json.loads(text) if text else None
    finally:
        connection.close()


def events(text):
    """What a stream says."""
    assert all(line.startswith("data: ") for line in text.split("\n") if line)
    said = [line.removeprefix("data: ") for line in text.split("\n") if line]
    return [one if one == "[DONE]" else json.loads(one) for one in said]


def settled(served, seconds=20):
    """Wait until no row is in work or waits."""
    until = time.monotonic() + seconds
    while (served.running or served.waiting) and time.monotonic() < until:
        time.sleep(0.01)
    return served.running == served.waiting == 0
