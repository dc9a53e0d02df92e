"""Where the functions of lesson 17 go into minirl: the calculator, the weights of a document, an episode with tools,
the scores of a search, and the fusion of rankings."""

import re
from functools import lru_cache

import numpy as np

from minirl.data.document import MARKS
from minirl.lessons import Seam
from minirl.lessons.compare import Bound
from minirl.lessons.lesson import find_lesson
from minirl.retrieval.builder import decode
from minirl.rl.mdp import Episode, State, final_reward
from minirl.tokenizer.special import part
from minirl.tools import ToolError, said

checks = find_lesson("17").module("checks")
PLAIN = re.compile(r"[0-9+*() -]{1,200}")  # what the lesson calls arithmetic, and minirl's calculator too


def fit_calculate(calculate, original):
    """Calculator.call for whole numbers and the signs + - * and brackets. A sign before a number is minirl's."""

    def fitted(calculator, argument):
        signed = re.search(r"(?:^|[-+*(]) *[-+]", argument)
        if not PLAIN.fullmatch(argument) or signed or re.search("[0-9]{16}", argument):
            return original(calculator, argument)
        result = calculate(argument)
        if result.startswith("error: "):
            raise ToolError(result.removeprefix("error: "))
        return result

    return fitted


def fit_counts(counts, original):
    """minirl.data.document.marked, for a loss of which every token counts alike."""

    def fitted(text, weight=1.0):
        if weight != 1:
            return original(text, weight)
        pieces = part(text, MARKS)
        kept = [(MARKS[piece] if number % 2 else piece) for number, piece in enumerate(pieces)]
        weights = counts([str(piece) for piece in kept])
        return [(piece, share) for piece, share in zip(kept, weights, strict=True) if piece]

    return fitted


def fit_play(answer_with, original):
    """minirl.rl.mdp.play where there are tools, with an agent of one temperature."""

    def fitted(agent, environment, problem, rng):
        box = environment.tools
        if box is None or environment.reward is not None:
            return original(agent, environment, problem, rng)
        prompt = list(environment.reset(problem).tokens)
        made = 0

        def act(tokens):
            return agent.act(State(tuple(tokens), len(prompt)), rng)

        def call(argument):
            nonlocal made
            made += 1
            result = box.call(box.tokenizer.decode(argument)) if made <= box.calls else box.refusal
            return box.encoded(result)[1:-1].tolist()

        marks = checks.Marks(environment.end, box.begin, box.end, box.begin_result, box.end_result)
        tokens, forced, finished = answer_with(act, call, prompt, environment.max_new_tokens, marks)
        environment.problem = None
        ids, given = np.array(tokens, np.int32), np.array(forced, bool)
        text = said(box.tokenizer, ids, given)
        log_probs = [
            0.0 if by_tool else agent.log_prob(State((*prompt, *tokens[:place]), len(prompt)), token)
            for place, (token, by_tool) in enumerate(zip(tokens, forced, strict=True))
        ]
        return Episode(
            problem, np.array(prompt, np.int32), ids, np.array(log_probs, np.float32),
            final_reward(environment.task, problem, text, finished), finished, text, given,
        )  # fmt: skip

    return fitted


def fit_scores(bm25, original):
    """Index.scores: the same query over the words of each passage, which the index holds the other way round."""

    def fitted(index, query):
        original(index, query)  # raises where nothing is found
        return np.array(bm25(index._words(query), words_of(index)), np.float32)

    return fitted


@lru_cache(maxsize=8)
def words_of(index):
    """The words of each passage of an index, in no particular order."""
    arrays, passages = index.arrays, [[] for _ in range(len(index))]
    data, ends = arrays["term_bytes"], arrays["term_starts"]
    for term, (start, end) in enumerate(zip(arrays["starts"], arrays["starts"][1:], strict=False)):
        word = decode(data[ends[term] : ends[term + 1]])
        for place in range(start, end):
            passages[arrays["passages"][place]] += [word] * int(arrays["counts"][place])
    return passages


def fit_fuse(fuse, original):
    """minirl.retrieval.fusion.fuse with its usual constant; the scores beside the order are its own."""

    def fitted(rankings, k=60):
        rankings = [list(map(int, ranking)) for ranking in rankings]
        scores = dict(original(rankings, k))
        return [(passage, scores[passage]) for passage in fuse(rankings)] if k == 60 else original(rankings, k)

    return fitted


SEAMS = [
    Seam(
        "tools.calculate",
        places=[("minirl.tools.calculator:Calculator.call", fit_calculate)],
        oracle=checks.by_python,
        meter="minirl.tools.calculator:Calculator.call",
        unit="calculations",
    ),
    Seam(
        "data.marked",
        places=[("minirl.data.document:marked", fit_counts)],
        oracle=checks.outside,
        meter="minirl.data.document:marked",
        unit="solutions",
    ),
    Seam(
        "rl.answer_with",
        places=[("minirl.rl.mdp:play", fit_play)],
        oracle=checks.by_states,
        meter="minirl.rl.mdp:play",
        unit="episodes",
        compare=False,  # its arguments are functions that draw random numbers; the lesson compares the episodes
    ),
    Seam(
        "retrieval.scores",
        places=[("minirl.retrieval.index:Index.scores", fit_scores)],
        oracle=checks.word_by_word,
        bound=Bound(200, 1.0, reason="a sum over the words of a query"),
        meter="minirl.retrieval.index:Index.scores",
        unit="searches",
    ),
    Seam(
        "retrieval.fuse",
        places=[("minirl.retrieval.fusion:fuse", fit_fuse)],
        oracle=checks.fused,
        meter="minirl.retrieval.fusion:fuse",
        unit="rankings",
    ),
]
