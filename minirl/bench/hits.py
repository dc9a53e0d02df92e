"""How often searches find the right passage: BM25, vectors, both fused: python -m minirl.bench hits MODEL

A model is fine-tuned to find passages by vectors, as in `python -m minirl.retrieval dense`. Four searches are then
asked the questions that it was not trained on. Printed is hit@k, the share of questions for which one of the first k
passages is right, with Wilson's 95% interval; --plot draws it for k from 1 to 20.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Annotated, Any

import tyro
from matplotlib.ticker import PercentFormatter
from rich.console import Console
from rich.table import Table

from minirl import flags
from minirl.bench.progress import Progress
from minirl.bench.runner import OptionError
from minirl.evaluation.estimate import Estimate, wilson
from minirl.figure import Figure
from minirl.model import GPT
from minirl.retrieval.collections import Collection, open_collection
from minirl.retrieval.compare import contenders, parted
from minirl.retrieval.evaluation import Search
from minirl.retrieval.measures import hit
from minirl.tokenizer import Tokenizer

DEPTH = 20
WIDTH = 110  # columns of the table
PRINTED = (1, 3, 5, 10, 20)
LOOKS = (("#000000", "o", "-"), ("#777777", "x", ":"), ("#0072b2", "s", "--"), ("#d55e00", "v", "-"))  # Okabe and Ito

Curve = list[Estimate]


@dataclass(frozen=True)
class Options:
    """Compare searches on a test collection."""

    model: Annotated[Path, tyro.conf.Positional]
    """The folder of a model, such as runs/roger/sft."""
    collection: str = "science"
    """As in `python -m minirl.retrieval evaluate`."""
    steps: int = 200
    """Updates of the model."""
    batch: int = 16
    """Questions in a batch."""
    learning_rate: float = 3e-4
    """The highest learning rate."""
    seed: int = 0
    """Seed of the order of the questions."""
    plot: Path | None = None
    """Draw the curves into this .png file."""


def main(argv: list[str] | None = None) -> int:
    """Run with the flags `argv`; prints a table and, where asked, draws the plot. Returns the exit status."""
    options = flags.parse(Options, argv, "python -m minirl.bench hits", __doc__)
    try:
        model, tokenizer = GPT.from_pretrained(options.model), Tokenizer.load(options.model / "tokenizer.json")
        collection = open_collection(options.collection)
    except (OSError, ValueError) as error:
        raise OptionError(str(error)) from None
    held = parted(collection)[1]
    made = contenders(
        model, tokenizer, collection, steps=options.steps, batch=options.batch, learning_rate=options.learning_rate,
        seed=options.seed,
    )  # fmt: skip
    progress = Progress()
    curves = dict(progress.each(made, lambda one: (one[0], curve(one[1], held)), itemgetter(0), line))
    title = f"{held.name}: {len(held.queries):,} held-out questions, {len(held.texts):,} texts"
    Console(width=WIDTH).print(table(title, curves))
    if options.plot is not None:
        draw(title, curves).save(options.plot)
    return progress.status


def line(found: tuple[str, Curve]) -> str:
    """What one search found."""
    return f"{found[0]}: " + ", ".join(f"hit@{k} {shown(found[1][k - 1])}" for k in PRINTED)


def curve(search: Search, collection: Collection, depth: int = DEPTH) -> Curve:
    """hit@1 to hit@depth over the collection's queries, each with its interval."""
    rankings = [search(query, depth) for query in collection.queries]
    asked = list(zip(rankings, collection.grades, strict=True))
    return [
        wilson(round(sum(hit(ranking, grades, k) for ranking, grades in asked)), len(asked))
        for k in range(1, depth + 1)
    ]


def table(title: str, curves: dict[str, Curve]) -> Table:
    """hit@k in percent, for a few k."""
    found = Table(title=title)
    for name in ("", *(f"hit@{k}" for k in PRINTED)):
        found.add_column(name, justify="right" if name else "left")
    for name, estimates in curves.items():
        found.add_row(name, *(shown(estimates[k - 1]) for k in PRINTED))
    return found


def shown(estimate: Estimate) -> str:
    """In percent, the interval in whole ones, so that a line fits 100 columns."""
    value, low, high = (100 * x for x in estimate)
    return f"{value:.1f} [{low:.0f}, {high:.0f}]"


def draw(title: str, curves: dict[str, Curve]) -> Figure:
    """hit@k against k, with 95% intervals as bands."""
    image = Figure(figsize=(6.4, 4.2), dpi=120, layout="constrained")
    axes: Any = image.subplots()
    for (name, estimates), (colour, marker, line) in zip(curves.items(), LOOKS, strict=False):
        ks: Sequence[int] = range(1, len(estimates) + 1)
        look = {"color": colour, "marker": marker, "linestyle": line, "markersize": 4}
        axes.plot(ks, [e.value for e in estimates], label=name, **look)
        axes.fill_between(ks, [e.low for e in estimates], [e.high for e in estimates], color=colour, alpha=0.12, lw=0)
    axes.set_title(title, fontsize=10)
    axes.set_xlabel("k, passages that are looked at")
    axes.set_ylabel("hit@k")
    axes.set_xticks([1, 5, 10, 15, 20])
    axes.set_ylim(0, 1.02)
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.grid(alpha=0.3)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=4, fontsize=8, frameon=False)
    return image
