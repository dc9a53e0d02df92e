"""Writing files so that a crash leaves the old file or the new one, never half of one."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import IO, Any

TEMPORARY = re.compile(r"\..+\.(\d{1,18})\.tmp", re.DOTALL)  # name and process
TEXT: dict[str, Any] = {"encoding": "utf-8", "errors": "backslashreplace", "newline": "\n"}


@contextmanager
def atomic_write(path: str | PathLike[str], mode: str = "w") -> Iterator[IO[Any]]:
    r"""Open a temporary file beside `path` for writing ("w" UTF-8 text, "wb" bytes); on success it becomes `path`.

    The bytes are on the disk before the name is: the file is flushed, then renamed. After an error `path` is as it was.
    A lone surrogate, which UTF-8 cannot hold, is written as its escape, such as \ud800; JSON reads it back.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with (
            naming(path),
            open(temporary, mode) if "b" in mode else open(temporary, mode, **TEXT) as file,
        ):
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def remove_litter(folder: str | PathLike[str]) -> None:
    """Remove the temporary files of processes that were killed while they wrote into this folder.

    A file with this process's own number is one too: an earlier process had that number. So this is called before
    anything is written.
    """
    for path in Path(folder).glob(".*.tmp"):
        found = TEMPORARY.fullmatch(path.name)
        if found is not None and path.is_file() and not is_other_process(int(found[1])):
            path.unlink(missing_ok=True)


def is_other_process(number: int) -> bool:
    """Whether another process of this number runs, as far as the system says."""
    if number == os.getpid() or os.name != "posix":
        return number != os.getpid()
    try:
        os.kill(number, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # somebody else's
        return True
    return True


def append(path: str | PathLike[str], data: bytes) -> None:
    """Add bytes at the end of a file: all of them, or none where the disk is full."""
    with naming(path), open(path, "ab", buffering=0) as file:
        size = file.seek(0, os.SEEK_END)
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[file.write(rest) :]  # a full disk first takes what it can, and says so the next time
        except OSError:
            file.truncate(size)
            raise


@contextmanager
def naming(path: str | PathLike[str]) -> Iterator[None]:
    """Give the errors of the operating system the name of the file, which those of writing and flushing lack."""
    try:
        yield
    except OSError as error:
        if error.errno is not None and error.filename is None:
            error.filename = os.fspath(path)
        raise


def sync_files(folder: str | PathLike[str]) -> None:
    """Wait until the files of a folder, and its names, are on the disk."""
    for path in Path(folder).iterdir():
        with naming(path), open(path, "rb+") as file:
            os.fsync(file.fileno())
    sync_folder(folder)


def sync_folder(folder: str | PathLike[str]) -> None:
    """Wait until the folder's names are on the disk. (Windows has no such call, and orders renames itself.)"""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            with naming(folder):
                os.fsync(handle)
        finally:
            os.close(handle)
