"""A file is written whole or not at all."""

import json
import os
import resource
import subprocess
import sys

import pytest

from minirl.storage.files import append, atomic_write, remove_litter


def test_text_and_bytes(tmp_path):
    with atomic_write(tmp_path / "new" / "a.txt") as file:
        file.write("Zoë\n")
    assert (tmp_path / "new" / "a.txt").read_bytes() == "Zoë\n".encode()
    with atomic_write(tmp_path / "b.bin", "wb") as file:
        file.write(b"\0\1")
    assert (tmp_path / "b.bin").read_bytes() == b"\0\1"


def test_an_error_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), atomic_write(path) as file:
        file.write("half of the new")
        file.flush()
        assert path.read_text() == "old"
        raise ZeroDivisionError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_append(tmp_path):
    path = tmp_path / "log"
    append(path, b"one\n")
    append(path, b"two\n")
    assert path.read_bytes() == b"one\ntwo\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a limit is set in a child process")
def test_a_full_disk_takes_all_or_nothing_and_the_error_names_the_file(tmp_path):
    log, whole = tmp_path / "log", tmp_path / "whole"
    append(log, b"one\n")
    whole.write_text("old")
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_FSIZE, (6, resource.RLIM_INFINITY))
        names = []
        for attempt in (lambda: append(log, b"two\n"), lambda: write(whole, "far too long")):
            try:
                attempt()
            except OSError as error:
                names.append(error.filename)
        os._exit(0 if names == [str(log), str(whole)] else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert log.read_bytes() == b"one\n" and whole.read_text() == "old"
    assert {path.name for path in tmp_path.iterdir()} == {"log", "whole"}


def write(path, text):
    with atomic_write(path) as file:
        file.write(text)


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb\udc80", "é🎾\ud83d"])
def test_any_text_can_be_written(text, tmp_path):
    """Lone surrogates, which UTF-8 cannot hold, as escapes that JSON reads back."""
    with atomic_write(tmp_path / "a.json") as file:
        json.dump({text: [text]}, file, ensure_ascii=False)
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == {text: [text]}


def test_litter_of_dead_processes_is_removed_and_nothing_else(tmp_path):
    dead = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    gone = [f".a.png.{int(dead.stdout)}.tmp", f".x y.{os.getpid()}.tmp", ".b.99999999999999.tmp"]
    kept = [f".a.png.{os.getppid()}.tmp", ".a.tmp", "a.1.tmp", ".a.12x.tmp", "a.png", ".lock"]
    for name in (*gone, *kept):
        (tmp_path / name).write_text("half")
    (tmp_path / ".folder.99999999999999.tmp").mkdir()
    remove_litter(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {*kept, ".folder.99999999999999.tmp"}
    remove_litter(tmp_path / "nothing")
