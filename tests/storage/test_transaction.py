"""Several files are replaced together, whenever the process dies."""

import os

import pytest

from minirl.storage.transaction import recover, replacing_files

OLD = {"a.txt": "old a", "shard-1.txt": "old 1", "shard-2.txt": "old 2", "other.txt": "other"}
NEW = {"a.txt": "new a", "shard-1.txt": "new 1", "b.txt": "new b", "other.txt": "other"}


def contents(folder):
    return {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}


def fill(folder, files):
    for name, text in files.items():
        (folder / name).write_text(text)


def replace(folder):
    with replacing_files(folder, obsolete=("shard-*.txt",)) as new:
        fill(new, {name: NEW[name] for name in ("a.txt", "shard-1.txt", "b.txt")})


def test_all_files_are_replaced(tmp_path):
    fill(tmp_path, OLD)
    replace(tmp_path)
    assert contents(tmp_path) == NEW
    assert len(list(tmp_path.iterdir())) == len(NEW)


def test_the_folder_is_made(tmp_path):
    replace(tmp_path / "x" / "y")
    assert contents(tmp_path / "x" / "y") == {name: NEW[name] for name in ("a.txt", "shard-1.txt", "b.txt")}


def test_an_error_inside_changes_nothing(tmp_path):
    fill(tmp_path, OLD)
    with pytest.raises(ZeroDivisionError), replacing_files(tmp_path, obsolete=("shard-*.txt",)) as new:
        (new / "a.txt").write_text("half")
        raise ZeroDivisionError
    assert contents(tmp_path) == OLD
    assert len(list(tmp_path.iterdir())) == len(OLD)


CALLS = ("fsync", "rename", "replace", "unlink", "mkdir", "rmdir", "scandir", "listdir")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a child process is killed at every step")
def test_a_process_killed_at_any_step_leaves_all_old_or_all_new(tmp_path):
    """A child replaces the files and dies, without cleaning up, at its nth call of the operating system."""
    outcomes = []
    for step in range(100):
        folder = tmp_path / str(step)
        folder.mkdir()
        fill(folder, OLD)
        child = os.fork()
        if child == 0:
            die_at(step)
            replace(folder)
            os._exit(0)
        finished = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        recover(folder)
        found = contents(folder)
        assert found in (OLD, NEW), f"killed at step {step}"
        outcomes.append(found == NEW)
        replace(folder)  # and the next replacement is not disturbed by what was left
        assert contents(folder) == NEW
        assert {path.name for path in folder.iterdir()} == set(NEW)
        if finished:
            break
    assert finished and step > 8
    assert outcomes == sorted(outcomes) and outcomes[-1] and not outcomes[0]


def die_at(step):
    """Exit the process, as if killed, when the functions of `CALLS` have been called `step` times."""
    count = 0

    def counted(call):
        def function(*arguments, **keywords):
            nonlocal count
            if count == step:
                os._exit(9)
            count += 1
            return call(*arguments, **keywords)

        return function

    for name in CALLS:
        setattr(os, name, counted(getattr(os, name)))
