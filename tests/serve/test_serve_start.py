"""Starting and ending the server, as a person does it."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress

import pytest
from listening import serving

from minirl.model.cache import cache_bytes
from minirl.serve import __main__ as program
from minirl.serve.__main__ import Arguments, check, listen, main
from minirl.serve.served import Limits, Served


def started(run, *flags):
    """The program in a process of its own, and its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "minirl.serve", str(run.folder), "--port", "0", *flags],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    said = ""
    while "http://" not in said:
        line = process.stdout.readline()
        assert line, process.stderr.read()
        said += line
    address = re.search(r"http://\S+?:\d+", said)[0]
    with suppress(urllib.error.HTTPError):  # any answer will do: only a server that answers hears Ctrl-C
        urllib.request.urlopen(f"http://127.0.0.1:{address.rpartition(':')[2]}/health", timeout=20).close()
    return process, said, address


def test_one_command_serves_and_ctrl_c_ends_it_though_a_client_listens(run):
    process, said, address = started(run, "--slots", "3", "--queue", "5", "--context", "100")
    try:
        assert said.startswith("smoke, pretrain, sft, rl: 3 answers at once, 5 waiting, 100 tokens each; at most")
        with urllib.request.urlopen(f"{address}/health", timeout=20) as answer:
            assert json.load(answer)["slots"] == 3
        listening = socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2])))
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        listening.close()
        assert (process.returncode, out, err) == (0, "ended\n", "")
    finally:
        process.kill()


def test_a_port_in_use_is_a_clear_error(run, server, capsys):
    assert main([str(run.folder), "--port", str(server.port)]) == 1
    said = capsys.readouterr().err
    assert f"port {server.port} of 127.0.0.1 is in use" in said and f"--port {server.port + 1}" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--port", "70000"], "--port is 70000"), (["--slots", "0"], "--slots is 0"), (["--key", "\u00fc"], "ASCII"),
        (["--context", "1"], "--context is 1"), (["--host", "nowhere.invalid"], "--host nowhere.invalid"),
        (["--tools", "axe"], "no tool is called 'axe'"), (["--facts", "/nowhere"], "/nowhere"),
    ],
)  # fmt: skip
def test_flags_that_cannot_work(run, capsys, flags, said):
    assert main([str(run.folder), "--port", "0", *flags]) == 1
    assert said in capsys.readouterr().err


def test_a_folder_without_a_run(tmp_path, capsys):
    assert main([str(tmp_path), "--port", "0"]) == 1
    assert "there is no run in" in capsys.readouterr().err


def test_without_its_libraries_it_says_what_to_install(run, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert main([str(run.folder)]) == 1
    assert capsys.readouterr().err == f"{program.MISSING}\n"


def test_another_host_says_what_it_means(run):
    process, said, _ = started(run, "--host", "0.0.0.0")
    try:
        process.send_signal(signal.SIGINT)
        said += process.communicate(timeout=30)[0]
    finally:
        process.kill()
    assert "Whoever can reach 0.0.0.0 can use this server, and without a key" in said


def test_the_cache_has_room_for_fewer_slots_where_the_context_is_long(run, monkeypatch):
    served = Served(run, Limits(slots=32))
    served.config = run.model().config
    assert served.slots == 32
    monkeypatch.setattr("minirl.serve.served.CACHE_BYTES", 10 * 2 * cache_bytes(served.config, 256))
    assert served.slots == 10 and "10 answers at once (of 32" in served.describe()
    assert served.cache_bytes <= 10 * 2 * cache_bytes(served.config, 256)


def test_defaults_are_in_range_and_local():
    check(Arguments(run=None))
    assert Arguments(run=None).host == "127.0.0.1"
    with listen("127.0.0.1", 0) as one:
        assert one.getsockname()[0] == "127.0.0.1"


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="only Linux tells which files are open")
def test_a_server_that_has_ended_has_closed_its_files(run):
    with serving(run):
        pass
    before = len(os.listdir("/proc/self/fd"))
    with serving(run):
        pass
    assert len(os.listdir("/proc/self/fd")) <= before
