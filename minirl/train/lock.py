"""Only one process at a time trains a run. Others may read it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCK = ".lock"


class BusyError(RuntimeError):
    """Another process trains this run; the message gives its number."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other processes from training the run in `folder`.

    The lock belongs to the operating system (flock), which releases it when the process ends, even if it is killed. The
    lock file itself stays and means nothing. Raises BusyError at once if another process holds the lock.
    """
    with open(folder / LOCK, "a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise BusyError(
                f"{folder} is being trained by process {file.read().strip() or '(just started)'}; wait for it, or stop "
                "it with Ctrl-C. Meanwhile the programs plot, chat, trace and evaluate may read the run"
            ) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield
