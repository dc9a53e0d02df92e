"""A stage's checkpoint and the checkpoint before it: one of the two is always whole, even after a crash.

    rl/             the checkpoint
    previous/rl/    the checkpoint before it, in case the first turns out to be damaged
    .rl.new/        a checkpoint being written
    aside/rl/       a checkpoint that was damaged, or that followed from a damaged one; nothing reads it

A new checkpoint is first written beside the old one, with checksums, and flushed to the disk. Two renames follow: rl/
becomes previous/rl/, and .rl.new/ becomes rl/. If the process dies in between, at least one whole checkpoint remains,
and `settle` puts the newest one in place. The second checkpoint costs disk space but no time: nothing is copied.
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
    """Where the next checkpoint is written before it takes its place."""
    return folder.with_name(f".{folder.name}.new")


def previous_folder(folder: Path) -> Path:
    """Where the checkpoint before this one is kept."""
    return folder.parent / PREVIOUS / folder.name


@contextmanager
def replacing_checkpoint(folder: Path) -> Iterator[Path]:
    """Give an empty folder to write a checkpoint into; on success it becomes `folder`, and the old one is kept.

    After an error in the with block, such as a full disk, both old checkpoints are as they were.
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
    """Move the new checkpoint to `folder`, and the one that was there to previous/."""
    previous = previous_folder(folder)
    previous.parent.mkdir(exist_ok=True)
    if folder.is_dir():
        remove(previous)
        os.rename(folder, previous)
    os.rename(new_folder(folder), folder)
    sync_folder(previous.parent)
    sync_folder(folder.parent)


def copy_checkpoint(source: Path, folder: Path) -> None:
    """Copy another run's checkpoint to `folder`, with its checksums: all files or none."""
    new = new_folder(folder)
    remove(new)
    shutil.copytree(source, new)
    sync_files(new)
    install(folder)


def settle(folder: Path) -> str | None:
    """Move the newest whole checkpoint to `folder`, remove a half-written one, set a damaged one aside.

    Returns what was damaged, or None. (A killed process damages nothing.) Only the process that trains may call this.
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
    return f"{problem}. There is no checkpoint before it ({problem_before}). Starting the stage {folder.name} again"


def damage(folder: Path) -> str | None:
    """What is wrong with the checkpoint in a folder; None if it is whole."""
    try:
        check_sums(folder, {*read_sums(folder), *FILES})
    except DamagedError as error:
        return str(error)
    return None


def discard(folder: Path) -> None:
    """Remove a stage's checkpoints, because a stage before it has to be trained again."""
    remove(new_folder(folder))
    remove(previous_folder(folder))
    set_aside(folder)


def set_aside(folder: Path) -> None:
    """Move a checkpoint that cannot be used out of the way, and keep it."""
    if folder.is_dir():
        aside = folder.parent / ASIDE / folder.name
        aside.parent.mkdir(exist_ok=True)
        remove(aside)
        os.rename(folder, aside)


def remove(folder: Path) -> None:
    """Delete a folder with its files, where there is one."""
    if folder.is_dir():
        shutil.rmtree(folder)


def read(folder: Path, reader: Callable[[Path], T]) -> T | None:
    """reader(folder) for a checkpoint's folder, also while another process trains; None if there is no checkpoint.

    If the checkpoint was replaced meanwhile it is read again, so that all files come from the same checkpoint.
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
    """What tells this folder from others that had its name before: inode and time; None if there is no folder."""
    try:
        found = folder.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns
