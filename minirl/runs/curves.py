"""Training curves of one run, or of several laid over each other.

Runs that differ only in their seed are one line, their mean, in a band from the lowest to the highest. A single run is
drawn step by step, faint, under its smoothed line.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib

matplotlib.use("Agg")  # draws into files; needs no screen
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import MaxNLocator

from minirl.storage.files import atomic_write
from minirl.runs.config import to_json
from minirl.runs.folder import RunFolder

Array = np.ndarray
Record = dict[str, Any]


class Curve(NamedTuple):
    """A measure of a stage, and what the legend calls it."""

    measure: str
    label: str
    percent: bool = False


class Figure(NamedTuple):
    """One image: a stage's measures over its steps."""

    file: str
    stage: str
    title: str
    y: str
    curves: tuple[Curve, ...]


FIGURES = (
    Figure("pretrain_loss", "pretrain", "Pretraining", "loss (nats per token)", (Curve("loss", "training loss"),)),
    Figure(
        "bits_per_byte", "pretrain", "Pretraining: text never seen", "bits per byte",
        (Curve("bits_per_byte", "held-out text"),),
    ),
    Figure(
        "sft_loss", "sft", "Supervised fine-tuning", "loss (nats per token of the completion)",
        (Curve("loss", "training loss"), Curve("dev_loss", "held-out loss")),
    ),
    Figure(
        "reward", "rl", "Reinforcement learning", "share of answers that are right (%)",
        (Curve("reward", "mean reward, sampled (train)", True), Curve("dev_accuracy", "greedy accuracy (dev)", True)),
    ),
    Figure("entropy", "rl", "Entropy of the policy", "nats per token", (Curve("entropy", "entropy"),)),
    Figure(
        "kl", "rl", "Distance from the policy that RL began with", "KL divergence (nats per token)",
        (Curve("kl_to_start", "KL"),),
    ),
    Figure("length", "rl", "Length of the answers", "tokens", (Curve("answer_tokens", "mean length"),)),
    Figure(
        "informative", "rl", "Prompts whose samples are neither all right nor all wrong", "share of prompts (%)",
        (Curve("informative", "informative groups", True),),
    ),
)  # fmt: skip


def draw(runs: Sequence[RunFolder], out: Path) -> list[Path]:
    """Draw every figure that the runs have measures for; the paths of the images."""
    groups = by_configuration(runs)
    out.mkdir(parents=True, exist_ok=True)
    return [path for figure in FIGURES if (path := draw_figure(figure, groups, out)) is not None]


def by_configuration(runs: Sequence[RunFolder]) -> dict[str, list[RunFolder]]:
    """The runs by label; runs whose configurations differ in seed and name alone share one."""
    groups: dict[str, list[RunFolder]] = {}
    for run in runs:
        settings = {k: v for k, v in to_json(run.config).items() if k not in ("seed", "name", "runs")}
        groups.setdefault(json.dumps(settings, sort_keys=True), []).append(run)
    labels = {}
    for members in groups.values():
        name = members[0].folder.name
        label = name if len(members) == 1 else f"{name} ({len(members)} seeds)"
        labels[label if label not in labels else f"{label} in {members[0].folder.parent}"] = members
    return labels


def draw_figure(figure: Figure, groups: dict[str, list[RunFolder]], out: Path) -> Path | None:
    """One image, or None where no run has its measures."""
    image, axes = plt.subplots(figsize=(7, 4.2), dpi=110)
    drawn = False
    for number, (label, runs) in enumerate(groups.items()):
        for index, curve in enumerate(figure.curves):
            series = [s for run in runs if (s := read(run, figure.stage, curve))[0].size]
            if not series:
                continue
            drawn = True
            colour = f"C{number * len(figure.curves) + index}"
            name = curve.label if len(groups) == 1 else f"{label}: {curve.label}"
            if len(runs) > 1 and len(groups) == 1:
                name = f"{curve.label}, mean and range of {len(runs)} seeds"
            draw_curve(axes, series, colour, name)
    path = None
    if drawn:
        axes.set(title=figure.title, xlabel=f"step of {figure.stage} (updates)", ylabel=figure.y)
        if all(curve.percent for curve in figure.curves):
            axes.set_ylim(0, 100)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8)
        image.tight_layout()
        path = out / f"{figure.file}.png"
        with atomic_write(path, "wb") as file:
            image.savefig(file, format="png")
    plt.close(image)
    return path


def draw_curve(axes: Any, series: Sequence[tuple[Array, Array]], colour: str, name: str) -> None:
    """One run: its values faint, and smoothed. Several: their smoothed mean in a band."""
    if len(series) == 1:
        x, y = series[0]
        if x.size > 50:
            axes.plot(x, y, color=colour, alpha=0.25, linewidth=0.8)
        axes.plot(x, smooth(y), color=colour, label=name, marker="o" if x.size <= 50 else None, markersize=3)
        return
    shared = sorted(set.intersection(*(set(x.tolist()) for x, _ in series)))
    values = np.stack([smooth(y)[np.isin(x, shared)] for x, y in series])
    axes.plot(shared, values.mean(axis=0), color=colour, label=name)
    axes.fill_between(shared, values.min(axis=0), values.max(axis=0), color=colour, alpha=0.2, linewidth=0)


def read(run: RunFolder, stage: str, curve: Curve) -> tuple[Array, Array]:
    """Steps and values of a measure, in percent where the figure wants that; both empty where the run has none."""
    records = [r for r in run.records(stage=stage) if curve.measure in r and "step" in r]
    values = np.array([r[curve.measure] for r in records], np.float64)
    return np.array([r["step"] for r in records]), values * (100 if curve.percent else 1)


def smooth(y: Array) -> Array:
    """A running mean over a fiftieth of the curve to each side, over less at its ends."""
    width = max(1, y.size // 50)
    sums = np.concatenate([[0.0], np.cumsum(y)])
    index = np.arange(y.size)
    start, stop = np.maximum(index - width, 0), np.minimum(index + width + 1, y.size)
    return (sums[stop] - sums[start]) / (stop - start)
