"""Step beams: cut at sentences, led by a judge, blind to other prompts."""

import numpy as np
import pytest
from test_engine import END, MODEL

from minirl.generate import Engine, Row, Sampling, Schedule, generate_ids, row_stream, step_beam, step_beams
from minirl.generate.step_beam import SentenceEnd, true_equations
from minirl.model import GPT, GPTConfig
from minirl.tokenizer import Tokenizer

TEXT = "2 * 3 = 6. 5 + 6 = 11. 2 * 3 = 7. 5 + 6 = 12.\nAnswer: 11"


@pytest.fixture(scope="module")
def tokenizer():
    return Tokenizer.train([TEXT] * 5, 270)


@pytest.fixture(scope="module")
def model(tokenizer):
    made = GPT(GPTConfig.llama(vocab_size=tokenizer.vocab_size, context_length=64, n_layer=1, n_head=2, d_model=16))
    for parameter in made.parameters():
        if parameter.ndim == 2:
            parameter.data *= 5
    return made


def test_the_judge_counts_false_equations():
    assert true_equations("2 * 3 = 6. 5 + 6 = 11.") == 0
    assert true_equations("2 * 3 = 7. 5 + 6 = 12. 1 + 1 = 2.") == -2


def test_a_sentence_ends_where_the_next_begins(tokenizer):
    end = SentenceEnd(tokenizer)

    def stops(text):
        ids = np.array(tokenizer.encode(text))
        return [tokenizer.decode(ids[:n]) for n in range(1, len(ids) + 1) if end(ids[:n])]

    assert stops("x is 6.5 and 7") == []  # a full stop within a number
    assert len(stops("6. 5 + 6")) == 1 and stops("6. 5 + 6")[0].startswith("6. ")
    assert stops("6") == [] and len(stops("6\nA")) == 1


def letters(text):
    """A judge that likes letters, so that what it led to can be seen."""
    return float(sum(map(str.isalpha, text)))


def test_the_judge_leads(model, tokenizer):
    settings = {"width": 1, "branches": 6, "max_new_tokens": 20}
    ((most,),) = step_beams(model, tokenizer, "2 * 3", letters, **settings)
    ((least,),) = step_beams(model, tokenizer, "2 * 3", lambda text: -letters(text), **settings)
    assert letters(most.text) > letters(least.text)


def test_each_prompt_may_have_its_own_judge(model, tokenizer):
    settings = {"width": 1, "branches": 6, "max_new_tokens": 20}
    ((most,), (least,)) = step_beams(
        model, tokenizer, ["2 * 3", "2 * 3"], [letters, lambda text: -letters(text)], **settings
    )
    assert letters(most.text) > letters(least.text)
    with pytest.raises(ValueError, match="1 judges for 2 prompts"):
        step_beams(model, tokenizer, ["2", "3"], [letters])


def test_hypotheses_are_whole_and_in_order(model, tokenizer):
    (found,) = step_beams(model, tokenizer, "2 * 3", letters, width=3, branches=3, max_new_tokens=20)
    for one in found:
        assert one.score == letters(one.text) and one.text == tokenizer.decode(one.ids, skip_special=True)
        assert one.finished == (one.ids[-1] == tokenizer.special_tokens["<|end|>"])
        assert len(one.ids) == len(one.log_probs) and (one.finished or len(one.ids) == 20)
    ranks = [(not one.finished, -one.score) for one in found]
    assert len(found) == 3 and ranks == sorted(ranks)


def test_every_sentence_has_random_numbers_of_its_own(model, tokenizer, monkeypatch):
    names, make = [], step_beam.stream_of
    monkeypatch.setattr(step_beam, "stream_of", lambda *name: names.append(name) or make(*name))
    monkeypatch.setattr(SentenceEnd, "__call__", lambda self, ids: len(ids) == 4)
    list(step_beams(model, tokenizer, ["2 * 3", "5"], width=2, branches=3, max_new_tokens=12))
    assert len(names) == len(set(names)) > 2 * 3


def test_what_a_search_spends_is_all_that_it_sampled(model, tokenizer, monkeypatch):
    drawn, keep = [0, 0], step_beam.Search.keep_best

    def count(self, *rest):
        drawn[self.number] += sum(len(row.ids) for row in self.drawn)
        keep(self, *rest)

    monkeypatch.setattr(step_beam.Search, "keep_best", count)
    found = list(step_beams(model, tokenizer, ["2 * 3", "5"], width=2, branches=3, max_new_tokens=12))
    for n, beams in zip(drawn, found, strict=True):
        assert {one.spent for one in beams} == {n}
    assert all(beams[0].spent > len(beams[0].ids) for beams in found)


def test_the_number_of_slots_changes_nothing(model, tokenizer):
    """Prompts take turns where there is no room for all: six rows for each of three."""
    settings = {"width": 2, "branches": 3, "max_new_tokens": 12, "seed": 5}
    found = [list(step_beams(model, tokenizer, ["2 * 3", "5", "11"], slots=n, **settings)) for n in (1, 7, 256)]
    for other in found[1:]:
        assert [[one.ids.tolist() for one in beams] for beams in other] == [
            [one.ids.tolist() for one in beams] for beams in found[0]
        ]


def test_other_prompts_change_nothing(model, tokenizer):
    settings = {"width": 2, "branches": 2, "max_new_tokens": 12, "seed": 5}
    alone = next(step_beams(model, tokenizer, "2 * 3", **settings))
    among = next(step_beams(model, tokenizer, ["2 * 3", "5", "2 * 3"], **settings))
    assert [one.ids.tolist() for one in alone] == [one.ids.tolist() for one in among]
    assert list(step_beams(model, tokenizer, [])) == []


def test_one_beam_and_one_branch_is_a_plain_sample_of_the_schedule(model, tokenizer):
    """Going on from what was written continues its clock, its limit and its penalties: at temperature 0 nothing is
    random, so the result is the one of a single row."""
    for rule in (
        {"temperature": 0.0, "no_repeat_ngram": 3},
        {"temperature": 0.0, "frequency_penalty": 1.5},
        {"temperature": Schedule(0.0, 0.0, 3)},
    ):
        ((one,),) = step_beams(model, tokenizer, "2 * 3", width=1, branches=1, max_new_tokens=30, **rule)
        end = tokenizer.special_tokens["<|end|>"]
        (row,) = generate_ids(model, [tokenizer.encode("2 * 3")], Sampling(max_new_tokens=30, **rule), end)
        assert one.ids.tolist() == row.ids.tolist()
        np.testing.assert_allclose(one.log_probs, row.log_probs, atol=1e-4)


def test_a_row_that_goes_on_keeps_its_clock():
    """The same uniform numbers, drawn in two pieces: the same tokens and log-probabilities as in one."""
    rule = Sampling(Schedule(1.5, 0.3, 6), max_new_tokens=9, frequency_penalty=0.7)
    prompt = np.array([1, 2, 3], np.int32)

    def run(row):
        engine = Engine(MODEL, rule, None, 1, 32)
        engine.add([row])
        while engine.busy:
            engine.step()
        return row

    whole = run(Row(prompt, 0, 0, row_stream(0, 0, 0)))
    stream = row_stream(0, 0, 0)
    stream.random(4)
    rest = run(Row(np.concatenate([prompt, whole.ids[:4]]), 0, 0, stream, written=whole.ids[:4]))
    assert rest.ids.tolist() == whole.ids[4:].tolist() and len(whole.ids) == 9
    np.testing.assert_allclose(rest.log_probs, whole.log_probs[4:], atol=1e-5)


def test_a_stop_ends_a_row_that_is_not_finished():
    engine = Engine(MODEL, Sampling(max_new_tokens=9), END, 4, 32, stop=lambda ids: len(ids) == 2)
    engine.add([Row(np.array([1, 2], np.int32), 0, i, row_stream(0, 0, i)) for i in range(4)])
    rows = []
    while engine.busy:
        rows += engine.step()
    assert all(len(row.ids) == 2 or row.ids[-1] == END for row in rows)
    assert all(row.finished == (row.ids[-1] == END) for row in rows)


@pytest.mark.parametrize("settings", [{"width": 0}, {"branches": 0}, {"max_new_tokens": 0}])
def test_settings_out_of_range(model, tokenizer, settings):
    with pytest.raises(ValueError, match="is 0; expected 1 or more"):
        step_beams(model, tokenizer, "2", **settings)
