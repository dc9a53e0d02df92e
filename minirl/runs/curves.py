"""Training curves of one run, or of several laid over each other.

Runs that differ only in their seed are one line, their mean, in a band from the lowest to the highest. A single run is
drawn step by step, faint, under its smoothed line.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.layout_engine import TightLayoutEngine
from matplotlib.ticker import MaxNLocator

from minirl.console import printable
from minirl.figure import Figure
from minirl.runs.command import resume
from minirl.runs.config import to_json
from minirl.runs.folder import RunFolder
from minirl.storage.files import remove_litter

Array = np.ndarray

SIZE, DPI = (7.0, 4.2), 110  # inches of one plot
STEPS = {
    "pretrain": "pretraining update",
    "sft": "SFT update",
    "reward": "update of the reward model",
    "rl": "RL update",
}


class Curve(NamedTuple):
    """A measure of a stage, and what the legend calls it."""

    measure: str
    label: str
    percent: bool = False


class Plot(NamedTuple):
    """A stage's measures over its steps."""

    name: str
    stage: str
    title: str
    y: str
    curves: tuple[Curve, ...]


class Line(NamedTuple):
    """A curve of one group of runs."""

    name: str
    colour: str
    series: list[tuple[Array, Array]]
    """(steps, values) of each run of the group."""
    spikes: tuple[Array, Array]
    """Where a single run's loss jumped (train/spikes.py), to be marked."""


class Drawn(NamedTuple):
    """A plot that was drawn into a file."""

    plot: Plot
    path: Path
    png: bytes
    """What is in the file."""
    description: str
    """What the plot shows, in words."""


PLOTS = (
    Plot("pretrain_loss", "pretrain", "Pretraining loss", "nats per token", (Curve("loss", "training loss"),)),
    Plot(
        "bits_per_byte", "pretrain", "Held-out bits per byte", "bits per byte",
        (Curve("bits_per_byte", "held-out text"),),
    ),
    Plot(
        "skills", "pretrain", "What solutions will need", "mean probability of the right number, %",
        (Curve("copying", "copying a number", True), Curve("calculating", "calculating a result", True)),
    ),
    Plot(
        "sft_loss", "sft", "Supervised fine-tuning loss", "nats per token of the completion",
        (Curve("loss", "training loss"), Curve("dev_loss", "held-out loss (dev)")),
    ),
    Plot(
        "reward", "rl", "Reward and accuracy", "% of answers that are right",
        (
            Curve("reward", "mean reward of the samples (train)", True),
            Curve("dev_accuracy", "greedy accuracy (dev)", True),
        ),
    ),
    Plot("reward_model", "reward", "Loss of the reward model", "nats per pair", (Curve("loss", "training loss"),)),
    Plot(
        "paid", "rl", "What the reward model pays", "standard deviations of the policy before RL",
        (Curve("paid", "mean reward (train)"),),
    ),
    Plot(
        "valid", "rl", "Right answers and valid reasoning", "% of episodes",
        (Curve("right", "right answers", True), Curve("valid", "valid traces", True)),
    ),
    Plot(
        "informative", "rl", "Informative prompts (mixed rewards)", "% of prompts",
        (Curve("informative", "informative prompts", True),),
    ),
    Plot("length", "rl", "Length of the answers", "tokens", (Curve("answer_tokens", "mean length"),)),
    Plot(
        "finished", "rl", "Finished answers (ended with the end token)", "% of episodes",
        (Curve("finished", "finished", True),),
    ),
    Plot("entropy", "rl", "Entropy of the policy", "nats per token", (Curve("entropy", "entropy"),)),
    Plot(
        "kl", "rl", "KL divergence from the policy before RL", "nats per token",
        (Curve("kl_to_start", "KL(policy, policy before RL)"),),
    ),
    Plot(
        "value", "rl", "The value function, beside two simple guesses", "explained variance of the returns",
        (
            Curve("explained_variance", "value function"),
            Curve("explained_by_problem", "mean of the problem's other samples"),
            Curve("explained_by_position", "mean at the same position"),
        ),
    ),
    Plot(
        "grad_norm", "rl", "Gradient norm, before clipping", "norm", (Curve("grad_norm", "gradient norm"),),
    ),
)  # fmt: skip
NAMES = tuple(plot.name for plot in PLOTS)


def draw(runs: Sequence[RunFolder], out: Path) -> list[Drawn]:
    """Write an image of every plot that the runs have measures for."""
    drawn = []
    if out.is_dir():
        remove_litter(out)
    for plot, lines in drawable(runs, NAMES):
        path = out / f"{plot.name}.png"
        drawn.append(Drawn(plot, path, figure([(plot, lines)]).save(path), describe(plot, lines)))
    return drawn


def draw_plots(runs: Sequence[RunFolder], name: str | None = None) -> Figure:
    """One plot by its name, such as "reward"; without a name all that the runs have measures for, on one sheet.

    Raises ValueError for an unknown name, and where the runs have no such measures.
    """
    if name is not None and name not in NAMES:
        raise ValueError(f"there is no plot {name!r}; choose one of {', '.join(NAMES)}")
    found = drawable(runs, NAMES if name is None else (name,))
    if not found:
        raise ValueError(nothing_to_draw(runs, name))
    return figure(found)


def nothing_to_draw(runs: Sequence[RunFolder], name: str | None = None) -> str:
    """Why there is no image, and what to do."""
    have = f"has no measures{'' if name is None else f' for {name!r}'}"
    if len(runs) > 1:
        return f"each of these {len(runs)} runs {have} yet: nothing to draw"
    return f"{runs[0].folder} {have} yet: nothing to draw. `{resume(runs[0].folder)}` goes on with it"


def by_configuration(runs: Sequence[RunFolder]) -> dict[str, list[RunFolder]]:
    """The runs by label; runs whose configurations differ in seed and name alone share one. A run given twice counts
    once."""
    groups: dict[str, list[RunFolder]] = {}
    for run in {run.folder.resolve(): run for run in runs}.values():
        settings = {k: v for k, v in to_json(run.config).items() if k not in ("seed", "name", "runs")}
        groups.setdefault(json.dumps(settings, sort_keys=True), []).append(run)
    labels = {}
    for members in groups.values():
        name = printable(members[0].folder.resolve().name)
        label = name if len(members) == 1 else f"{name} ({len(members)} seeds)"
        labels[label if label not in labels else f"{label} in {members[0].folder.resolve().parent}"] = members
    return labels


def drawable(runs: Sequence[RunFolder], names: Sequence[str]) -> list[tuple[Plot, list[Line]]]:
    """The plots of these names that the runs have measures for, with their lines."""
    groups = by_configuration(runs)
    found = ((plot, lines(plot, groups)) for plot in PLOTS if plot.name in names)
    return [(plot, drawn) for plot, drawn in found if drawn]


def lines(plot: Plot, groups: Mapping[str, Sequence[RunFolder]]) -> list[Line]:
    """A plot's lines: every curve of every group of runs that has measures for it."""
    found = []
    for number, (label, runs) in enumerate(groups.items()):
        for index, curve in enumerate(plot.curves):
            series = [s for run in runs if (s := read(run, plot.stage, curve))[0].size]
            name = curve.label if len(groups) == 1 else f"{label}: {curve.label}"
            if len(runs) > 1 and len(groups) == 1:
                name = f"{curve.label}, mean and range of {len(runs)} seeds"
            if series:
                jumps = [marked(run, plot.stage, curve) for run in runs]
                none = (np.array([]), np.array([]))
                colour = f"C{number * len(plot.curves) + index}"
                found.append(Line(name, colour, series, jumps[0] if len(jumps) == 1 else none))
    return found


def describe(plot: Plot, drawn: Sequence[Line]) -> str:
    """What a plot shows, in words: for each line, where its smoothed values begin and where they end."""
    steps = [step for line in drawn for x, _ in line.series for step in (x[0], x[-1])]
    told = [f"{plot.title}, in {plot.y}, from {STEPS[plot.stage]} {min(steps)} to {max(steps)}"]
    for line in drawn:
        ends = np.mean([smooth(y)[[0, -1]] for _, y in line.series], axis=0)
        told.append(f"{line.name}: {' to '.join(f'{value:.3g}' for value in ends)}")
        if line.spikes[0].size:
            told.append(f"crosses mark where it jumped, {line.spikes[0].size} times")
    return "; ".join(told) + "."


def figure(plots: Sequence[tuple[Plot, Sequence[Line]]]) -> Figure:
    """One plot, or several on a sheet with two columns."""
    columns = min(2, len(plots))
    rows = -(-len(plots) // columns)
    layout = TightLayoutEngine(rect=None)  # type: ignore[arg-type]  # a rectangle would make it lay out everything twice
    image = Figure(figsize=(SIZE[0] * columns, SIZE[1] * rows), dpi=DPI, layout=layout)
    sheet = image.subplots(rows, columns, squeeze=False).ravel()
    for axes, (plot, drawn) in zip(sheet, plots, strict=False):
        draw_plot(axes, plot, drawn)
    for axes in sheet[len(plots) :]:
        axes.set_axis_off()
    return image


def draw_plot(axes: Any, plot: Plot, drawn: Sequence[Line]) -> None:
    """Draw one plot into the axes: its lines, labels and legend."""
    handles = [draw_line(axes, line) for line in drawn]
    axes.set(title=plot.title, xlabel=STEPS[plot.stage], ylabel=plot.y)
    if all(curve.percent for curve in plot.curves):
        axes.set_ylim(-2, 102)  # a line at 0 or 100 is seen whole
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
    # A run's folder may be called "_run" or "$run$", and matplotlib would hide the first name and read the second as
    # a formula: so the legend is made with numbers, and the names are put in as they are.
    legend = axes.legend(handles, [str(number) for number in range(len(handles))], fontsize=8)
    for text, line in zip(legend.get_texts(), drawn, strict=True):
        text.set_parse_math(False)
        text.set_text(line.name)


def draw_line(axes: Any, line: Line) -> Any:
    """One run: its values faint, and smoothed. Several: their smoothed mean in a band. Returns it for the legend."""
    if len(line.series) == 1:
        x, y = line.series[0]
        if x.size > 50:
            axes.plot(x, y, color=line.colour, alpha=0.25, linewidth=0.8)
        (handle,) = axes.plot(x, smooth(y), color=line.colour, marker="o" if x.size <= 50 else None, markersize=3)
        axes.plot(*line.spikes, "x", color="black", markersize=6)
        return handle
    shared = sorted(set.intersection(*(set(x.tolist()) for x, _ in line.series)))
    values = np.stack([smooth(y)[np.isin(x, shared)] for x, y in line.series])
    (handle,) = axes.plot(shared, values.mean(axis=0), color=line.colour)
    axes.fill_between(shared, values.min(axis=0), values.max(axis=0), color=line.colour, alpha=0.2, linewidth=0)
    return handle


def read(run: RunFolder, stage: str, curve: Curve) -> tuple[Array, Array]:
    """Steps and values of a measure, in percent where the plot wants that; both empty where the run has none."""
    records = [r for r in run.records(stage=stage) if curve.measure in r and "step" in r]
    values = np.array([r[curve.measure] for r in records], np.float64)
    return np.array([r["step"] for r in records]), values * (100 if curve.percent else 1)


def marked(run: RunFolder, stage: str, curve: Curve) -> tuple[Array, Array]:
    """Steps and values of a loss where it jumped; both empty for other measures."""
    records = [r for r in run.records(stage=stage) if "spike" in r] if curve.measure == "loss" else []
    return np.array([r["step"] for r in records]), np.array([r[curve.measure] for r in records])


def smooth(y: Array) -> Array:
    """A running mean over a fiftieth of the curve to each side, over less at its ends."""
    width = max(1, y.size // 50)
    sums = np.concatenate([[0.0], np.cumsum(y)])
    index = np.arange(y.size)
    start, stop = np.maximum(index - width, 0), np.minimum(index + width + 1, y.size)
    return (sums[stop] - sums[start]) / (stop - start)
