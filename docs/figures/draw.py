"""Draws the figures of the handbook: python docs/figures/draw.py writes one_loss.png, episode.png and layers.png here.

Each figure has a white background of its own, so it reads the same on a light and on a dark page.
"""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

FOLDER = Path(__file__).resolve().parent
INK, SOFT, GREY = "#1f2933", "#52606d", "#e4e7eb"
BLUE, GREEN, RED = "#bcd7f5", "#bfe5c3", "#f6c5c0"
LAYERS = (  # number, rooms, what the layer is for; from the top
    ("6", "lessons", "the course"),
    (
        "5",
        "train   evaluate   chat   trace   plot   report   zoo   controls   bench   bugs   doctor",
        "programs you run",
    ),
    ("4", "rl   evaluation   runs   microscope", "reinforcement learning, measuring"),
    ("3", "data   tasks   tools   generate   retrieval", "batches, problems and checkers, decoding, search"),
    ("2", "model   tokenizer", "transformer, byte-level BPE"),
    (
        "1",
        "autograd   tensor   functional   nn   optim   parallel   schedule   gradient_check",
        "automatic differentiation",
    ),
    (
        "0",
        "kernels   csrc   ranks   storage   streams   flags   console   figure   swap",
        "NumPy and C, files, terminal",
    ),
)


def canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """A figure of `width` x `height` inches whose axes count in inches, from the lower left."""
    figure = Figure(figsize=(width, height), dpi=160, facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(0, height))
    axes.axis("off")
    return figure, axes


def box(axes: Axes, x: float, y: float, width: float, height: float, colour: str, edge: str = "white") -> None:
    shape = f"round,pad=0,rounding_size={min(0.06, height / 4)}"
    axes.add_patch(FancyBboxPatch((x, y), width, height, boxstyle=shape, facecolor=colour, edgecolor=edge))


def say(axes: Axes, x: float, y: float, text: str, size: float = 9, **settings: object) -> None:
    axes.text(x, y, text, fontsize=size, **{"color": INK, "va": "center", **settings})


def tokens(axes: Axes, x: float, y: float, cells: list[tuple[str, str, str]]) -> None:
    """A line of tokens from x on: (text, colour, what stands under it)."""
    for text, colour, under in cells:
        width = 0.13 + 0.082 * len(text)
        box(axes, x, y, width, 0.3, colour)
        say(axes, x + width / 2, y + 0.145, text, 8.5, ha="center", family="monospace")
        say(axes, x + width / 2, y - 0.11, under, 7.5, ha="center", color=SOFT)
        x += width + 0.03


def one_loss() -> Figure:
    figure, axes = canvas(10.4, 4.75)
    say(axes, 0.3, 4.42, "One loss for three stages of training", 14, weight="bold")
    say(axes, 0.3, 3.97, r"loss  =  $-\,\sum_t\; w_t\; \log \pi(a_t \mid s_t)$", 14)
    say(axes, 4.1, 3.97, "one kernel, linear_cross_entropy; only the weights $w_t$ change", 10, color=SOFT)
    prompt = ["Q:", "Roger", "has", "5", "…", "now?", "Reasoning:"]
    right = ["Roger", "has", "5", ".", "…", "5", "+", "6", "=", "11", "Answer:", "11", "end"]
    wrong = ["Roger", "has", "5", ".", "…", "5", "+", "2", "=", "7", "Answer:", "7", "end"]
    text = ["A", "can", "of", "tennis", "balls", "is", "a", "tube", "that", "keeps", "the", "balls", "dry", "."]
    unseen = [(word, GREY, "0") for word in prompt]
    rows = (
        ("Pretraining", r"$w = 1/N$", 3.2, [(word, BLUE, "1") for word in text]),
        ("Supervised fine-tuning", r"$w = \mathrm{mask}/N$", 2.35, unseen + [(word, BLUE, "1") for word in right]),
        ("REINFORCE", r"$w = \mathrm{advantage}/N$", 1.5, unseen + [(word, GREEN, "+1") for word in right]),
        ("", "two answers to one prompt", 0.8, unseen + [(word, RED, "−1") for word in wrong]),
    )
    for name, weight, y, cells in rows:
        say(axes, 0.3, y + 0.24, name, 10, weight="bold")
        say(axes, 0.3, y - 0.02, weight, 11 if name else 9, color=INK if name else SOFT)
        tokens(axes, 2.35, y, cells)
    legend = ((GREY, "no weight"), (BLUE, "made likelier"), (GREEN, "right: made likelier"))
    x = 2.35
    for colour, meaning in (*legend, (RED, "wrong: made less likely")):
        box(axes, x, 0.2, 0.22, 0.16, colour)
        say(axes, x + 0.3, 0.275, meaning, 8.5, color=SOFT)
        x += 0.55 + 0.072 * len(meaning)
    say(axes, 0.3, 0.275, "Numbers: $w \\cdot N$", 8.5, color=SOFT)
    return figure


def episode() -> Figure:
    figure, axes = canvas(10.4, 4.3)
    say(axes, 0.3, 3.97, "An episode: the model writes one token at a time", 14, weight="bold")
    for x, name in (
        (0.3, "state $s_t$: all tokens so far"),
        (7.0, "action $a_t$: the next token"),
        (9.25, "reward $r_t$"),
    ):
        say(axes, x, 3.55, name, 10, color=SOFT)
    written = ["Roger", "has", "5"]
    for t in range(3):
        y = 3.0 - 0.5 * t
        state = [("prompt", GREY, "")] + [(word, BLUE, "") for word in written[:t]]
        say(axes, 0.3, y + 0.14, f"$s_{t}$", 12)
        tokens(axes, 0.8, y, state)
        arrow(axes, y, f"$\\pi(\\cdot \\mid s_{t})$")
        say(axes, 7.0, y + 0.14, f"$a_{t}$", 12)
        tokens(axes, 7.5, y, [(written[t], BLUE, "")])
        say(axes, 9.4, y + 0.14, "0", 11)
    say(axes, 0.8, 1.62, "⋮", 14)
    y = 0.95
    last = [("prompt", GREY, "")] + [(word, BLUE, "") for word in [*written, "…", "Answer:", "11"]]
    say(axes, 0.3, y + 0.14, "$s_T$", 12)
    tokens(axes, 0.8, y, last)
    arrow(axes, y, r"$\pi(\cdot \mid s_T)$")
    say(axes, 7.0, y + 0.14, "$a_T$", 12)
    tokens(axes, 7.5, y, [("<|end|>", BLUE, "")])
    box(axes, 9.25, y - 0.02, 0.42, 0.34, GREEN)
    say(axes, 9.46, y + 0.14, "1", 11, ha="center", weight="bold")
    say(
        axes,
        0.3,
        0.45,
        "prompt:  Q: Roger has 5 tennis balls. … How many tennis balls does he have now?  Reasoning:",
        9,
        color=SOFT,
    )
    say(
        axes,
        0.3,
        0.2,
        "The checker compares the answer with 11: the last reward is 1 if they agree, 0 if not.",
        9,
        color=SOFT,
    )
    return figure


def arrow(axes: Axes, y: float, label: str) -> None:
    style = {"arrowstyle": "-|>", "color": SOFT, "lw": 1.2}
    axes.annotate("", xy=(6.8, y + 0.14), xytext=(5.3, y + 0.14), arrowprops=style)
    say(axes, 6.0, y + 0.27, label, 9, ha="center")


def layers() -> Figure:
    figure, axes = canvas(10.4, 4.56)
    say(axes, 0.3, 4.23, "The code in layers", 14, weight="bold")
    say(axes, 2.75, 4.22, "every layer imports only from the layers below it", 10, color=SOFT)
    for index, (number, rooms, meaning) in enumerate(LAYERS):
        y = 3.41 - 0.56 * index
        shade = ("#e7f1ff", "#dbeafe", "#cfe3fb", "#c2dbf7", "#b5d2f3", "#a8c9ef", "#9bc0eb")[index]
        box(axes, 0.3, y, 9.8, 0.5, shade)
        say(axes, 0.5, y + 0.24, number, 12, weight="bold")
        say(axes, 0.85, y + 0.24, rooms, 9, family="monospace")
        say(axes, 9.95, y + 0.24, meaning, 9, ha="right", color=SOFT)
    return figure


def main() -> None:
    for draw in (one_loss, episode, layers):
        draw().savefig(FOLDER / f"{draw.__name__}.png")


if __name__ == "__main__":
    main()
