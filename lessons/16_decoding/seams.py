"""Where the functions of lesson 16 go into minirl: votes, judges, schedules, searches and the yardstick of the zoo."""

import operator
from itertools import combinations

import numpy as np

from minirl import kernels
from minirl.autograd import no_grad
from minirl.generate import without_dropout
from minirl.generate.beam import Found
from minirl.lessons import Seam
from minirl.lessons.compare import Bound
from minirl.lessons.lesson import find_lesson

checks = find_lesson("16").module("checks")


def fit_vote(vote, original):
    """minirl.generate.vote.majority, where all votes weigh the same, and no two spellings are the same answer."""

    def fitted(answers, same=operator.eq, spelled=str, weights=None):
        kinds = {one for one in answers if one is not None}
        if weights is not None or any(same(one, other) for one, other in combinations(kinds, 2)):
            return original(answers, same, spelled, weights)
        return vote([spelled(one) if one is not None and same(one, one) else None for one in answers])

    return fitted


def fit_certainty(certainty, original):
    """minirl.generate.vote.certainty has the learner's signature."""
    return lambda first, second: certainty(first, second)


def fit_judge(false_equations, original):
    """minirl.generate.equations.true_equations: minus the number of false ones."""
    return lambda text: -float(false_equations(text))


def fit_schedule(temperature_at, original):
    """Schedule.at for a straight line, for steps of any shape."""

    def fitted(schedule, steps):
        if schedule.shape != "linear":
            return original(schedule, steps)
        steps = np.asarray(steps)
        found = [
            temperature_at(schedule.first, schedule.last, schedule.tokens, step) for step in steps.ravel().tolist()
        ]
        return np.array(found, np.float64).reshape(steps.shape)

    return fitted


def fit_search(beam_search, original):
    """minirl.generate.beam.beam_search_ids, a prompt at a time and without a cache: the model reads everything anew."""

    def fitted(model, prompts, rule, end, *, slots=256, vocabulary=None, tools=None):
        ends = [end] if isinstance(end, int | np.integer) else list(end)
        if rule.penalty != "power" or tools is not None or len(ends) > 1:
            yield from original(model, prompts, rule, end, slots=slots, vocabulary=vocabulary, tools=tools)
            return
        for prompt in prompts:
            read = Reader(model, np.asarray(prompt, np.int32), vocabulary)
            longest = min(rule.max_new_tokens, model.config.context_length - len(prompt) + 1)
            found = beam_search(read, rule.width, longest, rule.alpha, ends[0])
            if found:
                yield [
                    Found(list(tokens), read.each(tokens), [False] * len(tokens), score, True, read.spent)
                    for tokens, score in found
                ]
            else:
                yield from original(model, [prompt], rule, end, slots=slots, vocabulary=vocabulary)

    return fitted


class Reader:
    """What the learner's search calls: the log-probabilities after some beginnings of equal length."""

    def __init__(self, model, prompt, vocabulary):
        self.model, self.prompt, self.vocabulary, self.spent = model, prompt, vocabulary, 0

    def __call__(self, beginnings):
        self.spent += len(beginnings)
        return self.log_probs(beginnings)[:, -1, : self.vocabulary]

    def log_probs(self, beginnings):
        """(n, T, V) float64: of every next token, after each token."""
        ids = np.array([[*self.prompt.tolist(), *tokens] for tokens in beginnings], np.int32)
        with no_grad(), without_dropout(self.model):
            logits = self.model(ids).data
        flat = kernels.log_softmax(np.ascontiguousarray(logits.reshape(-1, logits.shape[-1])))
        return flat.reshape(logits.shape).astype(np.float64)

    def each(self, tokens):
        """The log-probability of each token of an answer."""
        rows = self.log_probs([tokens[:-1]])[0, -len(tokens) :]
        return [float(row[token]) for row, token in zip(rows, tokens, strict=True)]


def fit_yardstick(at_budget, original):
    """Yardstick.at: the shares of its votes are the rows."""
    return lambda yardstick, tokens: at_budget(float(tokens), yardstick.per_sample, np.stack(yardstick.votes))


SEAMS = [
    Seam(
        "generate.vote",
        places=[("minirl.generate.vote:majority", fit_vote)],
        oracle=checks.winner_of,
        meter="minirl.generate.vote:majority",
        unit="votes",
    ),
    Seam(
        "generate.certainty",
        places=[("minirl.generate.vote:certainty", fit_certainty)],
        oracle=checks.by_coins,
        bound=Bound(20, 1.0, reason="a sum of whole numbers over a power of 2"),
        meter="minirl.generate.vote:certainty",
        unit="votes",
    ),
    Seam(
        "generate.judge",
        places=[("minirl.generate.equations:true_equations", fit_judge)],
        oracle=checks.counted_false,
        meter="minirl.generate.equations:true_equations",
        unit="texts",
    ),
    Seam(
        "generate.schedule",
        places=[("minirl.generate.temperature:Schedule.at", fit_schedule)],
        oracle=checks.on_the_line,
        bound=checks.LINE,
        meter="minirl.generate.temperature:Schedule.at",
        unit="temperatures",
        metered=lambda schedule, steps: np.size(steps),
    ),
    Seam(
        "generate.beam_search",
        places=[("minirl.generate.beam:beam_search_ids", fit_search)],
        oracle=checks.every_answer,
        meter="minirl.generate.beam:beam_search_ids",
        unit="searches",
        metered=lambda model, prompts, *others: len(prompts),
        compare=False,  # its first argument is a model; the lesson compares the answers
    ),
    Seam(
        "zoo.yardstick",
        places=[("minirl.zoo.measure:Yardstick.at", fit_yardstick)],
        oracle=checks.mixed,
        bound=checks.MIX,
        meter="minirl.zoo.measure:Yardstick.at",
        unit="budgets",
    ),
]
