r"""Self-consistency: let the model answer several times, and choose one of its answers.

A model that reasons can reach the right answer on many ways, but rarely the same wrong one; so the most frequent answer
of several samples is often right where a single one is not (Wang et al. 2022). What counts as the same answer is the
checker's to say: 25% and 25, B and (B). A sample that was cut off has no vote, and neither has one without an answer.

How to choose among n samples:

    majority      the most frequent answer
    weighted      the same, but a sample's vote counts as much as the model finds it likely: its probability
    arithmetic    the most frequent answer among the samples whose equations all hold (equations.py); among all of them
                  where no sample's do
    likeliest     the sample with the highest log-probability ("best of n")
    soundest      the sample with the fewest false equations; of equal ones the likeliest (best of n, by arithmetic)
    a function    the sample that it scores highest: a judge of your own, such as a model that was trained to verify

Samples cost time, and easy problems need few of them. Adaptive consistency (Aggarwal et al. 2023) draws on until the
leading answer is very probably the most frequent one of the model: with v_1 votes for the first answer and v_2 for the
second, and before any vote all shares equally plausible, the first's share p of the two is Beta(v_1 + 1, v_2 + 1), and

    P(p > 1/2) = sum_{j <= v_1} C(n, j) / 2^n       with n = v_1 + v_2 + 1

The samples are the first of those that would have been drawn anyway, so a full vote can be compared with it.
"""

import math
import operator
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

from minirl.generate.engine import Engine, Row
from minirl.generate.equations import arithmetic_holds, true_equations
from minirl.generate.prompts import Prompt, encode_prompt, end_tokens, known_tokens, usual_prompt
from minirl.generate.sampling import Sampling, Seed, seed_words, stream_of, whole
from minirl.generate.text import Completion, as_completion, check_prompts
from minirl.model import GPT
from minirl.tasks.task import Checker, Problem, answer_text, same_answer
from minirl.tools import Toolbox

if TYPE_CHECKING:
    from minirl.tokenizer import Tokenizer

T = TypeVar("T", bound=Hashable)

Judge = Callable[[str], float]
Choice = Literal["majority", "weighted", "arithmetic", "likeliest", "soundest"]
CHOICES: tuple[Choice, ...] = ("majority", "weighted", "arithmetic", "likeliest", "soundest")


class Sample(Protocol):
    """What choosing needs to know of a sampled answer."""

    @property
    def text(self) -> str:
        """The answer."""

    @property
    def finished(self) -> bool:
        """Whether it ended with the end token."""

    @property
    def log_prob(self) -> float | None:
        """Its log-probability, where that is known."""


# ---- choosing among samples ----


def choose(
    checker: Checker, problem: Problem, samples: Sequence[Sample], by: Choice | Judge = "majority"
) -> int | None:
    """The index of the chosen sample; None where none of them has an answer.

    by: one of CHOICES, or a function that scores a sample's text; higher is better, and of equal ones the first wins.

    Raises ValueError for another way to choose, and for one that needs log-probabilities which the samples do not have.
    """
    if not callable(by) and by not in CHOICES:
        raise ValueError(f"choose: by is {by!r}; expected one of {', '.join(CHOICES)}, or a function of the text")
    texts = [sample.text if sample.finished else None for sample in samples]
    if by == "majority":
        return winner(checker, problem, texts)
    if by == "arithmetic":
        checked = [None if text is None or not arithmetic_holds(text) else text for text in texts]
        best = winner(checker, problem, checked)
        return winner(checker, problem, texts) if best is None else best
    voting = {i: text for i, text in enumerate(texts) if text is not None and voices(checker, problem, text)}
    if callable(by):
        scores = {i: by(text) for i, text in voting.items()}
        return max(scores, key=scores.__getitem__, default=None)
    log_probs = [sample.log_prob for sample in samples]
    known = [log_prob for log_prob in log_probs if log_prob is not None]
    if len(known) < len(samples):
        raise ValueError(f"choose: by {by!r} needs the log-probability of every sample, and some are None")
    if by == "weighted":
        highest = max(known, default=0.0)  # a common factor changes no vote, and keeps the largest weight at 1
        return winner(checker, problem, texts, [math.exp(log_prob - highest) for log_prob in known])
    judged = {i: (true_equations(text) if by == "soundest" else 0.0, known[i]) for i, text in voting.items()}
    return max(judged, key=judged.__getitem__, default=None)  # of equal ones the first


def winner(
    checker: Checker, problem: Problem, texts: Sequence[str | None], weights: Sequence[float] | None = None
) -> int | None:
    """The index of a text with the most frequent answer, or the one with the largest sum of weights; None without any
    vote. None among the texts is a sample that does not vote. `majority` says how ties are settled."""
    spelled = {text: spelling(text) for text in sorted({text for text in texts if text is not None})}
    one_text = {written: text for text, written in spelled.items()}  # whatever the reasoning before the answer
    votes = [None if text is None else one_text[spelled[text]] for text in texts]
    place = majority(votes, partial(same_answer, checker, problem), spelled.__getitem__, weights)
    return None if place is None else texts.index(votes[place])


def voices(checker: Checker, problem: Problem, text: str) -> bool:
    """Whether a text has an answer: then it is the same as itself."""
    return same_answer(checker, problem, text, text)


def spelling(text: str) -> str:
    """How a text writes its answer. A checker of your own may read texts without a line `Answer:`, as a whole."""
    answer = answer_text(text)
    return text if answer is None else answer


def majority(
    answers: Sequence[T | None],
    same: Callable[[T, T], bool] = operator.eq,
    spelled: Callable[[T], str] = str,
    weights: Sequence[float] | None = None,
) -> int | None:
    """The index of a sample with the most frequent answer. Which answer wins does not depend on the samples' order.

    same: whether two answers are the same; the votes for an answer are all that are the same. `same` need not be
    transitive: 25% is the same as 25 and as 1/4, which differ from each other. Where both occur, 25% is no candidate,
    and votes for both: so it joins the larger side.
    spelled: how an answer is written. Of equally frequent answers the first in the alphabet wins. The samples of the
    winning answer may be written differently; the index is of the most frequent spelling.
    weights: how much each sample's vote counts, 0 or more; by default 1.

    None stands for a sample without an answer: it does not vote. Nor does an answer that is not the same as itself.
    Without any vote the result is None.

        >>> majority(["11", "12", None, "12"])
        1
        >>> majority(["11", "12", None, "12"], weights=[0.9, 0.3, 1, 0.3])
        0
    """
    counts: dict[T, float] = {**Counter(one for one in answers if one is not None and same(one, one))}
    if weights is not None:
        of_answer = {answer: [w for one, w in zip(answers, weights, strict=True) if one == answer] for answer in counts}
        counts = {answer: math.fsum(of_answer[answer]) for answer in counts}  # exact: the order does not matter
    voters: dict[T, set[T]] = {answer: {answer} for answer in counts}
    for one, other in combinations(counts, 2):
        if same(one, other):
            voters[one].add(other)
            voters[other].add(one)

    def rank(answer: T) -> tuple[float, str, float, str]:
        votes = math.fsum(counts[voter] for voter in voters[answer])
        return -votes, min(map(spelled, voters[answer])), -counts[answer], spelled(answer)

    clear = [one for one, its_voters in voters.items() if all(its_voters <= voters[voter] for voter in its_voters)]
    return answers.index(min(clear or voters, key=rank)) if voters else None


# ---- how many samples ----


def leaders(checker: Checker, problem: Problem, texts: Sequence[str | None]) -> tuple[int, int]:
    """The votes for the most frequent answer, and for the next that is another answer."""
    counted = []
    left = [text for text in texts if text is not None]
    for _ in range(2):
        place = winner(checker, problem, left)
        if place is None:
            counted.append(0)
            continue
        best = left[place]
        others = [
            text for text in left
            if spelling(text) != spelling(best) and not same_answer(checker, problem, text, best)
        ]  # fmt: skip
        counted.append(len(left) - len(others))
        left = others
    return counted[0], counted[1]


def certainty(first: int, second: int) -> float:
    """P(p > 1/2) for p ~ Beta(first + 1, second + 1): how sure it is that the model gives the first answer more often.

    >>> [certainty(1, 0), certainty(3, 0), certainty(2, 2)]
    [0.75, 0.9375, 0.5]
    """
    n = first + second + 1
    return sum(math.comb(n, j) for j in range(first + 1)) / 2**n


def needed(checker: Checker, problem: Problem, texts: Sequence[str | None], threshold: float = 0.95) -> int:
    """After how many of these samples adaptive consistency stops; all of them where it never does."""
    for n in range(1, len(texts)):
        if settled(checker, problem, texts[:n], threshold):
            return n
    return len(texts)


def settled(checker: Checker, problem: Problem, texts: Sequence[str | None], threshold: float) -> bool:
    """Whether the leading answer is sure enough. A threshold of 1 is never reached."""
    first, second = leaders(checker, problem, texts)
    return first > 0 and certainty(first, second) > threshold


# ---- asking a model ----


@dataclass(frozen=True)
class Verdict:
    """What a model's samples say together."""

    chosen: int | None
    """The index of the chosen sample; None where no sample has an answer."""
    votes: int
    """How many samples give the same answer as the chosen one, itself included; 0 where there is none."""
    samples: list[Completion]

    @property
    def text(self) -> str | None:
        """The chosen sample's text; None where no sample has an answer."""
        return None if self.chosen is None else self.samples[self.chosen].text


def self_consistency(
    model: GPT,
    tokenizer: "Tokenizer",
    checker: Checker,
    problems: Sequence[Problem],
    *,
    samples: int = 8,
    by: Choice | Judge = "majority",
    threshold: float = 1.0,
    at_once: int | None = None,
    seed: Seed = 0,
    slots: int = 256,
    tools: Toolbox | None = None,
    ask: Callable[[Problem], Prompt] = usual_prompt,
    **sampling: Any,
) -> Iterator[Verdict]:
    """Answer each problem up to `samples` times and choose; yield a verdict a problem, in order.

    threshold: stop sooner, as soon as the leading answer is this sure; 0.95 is usual, and 1 always draws all samples.
    at_once: samples of a problem that are drawn before it is looked at again; by default 1, and all of them where the
    threshold is 1. More of them share the work on the prompt. tools: what the
    model may call. ask: how a problem becomes a prompt. sampling: settings of the draw, as `generate` takes them.
    Sample j of problem i is the one that `generate` gives for the same seed.

    Raises ValueError for a threshold outside (0.5, 1], and what `generate` and `choose` raise.
    """
    samples, words = whole("samples", samples, 1), seed_words(seed)
    if not 0.5 < threshold <= 1:
        raise ValueError(f"self_consistency: threshold is {threshold}; expected more than 0.5, and at most 1")
    if not callable(by) and by not in CHOICES:
        raise ValueError(f"self_consistency: by is {by!r}; expected one of {', '.join(CHOICES)}, or a function")
    step = (samples if threshold == 1 else 1) if at_once is None else whole("at_once", at_once, 1)
    rule, vocabulary = Sampling(**sampling), known_tokens(model, tokenizer)
    prompts = [encode_prompt(tokenizer, ask(problem)) for problem in problems]
    slots = min(whole("slots", slots, 1), max(len(prompts) * step, 1))
    capacity, slots = check_prompts(model, prompts, rule, slots, tools)
    end = end_tokens(tokenizer)
    engine = Engine(model, rule, end, slots, capacity, vocabulary, tools=tools) if prompts else None
    return _verdicts(engine, tokenizer, checker, problems, prompts, words, samples, step, by, threshold)


def _verdicts(
    engine: Engine | None, tokenizer: "Tokenizer", checker: Checker, problems: Sequence[Problem], prompts: list[Any],
    words: tuple[int, ...], samples: int, step: int, by: Choice | Judge, threshold: float,
) -> Iterator[Verdict]:  # fmt: skip
    drawn: list[list[Row]] = [[] for _ in problems]
    asked, ready, due = [0] * len(problems), {}, 0

    def ask(problem: int) -> None:
        stop = min(asked[problem] + step, samples)
        rows = [
            Row(prompts[problem], problem, sample, stream_of(words, problem, sample))
            for sample in range(asked[problem], stop)
        ]
        asked[problem] = stop
        assert engine is not None
        engine.add(rows)

    for problem in range(len(problems)):
        ask(problem)
    while engine is not None and engine.busy:
        for row in engine.step():
            i = row.problem
            drawn[i].append(row)
            if len(drawn[i]) < asked[i]:
                continue  # others of its group are still being written
            made = [as_completion(row, tokenizer, engine.tools) for row in sorted(drawn[i], key=lambda row: row.sample)]
            texts = [one.text if one.finished else None for one in made]
            if asked[i] < samples and not settled(checker, problems[i], texts, threshold):
                ask(i)
                continue
            drawn[i] = []
            ready[i] = verdict(checker, problems[i], made, by)
        while due in ready:
            yield ready.pop(due)
            due += 1


def verdict(checker: Checker, problem: Problem, samples: list[Completion], by: Choice | Judge = "majority") -> Verdict:
    """Choose one of the samples, and count who agrees with it."""
    chosen = choose(checker, problem, samples, by)
    if chosen is None:
        return Verdict(None, 0, samples)
    best = samples[chosen].text
    agreeing = [
        one for one in samples
        if one.finished and (spelling(one.text) == spelling(best) or same_answer(checker, problem, one.text, best))
    ]  # fmt: skip
    return Verdict(chosen, len(agreeing), samples)
