"""A trace as an image: a line an action, with the policy's top words as bars, and the numbers beside them."""

import textwrap
from typing import Any

from minirl.console import printable
from minirl.figure import Figure
from minirl.microscope.moment import Moment, TraceData, signed, visible

INK, SOFT, LINE, BAR, TAKEN, REST, DOUBT = (
    "#1d1f24", "#7a7f8a", "#e3e1da", "#c3d5f6", "#2f6fde", "#f1efe9", "#d68400",
)  # fmt: skip
CALL, RESULT = TAKEN, "#fbeed5"
UP, DOWN = "#16965e", "#d64045"
WIDTH, ROW = 12.0, 0.27  # inches
COLUMNS = {"log π": 0.745, "reward": 0.795, "return": 0.845, "advantage": 0.895, "gradient": 0.952}
BARS = (0.155, 0.565)  # from where to where the probabilities 0 to 1 are drawn, as shares of the width
ENTROPY = (0.595, 0.69)  # and the entropy


def draw(trace: TraceData) -> Figure:
    """The image; `draw(trace).save("episode.png")` writes it."""
    prompt = textwrap.wrap(printable(trace.problem.prompt).replace("\n", " ↵ "), 150)
    facts = summary(trace)
    head = 0.55 + 0.21 * len(prompt) + 0.23 * len(facts) + 0.4
    height = head + ROW * len(trace.moments) + 0.25
    image = Figure(figsize=(WIDTH, height), dpi=130, facecolor="white")
    axes = image.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, 1), ylim=(height, 0))  # y in inches from the top
    axes.axis("off")
    write(axes, 0.02, 0.32, "One episode, token by token", size=14, weight="bold")
    for number, line in enumerate(prompt):
        write(axes, 0.02, 0.62 + 0.21 * number, line, color=SOFT, size=9)
    for number, line in enumerate(facts):
        write(axes, 0.02, 0.66 + 0.21 * len(prompt) + 0.23 * number, line, size=9.5)
    write(axes, BARS[0] - 0.012, head - 0.1, "action", color=SOFT, size=8.5, ha="right")
    write(
        axes,
        BARS[0],
        head - 0.1,
        "the policy in the state before it: its most likely words, and the action",
        color=SOFT,
        size=8.5,
    )
    write(axes, ENTROPY[0], head - 0.1, "entropy (nats)", color=SOFT, size=8.5)
    for name, x in COLUMNS.items():
        write(axes, x, head - 0.1, name, color=SOFT, size=8.5, ha="center")
    axes.plot([0.02, 0.98], [head + 0.02] * 2, color=LINE, linewidth=1)
    most = max(1.0, *(moment.entropy for moment in trace.moments))
    for number, moment in enumerate(trace.moments):
        draw_row(axes, head + 0.18 + ROW * number, trace, moment, most)
    return image


def draw_row(axes: Any, y: float, trace: TraceData, moment: Moment, most: float) -> None:
    """One action. most: the entropy that fills its column."""
    write(axes, 0.022, y, f"{moment.t}", color=SOFT, size=8)
    write(
        axes,
        BARS[0] - 0.012,
        y,
        shorten(visible(moment.action), 15),
        weight="bold",
        ha="right",
        color=CALL if moment.kind == "call" else INK,
    )
    left, thick = 0.0, 0.66 * ROW
    if moment.forced:
        axes.barh(y, BARS[1] - BARS[0], thick, BARS[0], color=RESULT, edgecolor="white", linewidth=0.8)
        write(axes, BARS[0] + 0.004, y, "the result of a tool: put there, not chosen", size=7.5, color=SOFT)
        write(axes, COLUMNS["gradient"], y, "none", size=8, color=SOFT, ha="center")
        return
    for word, probability, taken in segments(moment):
        x, width = BARS[0] + left * (BARS[1] - BARS[0]), probability * (BARS[1] - BARS[0])
        colour = TAKEN if taken else BAR if word else REST
        axes.barh(y, width, thick, x, color=colour, edgecolor="white", linewidth=0.8)
        fits = int(width / 0.0068)
        if word and fits >= min(len(word), 3):
            write(axes, x + 0.004, y, shorten(word, fits), size=7.5, color="white" if taken else INK)
        left += probability
    width = (ENTROPY[1] - ENTROPY[0]) * moment.entropy / most
    axes.barh(y, width, 0.4 * ROW, ENTROPY[0], color=DOUBT, alpha=0.75)
    write(axes, ENTROPY[0] + width + 0.005, y, f"{moment.entropy:.2f}", size=7.5, color=SOFT)
    known = trace.reward is not None
    values = {
        "log π": f"{moment.log_prob:.2f}",
        "reward": f"{moment.reward:g}" if known else "?",
        "return": f"{trace.reward:g}" if known else "?",
        "advantage": "?" if (A := trace.advantage_of(moment)) is None else f"{A:+.2f}",
    }
    for name, value in values.items():
        write(axes, COLUMNS[name], y, signed(value), size=8.5, ha="center")
    pull = trace.pull(moment)
    marks = {None: ("?", SOFT), True: ("▲ likelier", UP), False: ("▼ less likely", DOWN)}
    nothing = "stays at 100%" if trace.advantage else "none"
    mark, colour = (nothing, SOFT) if pull == 0 else marks[None if pull is None else pull > 0]
    write(axes, COLUMNS["gradient"], y, mark, size=8, color=colour, ha="center")


def segments(moment: Moment) -> list[tuple[str, float, bool]]:
    """(word, probability, whether it was taken), together 1: the top words, the action if it is not one of them, and
    all other words together under the name ""."""
    found = [(visible(word), probability, taken) for word, probability, taken in moment.bars()]
    return [*found, ("", max(0.0, 1 - sum(probability for _, probability, _ in found)), False)]


def summary(trace: TraceData) -> list[str]:
    """Where the episode comes from, its numbers, and what training on it would do."""
    n, ended = len(trace.chosen), "ended by itself" if trace.finished else "cut off"
    parts = [f"{n} actions, {ended}", f"log-probability {signed(f'{trace.log_prob:.2f}')} nats"]
    if trace.reward is not None:
        parts.append(f"reward {trace.reward:g}")
    if trace.rewards is not None and trace.advantage is not None:
        kind = trace.kind.replace("_", " ")
        parts.append(
            f"advantage {signed(f'{trace.advantage:+.2f}')} ({kind}; episodes of this prompt: {trace.right()})"
        )
    lines = ["   ·   ".join(parts), trace.gradient()]
    if trace.origin is None:
        return lines
    return ["   ·   ".join(f"{name} {value}" for name, value in trace.origin.facts()), *lines]


def shorten(word: str, most: int) -> str:
    """`word`, cut to `most` characters where it is longer."""
    return word if len(word) <= most else word[: max(most - 1, 1)] + "…"


def write(axes: Any, x: float, y: float, text: str, color: str = INK, size: float = 9.5, **style: Any) -> None:
    """Text as it is: a dollar sign in it begins no formula."""
    axes.text(x, y, text, color=color, fontsize=size, va="center", parse_math=False, **style)
