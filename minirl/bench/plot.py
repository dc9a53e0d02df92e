"""The results as bars against the roofline: how much of what the machine can do each contender gets."""

from collections.abc import Sequence
from pathlib import Path

from minirl.bench.report import TITLES
from minirl.bench.runner import Result
from minirl.kernels.peak import Peaks

COLOURS = {
    "minirl": "#1668b8",
    "numpy": "#e8a33d",
    "torch": "#d2504b",
    "torch compiled": "#8c4bd2",
    "transformers": "#3f9b5b",
    "llama.cpp": "#555555",
}


def save(path: Path, results: Sequence[Result], peaks: Peaks, setting: str) -> None:
    """Write a picture: one row a case, minirl as a bar, its peers as dots, the machine's ceiling as a line at 100%."""
    from matplotlib.figure import Figure

    groups = list(dict.fromkeys(result.group for result in results))
    height = 0.24 * len(results) + 0.36 * len(groups) + 1.4
    figure = Figure(figsize=(11, height), layout="constrained")
    axes = figure.subplots()
    y, ticks, labels = 0.0, [], []
    for group in groups:
        axes.text(0, y, group, fontweight="bold", va="center", ha="left", fontsize=9)
        y += 1
        for result in (result for result in results if result.group == group):
            for contender in result.seconds:
                percent = 100 * result.fraction(peaks, contender)
                if contender == "minirl":
                    axes.barh(y, percent, height=0.8, color=COLOURS[contender])
                else:
                    axes.plot(percent, y, "o", markersize=5, color=COLOURS[contender], markeredgecolor="white")
            ticks.append(y)
            labels.append(result.name)
            y += 1
        y += 0.5
    axes.axvline(100, color="black", linewidth=1)
    axes.set_yticks(ticks, labels, fontsize=7.5)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(y - 0.5, -1)
    axes.set_xlim(0, max(110.0, *(105 * result.fraction(peaks, c) for result in results for c in result.seconds)))
    axes.set_xlabel("percent of what this machine can do (its fused multiply-adds or its memory, whichever bounds)")
    axes.grid(axis="x", color="#dddddd")
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    for contender, title in TITLES.items():
        if any(contender in result.seconds for result in results):
            marker = "s" if contender == "minirl" else "o"
            axes.plot([], [], marker, color=COLOURS[contender], label=title)
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=3, frameon=False)
    axes.set_title(setting, fontsize=8, loc="left")
    figure.savefig(path, dpi=130)
