"""Self-consistency: one notion of the same answer, weights, and knowing when to stop."""

import doctest
from dataclasses import dataclass
from itertools import permutations

import numpy as np
import pytest

from minirl.generate import generate, vote
from minirl.generate.vote import certainty, choose, leaders, majority, needed, self_consistency, settled, winner
from minirl.model import GPT, GPTConfig
from minirl.tasks import Problem, get
from minirl.tasks.checker import NumberChecker
from minirl.tokenizer import Tokenizer

CHECKER = NumberChecker()
ASKED = Problem("q", "r", "18", "k")


@dataclass
class Said:
    text: str
    log_prob: float | None = None
    finished: bool = True


def said(answer, log_prob=None, finished=True, reasoning="x."):
    return Said(f" {reasoning}\nAnswer: {answer}", log_prob, finished)


def chosen(samples, by):
    place = choose(CHECKER, ASKED, samples, by)
    return None if place is None else samples[place].text.split("Answer: ")[1]


def test_the_examples():
    assert doctest.testmod(vote).failed == 0


def test_a_weighted_vote_adds_up_probabilities():
    samples = [said("18", np.log(0.5)), said("7", np.log(0.3)), said("7.0", np.log(0.3)), said("9", np.log(0.55))]
    for order in permutations(samples):
        assert chosen(list(order), "weighted") in ("7", "7.0")  # 0.6 together: more than 0.55, though each has less
        assert chosen(list(order), "likeliest") == "9"
    tiny = [said("18", -901.0), said("7", -900.0)]  # probabilities that a float cannot hold
    assert chosen(tiny, "weighted") == "7" and chosen([*tiny, tiny[0], tiny[0]], "weighted") == "18"  # 3 / e against 1


def test_only_samples_whose_equations_hold_vote():
    right, wrong = "2 * 9 = 18.", "2 * 9 = 19."
    samples = [said("19", reasoning=wrong)] * 3 + [said("18", reasoning=right)]
    assert chosen(samples, "majority") == "19" and chosen(samples, "arithmetic") == "18"
    assert chosen(samples[:3], "arithmetic") == "19"  # where none holds all of them vote


@pytest.mark.parametrize("by", vote.CHOICES)
def test_what_was_cut_off_or_says_nothing_has_no_vote(by):
    assert chosen([said("18", -1.0, finished=False), said("", -1.0), said("7", -9.0)], by) == "7"
    assert chosen([said("18", -1.0, finished=False)], by) is None
    assert chosen([], by) is None


def test_the_soundest_has_the_fewest_false_equations():
    """Of equally sound samples the likeliest, and not the first or the most frequent."""
    false, right = "2 * 9 = 19.", "2 * 9 = 18."
    samples = [said("1", -1.0, reasoning=false + " 1 + 1 = 3."), said("2", -2.0, reasoning=false)]
    assert chosen(samples, "soundest") == "2"
    samples += [said("3", -9.0, reasoning=right), said("3", -8.0, reasoning=right), said("4", -7.0, reasoning=right)]
    for order in permutations(samples):
        assert chosen(list(order), "soundest") == "4"
    samples.append(said("5", -1.0, finished=False, reasoning=right))
    assert chosen(samples, "soundest") == "4"  # what was cut off has no answer


def test_ties_of_the_likeliest_go_to_the_first():
    assert choose(CHECKER, ASKED, [said("7", -1.0), said("8", -1.0)], "likeliest") == 0


def test_a_judge_of_your_own_chooses_among_those_with_an_answer():
    samples = [said("7"), said("123456"), said("18"), said("1234567", finished=False), said("654321")]
    best = choose(CHECKER, ASKED, samples, lambda text: len(text))
    assert best == 1  # the longest that ended, and the first of two
    assert choose(CHECKER, ASKED, [said(""), said("7", finished=False)], len) is None


def test_misuse_is_refused():
    with pytest.raises(ValueError, match="by is 'best'; expected one of majority, weighted"):
        choose(CHECKER, ASKED, [said("7")], "best")
    for by in ("weighted", "likeliest", "soundest"):
        with pytest.raises(ValueError, match="needs the log-probability of every sample"):
            choose(CHECKER, ASKED, [said("7", -1.0), said("7")], by)


def test_equal_weights_are_the_plain_vote():
    answers = ["1", "2", None, "2", "3", "1"]
    for order in set(permutations(answers)):
        order = list(order)
        assert order[majority(order)] == order[majority(order, weights=[0.25] * 6)] == "1"


def test_leaders_count_different_answers():
    texts = [said(answer).text for answer in ("7", "7.0", "8", "7", "9", "8")]
    assert leaders(CHECKER, ASKED, [*texts, None]) == (3, 2)
    assert leaders(CHECKER, ASKED, texts[:2]) == (2, 0)
    assert leaders(CHECKER, ASKED, [None, said("").text]) == (0, 0)


def test_certainty_is_the_share_of_the_beta_distribution_above_a_half():
    rng = np.random.default_rng(0)
    for first, second in ((0, 0), (1, 0), (5, 2), (9, 8)):
        drawn = rng.beta(first + 1, second + 1, 200_000)
        assert certainty(first, second) == pytest.approx((drawn > 0.5).mean(), abs=5e-3)


def test_stopping_early_hardly_ever_changes_the_answer():
    """Against a full vote of 40, on problems where the model has a favourite."""
    rng, texts = np.random.default_rng(1), np.array([said(str(answer)).text for answer in range(4)])
    same, used = [], []
    for _ in range(150):
        drawn = list(texts[rng.choice(4, 40, p=[0.7, 0.15, 0.1, 0.05])])
        n = needed(CHECKER, ASKED, drawn, 0.95)
        first, full = winner(CHECKER, ASKED, drawn[:n]), winner(CHECKER, ASKED, drawn)
        same.append(drawn[first] == drawn[full])
        used.append(n)
    assert np.mean(same) > 0.95 and np.mean(used) < 15
    assert needed(CHECKER, ASKED, drawn, 1.0) == 40
    assert not settled(CHECKER, ASKED, [None] * 50, 0.6)  # no vote, no winner


@pytest.fixture(scope="module")
def asked():
    problems = get("word_problems").problems("test", 3)
    text = [problem.prompt + problem.completion for problem in get("word_problems").problems("train", 30)]
    tokenizer = Tokenizer.train(text, 300)
    model = GPT(GPTConfig.llama(vocab_size=tokenizer.vocab_size, context_length=256, n_layer=1, n_head=2, d_model=16))
    for parameter in model.parameters():
        if parameter.ndim == 2:
            parameter.data *= 6
    model.output_weight.data[tokenizer.special_tokens["<|end|>"]] *= 3  # so that most samples end
    return model, tokenizer, problems


SETTINGS = {"max_new_tokens": 20, "temperature": 1.0, "seed": 3}


def test_the_samples_are_those_of_generate(asked):
    model, tokenizer, problems = asked
    verdicts = list(self_consistency(model, tokenizer, CHECKER, problems, samples=4, **SETTINGS))
    texts = [one.text for one in generate(model, tokenizer, [p.prompt for p in problems], samples=4, **SETTINGS)]
    assert [one.text for verdict in verdicts for one in verdict.samples] == texts
    assert list(self_consistency(model, tokenizer, CHECKER, [], samples=4)) == []


def test_adaptive_stopping_draws_the_first_of_them(asked):
    """A checker that calls everything the same answer is settled after 4 votes; 4 or 5 come in groups of 2."""
    model, tokenizer, problems = asked

    class Alike:
        def check(self, problem, text):
            return True

        def same_answer(self, problem, first, second):
            return True

    class Ends(Alike):
        """Nothing is the same as itself: no sample ever votes."""

        def same_answer(self, problem, first, second):
            return False

    full = list(self_consistency(model, tokenizer, Alike(), problems, samples=30, **SETTINGS))
    for at_once in (None, 2):
        early = list(
            self_consistency(
                model, tokenizer, Alike(), problems, samples=30, threshold=0.95, at_once=at_once, **SETTINGS
            )
        )
        for one, other in zip(early, full, strict=True):
            n = len(one.samples)
            assert [c.text for c in one.samples] == [c.text for c in other.samples[:n]]
            ended = sum(c.finished for c in one.samples)
            assert n == 30 or ended in (4, 5)
            assert one.votes == ended
        assert min(len(one.samples) for one in early) < 30
    never = list(self_consistency(model, tokenizer, Ends(), problems, samples=3, threshold=0.9, **SETTINGS))
    assert [(v.chosen, v.votes, v.text, len(v.samples)) for v in never] == [(None, 0, None, 3)] * 3


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"threshold": 0.4}, "threshold is 0.4; expected more than 0.5"),
        ({"by": "luck"}, "by is 'luck'; expected one of"),
        ({"samples": 0}, "samples is 0; expected 1 or more"),
    ],
)
def test_settings_out_of_range(asked, settings, message):
    model, tokenizer, problems = asked
    with pytest.raises(ValueError, match=message):
        self_consistency(model, tokenizer, CHECKER, problems, **settings)
