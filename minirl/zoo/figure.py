"""The plot: accuracy against generated tokens, a row of panels for each stage.

On the left the ways to draw samples, each with a majority vote of 1, 2, 4 and more, beside greedy decoding and beams.
On the right the ways to choose one of the plain samples, below what a perfect judge would choose.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from matplotlib.layout_engine import TightLayoutEngine
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from minirl.figure import Figure
from minirl.runs import STAGE_NAMES
from minirl.zoo.methods import (
    BEAM,
    CHOICES,
    COOL,
    DRAWS,
    FALLING,
    HOT,
    MIN_P,
    NO_PENALTY,
    PLAIN,
    RISING,
    STEPS_2,
    STEPS_4,
)
from minirl.zoo.results import Result, Stage, by_key, curve

SIZE, DPI = (6.6, 4.4), 110  # inches of a panel
BLACK, GREY = "#000000", "#777777"
BLUE, ORANGE, GREEN, RED, PURPLE, SKY = "#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9"


class Look(NamedTuple):
    """Colour, marker and line. No two of a panel have the same marker, so that colours are not needed to tell them
    apart; the colours are by Okabe and Ito, for all kinds of colour vision."""

    colour: str
    marker: str
    line: str = "-"


DRAWN = {
    PLAIN: Look(BLACK, "o"), COOL: Look(BLUE, "s"), HOT: Look(ORANGE, "X", ":"), FALLING: Look(GREEN, "v"),
    RISING: Look(RED, "^", "--"), MIN_P: Look(PURPLE, "D", ":"),
}  # fmt: skip
CHOSEN = dict(zip(CHOICES, (Look(SKY, "D"), Look(ORANGE, "X", ":"), Look(PURPLE, "P", "--"), Look(GREEN, "v")),
                  strict=True))  # fmt: skip


def figure(stages: Sequence[Stage], title: str) -> Figure:
    """The plot of all stages."""
    layout = TightLayoutEngine(rect=(0, 0, 1, 0.97))
    image = Figure(figsize=(2 * SIZE[0], SIZE[1] * len(stages) + 1.3), dpi=DPI, layout=layout)
    image.suptitle(title, fontsize=11)
    sheet = image.subplots(len(stages), 2, squeeze=False, sharex=True, sharey="row")
    for (left, right), stage in zip(sheet, stages, strict=True):
        draws(left, stage)
        choices(right, stage)
        for axes in (left, right):
            finish(axes)
    for axes in sheet[-1]:  # the panels of a column have the same legend
        axes.legend(fontsize=8, ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.13), frameon=False)
    return image


def draws(axes: Any, stage: Stage) -> None:
    """The left panel."""
    found = by_key(stage)
    for draw in DRAWS:
        line(axes, curve(stage, "majority", draw), DRAWN[draw], draw)
    point(axes, found["greedy"], Look(BLACK, "*"), "greedy", 13)
    point(axes, found[NO_PENALTY], Look(SKY, "P"), NO_PENALTY, 13, hollow=True)  # below: both are often at one place
    point(axes, found[BEAM], Look(SKY, "P"), BEAM, 8)
    axes.set_title(f"After {STAGE_NAMES[stage.stage]}: how samples are drawn (vote of 1, 2, 4, ...)", fontsize=10)


def choices(axes: Any, stage: Stage) -> None:
    """The right panel."""
    found = by_key(stage)
    single = curve(stage, "majority", PLAIN)[:1]
    line(axes, [*single, *curve(stage, "pass", PLAIN)], Look(GREY, "", "--"), "ceiling: any of them is right")
    line(axes, curve(stage, "majority", PLAIN), DRAWN[PLAIN], "majority")
    for by, label in CHOICES.items():
        line(axes, [*single, *curve(stage, by, PLAIN)], CHOSEN[by], label)
    for one in curve(stage, "adaptive", PLAIN):
        point(axes, one, Look(BLUE, "s"), one.method.label, 8)
    point(axes, found[STEPS_2], Look(RED, "^"), STEPS_2, 8, hollow=True)
    point(axes, found[STEPS_4], Look(RED, "^"), STEPS_4, 8)
    axes.set_title(f"After {STAGE_NAMES[stage.stage]}: how one is chosen (samples at T 1)", fontsize=10)


def line(axes: Any, results: Sequence[Result], look: Look, label: str) -> None:
    """A method at several numbers of samples, with its intervals."""
    x, y, error = places(results)
    _, _, bars = axes.errorbar(
        x, y, error, color=look.colour, marker=look.marker, linestyle=look.line, markersize=6, linewidth=1.4,
        elinewidth=1, label=label, zorder=3,
    )  # fmt: skip
    for bar in bars:
        bar.set_alpha(0.4)


def point(axes: Any, result: Result, look: Look, label: str, size: float, hollow: bool = False) -> None:
    """A method that has one number of tokens, with its interval."""
    x, y, error = places([result])
    _, _, bars = axes.errorbar(
        x, y, error, color=look.colour, marker=look.marker, linestyle="", markersize=size, elinewidth=1, label=label,
        markerfacecolor="white" if hollow else look.colour, zorder=4,
    )  # fmt: skip
    for bar in bars:
        bar.set_alpha(0.6)


def places(results: Sequence[Result]) -> tuple[list[float], list[float], list[list[float]]]:
    """Tokens, accuracies in percent, and how far the intervals reach below and above."""
    solved = [one.solved for one in results]
    below, above = [100 * (s.value - s.low) for s in solved], [100 * (s.high - s.value) for s in solved]
    return [one.tokens for one in results], [100 * s.value for s in solved], [below, above]


def finish(axes: Any) -> None:
    """Axes and grid."""
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_locator(LogLocator(base=2))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda tokens, _: f"{tokens:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.tick_params(labelbottom=True, labelleft=True)
    axes.set(xlabel="generated tokens per problem", ylabel="problems solved, %")
    axes.grid(alpha=0.3)
