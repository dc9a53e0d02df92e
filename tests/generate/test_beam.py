"""Beam search: exact where it can be, honest about the length penalty, and blind to the batch around it."""

from itertools import product

import numpy as np
import pytest
from test_engine import MODEL, ids_of

from minirl.autograd import no_grad
from minirl.generate import Beams, Sampling, beam, beam_search, beam_search_ids, generate_ids
from minirl.generate.beam import Search
from minirl.model import GPT, GPTConfig
from minirl.model.cache import KVCache
from minirl.tokenizer import Tokenizer

PROMPTS = [[1, 2, 3], [4], [9, 8, 7, 6, 5, 4, 3], [2, 2]]
END = int(np.bincount(np.concatenate(ids_of(generate_ids(MODEL, PROMPTS, Sampling(), None, samples=9)))).argmax())
FORMS = [("gnmt", 0.6), ("gnmt", 2.0), ("power", 0.0), ("power", 1.0), ("gnmt", -1.0)]


def tiny(seed, V=3):
    model = GPT(
        GPTConfig.llama(vocab_size=V, context_length=12, n_layer=1, n_head=1, d_model=8, dropout=0.1), seed=seed
    )
    for parameter in model.parameters():
        if parameter.ndim == 2:
            parameter.data *= 12
    return model


@no_grad()
def log_prob(model, prompt, ids):
    """log pi of each id, by a training forward."""
    model.eval()
    z = model([*prompt, *ids][:-1]).data[0, len(prompt) - 1 :].astype(np.float64)
    model.train()
    z -= z.max(axis=1, keepdims=True)
    return (z - np.log(np.exp(z).sum(axis=1, keepdims=True)))[np.arange(len(ids)), ids]


def every_answer(model, prompt, rule, V, end):
    """All hypotheses of up to T tokens, the best first: (finished, score, ids)."""
    T, found = rule.max_new_tokens, []
    for n in range(1, T + 1):
        for ids in product(range(V), repeat=n):
            finished = ids[-1] == end
            if end in ids[:-1] or (not finished and n < T):
                continue
            found.append((finished, rule.score(log_prob(model, prompt, ids).sum(), n), list(ids)))
    return sorted(found, key=lambda one: (not one[0], -one[1]))


@pytest.mark.parametrize(("penalty", "alpha"), FORMS)
def test_a_search_wide_enough_is_exhaustive(penalty, alpha):
    V, T = 3, 3
    for seed in range(2):
        model, rule = tiny(seed, V), Beams(V**T, penalty, alpha, T)
        (found,) = beam_search_ids(model, [[1, 0]], rule, 2)
        expected = every_answer(model, [1, 0], rule, V, 2)
        assert len(found) == len(expected) == 15  # 1 + 2 + 4 that end, and 8 that are cut off
        assert [one.ids for one in found] == [ids for _, _, ids in expected]
        assert [one.finished for one in found] == [finished for finished, _, _ in expected]
        np.testing.assert_allclose([one.score for one in found], [score for _, score, _ in expected], atol=1e-4)


def test_a_beam_of_one_is_greedy():
    greedy = list(generate_ids(MODEL, PROMPTS, Sampling(0.0, max_new_tokens=12), END))
    beams = list(beam_search_ids(MODEL, PROMPTS, Beams(1, "power", 0.0, 12), END))
    assert [found[0].ids for found in beams] == ids_of(greedy)
    assert [found[0].finished for found in beams] == [row.finished for row in greedy]
    for (one,), row in zip(beams, greedy, strict=True):
        np.testing.assert_allclose(one.log_probs, row.log_probs, atol=1e-4)


@pytest.mark.parametrize(("penalty", "alpha"), FORMS[:3])
def test_scores_are_those_of_a_training_forward(penalty, alpha):
    rule, ended = Beams(3, penalty, alpha, 10), []
    for prompt, found in zip(PROMPTS, beam_search_ids(MODEL, PROMPTS, rule, END), strict=True):
        assert len(found) == 3 and found == sorted(found, key=lambda one: (not one.finished, -one.score))
        ended.append(found[0].finished)
        for one in found:
            expected = log_prob(MODEL, prompt, one.ids)
            np.testing.assert_allclose(one.log_probs, expected, atol=1e-4)
            L = len(one.ids)  # the end token counts, the prompt does not
            divisor = L**alpha if penalty == "power" else ((5 + L) / 6) ** alpha
            assert one.score == pytest.approx(expected.sum() / divisor, abs=1e-3)
            assert one.finished == (one.ids[-1] == END)
    assert any(ended)


def test_a_prompt_gets_the_same_beams_alone_and_among_others():
    rule = Beams(3, max_new_tokens=10)
    together = list(beam_search_ids(MODEL, PROMPTS * 3, rule, END))
    few = list(beam_search_ids(MODEL, PROMPTS * 3, rule, END, slots=7))
    alone = [next(beam_search_ids(MODEL, [prompt], rule, END)) for prompt in PROMPTS] * 3
    assert said(together) == said(few) == said(alone)
    for one, other in zip(together, alone, strict=True):
        np.testing.assert_allclose([x.score for x in one], [x.score for x in other], atol=1e-5)


def said(searches):
    return [[(one.ids, one.finished) for one in found] for found in searches]


def test_the_exact_stop_gives_what_running_to_the_limit_gives(monkeypatch):
    steps, extend = [], Search.extend
    monkeypatch.setattr(Search, "extend", lambda self, *rest: steps.append(self.number) or extend(self, *rest))

    def search_all():
        return [said(beam_search_ids(MODEL, PROMPTS, Beams(2, form, alpha, 14), END)) for form, alpha in FORMS]

    stopped, early = search_all(), len(steps)
    monkeypatch.setattr(Beams, "best_possible", lambda *anything: float("inf"))
    assert stopped == search_all()
    assert early < len(steps) - early  # else nothing was stopped


def searched(table, width, alpha=0.0, penalty="power", T=3):
    """A search whose next-token probabilities are given: table[ids so far] -> probabilities of the ids 0, 1, ...; the
    last id ends."""
    V = len(next(iter(table.values())))
    search = Search(0, np.zeros(1, np.int32), Beams(width, penalty, alpha, T), frozenset([V - 1]), T, T, [], 0)
    while not search.done:
        log_probs = np.log([table.get(tuple(beam.ids), table[()]) for beam in search.live])
        order = np.argsort(-log_probs, axis=1, kind="stable")
        search.extend(order, np.take_along_axis(log_probs, order, axis=1))
    return search.result()


def test_a_live_beam_that_only_a_long_answer_redeems_is_not_stopped():
    """After two tokens, two short answers have ended. The beam 0 1 could not beat them with its next token, but it goes
    on with certainty, and its mean log-probability per token becomes the best."""
    table = {(): [0.3, 0.2, 0.5], (0,): [0.13, 0.17, 0.7], (1,): [0.01, 0.01, 0.98], (0, 0): [0.01, 0.01, 0.98]}
    certain = [0.98, 0.01, 0.01]
    table |= {(0, 1): certain, (0, 1, 0): certain, (0, 1, 0, 0): certain, (0, 1, 0, 0, 0): certain[::-1]}
    assert searched(table, 2, 1.0, T=6)[0].ids == [0, 1, 0, 0, 0, 2]


def test_greedy_takes_a_trap_that_two_beams_avoid():
    """0 is the likelier beginning, but nothing likely follows it; 1 is followed by the end for certain."""
    table = {(): [0.55, 0.44, 0.01], (0,): [0.49, 0.48, 0.03], (1,): [0.005, 0.005, 0.99]}
    assert searched(table, 1)[0].ids[0] == 0
    best = searched(table, 2)[0]
    assert best.ids == [1, 2] and best.log_probs == pytest.approx(np.log([0.44, 0.99]))


def test_three_beams_can_be_worse_than_two():
    """The best answer begins with 1 0. A third beam brings two beginnings, 2 0 and 2 1, that crowd it out."""
    end_later = [0.33, 0.33, 0.33, 0.01]
    table = {
        (): [0.36, 0.34, 0.2999, 0.0001],
        (0,): [0.41, 0.2945, 0.2945, 0.001],
        (1,): [0.42, 0.2895, 0.2895, 0.001],
        (2,): [0.495, 0.495, 0.009, 0.001],
        (1, 0): [0.003, 0.003, 0.004, 0.99],
        **{pair: end_later for pair in [(0, 0), (2, 0), (2, 1)]},
    }
    best = searched(table, 2)[0]
    assert best.ids == [1, 0, 3] and best.finished
    assert all(one.ids != best.ids and one.score < best.score for one in searched(table, 3))


def test_the_sign_of_alpha():
    """A short and a long answer: positive alpha prefers the long one, negative the short one, in both forms."""
    table = {(): [0.6, 0.0001, 0.4], (0,): [0.6, 0.0001, 0.4], (0, 0): [0.0001, 0.0001, 0.9998]}
    for penalty in ("power", "gnmt"):
        lengths = [len(searched(table, 4, alpha, penalty)[0].ids) for alpha in (-2.0, 2.0)]
        assert lengths == [1, 3], penalty
    assert Beams(1, "power", 1.0).score(-6.0, 3) == -2.0  # the mean per token
    assert Beams(1, "gnmt", 0.6).score(-6.0, 7) == pytest.approx(-6.0 / 2**0.6)


def test_what_was_cut_off_ranks_below_what_ended():
    table = {(): [0.98, 0.01, 0.01]}
    found = searched(table, 4, T=2)
    assert [one.finished for one in found] == sorted((one.finished for one in found), reverse=True)
    assert found[0].finished and not found[-1].finished and found[-1].score < 0
    assert max(one.score for one in found if not one.finished) > found[0].score


def test_what_a_search_spends_is_a_token_for_each_distribution_that_it_goes_on_from(monkeypatch):
    """A beam of one spends what greedy decoding writes; W beams that never end, one token and then W a step."""
    greedy = list(generate_ids(MODEL, PROMPTS, Sampling(0.0, max_new_tokens=12), END))
    alone = list(beam_search_ids(MODEL, PROMPTS, Beams(1, "power", 0.0, 12), END))
    assert [found[0].spent for found in alone] == [len(row.ids) for row in greedy]
    for found in beam_search_ids(MODEL, PROMPTS, Beams(3, max_new_tokens=8), -1):  # no id ends
        assert [one.spent for one in found] == [1 + 3 * 7] * 3
    rows, take = [], beam._take_step
    monkeypatch.setattr(beam, "_take_step", lambda *some: rows.append(len(some[2])) or take(*some))
    found = list(beam_search_ids(MODEL, PROMPTS, Beams(3, max_new_tokens=10), END))
    assert sum(one[0].spent for one in found) == sum(rows)


def test_surplus_ids_are_never_written():
    for prompt, found in zip(
        PROMPTS, beam_search_ids(MODEL, PROMPTS, Beams(4, max_new_tokens=8), END, vocabulary=10), strict=True
    ):
        assert all(i < 10 for one in found for i in one.ids)  # and log pi is still among all ids
        np.testing.assert_allclose(found[0].log_probs, log_prob(MODEL, prompt, found[0].ids), atol=1e-4)


def test_text_in_text_out():
    tokenizer = Tokenizer.train(["Q: two and two? Reasoning: two and two is four. Answer: 4"] * 5, 280)
    model = GPT(GPTConfig.llama(vocab_size=tokenizer.vocab_size, context_length=20, n_layer=1, n_head=2, d_model=16))
    (found,) = beam_search(model, tokenizer, "two and", width=3, max_new_tokens=64)
    P = len(tokenizer.encode("two and"))
    assert len(found) == 3
    for one in found:
        assert one.text == tokenizer.decode(one.ids, skip_special=True)
        assert one.finished or len(one.ids) == 20 - P + 1  # the context is full
        assert one.prompt_ids.tolist() == tokenizer.encode("two and")
    assert list(beam_search(model, tokenizer, [])) == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"width": 0}, "width is 0; expected 1 or more"),
        ({"penalty": "wu"}, "penalty is 'wu'; expected one of gnmt, power"),
        ({"alpha": float("nan")}, "alpha is nan; expected a number"),
        ({"max_new_tokens": 0}, "max_new_tokens is 0; expected 1 or more"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        Beams(**settings)
    with pytest.raises(ValueError, match="prompt 1 has shape"):
        next(beam_search_ids(MODEL, [[1], [2] * 40], Beams(), END))


def test_rows_of_the_cache_change_places():
    cache = KVCache(MODEL.config, 3, 8)
    MODEL.extend(np.array([[1, 2], [3, 4], [5, 6]]), cache)
    before = [table.copy() for table in (*cache.keys, *cache.values)]
    cache.copy(np.array([1, 0]), np.array([0, 1]))
    for now, then in zip((*cache.keys, *cache.values), before, strict=True):
        np.testing.assert_array_equal(now[[0, 1, 2], :2], then[[1, 0, 2], :2])
    with pytest.raises(ValueError, match="expected each target once"):
        cache.copy(np.array([0, 1]), np.array([2, 2]))
