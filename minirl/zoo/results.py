"""From answers to results: each method's accuracy, its tokens, and its distance from the yardstick, with intervals.

A single run has intervals over problems. Several runs that differ in their seed count as one value each, as in
`python -m minirl.evaluate --together`: the mean over runs, with a bootstrap interval over runs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np

from minirl.autograd import Array
from minirl.evaluation.answers import ANSWERS, kept_answers
from minirl.evaluation.estimate import Estimate, bootstrap, paired_bootstrap, share
from minirl.evaluation.model import judged
from minirl.evaluation.problem_sets import ProblemSet
from minirl.evaluation.score import Outcome
from minirl.generate import Sampling
from minirl.rl.reward_model import RewardModel
from minirl.rl.verifier import FOLDER
from minirl.runs import STAGE_NAMES, Run, Screen
from minirl.zoo.measure import Measured, Yardstick
from minirl.zoo.methods import DRAWS, PLAIN, SEARCHES, Contest, Method, contests, methods


class Result(NamedTuple):
    """A method after one stage, over all runs."""

    method: Method
    tokens: float
    """Generated tokens of an answer, the mean over problems and runs."""
    solved: Estimate
    against: Estimate | None
    """Its accuracy minus the yardstick's at the same tokens; None for the yardstick's own points."""
    values: list[float]
    """The accuracy of each run."""

    def as_json(self) -> dict[str, Any]:
        """{"method", "group", "label", "tokens", "solved": {"value", "low", "high"}, "against": ..., "values"}"""
        method = {"method": self.method.key, "group": self.method.group, "label": self.method.label}
        against = None if self.against is None else self.against._asdict()
        return {**method, "tokens": self.tokens, "solved": self.solved._asdict(), "against": against,
                "values": self.values}  # fmt: skip


class Verdict(NamedTuple):
    """A belief, and how far the first method is ahead of the second."""

    contest: Contest
    difference: Estimate
    tokens: tuple[float, float]
    """Of the first and of the second method."""

    def as_json(self) -> dict[str, Any]:
        """{"belief", "first", "second", "difference": {"value", "low", "high"}, "tokens": [first, second]}"""
        return {**self.contest._asdict(), "difference": self.difference._asdict(), "tokens": list(self.tokens)}


class Stage(NamedTuple):
    """All results of one stage."""

    stage: str
    results: list[Result]
    verdicts: list[Verdict]


def examine(
    runs: Sequence[Run], stage: str, sets: Sequence[ProblemSet], screen: Screen, verifier: bool = False
) -> Stage:
    """Try all methods on each run's model after `stage`. sets: the problems of each run, with its seed and the number
    of samples; every run has as many problems and samples as the first. verifier: with the methods that need the run's
    own verifier."""
    samples = sets[0].settings.samples
    listed = methods(samples, verifier)
    found: list[dict[str, Measured]] = []
    yardsticks: list[Yardstick] = []
    for run, chosen in zip(runs, sets, strict=True):
        answered = cache(partial(answers, run, stage, chosen, screen))
        scores = verifier_scores(run, answered(PLAIN)) if verifier else []
        found.append({
            method.key: method.measure(answered(method.source), *([scores] if method.by_verifier else []))
            for method in listed
        })  # fmt: skip
        yardsticks.append(Yardstick(answered(PLAIN)))
    results = [result(method, [one[method.key] for one in found], yardsticks) for method in listed]
    tokens = {one.method.key: one.tokens for one in results}
    verdicts = [
        Verdict(
            contest,
            difference([(one[contest.first].right, one[contest.second].right) for one in found]),
            (tokens[contest.first], tokens[contest.second]),
        )
        for contest in contests(samples, verifier)
    ]
    return Stage(stage, results, verdicts)


def answers(run: Run, stage: str, chosen: ProblemSet, screen: Screen, source: str) -> list[Outcome]:
    """The outcomes of a draw or a search; the run's folder keeps the answers, as those of `minirl.evaluate`."""
    if source in DRAWS:
        settings = replace(chosen.settings, sampling=Sampling(**DRAWS[source]), log_probs=source == PLAIN)
        what = f"{settings.samples} samples each, {source}"
    else:
        rule, by_steps = SEARCHES[source]
        settings, what = replace(chosen.settings, samples=0, beam=rule, by_steps=by_steps), source
    n = len(chosen.problems)

    def tell(kept: bool) -> None:
        doing = f"reading {n} answers from {ANSWERS}/" if kept else f"solving {n} problems of {chosen.label}"
        screen.say(f"{run.folder.name} after {STAGE_NAMES[stage]}: {doing}: {what}")

    prompts = [problem.prompt for problem in chosen.problems]
    return judged(chosen, kept_answers(run, stage, prompts, settings, tell))


def verifier_scores(run: Run, outcomes: Sequence[Outcome]) -> list[list[float]]:
    """The log-odds that the run's own verifier gives each sample. Raises FileNotFoundError where there is none, naming
    the command that trains it."""
    try:
        judge = RewardModel.load(run.folder / FOLDER, run.tokenizer())
    except FileNotFoundError:
        raise FileNotFoundError(
            f"{run.folder} has no verifier; `python -m minirl.rewards verifier {run.folder}` trains one"
        ) from None
    samples = [(one.problem.prompt, sample.text) for one in outcomes for sample in one.attempt.samples]
    scores = iter(judge.score([prompt for prompt, _ in samples], [text for _, text in samples]).tolist())
    return [[next(scores) for _ in one.attempt.samples] for one in outcomes]


def result(method: Method, measured: Sequence[Measured], yardsticks: Sequence[Yardstick]) -> Result:
    """A method's result over all runs. measured, yardsticks: one for each run."""
    means = [float(one.right.mean()) for one in measured]
    pairs = [(one.right, stick.at(float(one.tokens.mean()))) for one, stick in zip(measured, yardsticks, strict=True)]
    own = method.source == PLAIN and method.key.startswith("majority@")
    return Result(
        method,
        float(np.mean([one.tokens.mean() for one in measured])),
        share(measured[0].right) if len(measured) == 1 else bootstrap(means),
        None if own else difference(pairs),
        means,
    )


def difference(pairs: Sequence[tuple[Array, Array]]) -> Estimate:
    """How far the first is ahead of the second: for one run over its problems, for several over the runs."""
    if len(pairs) == 1:
        return paired_bootstrap(*pairs[0]).difference
    return bootstrap([float((first - second).mean()) for first, second in pairs])


def curve(stage: Stage, measure: str, source: str) -> list[Result]:
    """The results of a measure such as "majority" on a source, by number of samples."""
    ends = f", {source}"
    return sorted(
        (one for one in stage.results if one.method.key.startswith(f"{measure}@") and one.method.key.endswith(ends)),
        key=lambda one: one.tokens,
    )


def by_key(stage: Stage) -> Mapping[str, Result]:
    """The results by the key of their method."""
    return {one.method.key: one for one in stage.results}
