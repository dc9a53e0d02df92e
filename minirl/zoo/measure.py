"""Of each method, one number a problem: the share of its answers that are right, and the tokens that it generated.

A method that looks at k of N samples is tried on the samples 1 to k, k+1 to 2k and so on, as often as they suffice, and
the mean counts: the same samples say more that way. All tokens count that a method had to generate, in samples and
beams that lost too. The prompt does not count, and neither does reading a beam's text again.

Equal numbers of tokens. Methods differ in how many tokens they need, and more samples help a vote. So each method is
compared with a yardstick: the majority of as many samples at temperature 1 as have the same number of tokens in the
mean. Between two whole numbers of samples the yardstick is a straight line; it ends at 1 and at N samples.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from minirl.autograd import Array
from minirl.evaluation.score import Outcome
from minirl.generate.vote import Choice, choose, winner


class Measured(NamedTuple):
    """A method on the problems of one run; one number a problem in each array."""

    right: Array
    """(problems,): from 0 to 1, the share of the method's answers that are right."""
    tokens: Array
    """(problems,): generated tokens for one answer of the method."""


def first(outcomes: Sequence[Outcome]) -> Measured:
    """Greedy decoding, or a search: the one answer that is not a sample."""
    answers = [outcome.attempt.greedy for outcome in outcomes]
    spent = [one.tokens if one.spent is None else one.spent for one in answers]
    return Measured(numbers([outcome.solved for outcome in outcomes]), numbers(spent))


def chosen(outcomes: Sequence[Outcome], k: int, by: Choice) -> Measured:
    """One of k samples, chosen `by`; `generate.vote` has the ways. With k 1 it is a single sample.

    Raises ValueError for a k that is not between 1 and the number of samples.
    """
    return Measured(numbers([chosen_share(outcome, k, by) for outcome in outcomes]), k * sample_tokens(outcomes))


def chosen_share(outcome: Outcome, k: int, by: Choice) -> float:
    """How often the sample that is chosen of k is right, over as many groups of k samples as there are."""
    samples, N = outcome.attempt.samples, len(outcome.right)
    if not 1 <= k <= N:
        raise ValueError(f"zoo: k is {k}, and there are {N} samples; expected 1 <= k <= samples")
    found = []
    for start in range(0, N - k + 1, k):
        place = choose(outcome.checker, outcome.problem, samples[start : start + k], by)
        found.append(place is not None and outcome.right[start + place])
    return sum(found) / len(found)


def verified(outcomes: Sequence[Outcome], scores: Sequence[Sequence[float]], k: int, weighted: bool) -> Measured:
    """One of k samples by a verifier's log-odds, `scores` of every sample: the sample with the highest, or the answer
    whose samples have the largest sum of probabilities. A sample that was cut off is not chosen."""
    found = []
    for outcome, own in zip(outcomes, scores, strict=True):
        rights = []
        for start in range(0, len(outcome.right) - k + 1, k):
            texts = list(outcome.votes[start : start + k])
            odds = [-np.inf if text is None else r for text, r in zip(texts, own[start : start + k], strict=True)]
            if weighted:
                place = winner(outcome.checker, outcome.problem, texts, (1 / (1 + np.exp(-np.array(odds)))).tolist())
            else:
                place = int(np.argmax(odds)) if np.isfinite(odds).any() else None
            rights.append(place is not None and outcome.right[start + place])
        found.append(sum(rights) / len(rights))
    return Measured(numbers(found), k * sample_tokens(outcomes))


def adaptive(outcomes: Sequence[Outcome]) -> Measured:
    """The majority of as many samples as adaptive consistency draws; of all where it never stops."""
    drawn = [outcome.drawn_at(len(outcome.right)) for outcome in outcomes]
    pairs = list(zip(outcomes, drawn, strict=True))
    tokens = [sum(sample.tokens for sample in outcome.attempt.samples[:n]) for outcome, n in pairs]
    return Measured(numbers([outcome.majority_at(n) for outcome, n in pairs]), numbers(tokens))


def passed(outcomes: Sequence[Outcome], k: int) -> Measured:
    """The chance that at least one of k samples is right: what a perfect judge would choose."""
    return Measured(numbers([outcome.pass_at(k) for outcome in outcomes]), k * sample_tokens(outcomes))


def sample_tokens(outcomes: Sequence[Outcome]) -> Array:
    """The mean length of each problem's samples, (problems,)."""
    return numbers([float(np.mean([sample.tokens for sample in one.attempt.samples])) for one in outcomes])


def numbers(values: Sequence[float]) -> Array:
    """The values as float64."""
    return np.asarray(values, np.float64)


class Yardstick:
    """The majority of any number of samples, for the outcomes of one draw."""

    def __init__(self, outcomes: Sequence[Outcome]) -> None:
        self.samples = len(outcomes[0].right)
        self.per_sample = float(sample_tokens(outcomes).mean())
        self.votes = [chosen(outcomes, k, "majority").right for k in range(1, self.samples + 1)]

    def at(self, tokens: float) -> Array:
        """(problems,): the share right of the majority of samples that have this many tokens in the mean."""
        k = min(max(tokens / self.per_sample, 1.0), float(self.samples))
        low = min(int(k), self.samples - 1) or 1
        part = k - low
        if part == 0:
            return self.votes[low - 1]
        return (1 - part) * self.votes[low - 1] + part * self.votes[low]
