"""A stage's checkpoint and the one before it: always one of them whole, whatever happens while a new one is written.

    rl/             the checkpoint
    previous/rl/    the one before it, for the day on which the first turns out damaged
    .rl.new/        one being written
    aside/rl/       one that was damaged or followed from a damaged one; nothing reads it

A new one is written beside, with checksums and flushed to the disk. Then come two renames: rl/ becomes previous/rl/,
.rl.new/ becomes rl/. A process that dies on the way leaves at least one whole checkpoint, and `settle` brings the
newest to its place. Keeping two costs their bytes on the disk and next to no time: nothing is written twice.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from minirl.storage.checksums import DamagedError, check_sums, digest, read_sums, write_sums
from minirl.storage.files import sync_files, sync_folder

T = TypeVar("T")

PREVIOUS, ASIDE = "previous", "aside"
FILES = ("config.json", "optimizer.safetensors", "state.json", "tokenizer.json")  # and one or more of weights


def new_folder(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.new")


def previous_folder(folder: Path) -> Path:
    return folder.parent / PREVIOUS / folder.name


@contextmanager
def replacing_checkpoint(folder: Path) -> Iterator[Path]:
    """Give an empty folder to write a checkpoint into; on success it becomes `folder`, whose old one is kept.

    After an error in the with block, such as a full disk, both old ones are as they were.
    """
    new = new_folder(folder)
    remove(new)
    new.mkdir()
    try:
        yield new
        write_sums(new, {path.name: digest(path) for path in new.iterdir()})
        sync_files(new)
    except BaseException:
        remove(new)
        raise
    install(folder)


def install(folder: Path) -> None:
    """Put the new checkpoint in place of the old, and the old in place of the previous one."""
    previous = previous_folder(folder)
    previous.parent.mkdir(exist_ok=True)
    if folder.is_dir():
        remove(previous)
        os.rename(folder, previous)
    os.rename(new_folder(folder), folder)
    sync_folder(previous.parent)
    sync_folder(folder.parent)


def copy_checkpoint(source: Path, folder: Path) -> None:
    """Make another run's checkpoint that of `folder`, checksums and all: whole, or not at all."""
    new = new_folder(folder)
    remove(new)
    shutil.copytree(source, new)
    sync_files(new)
    install(folder)


def settle(folder: Path) -> str | None:
    """Bring the newest whole checkpoint to `folder`, remove a half-written one, set a damaged one aside.

    Returns what was wrong, if something was: being killed is nothing wrong. Only for the process that trains.
    """
    new, previous = new_folder(folder), previous_folder(folder)
    if damage(new) is None:  # killed between its last byte and its name
        install(folder)
    remove(new)
    problem = damage(folder)
    if problem is None or not (folder.is_dir() or previous.is_dir()):
        return None
    set_aside(folder)
    problem_before = damage(previous)
    if problem_before is None:
        os.rename(previous, folder)
        return f"{problem}. Going back to the checkpoint before it"
    remove(previous)
    return f"{problem}. There is none before it ({problem_before}). Beginning the stage {folder.name} again"


def damage(folder: Path) -> str | None:
    """Why a folder holds no whole checkpoint; None where it does."""
    try:
        check_sums(folder, {*read_sums(folder), *FILES})
    except DamagedError as error:
        return str(error)
    return None


def discard(folder: Path) -> None:
    """Take away a stage's checkpoints, for one of a stage before it was damaged."""
    remove(new_folder(folder))
    remove(previous_folder(folder))
    set_aside(folder)


def set_aside(folder: Path) -> None:
    if folder.is_dir():
        aside = folder.parent / ASIDE / folder.name
        aside.parent.mkdir(exist_ok=True)
        remove(aside)
        os.rename(folder, aside)


def remove(folder: Path) -> None:
    if folder.is_dir():
        shutil.rmtree(folder)


def read(folder: Path, reader: Callable[[Path], T]) -> T | None:
    """What `reader` makes of a checkpoint's folder, also while another process trains; None where there is none.

    Reads once more where the checkpoint was replaced meanwhile, so that its files are all of one checkpoint.
    """
    while True:
        found = folder if folder.is_dir() else previous_folder(folder)  # between the two renames there is only the old
        before = identity(found)
        if before is None:
            if folder.is_dir():
                continue
            return None
        try:
            result = reader(found)
        except (OSError, ValueError):
            if identity(found) == before:
                raise
            continue
        if identity(found) == before:
            return result


def identity(folder: Path) -> tuple[int, int] | None:
    """Which folder is under this name now, also where the number of one that was removed is used again; or None."""
    try:
        found = folder.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns
