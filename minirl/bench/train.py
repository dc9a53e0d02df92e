"""Whole training steps against PyTorch, eager and compiled: python -m minirl.bench train

A step is forward, loss, backward, gradient clipping and AdamW, always on the same batch. Both sides begin with the same
weights, and their first losses must agree. Times are medians. "of peak" is the share of this machine's measured
multiply-adds per second. Memory is the growth of a fresh process. bfloat16 is measured where the instruction set in use
has it. The cases with 124M parameters need 10 GB of memory, because all contenders stay loaded.

    python -m minirl.bench train --only small --profile    # time by kernel
    python -m minirl.bench train --only memory             # memory by text length
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from rich.table import Table

from minirl import flags, kernels
from minirl.bench import memory, profile, report, runner, whole
from minirl.bench.case import integers, torch
from minirl.bench.progress import Progress
from minirl.bench.whole import Work
from minirl.kernels import peak
from minirl.model import GPT, GPTConfig
from minirl.optim import AdamW, decay_groups

BETAS = (0.9, 0.95)
RATE, DECAY = 1e-4, 0.1
STATE_BYTES = 28  # AdamW reads a parameter, its gradient and two moments, and writes three of them


@dataclass(frozen=True)
class Options(whole.Options):
    """Time whole training steps against PyTorch."""

    compile_seconds: float = 300.0
    """The most seconds that torch.compile may take for one case; 0 leaves it out."""


@dataclass(frozen=True)
class Batch:
    """A model and the batch that it is trained on: B rows of T tokens."""

    group: str
    model: str
    config: GPTConfig
    B: int
    T: int

    def name(self, bf16: bool) -> str:
        """As the table shows it: model, rows and tokens, type of number."""
        return f"{self.model}  {self.B} x {self.T}  {'bfloat16' if bf16 else 'float32'}"


def small(V: int, T: int, layers: int, C: int) -> GPTConfig:
    """A small GPT-2: V tokens, T positions, layers of width C."""
    return GPTConfig(V, context_length=T, n_layer=layers, n_head=C // 32, d_model=C)


GPT2 = GPTConfig.preset("gpt2")
BATCHES = (
    Batch("124M", "gpt2-124M", GPT2, 4, 256),
    Batch("124M", "gpt2-124M", GPT2, 1, 1024),
    Batch("small", "4 layers d128 V512", small(512, 64, 4, 128), 64, 64),
    Batch("small", "6 layers d256 V4096", small(4096, 128, 6, 256), 32, 128),
)
QUICK = (
    Batch("124M", "tiny", small(101, 16, 2, 32), 2, 16),
    Batch("small", "tinier", small(53, 8, 1, 32), 3, 8),
)
LENGTHS = (1024, 2048, 4096)  # tokens in the one row whose memory is measured
QUICK_LENGTHS = (16, 32)
GROUPS = ("124M", "small", "memory")


# ---- contenders ----


def minirl_step(batch: Batch, bf16: bool) -> Callable[[], float]:
    """minirl's training step, ready to be timed."""
    model = GPT(batch.config)
    optimizer = AdamW(decay_groups(model, DECAY), lr=RATE, betas=BETAS)
    tokens = integers(batch.config.vocab_size, batch.B, batch.T + 1)
    ids, targets = tokens[:, :-1], tokens[:, 1:]

    def step() -> float:
        with computing("bfloat16" if bf16 else "float32"):
            loss = model.loss(ids, targets)
            loss.backward()
            optimizer.step(max_norm=1.0)
            optimizer.zero_grad()
        return loss.item()

    return step


@contextmanager
def computing(precision: str) -> Iterator[None]:
    """Matrix products in `precision` inside."""
    before = kernels.precision()
    kernels.set_precision(precision)
    try:
        yield
    finally:
        kernels.set_precision(before)


def torch_step(batch: Batch, bf16: bool, compiled: bool) -> Callable[[], float]:
    """PyTorch's training step, ready to be timed."""
    from minirl.bench import torch_gpt

    place = "cuda" if kernels.backend() == "cuda" else "cpu"
    model = torch_gpt.GPT.like(GPT(batch.config)).to(place)
    optimizer = torch_gpt.optimizer_for(model, RATE, BETAS, DECAY)
    tokens = torch.from_numpy(integers(batch.config.vocab_size, batch.B, batch.T + 1)).long().to(place)
    ids, targets = tokens[:, :-1].contiguous(), tokens[:, 1:].contiguous()
    forward: Any = model
    if compiled:
        torch._dynamo.reset()
        forward = torch.compile(model, dynamic=False)

    def step() -> float:
        with torch.autocast(place, torch.bfloat16, enabled=bf16):
            loss = forward(ids, targets)
        loss.backward()
        torch_gpt.update(optimizer, model.parameters())
        return loss.item()

    return step


def work(batch: Batch, bf16: bool = False) -> Work:
    """The batch's training step, as a piece of work with all contenders."""
    contenders: dict[str, Callable[[], Callable[[], Any]]] = {"minirl": lambda: minirl_step(batch, bf16)}
    if torch is not None and (kernels.backend() != "cuda" or torch.cuda.is_available()):
        contenders["torch"] = lambda: torch_step(batch, bf16, compiled=False)
        contenders["torch compiled"] = lambda: torch_step(batch, bf16, compiled=True)
    tokens = batch.B * batch.T
    flops = batch.config.flops_per_token(batch.T) * tokens
    size = STATE_BYTES * batch.config.parameter_count()
    return Work(batch.group, batch.name(bf16), tokens, flops, size, contenders, bf16)


def works(quick: bool) -> Iterator[Work]:
    """Everything there is to measure."""
    for batch in QUICK if quick else BATCHES:
        yield work(batch)
        if peak.has_bf16():
            yield work(batch, bf16=True)
    for T in QUICK_LENGTHS if quick else LENGTHS:
        yield long_work(T, quick)


def long_work(T: int, quick: bool) -> Work:
    """One row of T tokens, for its memory."""
    config = small(101, T, 2, 32) if quick else GPTConfig.preset("gpt2", context_length=T)
    return work(Batch("memory", "one row", config, 1, T))


# ---- the program ----


def main(argv: list[str] | None = None) -> int:
    """Run with the flags `argv`; prints a table, notes on what was left out, and the share of Python in each step.

    Returns the exit status.
    """
    options = flags.parse(Options, argv, "python -m minirl.bench train", __doc__)
    threads, groups, notes = whole.start(options), runner.chosen(options.only, GROUPS), []
    if not peak.has_bf16():
        notes.append(f"bfloat16 left out: the instruction set in use ({kernels.isa()}) cannot compute in it")
    timed = (made for made in works(options.quick) if made.group in groups and made.group != "memory")
    found = whole.measure(options, timed, lambda made: prepare(made, threads, options, notes))
    console = whole.finish(options, found, "A training step: forward, loss, backward, clipping, AdamW")
    for note in notes:
        console.print(note, highlight=False)
    profile.print_profiles(console, found.profiles, options.profile)
    if "memory" in groups and kernels.backend() != "cuda" and not found.progress.interrupted:
        report.print_table(console, memory_table(threads, options.quick, found.progress))
    return found.progress.status


def prepare(made: Work, threads: int, options: Options, notes: list[str]) -> tuple[Work, dict[str, float]]:
    """The work without contenders that cannot take part, which are noted; and the memory of the others.

    torch.compile first runs in the fresh process that measures memory; in this one it then finds its code on disk.
    """
    if kernels.backend() == "cuda":  # whose memory a process's own peak does not show
        return made, {}
    ready, sizes = dict(made.contenders), {}
    if not options.compile_seconds:
        ready.pop("torch compiled", None)
    for contender in list(ready):
        limit = options.compile_seconds if contender == "torch compiled" else None
        try:
            size = memory.footprint("train", made.name, contender, threads, options.quick, limit)
        except memory.Unfinished as error:
            del ready[contender]
            notes.append(f"{made.name}: {report.TITLES[contender]} left out: {error}")
        else:
            if size is not None:
                sizes[contender] = size
    return replace(made, contenders=ready), sizes


def memory_table(threads: int, quick: bool, progress: Progress) -> Table:
    """How minirl's memory grows with the length of one row."""
    sizes = progress.each(
        QUICK_LENGTHS if quick else LENGTHS,
        lambda T: (T, memory.footprint("train", long_work(T, quick).name, "minirl", threads, quick)),
        lambda T: f"memory of one row of {T} tokens",
        lambda found: f"memory of one row of {found[0]} tokens: {found[1] or 0:,.0f} MB",
    )
    built = Table(title="minirl's memory in a training step on one row of T tokens, 124M", title_justify="left")
    for name in ("T", "memory", "growth a token"):
        built.add_column(name, justify="right")
    before: tuple[int, float] | None = None
    for T, size in sizes:
        if size is None:
            continue
        growth = f"{1e3 * (size - before[1]) / (T - before[0]):,.0f} kB" if before else ""
        built.add_row(str(T), f"{size:,.0f} MB", growth)
        before = T, size
    return built
