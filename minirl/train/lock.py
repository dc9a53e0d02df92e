"""One process at a time trains a run; others may look at it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCK = ".lock"


class BusyError(RuntimeError):
    """Another process trains this run; the message says which."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other processes from training the run in `folder`.

    The lock is the kernel's (flock), which lets go of it whenever the process ends, however it ends; the file stays and
    means nothing by itself. Raises BusyError at once where another process has it.
    """
    with open(folder / LOCK, "a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise BusyError(
                f"{folder} is being trained by process {file.read().strip() or '(just started)'}; wait for it, or stop "
                "it with Ctrl-C. (To look at the run meanwhile: minirl.plot, evaluate, chat, trace)"
            ) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield
