"""Scaling on paper: how many times faster N machines train, by the formulas of docs/scaling.md."""

from collections.abc import Sequence

from rich.table import Table

from minirl.bench.scaling_case import exchange_seconds
from minirl.runs import PRESETS

MODELS = ("roger", "base-5m", "base-30m", "gpt2-110m")
MACHINES = (8, 16, 32, 64)
GIGABITS = (1, 10, 100)
LATENCY = 1e-4  # seconds from one machine to another, and as long again for a message to be noticed


def update_seconds(computing: float, parameters: float, machines: int, bits_per_second: float) -> float:
    """An update that takes one machine `computing` seconds: it is shared out, and then the machines exchange."""
    steps = 2 * (machines.bit_length() - 1) + 4  # halving and spreading; two calls and their results
    return computing / machines + exchange_seconds(parameters, machines, bits_per_second) + steps * LATENCY


def diloco_seconds(
    computing: float, parameters: float, machines: int, bits_per_second: float, inner_steps: int
) -> float:
    """The same update by workers that meet once in `inner_steps` updates."""
    alone = computing / machines
    return alone + (update_seconds(computing, parameters, machines, bits_per_second) - alone) / inner_steps


def tables(gigaflops: float, inner_steps: int) -> Sequence[Table]:
    """For each way to train a table of speed-ups, model by model and link by link. gigaflops: what a machine computes
    in a second of training, in 10^9 operations."""
    found = []
    for title, steps in (("in step", 1), (f"DiLoCo, H = {inner_steps}", inner_steps)):
        table = Table(title=f"times as fast as one machine, {title}", title_justify="left")
        table.add_column("preset")
        for column in ("Gbit/s", *(f"{n} machines" for n in MACHINES)):
            table.add_column(column, justify="right")
        for name in MODELS:
            config = PRESETS[name]
            shape, tokens = config.model.gpt(config.model.vocab_size), config.pretrain.batch_tokens
            computing = shape.flops_per_token() * tokens / (gigaflops * 1e9)
            for speed in GIGABITS:
                settings = [(computing, shape.parameter_count(), n, speed * 1e9) for n in MACHINES]
                times = [diloco_seconds(*of, inner_steps=steps) for of in settings]
                table.add_row(name, str(speed), *(f"{computing / seconds:.1f}" for seconds in times))
        found.append(table)
    return found
