"""Processes that train a run, to be killed. They fork from a server that has imported everything, and so start fast."""

import io
import multiprocessing
import resource
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from multiprocessing.connection import Connection
from pathlib import Path

from minirl import kernels
from minirl.train import program

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["minirl.train.program"])


class Training:
    """`python -m minirl.train --resume FOLDER` in a process of its own.

    file_bytes: no file can grow beyond this, as on a disk that is full.
    """

    def __init__(self, folder: Path, threads: int = 1, file_bytes: int | None = None) -> None:
        self.answer, sender = CONTEXT.Pipe(duplex=False)
        self.process = CONTEXT.Process(target=work, args=(folder, threads, file_bytes, sender), daemon=True)
        self.process.start()
        sender.close()

    def kill(self, when: Callable[[], bool], delay: float) -> bool:
        """Kill it (SIGKILL) some seconds after something holds; whether it was still alive."""
        while self.process.is_alive() and not when():
            time.sleep(0.001)
        time.sleep(delay)
        self.process.kill()
        self.process.join()
        return self.process.exitcode != 0

    def wait(self) -> tuple[int, str]:
        """Exit status and all that was printed."""
        status, text = self.answer.recv()
        self.process.join()
        return status, text


def work(folder: Path, threads: int, file_bytes: int | None, sender: Connection) -> None:
    kernels.set_threads(threads)
    if file_bytes is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, resource.RLIM_INFINITY))
    printed = io.StringIO()
    with redirect_stdout(printed), redirect_stderr(printed):
        status = program.main(["--resume", str(folder)])
    sender.send((status, " ".join(printed.getvalue().split())))
