"""Timing. The contenders (minirl and the libraries beside it) take turns, and their median times are compared: a
machine that slows down for a second then slows all of them.

A sample is the mean time of some calls in a row. A pause before each sample lets the previous contender's threads stop
spinning. One call that is not timed wakes the next contender's threads.
"""

import difflib
import itertools
import math
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Annotated, Any, Literal

import tyro

from minirl import kernels
from minirl.bench.case import Case, torch
from minirl.kernels.arguments import FLOAT32
from minirl.kernels.peak import Peaks
from minirl.kernels.precision import BFLOAT16
from minirl.kernels.threads import available_cores, default_threads

PAUSE = 0.05  # seconds; OpenBLAS's threads spin for about 25 ms
SAMPLE = 0.02  # seconds of calls in one sample at least
BUDGET = 4.0  # seconds after which a slow contender gets no more repeats, but 3 in any case


class OptionError(ValueError):
    """A flag has a value that cannot be used; the message says what to give instead."""


@dataclass(frozen=True)
class Options:
    """The flags that every benchmark has."""

    only: str = ""
    """Run only these groups: the beginnings of their names, separated by commas, such as attention,matmul."""
    threads: Annotated[int, tyro.conf.arg(metavar="N")] = 0
    """Threads of every library; 0 means all cores that this process may use."""
    repeats: int = 7
    """How often each is timed; the median counts. Slow kernels are timed less often, but at least 3 times."""
    backend: Literal["native", "reference", "cuda"] | None = None
    """What minirl computes with; "cuda" is an NVIDIA GPU, and PyTorch then computes there too, where it can."""
    quick: bool = False
    """Tiny sizes: shows in seconds that everything runs. The times and ratios mean nothing."""
    json: Path | None = None
    """Write the results to this JSON file too; a file of that name is replaced."""
    plot: Path | None = None
    """Draw the results into this PNG file too; a file of that name is replaced."""


@dataclass(frozen=True)
class Result:
    """Median seconds a call of each contender ("minirl", "numpy", "torch"), and what the case cannot avoid."""

    group: str
    name: str
    flops: float
    bytes: float
    bf16: bool
    seconds: dict[str, float]

    def fraction(self, peaks: Peaks, contender: str = "minirl") -> float:
        """The share of the machine's ceiling that the contender reaches: the roofline's time over the measured time."""
        return peaks.floor(self.flops, self.bytes, self.bf16)[0] / self.seconds[contender]

    def ratio(self, contender: str) -> float | None:
        """How many times as fast minirl is as the contender, or None where either was not measured."""
        if "minirl" not in self.seconds or contender not in self.seconds:
            return None
        return self.seconds[contender] / self.seconds["minirl"]


def checked_threads(threads: int) -> int:
    """The number of threads to use, 0 meaning the usual one. OptionError for more threads than there are cores."""
    cores = available_cores()
    if not 0 <= threads <= max(cores, default_threads()):
        raise OptionError(
            f"--threads is {threads}, but this process may use {cores} core{'s' if cores > 1 else ''}, and "
            f"more threads than cores are many times slower; give 1 to {cores}"
        )
    return threads or default_threads()


def use_backend(options: Options) -> None:
    """Compute with the backend that was asked for. OptionError where there is no such thing here."""
    if options.backend is not None:
        try:
            kernels.use(options.backend)
        except RuntimeError as error:
            raise OptionError(f"--backend {options.backend}: {error}") from None


def chosen(only: str, groups: Iterable[str]) -> list[str]:
    """The groups whose names begin with one of the words in `only`; OptionError for a word that begins none."""
    words, known = [word.strip() for word in only.split(",") if word.strip()], list(groups)
    for word in words:
        if not any(group.startswith(word) for group in known):
            near = difflib.get_close_matches(word, known, n=1)
            meant = f"did you mean {near[0]}? " if near else ""
            raise OptionError(f"--only: no group begins with {word!r}; {meant}there are {', '.join(known)}")
    return [group for group in known if not words or any(group.startswith(word) for word in words)]


def measure(case: Case, repeats: int) -> Result:
    """Time every contender of `case` `repeats` times, in turns. The backend is afterwards what it was."""
    with kernels.using(kernels.backend()):
        return _measure(case, repeats)


def _measure(case: Case, repeats: int) -> Result:
    contenders = _contenders(case)
    counts = {name: _calls_per_sample(*contender) for name, contender in contenders.items()}
    samples: dict[str, list[float]] = {name: [] for name in contenders}
    for repeat in range(repeats):
        for name, (prepare, call) in contenders.items():
            if repeat < 3 or sum(samples[name]) * counts[name] < BUDGET:
                samples[name].append(_sample(prepare, call, counts[name]))
    seconds = {name: median(times) for name, times in samples.items()}
    return Result(case.group, case.name, case.flops, case.bytes, case.bf16, seconds)


Contender = tuple[Callable[[], None], Callable[[], Any]]  # (untimed, once a sample; the call to time)


def _contenders(case: Case) -> dict[str, Contender]:
    sets = case.operand_sets()

    def takes_turns(function: Callable[..., Any], operands: list[tuple[Any, ...]]) -> Callable[[], Any]:
        if len(operands) == 1:
            return lambda: function(*operands[0])
        turns = itertools.cycle(operands)
        # Results live on for a while, as they do until a training step's backward pass: freed at once, each would be
        # written to the same memory, which never leaves the cache
        results: deque[Any] = deque(maxlen=len(operands))
        return lambda: results.append(function(*next(turns)))

    if kernels.backend() == "cuda":
        return _contenders_on_gpu(case, takes_turns, sets)
    found: dict[str, Contender] = {}
    if kernels.has_native():
        found["minirl"] = (lambda: kernels.use("native")), takes_turns(case.kernel, sets)
    if case.compare_numpy:
        found["numpy"] = (lambda: kernels.use("reference")), takes_turns(case.numpy or case.kernel, sets)
    if torch is not None and case.torch is not None:
        tensors = [tuple(torch.from_numpy(x) for x in operands) for operands in sets]
        if case.prepare_torch is not None:
            tensors = [case.prepare_torch(*operands) for operands in tensors]
        found["torch"] = (lambda: None), takes_turns(case.torch, tensors)
    return found


def _contenders_on_gpu(
    case: Case, takes_turns: Callable[..., Callable[[], Any]], sets: list[tuple[Any, ...]]
) -> dict[str, Contender]:
    """minirl with its arrays on the GPU, and PyTorch where it finds the GPU too and has the case there."""
    ours = [tuple(_on_gpu(x) for x in operands) for operands in sets]
    found: dict[str, Contender] = {"minirl": ((lambda: kernels.use("cuda")), takes_turns(case.kernel, ours))}
    if torch is not None and torch.cuda.is_available() and case.torch is not None and case.prepare_torch is None:
        tensors = [tuple(torch.from_numpy(kernels.fetch(x)).cuda() for x in operands) for operands in sets]
        call = takes_turns(case.torch, tensors)
        try:
            call()
        except RuntimeError:  # a case that makes arrays of its own, on the CPU
            return found
        found["torch"] = (lambda: None), call
    return found


def _on_gpu(x: Any) -> Any:
    """Arrays of numbers on the GPU; ids and random numbers are handed over in each call, as in training."""
    return kernels.send(x) if x.dtype in (FLOAT32, BFLOAT16) else x


def wait() -> None:
    """Until the GPU is done, where one computes."""
    kernels.wait()
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.synchronize()


def _calls_per_sample(prepare: Callable[[], None], call: Callable[[], Any]) -> int:
    """Calls that fill SAMPLE; the first call, which allocates and loads, does not count."""
    prepare()
    call()
    wait()
    start, calls = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - start) < SAMPLE / 4:
        call()
        wait()
        calls += 1
    return max(1, math.ceil(SAMPLE * calls / elapsed))


def _sample(prepare: Callable[[], None], call: Callable[[], Any], calls: int) -> float:
    """Mean seconds of `calls` calls."""
    time.sleep(PAUSE)
    prepare()
    call()
    wait()
    start = time.perf_counter()
    for _ in range(calls):
        call()
    wait()
    return (time.perf_counter() - start) / calls
