"""Verifiers: the log-odds that an answer, or the reasoning so far, is right.

An outcome verifier (Cobbe et al. 2021) learns from answers that a checker has judged. The label, 1 for right and 0 for
wrong, stands at every token of the answer, not only at its end. So the verifier also guesses early, as a value function
does, and has many more places to learn from.

A process model (Lightman et al. 2023) learns a label for each step, here a sentence. Two sources need no people:

    arithmetic    1 while all equations so far hold; exact, free, and blind to everything else
    completions   from the end of the step sample K completions, and take the share that is right (Math-Shepherd, Wang
                  et al. 2024, "soft" labels); sees wrong plans too, costs K answers a step

The score of a whole solution is the product of its steps' probabilities, or the least of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from minirl import functional as F
from minirl.autograd import Array
from minirl.generate import Sampling, generate_ids, known_tokens, needed_end_tokens
from minirl.generate.equations import arithmetic_holds
from minirl.generate.text import said_by
from minirl.model import GPT
from minirl.rl.bradley_terry import FitConfig, optimizer_of, take, updates
from minirl.rl.mdp import Episode, final_reward
from minirl.rl.reward_model import Answers, RewardModel, pack_answers
from minirl.tasks.task import Problem, Task
from minirl.tensor import Tensor
from minirl.tokenizer import Tokenizer

FOLDER = "verifier"  # where a run's own verifier lies, in the run's folder


@dataclass(frozen=True)
class Labelled:
    """Answers to one prompt with a label for each token; NaN where there is none."""

    answers: Answers
    labels: tuple[Array, ...]
    """For each answer (n,), from 0 to 1."""


def labelled_loss(v: Tensor, labels: Array) -> Tensor:
    """-sum [y log sigmoid(v) + (1 - y) log(1 - sigmoid(v))] over the tokens whose label is a number, divided by their
    count: (tokens,) both. What v is elsewhere does not matter, even NaN."""
    known = np.isfinite(labels)
    picked, y = v[known], labels[known]
    log_p = F.log_softmax(F.stack([picked, picked * 0.0], axis=-1))  # sigmoid(v) is the softmax of v and 0
    wanted = np.stack([y, 1 - y], axis=-1) / max(int(known.sum()), 1)
    return -(log_p * wanted.astype(np.float32)).sum()


def fit_labels(model: RewardModel, groups: Sequence[Labelled], config: FitConfig | None = None) -> list[float]:
    """Learn from labelled answers; returns the loss of each update, before it. Raises ValueError without answers."""
    config = config or FitConfig()
    if not groups:
        raise ValueError("fit_labels: there are no answers to learn from")
    plan, optimizer, losses = updates([group.answers for group in groups], config), optimizer_of(model, config), []
    for number, chosen in enumerate(plan):
        packed = pack_answers([groups[i].answers for i in chosen])
        labels = np.full(len(packed.ids), np.nan)
        for place, own in zip(packed.answers, (one for i in chosen for one in groups[i].labels), strict=True):
            labels[place] = own
        loss = labelled_loss(model.raw(packed), labels)
        losses.append(loss.item())
        loss.backward()
        take(optimizer, number, len(plan), config)
    return losses


# ---- labels ----

Labels = Callable[[Episode, Array], Array]
"""(episode, its tokens with the end token) -> a label for each token."""


def outcome(episode: Episode, answer: Array) -> Array:
    """The episode's reward, 0 or 1, at every token."""
    return np.full(len(answer), float(episode.reward > 0))


def labelled(model: RewardModel, episodes: Sequence[Episode], samples: int, labels: Labels = outcome) -> list[Labelled]:
    """Episodes, `samples` of each problem, as a verifier learns from them. Those that were cut off are left out: their
    end token never came."""
    found = []
    for start in range(0, len(episodes), samples):
        ended = [episode for episode in episodes[start : start + samples] if episode.finished]
        if ended:
            answers = model.encode(ended[0].problem.prompt, [episode.text for episode in ended])
            own = tuple(labels(e, ids) for e, ids in zip(ended, answers.answers, strict=True))
            found.append(Labelled(answers, own))
    return found


def by_arithmetic(model: RewardModel) -> Labels:
    """The labels of a process model, by the equations up to the end of each sentence."""
    tokenizer = model.tokenizer

    def labels(episode: Episode, answer: Array) -> Array:
        ends = model.sentence_ends(answer)
        found = np.full(len(answer), np.nan)
        for t in np.flatnonzero(ends):
            found[t] = float(arithmetic_holds(tokenizer.decode(answer[: t + 1], skip_special=True)))
        return found

    return labels


def by_completions(
    model: RewardModel, policy: GPT, tokenizer: Tokenizer, task: Task, *, samples: int, max_new_tokens: int, seed: int
) -> Labels:
    """The labels of a process model, by the share of `samples` completions from the end of each sentence that are
    right; at the last token it is the episode's own outcome."""

    def labels(episode: Episode, answer: Array) -> Array:
        found = np.full(len(answer), np.nan)
        places = np.flatnonzero(model.sentence_ends(answer))[:-1].tolist()
        if places:
            prompt = tokenizer.encode_array(episode.problem.prompt)
            prefixes = [np.concatenate([prompt, answer[: t + 1]]) for t in places]
            shares = np.zeros(len(places))
            rule = Sampling(max_new_tokens=max_new_tokens)
            known = known_tokens(policy, tokenizer)
            for row in generate_ids(
                policy, prefixes, rule, needed_end_tokens(tokenizer), seed=(seed, len(answer)), samples=samples,
                vocabulary=known,
            ):  # fmt: skip
                begun = tokenizer.decode(answer[: places[row.problem] + 1], skip_special=True)
                text = begun + said_by(row, tokenizer, None)
                shares[row.problem] += final_reward(task, episode.problem, text, row.finished) / samples
            found[places] = shares
        found[-1] = float(episode.reward > 0)
        return found

    return labels


# ---- scores of a process model ----

Together = Literal["product", "least"]


def solution_scores(
    model: RewardModel, problems: Sequence[Problem], texts: Sequence[str], together: Together = "product"
) -> Array:
    """A process model's probability that each solution is right, (n,): the product of the probabilities after each
    sentence, or the least of them. Raises ValueError for another way."""
    if together not in ("product", "least"):
        raise ValueError(f"solution_scores: together is {together!r}; expected product or least")
    groups = [model.encode(p.prompt, [text]) for p, text in zip(problems, texts, strict=True)]
    found = []
    for group, r in zip(groups, model.token_scores(groups), strict=True):
        steps = 1 / (1 + np.exp(-r[model.sentence_ends(group.answers[0])]))
        found.append(steps.prod() if together == "product" else steps.min())
    return np.array(found)
