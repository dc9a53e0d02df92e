"""Where minirl's time goes: each kernel against its floor, and the Python around the kernels.

For as long as a call is watched, the functions of minirl.kernels and the C functions under them carry stopwatches. What
passes in neither C nor NumPy is Python: autograd, modules, the checks of arguments, and the allocation of results.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from minirl import kernels
from minirl.bench.report import print_table, seconds_text
from minirl.kernels.peak import Peaks, clock
from minirl.kernels.precision import BFLOAT16

# Functions that touch no values count as Python
VIEWS = ("empty", "reshape", "broadcast_to", "expand_dims", "squeeze", "swapaxes", "transpose")


def _cached_bytes(
    result: np.ndarray,
    q: np.ndarray,
    k_cache: np.ndarray,
    v_cache: np.ndarray,
    lengths: np.ndarray,
    *,
    rows: np.ndarray | None = None,
    prefixes: np.ndarray | None = None,
    **rest: Any,
) -> float:
    """Of the caches only the keys and values that are there, and once what several rows share."""
    read = np.arange(len(q)) if rows is None else rows
    if prefixes is not None:
        read = np.union1d(read, prefixes[prefixes >= 0])
    return q.nbytes + result.nbytes + 2 * int(lengths[read].sum()) * k_cache[0, 0].nbytes


def _decode_bytes(
    result: np.ndarray, decoder: Any, ids: np.ndarray, keys: Any, values: Any, held: np.ndarray, **rest: Any
) -> float:
    """Every weight once, and of each layer's caches what attention reads."""
    weights = [part.weight for layer in decoder.layers for part in layer if hasattr(part, "weight")]
    read = _cached_bytes(result[:0], ids, keys[0], values[0], held, **rest)
    return result.nbytes + decoder.head.nbytes + sum(x.nbytes for x in weights) + len(keys) * read


# What they read and write at least, where that is not each argument and each result once
BYTES: dict[str, Callable[..., float]] = {
    "adamw": lambda result, p, *rest, **named: 7 * sum(x.nbytes for x in p),
    "sum_squares": lambda result, x: sum(array.nbytes for array in x),
    "scale": lambda result, x, factor: 2 * x.nbytes,
    "embedding": lambda result, ids, table: 2 * result.nbytes,
    "embedding_backward": lambda result, dout, ids, dtable: 3 * dout.nbytes,
    "attention_decode": _cached_bytes,
    "decode": _decode_bytes,
}


@dataclass
class Line:
    """One kernel: its calls, their seconds (`compiled`: those within C), and the least that they could have taken."""

    calls: int = 0
    seconds: float = 0.0
    compiled: float = 0.0
    floor: float = 0.0

    @property
    def work(self) -> float:
        """Seconds that are not Python: those in C, or all of them where NumPy does the work."""
        return self.compiled or self.seconds


@dataclass
class Profile:
    """Seconds of a call in all, and the kernels'."""

    seconds: float = 0.0
    lines: dict[str, Line] = field(default_factory=dict)

    @property
    def python(self) -> float:
        """The share of the time that passed in neither C nor NumPy."""
        return 1 - sum(line.work for line in self.lines.values()) / self.seconds


def measure(call: Callable[[], Any], peaks: Peaks, repeats: int = 3) -> Profile:
    """The fastest of `repeats` calls, as noise only adds; the stopwatches' own time is taken out of it."""
    now = clock()
    call()
    profiles = []
    for _ in range(repeats):
        with _stopwatches(peaks) as (profile, own):
            start = now()
            call()
            profile.seconds = now() - start - own.seconds
        profiles.append(profile)
    return min(profiles, key=lambda profile: profile.seconds)


@contextmanager
def _stopwatches(peaks: Peaks) -> Iterator[tuple[Profile, Line]]:
    """Watch every kernel inside; own.seconds is what the watching costs."""
    profile, own, compiled, now = Profile(), Line(), Line(), clock()

    def watch(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        line = profile.lines.setdefault(name, Line())

        def watched(*args: Any, **rest: Any) -> Any:
            before, start = compiled.seconds, now()
            result = function(*args, **rest)
            stop = now()
            line.calls += 1
            line.seconds += stop - start
            line.compiled += compiled.seconds - before
            line.floor += floor(name, peaks, result, *args, **rest)
            own.seconds += now() - stop
            return result

        return watched

    backend = kernels.backend()
    families = kernels.FAMILIES if backend == "native" else ()
    modules: list[Any] = [import_module(f"minirl.kernels.{family}.native") for family in families]
    for module in modules:
        module.lib = _Library(module.lib, compiled, now)
    try:
        for name in kernels.OPERATIONS:
            if name not in VIEWS:
                setattr(kernels, name, watch(name, getattr(kernels, name)))
        yield profile, own
    finally:
        kernels.use(backend)
        for module in modules:
            module.lib = module.lib.library


class _Library:
    """The C library with a stopwatch in front of every function."""

    def __init__(self, library: Any, compiled: Line, now: Callable[[], float]) -> None:
        self.library, self._compiled, self._now = library, compiled, now

    def __getattr__(self, name: str) -> Callable[..., Any]:
        function, compiled, now = getattr(self.library, name), self._compiled, self._now

        def watched(*args: Any) -> Any:
            start = now()
            result = function(*args)
            compiled.seconds += now() - start
            return result

        setattr(self, name, watched)  # found at once the next time
        return watched


def floor(name: str, peaks: Peaks, result: Any, *args: Any, **rest: Any) -> float:
    """The least seconds for a call, from its operations and the bytes of its arrays."""
    count = FLOPS.get(name)
    flops = count(result, *args, **rest) if count else 0.0
    if name in BYTES:
        size = BYTES[name](result, *args, **rest)
    else:
        results = result if isinstance(result, tuple) else (result,)
        size = sum(x.nbytes for x in (*args, *rest.values(), *results) if isinstance(x, np.ndarray))
    halved = kernels.precision() == "bfloat16" or any(getattr(x, "dtype", None) == BFLOAT16 for x in args)
    return peaks.floor(flops, size, bf16=count is not None and halved)[0]


def _matmul_flops(result: np.ndarray, a: np.ndarray, b: np.ndarray, **rest: Any) -> float:
    return 2.0 * result.size * a.shape[-2 if rest.get("transpose_a") else -1]


def _loss_flops(result: Any, h: np.ndarray, weight: np.ndarray, targets: np.ndarray, *args: Any, **rest: Any) -> float:
    products = 3 if rest.get("gradient", True) else 1
    return products * 2.0 * int((targets != rest.get("ignore_index", -100)).sum()) * weight.size


def _attention_flops(products: int, q: np.ndarray, rest: dict[str, Any]) -> float:
    """So many products of D multiplications and additions for each pair of a query and a key that it sees."""
    B, T, H, D = q.shape
    starts, prefixes = rest.get("starts"), rest.get("prefixes")
    lengths = np.full(B, T) if starts is None else np.diff(starts)
    before = 0 if prefixes is None else np.where(prefixes < 0, 0, lengths[prefixes])
    pairs = (lengths * (lengths + 1) / 2 + lengths * before).sum()
    return 2.0 * products * D * H * float(pairs)


FLOPS: dict[str, Callable[..., float]] = {
    "matmul": _matmul_flops,
    "linear_cross_entropy": _loss_flops,
    "linear_log_prob": lambda *args, **rest: _loss_flops(*args, gradient=False, **rest),
    "attention": lambda result, q, *args, **rest: _attention_flops(2, q, rest),
    "attention_backward": lambda result, dout, q, *args, **rest: _attention_flops(5, q, rest),
}


def print_profiles(console: Console, profiles: dict[str, Profile], tables: bool) -> None:
    """What a benchmark says about minirl's side of its cases: a table of each, or the share of Python alone."""
    for name, profile in profiles.items():
        if tables:
            print_table(console, table(profile, name))
        else:
            text = f"{name}: {profile.python:.1%} of minirl's time is Python around the kernels"
            console.print(text, highlight=False)


def table(profile: Profile, title: str) -> Table:
    """A line for each kernel, the largest first, and one for Python."""
    built = Table(title=title, title_justify="left")
    for name in ("kernel", "calls", "time", "of all", "of its floor"):
        built.add_column(name, justify="left" if name == "kernel" else "right", no_wrap=True)
    for name, line in sorted(profile.lines.items(), key=lambda item: -item[1].work):
        if line.calls:
            share, reached = line.work / profile.seconds, line.floor / line.work
            built.add_row(name, str(line.calls), seconds_text(line.work), f"{share:.1%}", f"{reached:.0%}")
    python = f"{profile.python:.1%}"
    built.add_row("Python around them", "", seconds_text(profile.python * profile.seconds), python, "")
    return built
