"""A mystery gives away nothing but its measures, runs only what they need, and pays for honest beliefs."""

import json

import numpy as np
import pytest

from minirl.bugs import BUGS, experiment, mystery
from minirl.bugs import recorded as runs_file
from minirl.bugs.__main__ import main
from minirl.bugs.experiment import MEASURES, STAGES, Patient
from minirl.bugs.mystery import CAUSES, PRICES, Mystery, cause_of, in_order, odd, points
from minirl.bugs.recorded import HEALTHY, KNOWN, UNSEEN, recorded
from minirl.train import sft

EVEN = dict.fromkeys(CAUSES, 1 / len(CAUSES))


def sure(cause):
    return {name: float(name == cause) for name in CAUSES}


# ---- points ----


def test_points_of_the_certain_the_undecided_and_the_wrong():
    assert points(sure(HEALTHY), HEALTHY, 8) == pytest.approx(92)
    assert points(EVEN, HEALTHY, 0) == pytest.approx(0)
    assert points(sure(HEALTHY), "masked end", 0) == pytest.approx(100 * (1 - 3 / np.log10(9)))  # as for 0.001


def test_it_pays_to_say_what_one_believes():
    rng = np.random.default_rng(0)
    for _ in range(20):
        belief, said = rng.dirichlet(np.ones(len(CAUSES)) * 3, 2)

        def expected(given, belief=belief):
            told = dict(zip(CAUSES, (given / given.sum()).tolist(), strict=True))
            return sum(p * points(told, cause, 0) for p, cause in zip(belief, CAUSES, strict=True))

        assert expected(belief) > expected(0.9 * belief + 0.1 * said) > expected(said)


@pytest.mark.parametrize(
    ("beliefs", "message"),
    [
        ({**EVEN, "typo": 0.0}, "'typo' is no cause; there are unshifted targets"),
        ({HEALTHY: 0.5}, "add up to 0.5"),
        ({HEALTHY: 1.5, "masked end": -0.5}, "0 or more"),
    ],
)
def test_beliefs_that_are_no_probabilities_are_refused(beliefs, message):
    with pytest.raises(ValueError, match=message):
        points(beliefs, HEALTHY, 0)


# ---- what a mystery runs ----


def test_every_cause_is_some_mystery():
    assert {cause_of(number) for number in range(60)} == set(CAUSES)
    assert [cause_of(number) for number in range(9)] == [cause_of(number) for number in range(9)]


def test_a_measure_runs_the_stages_that_it_needs_and_no_more(monkeypatch):
    def too_early(*arguments):
        raise AssertionError("this stage was not asked for")

    for later in ("fine_tune", "look", "learn"):
        monkeypatch.setattr(experiment, later, too_early)
    case = Mystery(0)
    assert case.spent == 0
    assert case.reading("trained on") == case.measure("trained on")[0] > 1
    assert case.spent == PRICES["trained on"] == 1
    with pytest.raises(AssertionError, match="was not asked for"):
        case.measure("SFT loss")
    assert "SFT loss" not in case.taken


def test_the_order_of_the_measures_changes_none_of_them(monkeypatch):
    monkeypatch.setattr(experiment, "SFT_STEPS", 12)
    monkeypatch.setattr(experiment, "RL_STEPS", 2)
    late_first = Patient(5)
    found = {name: late_first.measure(name) for name in reversed(MEASURES)}
    assert found == experiment.experiment(5)


def test_later_stages_cost_more():
    prices = [{PRICES[name] for name in MEASURES if MEASURES[name].stage == stage} for stage in STAGES]
    assert all(len(one) == 1 for one in prices) and [*map(min, prices)] == sorted(map(min, prices))
    assert sum(PRICES.values()) < 100  # who takes everything and knows everything still has points


def test_the_bug_is_in_the_code_only_while_it_is_measured():
    number = next(n for n in range(60) if cause_of(n) == "prompt trained on")
    right = sft.solved
    case = Mystery(number)
    assert sft.solved is right
    more = case.reading("trained on")
    assert sft.solved is right
    assert more > 5 + Patient(mystery.SEED + number).measure("trained on")[0]
    assert case.measure("trained on") is case.measure("trained on") and case.spent == 1


# ---- the recorded runs, and what is odd ----


def test_every_cause_and_seed_is_recorded():
    for seeds in (KNOWN, UNSEEN):
        runs = recorded(seeds)
        assert set(runs) == set(CAUSES)
        assert all(len(some) == len(seeds) and all(set(run) == set(MEASURES) for run in some) for some in runs.values())
    assert not set(KNOWN) & set(UNSEEN) and max(*KNOWN, *UNSEEN) < mystery.SEED


def test_no_recorded_healthy_run_is_odd_and_every_recorded_sick_one_is():
    for seeds in (KNOWN, UNSEEN):
        runs = recorded(seeds)
        assert not [name for run in runs[HEALTHY] for name in MEASURES if odd(name, run[name])]
        for bug in BUGS.values():
            for run in runs[bug.name]:
                assert any(odd(name, run[name]) for name in bug.signs), bug.name


def test_a_recorded_run_can_be_run_again():
    patient, kept = Patient(KNOWN[2]), recorded()[HEALTHY][2]
    for name in ("trained on", "SFT loss", "finished"):
        assert experiment.reading(name, patient.measure(name)) == pytest.approx(kept[name], rel=0.1), name


def test_recording_again_replaces_the_seeds_that_are_named(tmp_path, monkeypatch):
    file = tmp_path / "runs.json"
    file.write_text(json.dumps({cause: {"0": {"reward": 0.1}, "1": {"reward": 0.2}} for cause in CAUSES}))
    monkeypatch.setattr(runs_file, "shipped", lambda name: file)
    monkeypatch.setattr(runs_file, "run", lambda cause, seed: {"reward": 0.5 + seed})
    runs_file._kept.cache_clear()
    try:
        runs_file.main(["1", "2"])
        runs_file._kept.cache_clear()
        assert recorded([0, 1, 2])[HEALTHY] == [{"reward": 0.1}, {"reward": 1.5}, {"reward": 2.5}]
    finally:
        runs_file._kept.cache_clear()


def test_the_order_of_the_handbook_stops_at_the_first_odd_measure():
    beliefs, spent = in_order(recorded()[HEALTHY][0].__getitem__)
    assert beliefs[HEALTHY] == pytest.approx(0.9) and spent == sum(PRICES.values())
    beliefs, spent = in_order(recorded()["unshifted targets"][0].__getitem__)
    assert spent == PRICES["SFT loss"]
    assert beliefs["unshifted targets"] == beliefs["prompt trained on"] == pytest.approx(0.45)
    assert sum(beliefs.values()) == pytest.approx(1) and min(beliefs.values()) > 0


# ---- the program ----


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")


def test_a_mystery_lists_prices_and_shows_only_what_is_asked_for(capsys):
    assert main(["--mystery", "3"]) == 0
    menu = capsys.readouterr().out
    assert all(name in menu for name in MEASURES) and "--answer" in menu
    assert main(["--mystery", "3", "--measure", "trained on", "finished"]) == 0
    shown = capsys.readouterr().out
    assert "finished" in shown and "reward" not in shown and "Spent: 6 points" in shown
    assert cause_of(3) not in menu + shown


def test_an_answer_is_graded_by_its_probability_and_pays_for_measures(capsys, monkeypatch):
    monkeypatch.setattr("minirl.bugs.__main__.in_order", lambda take: (EVEN, 0))  # its measures take seconds
    right = cause_of(3)
    wrong = next(name for name in CAUSES if name != right)
    assert main(["--mystery", "3", "--measure", "trained on", "pass@1", "--answer", right]) == 0
    assert "100 points for the answer - 6 for 2 measures = 94" in capsys.readouterr().out
    assert main(["--mystery", "3", "--answer", f"{wrong}=0.6", f"{right}=0.4"]) == 3
    said = capsys.readouterr().out
    assert "58 points for the answer - 0 for 0 measures = 58" in said and "wrong" in said and right not in said
    assert main(["--mystery", "3", "--answer", f"{right}=0.2"]) == 0  # the other eight have 0.1 each


def test_a_mystery_is_revealed_also_where_nothing_is_wrong(capsys):
    assert main(["--reveal", "3"]) == 0
    said = capsys.readouterr().out
    assert BUGS[cause_of(3)].exposed_by in said and "bugs/mean_of_means.py" in said.replace("\\", "/")
    number = next(n for n in range(60) if cause_of(n) == HEALTHY)
    assert main(["--reveal", str(number)]) == 0
    assert "has no bug" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--measure", "loss"], "no measure 'loss'; there are 'SFT loss'"),
        (["--answer", "maskd end"], "did you mean 'masked end'?"),
        (["--answer", "masked end=much"], "gives no probability; write 'masked end=0.8'"),
        (["--answer", "masked end=0.8", "healthy=0.3"], "add up to 1.1"),
    ],
)
def test_what_a_mystery_does_not_understand_it_says(capsys, arguments, message):
    assert main(["--mystery", "3", *arguments]) == 1
    said = capsys.readouterr().err
    assert message in " ".join(said.split()) and max(map(len, said.splitlines())) <= 80
