"""A learner's C function as a function of Python: in this process, or in a program of its own that is watched.

Both take NumPy arrays for pointers and numbers for numbers, and write results into the arrays that the prototype lets
them write to. The watched one is for checks: whatever the function does wrong, a crash included, comes back as an
`Unusable` with an explanation, and the next call works again.
"""

import contextlib
import os
import select
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from cffi import FFI

from minirl.lessons.c import messages
from minirl.lessons.c.compiler import CompileError, checked_program, shared_library
from minirl.lessons.c.driver_source import REPORT, driver
from minirl.lessons.c.prototype import Parameter, Prototype
from minirl.lessons.race import children_seconds
from minirl.lessons.unusable import Unusable, Waited

CALL_SECONDS = 10.0  # for one call in a check
START_SECONDS = 60.0  # for the program to start, on a busy machine
IDLE = 0.25  # below this share of the processor, a call that took too long was waiting
RSS = 3000  # megabytes that a function may use in a check
OPTIONS = {
    "ASAN_OPTIONS": f"detect_leaks=0:exitcode=66:allocator_may_return_null=1:hard_rss_limit_mb={RSS}:symbolize=1:"
    "detect_stack_use_after_return=0",  # a kernel's threads have stacks of their own
    "UBSAN_OPTIONS": "print_stacktrace=0:exitcode=67:symbolize=1",
}


def argument(function: str, one: Parameter, value: Any) -> Any:
    """The argument for this parameter, checked. Raises TypeError or ValueError for what C could not take."""
    if not one.pointer:
        if isinstance(value, np.ndarray):
            raise TypeError(f"{function}: {one.name} is {one.kind}, and was given an array")
        return float(value) if one.kind in ("float", "double") else int(value)
    if value is None:
        return None
    if not isinstance(value, np.ndarray) or value.dtype != one.dtype:
        kind = f"{value.dtype} array" if isinstance(value, np.ndarray) else type(value).__name__
        raise TypeError(f"{function}: {one.name} is a {kind}; expected an array of {one.dtype}")
    if not value.flags.c_contiguous:
        raise ValueError(f"{function}: {one.name} is not C-contiguous; np.ascontiguousarray makes a copy that is")
    if one.writes and not value.flags.writeable:
        raise ValueError(f"{function}: {one.name} is written to, and this array is read-only")
    return value


def arguments(prototype: Prototype, values: Sequence[Any]) -> list[Any]:
    """The arguments of a call, checked."""
    if len(values) != len(prototype.parameters):
        raise TypeError(f"{prototype.name} takes {len(prototype.parameters)} arguments, and was given {len(values)}")
    return [argument(prototype.name, one, value) for one, value in zip(prototype.parameters, values, strict=True)]


class InProcess:
    """A function of a shared library: fast, and able to crash Python."""

    def __init__(self, library: Any, ffi: FFI, prototype: Prototype) -> None:
        self.prototype, self.__name__ = prototype, prototype.name
        self._ffi, self._library = ffi, library  # kept, so that the library stays loaded
        self._function = getattr(library, prototype.name)
        self._types = [ffi.typeof(f"{one.kind}[]") if one.pointer else None for one in prototype.parameters]

    def __call__(self, *values: Any) -> Any:
        given = [
            self._ffi.NULL if kind is not None and value is None
            else value if kind is None
            else self._ffi.from_buffer(kind, value)
            for kind, value in zip(self._types, arguments(self.prototype, values), strict=True)
        ]  # fmt: skip
        return self._function(*given)


def load(text: str, prototypes: Sequence[Prototype], name: str, openmp: bool) -> dict[str, InProcess]:
    """The functions of a C file, optimised and in this process. Raises CompileError, NoCompiler."""
    ffi = FFI()
    ffi.cdef("\n".join(one.text for one in prototypes))
    library = ffi.dlopen(str(shared_library(text, prototypes, name, openmp)))
    return {one.name: InProcess(library, ffi, one) for one in prototypes}


class Watched:
    """The functions of a C file in a program of their own, which is started when it is first needed."""

    def __init__(self, text: str, prototypes: Sequence[Prototype], name: str, openmp: bool) -> None:
        """Raises CompileError, NoCompiler."""
        self.text, self.name, self.prototypes = text, name, list(prototypes)
        self.peak_bytes = 0
        self.sanitized = True
        self._process: subprocess.Popen[bytes] | None = None
        self._said: Any = None
        try:
            self._program = self._built(openmp, sanitize=True)
            self._start()
        except (CompileError, OSError):  # no sanitizers here: guard bands alone
            self.sanitized = False
            self._program = self._built(openmp, sanitize=False)

    def _built(self, openmp: bool, sanitize: bool) -> Path:
        """The program's file."""
        source = driver(self.prototypes)
        return checked_program(self.text, self.prototypes, source, self.name, openmp, sanitize=sanitize)

    def call(self, index: int, values: Sequence[Any]) -> Any:
        """Call a function by its place among the prototypes. Raises Unusable with an explanation, Waited."""
        prototype = self.prototypes[index]
        given = arguments(prototype, values)
        sent = [struct.pack("=q", index)]
        for one, value in zip(prototype.parameters, given, strict=True):
            if one.pointer:
                sent += [
                    struct.pack("=q", -1 if value is None else value.nbytes),
                    b"" if value is None else value.tobytes(),
                ]
            else:
                sent.append(struct.pack("=d" if one.kind in ("float", "double") else "=q", value))
        if self._process is None:
            self._start()
        arrays = [(one, value) for one, value in zip(prototype.parameters, given, strict=True) if one.pointer]
        counts = {one.name: value.size for one, value in arrays if value is not None}
        size = 8 * REPORT + 8 + sum(value.nbytes for _, value in arrays if value is not None)
        got = self._exchange(prototype.name, b"".join(sent), size, counts)
        report = struct.unpack_from(f"={REPORT}q", got)
        result = struct.unpack_from("=d" if prototype.returns in ("float", "double") else "=q", got, 8 * REPORT)[0]
        at = 8 * REPORT + 8
        for one, value in arrays:
            if value is None:
                continue
            new = np.frombuffer(got, value.dtype, value.size, at).reshape(value.shape)
            at += value.nbytes
            if one.writes:
                value[...] = new
            elif new.tobytes() != value.tobytes():
                raise Unusable(f"`{prototype.name}` changes `{one.name}`, which is there only to be read")
        self.peak_bytes = report[3]
        if report[0] >= 0:
            one = arrays[report[0]][0]
            raise Unusable(messages.beyond(prototype.name, "writes", one.name, report[1], counts[one.name], ""))
        if report[2] > 0:
            raise Unusable(
                f"`{prototype.name}` has allocated {report[2]:,} bytes that it does not free. Called again and "
                f"again, it "
                "uses up all memory: each malloc needs its free, on every way out of the function."
            )
        return None if prototype.returns == "void" else result

    def _start(self) -> None:
        self._said = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(
            [str(self._program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._said,
            env={**os.environ, **OPTIONS}, preexec_fn=unlimited if self.sanitized else None,
        )  # fmt: skip
        try:
            hello = self._read(8, time.perf_counter() + START_SECONDS)
        except TimeoutError:
            hello = b""
        if len(hello) < 8:
            self.close()
            raise OSError(f"{self._program} does not start")

    def _exchange(self, function: str, request: bytes, size: int, counts: dict[str, int]) -> bytes:
        """Send a request and read the answer. Raises Unusable where the program ends or does not return."""
        process = self._process
        assert process is not None and process.stdin is not None
        before = children_seconds()
        try:
            process.stdin.write(request)
            process.stdin.flush()
            got = self._read(size, time.perf_counter() + CALL_SECONDS)
        except BrokenPipeError:
            got = b""
        except TimeoutError:
            said = self._stop(ask=True)
            at = messages.place(self.text, self.name, messages.frame(said, self.name))
            used = children_seconds() - before
            if used < IDLE * CALL_SECONDS:
                raise Waited(
                    f"`{function}` did not return within {CALL_SECONDS:.0f} seconds, and the processor was hardly "
                    f"used: "
                    "either it waits for something, or this machine is busy. Check again."
                ) from None
            raise Unusable(
                f"`{function}` did not return within {CALL_SECONDS:.0f} seconds; it was at work{at}. Which loop "
                f"there does "
                "not end? Does its counter move, and towards the limit?"
            ) from None
        if len(got) == size:
            self._pass_on()
            return got
        process.wait(CALL_SECONDS)
        status = process.returncode
        raise Unusable(messages.crashed(function, self._stop(), status, self.text, self.name, counts))

    def _read(self, size: int, until: float) -> bytes:
        """So many bytes of the answer, or fewer where the program ends. Raises TimeoutError."""
        assert self._process is not None and self._process.stdout is not None
        pipe, parts = self._process.stdout.fileno(), list[bytes]()
        while size > 0:
            left = until - time.perf_counter()
            if left <= 0 or not select.select([pipe], [], [], left)[0]:
                raise TimeoutError
            part = os.read(pipe, min(size, 1 << 20))
            if not part:
                break
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def _pass_on(self) -> None:
        """Show what the learner's function printed."""
        self._said.seek(0)
        if said := self._said.read():
            sys.stderr.write(said.decode("utf-8", "replace"))
            self._said.seek(0)
            self._said.truncate()

    def _stop(self, ask: bool = False) -> str:
        """End the program; what it has written to standard error. ask: have it say first where it is."""
        process = self._process
        assert process is not None
        if ask and self.sanitized and process.poll() is None:
            process.send_signal(signal.SIGUSR1)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(3)
        if process.poll() is None:
            process.kill()
        process.wait()
        self._said.seek(0)
        said: str = self._said.read().decode("utf-8", "replace")
        self.close()
        return said

    def close(self) -> None:
        """End the program, if it runs."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        self._said.close()
        self._process = None

    def __del__(self) -> None:
        with contextlib.suppress(Exception):
            self.close()


class WatchedFunction:
    """One function of a `Watched` program."""

    def __init__(self, program: Watched, index: int) -> None:
        self.program, self.prototype = program, program.prototypes[index]
        self.__name__, self._index = self.prototype.name, index

    def __call__(self, *values: Any) -> Any:
        return self.program.call(self._index, values)

    @property
    def peak_bytes(self) -> int:
        """The most bytes that the function's file had allocated at once, in the last call."""
        return self.program.peak_bytes


def watched(text: str, prototypes: Sequence[Prototype], name: str, openmp: bool) -> dict[str, WatchedFunction]:
    """The functions of a C file for a check. Raises CompileError, NoCompiler."""
    program = Watched(text, prototypes, name, openmp)
    return {one.name: WatchedFunction(program, index) for index, one in enumerate(prototypes)}


def unlimited() -> None:
    """In a child process: as many addresses as it likes, of which AddressSanitizer reserves terabytes."""
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
