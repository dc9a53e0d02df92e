"""Over-optimisation: the more a learned reward is optimised, the less it means (Gao et al. 2023).

A reward model is only a proxy for what was wanted. Here the gold judge is known: it is the checker that graded the
pairs (rl/quality.py). Best-of-n optimises the proxy without training anything, by a KL divergence of at most
ln n - (n - 1) / n. The proxy can only rise with n. Where gold stops to rise, or falls, the proxy is exploited.
"""

from functools import partial
from math import log
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro

from minirl import kernels
from minirl.autograd import Array
from minirl.figure import Figure
from minirl.preferences import Pair
from minirl.rewards.samples import Answered, answers, markdown
from minirl.rl.bradley_terry import FitConfig, fit_preferences
from minirl.rl.pairs import graded_pairs
from minirl.rl.quality import grade
from minirl.rl.reward_model import RewardModel
from minirl.runs import PLOTS, Run, Screen
from minirl.streams import stream_seed

Curve = list[tuple[int, float, float]]
"""(n, mean proxy of the chosen answer, mean gold of it)."""


def overoptimise(
    run: Annotated[Path, tyro.conf.Positional],
    pairs: tuple[int, ...] = (100, 1000, 5000),
    most: int = 64,
    problems: int = 200,
    epochs: int = 2,
    seed: int = 0,
    png: Path | None = None,
) -> None:
    """Train reward models on few and on many pairs of a run's own answers, and optimise each by best-of-n.

    Args:
        run: Folder of a run; its model after SFT answers.
        pairs: Numbers of pairs, one reward model each.
        most: Samples of a problem, the largest n.
        problems: Unseen problems.
        epochs: How often a reward model reads its pairs.
        seed: Of problems, samples and order.
        png: Write the plot here. Default: plots/overoptimisation.png in the run's folder.
    """
    opened, screen = Run.open(run), Screen()
    if most < 2 or min(pairs, default=0) < 1:
        raise ValueError(f"--most is {most} and --pairs {pairs}; give 2 or more samples, and 1 pair or more")
    with kernels.using_precision(opened.config.precision):
        known = own_pairs(opened, max(pairs), seed)
        tested = answers(opened, "sft", None, problems, most, seed)
        gold = np.array([grade(tested.task, e.problem, e.text, e.finished) for e in tested.episodes])
        curves = {}
        for n in pairs:
            model = RewardModel(opened.model("sft"), tested.tokenizer, stream_seed(seed, "proxy head"))
            fit_preferences(model, known[:n], FitConfig(epochs, seed=seed))
            model.normalise([e.problem.prompt for e in tested.episodes], [e.text for e in tested.episodes])
            proxy = model.score([e.problem.prompt for e in tested.episodes], [e.text for e in tested.episodes])
            curves[f"{min(n, len(known))} pairs"] = curve(proxy, gold, most)
            screen.say(f"{n} pairs: done")
    path = png or opened.folder / PLOTS / "overoptimisation.png"
    figure(curves, tested).save(path)
    rows = [
        [f"{name}, best of {n}", f"{kl(n):.2f}", f"{proxy:.2f}", f"{real:.3f}"]
        for name, points in curves.items() for n, proxy, real in points
    ]  # fmt: skip
    print(markdown(f"\n{problems} unseen problems", ["", "KL, nats", "proxy", "gold, of 2"], rows))
    screen.say(f"\nwritten: {path}")


def own_pairs(run: Run, wanted: int, seed: int) -> list[Pair]:
    """Pairs of the model's answers to training problems, one pair a problem, in the order of the problems: so that
    more pairs are also more problems. As many as are wanted, or as 4 answers to each of 3 times as many problems give.
    """
    known = answers(run, "sft", "train", 3 * wanted, 4, stream_seed(seed, "pairs"))
    rng = np.random.default_rng(stream_seed(seed, "one pair a problem"))
    found: list[Pair] = []
    for group in known.groups():
        made = list(graded_pairs(group, known.samples, partial(grade, known.task)))
        if made:
            found.append(made[int(rng.integers(len(made)))])
    return found[:wanted]


def kl(n: int) -> float:
    """The bound on KL(best of n || policy), in nats (Beirami et al. 2024)."""
    return log(n) - (n - 1) / n


def curve(proxy: Array, gold: Array, most: int) -> Curve:
    """For n = 1, 2, 4, ...: the mean proxy and gold of the best of n by the proxy, over all groups of n samples in a
    row. proxy, gold: (problems * most,)."""
    p, g = proxy.reshape(-1, most), gold.reshape(-1, most)
    found = []
    for n in (2**power for power in range(most.bit_length()) if 2**power <= most):
        parts = most // n
        near, real = (x[:, : parts * n].reshape(-1, n) for x in (p, g))
        best = near.argmax(axis=1)
        rows = np.arange(len(best))
        found.append((n, float(near[rows, best].mean()), float(real[rows, best].mean())))
    return found


def figure(curves: dict[str, Curve], tested: Answered) -> Figure:
    """Proxy and gold over KL, one colour a reward model."""
    image = Figure(figsize=(10, 4.2), dpi=110, layout="tight")
    left, right = image.subplots(1, 2)
    for name, points in curves.items():
        x = [kl(n) for n, _, _ in points]
        left.plot(x, [proxy for _, proxy, _ in points], marker="o", label=name)
        right.plot(x, [gold for _, _, gold in points], marker="o", label=name)
    for axes, title in ((left, "what the reward model says"), (right, "what the checker says (of 2)")):
        axes.set(title=title, xlabel="KL of best-of-n, nats")
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8)
    return image
