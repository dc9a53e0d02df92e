"""Temperature schedules: each row has its own clock, and what is recorded is at the temperature of the step."""

import doctest

import numpy as np
import pytest
from test_engine import END, MODEL, ids_of

from minirl.generate import Sampling, Schedule, draw, generate_ids, parse_temperature, temperature
from minirl.generate.temperature import show_temperature

PROMPTS = [[1, 2, 3], [4], [9, 8, 7, 6, 5, 4, 3], [2, 2]]
FALLING = Schedule(1.5, 0.3, 6)


def test_the_examples():
    assert doctest.testmod(temperature).failed == 0


def test_linear_and_exponential():
    np.testing.assert_allclose(Schedule(1.5, 0.3, 20).at([0, 5, 10, 20, 50]), [1.5, 1.2, 0.9, 0.3, 0.3])
    np.testing.assert_allclose(Schedule(0.3, 1.5, 20).at([0, 10, 50]), [0.3, 0.9, 1.5])
    np.testing.assert_allclose(Schedule(2, 0.5, 4, "exponential").at([0, 1, 2, 4, 5]), [2, 2**0.5, 1, 0.5, 0.5])
    assert Schedule(1, 0, 3).at([2, 3]).tolist() == [pytest.approx(1 / 3), 0]


@pytest.mark.parametrize("text", ["0", "1", "0.7", "1.5:0.3/20", "0.3:1.5/1", "1:0.1/7/exp", "1:0/5"])
def test_the_written_form_is_read_as_what_it_says(text):
    assert show_temperature(parse_temperature(text)) == text


@pytest.mark.parametrize("text", ["", "hot", "1.5:0.3", "1.5:0.3/", "1:2:3/4", "1:0.5/2.5", "1:0.5/3/cos", "1:x/4"])
def test_what_is_no_temperature_is_refused(text):
    with pytest.raises(ValueError, match=r"give a number, or a schedule: 1\.5:0\.3/20"):
        parse_temperature(text)


@pytest.mark.parametrize(
    "text, message",
    [
        ("-1", "temperature is -1; give 0 or more"),
        ("1:-2/4", "temperature is 1:-2/4; give 0 or more"),
        ("inf:1/4", "give 0 or more"),
        ("1:0.5/0", "tokens is 0; expected a whole number of tokens, 1 or more"),
        ("1:0/5/exp", "a factor per token needs both above 0"),
    ],
)
def test_numbers_out_of_range_are_refused(text, message):
    with pytest.raises(ValueError, match=message):
        parse_temperature(text)


def test_a_schedule_that_never_changes_is_the_constant_bit_for_bit():
    for constant in (1.0, 0.7, 0.0):
        flat = Schedule(constant, constant, 4)
        rows = [
            list(generate_ids(MODEL, PROMPTS, Sampling(T, 5, 0.9, 12), END, samples=3, seed=4))
            for T in (constant, flat)
        ]
        assert ids_of(rows[0]) == ids_of(rows[1])
        assert [row.log_probs.tobytes() for row in rows[0]] == [row.log_probs.tobytes() for row in rows[1]]


def test_every_row_has_its_own_clock():
    """Alone or among others that began earlier, with any number of slots: the same tokens."""
    rule = Sampling(FALLING, max_new_tokens=12)
    endless = ids_of(generate_ids(MODEL, PROMPTS, rule, None, samples=3, seed=4))
    end = endless[0][3]  # a token that some rows write, and so end sooner than others
    together = list(generate_ids(MODEL, PROMPTS, rule, end, samples=3, seed=4, slots=5))
    other = list(generate_ids(MODEL, PROMPTS, rule, end, samples=3, seed=4, slots=2))
    expected = [ids[: ids.index(end) + 1] if end in ids else ids for ids in endless]
    assert ids_of(together) == ids_of(other) == expected
    assert len({len(row.ids) for row in together}) > 1  # so clocks did differ within a step


@pytest.mark.parametrize("schedule", [FALLING, Schedule(0.5, 2.0, 3, "exponential"), Schedule(1.0, 0.0, 4)])
def test_log_probabilities_are_at_the_temperature_of_the_step(schedule):
    MODEL.eval()
    for row in generate_ids(MODEL, PROMPTS, Sampling(schedule, max_new_tokens=10), END, samples=2):
        logits = MODEL([*row.prompt, *row.ids[:-1]]).data[0, len(row.prompt) - 1 :].astype(np.float64)
        at = schedule.at(np.arange(len(row.ids)))
        z = logits / np.where(at == 0, 1, at)[:, None]
        log_pi = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
        np.testing.assert_allclose(row.log_probs, log_pi[np.arange(len(row.ids)), row.ids], atol=1e-4)
        cold = np.flatnonzero(at == 0)
        assert (row.ids[cold] == logits[cold].argmax(axis=1)).all()


def test_rows_at_different_steps_are_drawn_together():
    """One at a hot step, one at a cooler, one at 0: each as if it were alone."""
    logits = np.random.default_rng(3).standard_normal((3, 11)).astype(np.float32) * 3
    uniforms, steps = np.array([0.9, 0.9, 0.9]), np.array([0, 3, 7])
    rule = Sampling(Schedule(2.0, 0.0, 4))
    ids, log_probs = draw(logits, uniforms, rule, 11, steps)
    for row, (T, scored_at) in enumerate([(2.0, 2.0), (0.5, 0.5), (0.0, 1.0)]):
        alone = draw(logits[row : row + 1], uniforms[:1], Sampling(T), 11)
        z = logits[row].astype(np.float64) / scored_at
        assert ids[row] == alone[0][0]
        assert log_probs[row] == pytest.approx(z[ids[row]] - np.log(np.exp(z).sum()), abs=1e-5)


@pytest.mark.parametrize("rule", [{"min_p": 0.5}, {"frequency_penalty": 2.0}])
def test_beside_cuts_and_penalties_a_schedule_records_the_models_own_probability(rule):
    """What is drawn comes from other logits than what is recorded."""
    generator = np.random.default_rng(4)
    logits, steps = generator.standard_normal((50, 11)).astype(np.float32), np.arange(50) % 8
    written = [np.array([number % 11, 3], np.int32) for number in range(50)]
    schedule = Schedule(1.5, 0.3, 6)
    ids, log_probs = draw(logits, generator.random(50), Sampling(schedule, **rule), 11, steps, written)
    for z, t, drawn, recorded in zip(logits.astype(float), steps, ids, log_probs, strict=True):
        z = z / schedule.at([t])[0]
        assert recorded == pytest.approx(z[drawn] - np.log(np.exp(z).sum()), abs=1e-5)
