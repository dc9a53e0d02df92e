"""Policies that followed a reward model: what it paid them, and what that was worth, over how far they went.

PPO optimises a reward model by training, where best-of-n (overoptimise.py) only chooses. How far it has gone is again a
KL divergence from the policy after SFT: that of whole answers, in nats, which is the KL of a token times the tokens of
an answer. What was wanted is the share of right answers, by the checker.
"""

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import tyro

from minirl.figure import Figure
from minirl.rewards.samples import markdown, percent
from minirl.runs import PLOTS, Run, Screen

SMOOTHED = 20  # steps whose mean is a point of a curve


def followed(
    runs: Annotated[list[Path], tyro.conf.Positional, tyro.conf.arg(metavar="RUN [RUN ...]")],
    png: Path | None = None,
) -> None:
    """Draw reward and right answers over KL, for runs of `--rl.reward model`.

    Args:
        runs: Folders of runs, such as of several --rl.kl.
        png: Write the plot here. Default: plots/followed.png in the first run's folder.
    """
    curves = {folder.name: curve(Run.open(folder)) for folder in runs}
    path = png or runs[0] / PLOTS / "followed.png"
    figure(curves).save(path)
    rows = [
        [name, str(points["step"][i]), f"{points['nats'][i]:.2f}", f"{points['paid'][i]:.2f}",
         percent(points["right"][i]), percent(points["valid"][i])]
        for name, points in curves.items() for i in sorted({0, len(points["step"]) // 2, len(points["step"]) - 1})
    ]  # fmt: skip
    header = ["run", "until step", "KL, nats an answer", "paid", "right, %", "valid, %"]
    print(markdown(f"\nMeans of {SMOOTHED} steps, on new training problems", header, rows))
    Screen().say(f"\nwritten: {path}")


def curve(run: Run) -> dict[str, Any]:
    """Means of SMOOTHED steps in a row. Raises ValueError for too few steps that a reward model paid."""
    records = [record for record in run.records(stage="rl") if "paid" in record]
    parts = [records[i : i + SMOOTHED] for i in range(0, len(records) - SMOOTHED + 1, SMOOTHED)]
    if not parts:
        raise ValueError(
            f"{run.folder} has {len(records)} steps that a reward model paid; give a run of --rl.reward model with "
            f"{SMOOTHED} or more"
        )
    found = {name: [float(np.mean([r[name] for r in part])) for part in parts] for name in ("paid", "right", "valid")}
    nats = [float(np.mean([r["kl_to_start"] * r["answer_tokens"] for r in part])) for part in parts]
    return {**found, "nats": nats, "step": [part[-1]["step"] for part in parts]}


def figure(curves: dict[str, dict[str, Any]]) -> Figure:
    """Paid and right over KL, one colour a run."""
    image = Figure(figsize=(10, 4.2), dpi=110, layout="tight")
    left, right = image.subplots(1, 2)
    for name, points in curves.items():
        left.plot(points["nats"], points["paid"], marker="o", markersize=3, label=name)
        right.plot(points["nats"], [100 * share for share in points["right"]], marker="o", markersize=3, label=name)
    for axes, title in ((left, "what the reward model pays"), (right, "right answers, %")):
        axes.set(title=title, xlabel="KL from the policy after SFT, nats an answer")
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8)
    return image
