"""A stage keeps two checkpoints, of which one is whole at every moment, and notices which."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minirl.runs.checkpoints import FILES, damage, previous_folder, read, replacing_checkpoint, settle
from tests.storage.test_transaction import die_at


def write(folder: Path, text: str) -> None:
    with replacing_checkpoint(folder) as new:
        for name in (*FILES, "model.safetensors"):
            (new / name).write_text(f"{name} {text}")


def version(folder: Path) -> str | None:
    """Which checkpoint is there; its files all have to be of the same one."""

    def texts(folder: Path) -> str:
        (text,) = {(folder / name).read_text().split(" ")[1] for name in (*FILES, "model.safetensors")}
        return text

    return read(folder, texts)


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_dir()}


def test_the_one_before_is_kept(tmp_path: Path) -> None:
    folder = tmp_path / "sft"
    assert settle(folder) is None and version(folder) is None
    for number in range(3):
        write(folder, str(number))
    assert version(folder) == "2" and settle(folder) is None
    shutil.rmtree(folder)
    assert version(folder) == "1"
    assert names(tmp_path) == {"previous", "previous/sft"}


def test_an_error_while_writing_changes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "sft"
    write(folder, "0")
    write(folder, "1")
    with pytest.raises(ZeroDivisionError), replacing_checkpoint(folder) as new:
        (new / FILES[0]).write_text("half")
        raise ZeroDivisionError
    assert damage(folder) is None and damage(previous_folder(folder)) is None and version(folder) == "1"
    assert names(tmp_path) == {"sft", "previous", "previous/sft"}


@pytest.mark.parametrize("before", [0, 2])
def test_a_process_killed_at_any_step_leaves_a_whole_checkpoint(before: int, tmp_path: Path) -> None:
    """Who only looks sees the old or the new one; who goes on too, and nothing is left half-done."""
    found = []
    start = tmp_path / "start"
    start.mkdir()
    for number in range(before):
        write(start / "rl", str(number))
    for step in range(200):
        folder = tmp_path / str(step) / "rl"
        shutil.copytree(start, folder.parent)
        child = os.fork()
        if child == 0:
            die_at(step)
            write(folder, "new")
            os._exit(0)
        finished = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        old = str(before - 1) if before else None
        assert version(folder) in (old, "new")
        assert settle(folder) is None
        assert names(folder.parent) <= {"rl", "previous", "previous/rl"}
        found.append(version(folder))
        assert found[-1] in (old, "new")
        write(folder, "next")
        assert (version(folder) == "next" and damage(previous_folder(folder)) is None) or found[-1] is None
        shutil.rmtree(folder.parent)
        if finished:
            break
    assert finished and step > 10
    assert found == sorted(found, key=lambda text: text == "new") and found[-1] == "new" and found[0] != "new"


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run's folder with an old and a new checkpoint."""
    folder = tmp_path_factory.mktemp("two")
    write(folder / "rl", "old")
    write(folder / "rl", "new")
    return folder


@settings(deadline=None, max_examples=60)
@given(name=st.sampled_from([*FILES, "model.safetensors", "SHA256SUMS"]), data=st.data())
def test_any_flipped_bit_and_any_missing_end_is_noticed(two: Path, name: str, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "run" / "rl"
        shutil.copytree(two, folder.parent)
        contents = bytearray((folder / name).read_bytes())
        bit = data.draw(st.integers(0, 8 * len(contents) - 1))
        if data.draw(st.booleans()):
            contents[bit // 8] ^= 1 << bit % 8
        else:
            del contents[bit // 8 :]
        (folder / name).write_bytes(contents)
        problem = settle(folder)
        assert problem is not None and "Going back" in problem and str(folder) in problem
        assert version(folder) == "old" and settle(folder) is None
        assert (folder.parent / "aside" / "rl" / name).read_bytes() == contents


def test_both_damaged(tmp_path: Path) -> None:
    folder = tmp_path / "rl"
    write(folder, "old")
    write(folder, "new")
    (folder / FILES[0]).write_text("x")
    (previous_folder(folder) / FILES[1]).unlink()
    problem = settle(folder)
    assert problem is not None
    for words in (
        f"{folder / FILES[0]} (1 bytes) is damaged",
        f"{FILES[1]} is missing",
        "Starting the stage rl again",
    ):
        assert words in problem
    assert version(folder) is None
