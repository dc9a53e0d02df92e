"""Train a verifier on a run's own answers, and measure what its judgement is worth."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import tyro

from minirl import kernels
from minirl.generate import step_beams
from minirl.generate.equations import arithmetic_holds, true_equations
from minirl.generate.vote import winner
from minirl.rewards.samples import Answered, answers, markdown, percent
from minirl.rl.bradley_terry import FitConfig
from minirl.rl.calibration import auc_within, calibration_error, correlation
from minirl.rl.mdp import final_reward
from minirl.rl.reward_model import RewardModel
from minirl.rl.verifier import (
    FOLDER,
    Labels,
    by_arithmetic,
    by_completions,
    fit_labels,
    labelled,
    outcome,
    solution_scores,
)
from minirl.runs import Run, Screen
from minirl.runs.checkpoints import replacing_checkpoint
from minirl.streams import stream_seed

Kind = Literal["outcome", "arithmetic", "completions"]
Positional = tyro.conf.Positional


def verifier(
    run: Annotated[Path, Positional],
    kind: Kind = "outcome",
    stage: str = "sft",
    problems: int = 6000,
    samples: int = 8,
    epochs: int = 1,
    tested: int = 200,
    completions: int = 4,
    beams: int = 0,
    seed: int = 0,
) -> None:
    """Train a verifier on the answers of a run's model, save it in RUN/verifier, and measure it on unseen problems.

    Args:
        run: Folder of a run.
        kind: What it learns: outcome, the final answer; arithmetic or completions, each step.
        stage: Whose answers: sft or rl. After RL there are few wrong ones to learn from.
        problems: Training problems. Many count for more than many epochs.
        samples: Answers to each problem, in training and in the test.
        epochs: How often it reads them.
        tested: Unseen problems.
        completions: With completions: sampled endings of each step.
        beams: Also try step beams of this width that the verifier leads, on the unseen problems; slow. 0: none.
        seed: Of problems, samples and order.
    """
    opened, screen = Run.open(run), Screen()
    with kernels.using_precision(opened.config.precision):
        known = answers(opened, stage, "train", problems, samples, stream_seed(seed, "verifier"))
        model = RewardModel(opened.model(stage), known.tokenizer, stream_seed(seed, "verifier head"))
        groups = labelled(model, known.episodes, samples, labels_of(kind, model, known, completions, seed))
        screen.say(f"{sum(len(g.labels) for g in groups)} answers to {len(groups)} problems")
        fit_labels(model, groups, FitConfig(epochs, seed=seed))
        with replacing_checkpoint(opened.folder / FOLDER) as new:
            model.save(new)
        unseen = answers(opened, stage, None, tested, samples, seed)
        print(report(model, unseen, kind, searched(model, unseen, beams) if beams else []))


def labels_of(kind: Kind, model: RewardModel, known: Answered, completions: int, seed: int) -> Labels:
    """How answers are labelled."""
    if kind == "outcome":
        return outcome
    if kind == "arithmetic":
        return by_arithmetic(model)
    longest = max(len(episode.actions) for episode in known.episodes)
    return by_completions(
        model, known.model, known.tokenizer, known.task, samples=completions, max_new_tokens=longest, seed=seed
    )


def report(model: RewardModel, tested: Answered, kind: Kind, more: Sequence[list[str]] = ()) -> str:
    """What the verifier's judgement is worth, as a table. more: rows of ways to answer."""
    ended = [episode for episode in tested.episodes if episode.finished]
    problems, texts = [e.problem for e in ended], [e.text for e in ended]
    if kind == "outcome":
        logits = model.score([problem.prompt for problem in problems], texts)
        p = 1 / (1 + np.exp(-logits))
    else:
        p = solution_scores(model, problems, texts)
    by_text = {(e.problem.prompt, e.text): float(x) for e, x in zip(ended, p, strict=True)}
    groups = tested.groups()
    scores = [[by_text.get((e.problem.prompt, e.text), 0.0) for e in group] for group in groups]
    right = [[e.reward > 0 for e in group] for group in groups]
    sums = [[float(arithmetic_holds(e.text)) for e in group] for group in groups]
    k, rows = tested.samples, []
    first = float(np.mean([group[0] for group in right]))
    rows.append(["one sample", percent(first)])
    rows.append([f"majority of {k}", percent(chosen_right(tested, [[1.0] * k] * len(groups)))])
    rows.append(["majority of those whose equations hold", percent(chosen_right(tested, sums))])
    rows.append([f"best of {k} by the verifier", percent(best_right(scores, right))])
    rows.append([f"vote of {k} weighted by the verifier", percent(chosen_right(tested, scores))])
    rows += more
    rows.append([f"ceiling: one of {k} is right", percent(float(np.mean([any(group) for group in right])))])
    rows.append(["calibration error of the verifier", percent(calibration_error(p, [e.reward > 0 for e in ended]))])
    rows.append(["AUC within problems, verifier", percent(auc_within(scores, right))])
    rows.append(["AUC within problems, equations hold", percent(auc_within(sums, right))])
    lengths = np.array([len(e.actions) for e in ended], np.float64)
    rows.append(["correlation with length", f"{correlation(p, lengths):.2f}"])
    return markdown(f"\n{kind} verifier, {len(groups)} unseen problems, {k} samples each", ["", "%"], rows)


def searched(model: RewardModel, tested: Answered, width: int) -> list[list[str]]:
    """Rows for step beams, led by the verifier and by arithmetic: the share of problems that they solve."""
    prompts = [problem.prompt for problem in tested.problems]
    longest = max(len(episode.actions) for episode in tested.episodes)
    rows = []
    for name, judge in (("the verifier", [model.judge(prompt) for prompt in prompts]), ("arithmetic", true_equations)):
        found = step_beams(
            tested.model, tested.tokenizer, prompts, judge, width=width, branches=width, max_new_tokens=longest
        )
        right = [
            final_reward(tested.task, problem, best.text, best.finished)
            for problem, (best, *_) in zip(tested.problems, found, strict=True)
        ]
        rows.append([f"step beams {width}, led by {name}", percent(float(np.mean(right)))])
    return rows


def best_right(scores: list[list[float]], right: list[list[bool]]) -> float:
    """The share of problems whose sample with the highest score is right."""
    return float(np.mean([y[int(np.argmax(x))] for x, y in zip(scores, right, strict=True)]))


def chosen_right(tested: Answered, weights: list[list[float]]) -> float:
    """The share of problems whose answer with the largest sum of weights is right; where all weights are 0, of those
    with the most votes."""
    found = []
    for problem, group, weight in zip(tested.problems, tested.groups(), weights, strict=True):
        texts = [episode.text if episode.finished else None for episode in group]
        given = weight if any(weight) else None
        place = winner(tested.task.checker, problem, texts, given)
        found.append(place is not None and group[place].reward > 0)
    return float(np.mean(found))
