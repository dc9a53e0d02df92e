"""The picture of a study's page: every run, their mean with its interval, and what was predicted."""

from collections.abc import Mapping
from typing import Any

from minirl.figure import Figure

PICTURE = "values.png"
RUNS, MEAN, SOFT = "#0072b2", "#d55e00", "#52606d"


def picture(known: Mapping[str, Any]) -> Figure:
    """The picture as a figure of its own. known: the facts of the page."""
    figure = Figure(figsize=(6.5, 2.2), dpi=90, layout="constrained", facecolor="white")
    draw(figure.subplots(), known)
    return figure


def draw(axes: Any, known: Mapping[str, Any]) -> None:
    """The same into the axes of another figure."""
    axes.axvspan(known["low"], known["high"], color=RUNS, alpha=0.15, label="predicted for the mean")
    axes.plot(known["values"], [0] * len(known["values"]), "o", color=RUNS, label="a run")
    axes.plot([known["mean_low"], known["mean_high"]], [1, 1], color=MEAN, linewidth=3)
    axes.plot([known["mean"]], [1], "D", color=MEAN, label="their mean, 95% interval")
    axes.axvline(0, color=SOFT, linestyle=":", linewidth=1)
    axes.set(ylim=(1.8, -1.4), xlabel="value")
    axes.set_yticks([0, 1], ["runs", "mean"])
    axes.legend(fontsize=8, loc="upper center", ncols=3)
