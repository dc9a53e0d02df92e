"""How much memory a contender needs: a fresh process makes it ready, calls it, and reads its own peak in a second call.

The growth counts from after the imports, so what libraries weigh by themselves is left out; parameters, optimizer and
everything that a call holds at its fullest are in. A contender that compiles does so in the first call, so the same
process tells whether that ends in time.
"""

import importlib
import os
import signal
import subprocess
import sys
from pathlib import Path

from minirl import kernels
from minirl.bench.case import torch

STATUS = Path("/proc/self/status")
CLEAR = Path("/proc/self/clear_refs")  # writing 5 starts the peak again from what is held now


class Unfinished(RuntimeError):
    """The process failed, or took too long; the message says which."""


def footprint(
    module: str, work: str, contender: str, threads: int, quick: bool, limit: float | None = None
) -> float | None:
    """MB that `contender` of minirl.bench.<module>'s piece of work needs; None where the system has no /proc.

    Raises Unfinished where that took more than `limit` seconds, or failed.
    """
    command = [sys.executable, "-m", "minirl.bench.memory", module, work, contender, str(threads), str(int(quick))]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, start_new_session=True, **pipes) as process:  # type: ignore[call-overload]
        try:
            output, errors = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # with the compilers that it started
            raise Unfinished(f"not ready after {limit:.0f} s") from None
    if process.returncode:
        raise Unfinished((errors.strip().splitlines() or [f"exit status {process.returncode}"])[-1])
    number = output.split()[-1]
    return None if number == "None" else float(number)


def status(field: str) -> float:
    """A line of /proc/self/status, in MB."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(field))
    return int(line.split()[1]) / 1e3


def main(module: str, work: str, contender: str, threads: str, quick: str) -> None:
    """The fresh process: print the growth in MB, or None."""
    kernels.set_threads(int(threads))
    if torch is not None:
        torch.set_num_threads(int(threads))
    if contender == "torch compiled":
        importlib.import_module("torch._inductor.compile_fx")
    works = importlib.import_module(f"minirl.bench.{module}").works(bool(int(quick)))
    make = next(made.contenders[contender] for made in works if made.name == work)
    measurable = CLEAR.exists()
    before = status("VmRSS") if measurable else 0.0
    call = make()
    call()
    if measurable:
        CLEAR.write_text("5")
    call()
    print(status("VmHWM") - before if measurable else None)


if __name__ == "__main__":
    main(*sys.argv[1:])
