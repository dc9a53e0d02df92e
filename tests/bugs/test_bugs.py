"""Each planted bug is silent, is caught by the test that it names, shows in its own measures, and goes away."""

import subprocess
import sys
from pathlib import Path
from pkgutil import resolve_name

import numpy as np
import pytest

from minirl import data
from minirl.bugs import BUGS, planted
from minirl.bugs.__main__ import main
from minirl.bugs.experiment import MEASURES, experiment
from minirl.data import batch, pack
from minirl.generate import Engine
from minirl.train import sft

ROOT = Path(__file__).parents[2]
RUN_ALL = """
import pytest
from minirl.bugs import BUGS
flags = ["-q", "-p", "no:cacheprovider"]
status = [pytest.main([*flags, *{bug.exposed_by for bug in BUGS.values()}])]
for bug in BUGS.values():
    print("with the bug", bug.name)
    status.append(pytest.main([*flags, "--planted", bug.name, bug.exposed_by]))
print("status", *map(int, status))
"""


@pytest.fixture(scope="module")
def outcome():
    """What pytest says without a bug and then with each, in a process of its own, and its exit status each time."""
    done = subprocess.run([sys.executable, "-c", RUN_ALL], cwd=ROOT, capture_output=True, text=True)
    printed, _, status = done.stdout.rpartition("status ")
    assert status, done.stdout + done.stderr
    outcomes = zip(map(int, status.split()), printed.split("with the bug "), strict=True)
    return dict(zip([None, *BUGS], outcomes, strict=True))


def test_the_exposing_tests_pass_without_a_bug(outcome):
    status, printed = outcome[None]
    assert status == 0, printed


@pytest.mark.parametrize("name", BUGS)
def test_the_exposing_test_fails_with_the_bug(outcome, name):
    status, printed = outcome[name]
    assert printed.startswith(name) and status == 1 and "AssertionError" in printed, printed
    assert "error" not in printed.splitlines()[-1]  # the test failed, and not what it stands on


# ---- what the measures show ----


def test_a_healthy_run_is_healthy():
    healthy = experiment()
    assert set(healthy) == set(MEASURES)
    assert 0.05 < healthy["SFT loss"][-1] < 0.1 * healthy["SFT loss"][0]
    assert healthy["finished"][0] > 0.95 and healthy["first tokens"][0] > 2
    assert np.mean(healthy["reward"][-10:]) > 1.2 * np.mean(healthy["reward"][:10])
    assert min(healthy["informative"]) > 0.2 and min(healthy["gradient norm"]) > 0
    for exact in ("parts gap", "log pi gap", "log pi gap at 1"):
        assert healthy[exact][0] < 1e-5
    assert abs(healthy["KL to start"][0]) < 1e-9 < healthy["KL to start"][-1]


@pytest.fixture
def shorter(monkeypatch):
    """Fewer steps of RL: most signs are there at its first."""
    monkeypatch.setattr("minirl.bugs.experiment.RL_STEPS", 8)


@pytest.fixture(scope="module")
def healthy():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("minirl.bugs.experiment.RL_STEPS", 8)
        return experiment()


def unshifted_targets(found, healthy):
    return found["SFT loss"][-1] < 0.05 * healthy["SFT loss"][-1] and found["pass@1"] == [0]


def masked_end(found, healthy):
    lost = healthy["trained on"][0] - found["trained on"][0]
    return lost == pytest.approx(1) and found["finished"][0] < 0.1 and max(found["reward"]) == 0


def prompt_trained_on(found, healthy):
    more = found["trained on"][0] - healthy["trained on"][0]
    return more > 5 and found["SFT loss"][-1] > 1.3 * healthy["SFT loss"][-1]


def one_first_token(found, healthy):
    fewer = 0 < np.mean(found["informative"]) < 0.6 * np.mean(healthy["informative"])
    return found["first tokens"] == [1] and fewer


def no_temperature(found, healthy):
    return found["log pi gap"][0] > 0.01 > 1e-5 > found["log pi gap at 1"][0] and found["KL to start"][0] > 1e-3


def mean_of_means(found, healthy):
    return found["parts gap"][0] > 0.01


def cache_position(found, healthy):
    return min(found["log pi gap"][0], found["log pi gap at 1"][0]) > 0.01 and found["KL to start"][0] > 1e-3


def constant_reward(found, healthy):
    same = all(found[name] == healthy[name] for name in ("SFT loss", "finished", "answer tokens"))
    return same and not any(found["reward"] + found["gradient norm"] + found["informative"])


SHOWN = (unshifted_targets, masked_end, prompt_trained_on, one_first_token, no_temperature, mean_of_means,
         cache_position, constant_reward)  # fmt: skip


@pytest.mark.parametrize("name", BUGS)
def test_each_bug_shows_in_its_own_way(name, healthy, shorter):
    """Nothing crashes, and of all bugs' descriptions only its own fits what it does."""
    assert not any(shows(healthy, healthy) for shows in SHOWN)
    with planted(name):
        found = experiment()
    assert all(np.isfinite(curve).all() for curve in found.values())
    assert [shows.__name__ for shows in SHOWN if shows(found, healthy)] == [name.replace(" ", "_")]
    assert set(BUGS[name].signs) <= set(MEASURES)


# ---- planting ----


def test_a_bug_is_wherever_the_function_is_and_goes_away():
    documents = [data.Document(np.array([5, 6, 7], np.int32), np.ones(3, np.float32))]
    right, start = batch.pack, Engine._start
    with planted("unshifted targets"), planted("one first token"):
        assert batch.pack is data.pack is sft.pack is pack is not right
        assert pack.__name__ == "pack" and Engine._start is not start
        np.testing.assert_array_equal(pack(documents).targets, [5, 6])
    assert batch.pack is data.pack is sft.pack is pack is right and Engine._start is start
    np.testing.assert_array_equal(pack(documents).targets, [6, 7])


@pytest.mark.parametrize("name", BUGS)
def test_after_an_error_the_code_is_right_again(name):
    before = resolve_name(BUGS[name].where)
    with pytest.raises(RuntimeError, match="inside"), planted(name):
        assert resolve_name(BUGS[name].where) is not before
        raise RuntimeError("inside")
    assert resolve_name(BUGS[name].where) is before


def test_an_unknown_bug_is_refused():
    with pytest.raises(KeyError, match="no bug 'typo'; there are 'unshifted targets'"):
        planted("typo")


# ---- the program ----


def test_without_arguments_it_lists_the_bugs(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "250")
    assert main([]) == 0
    shown = capsys.readouterr().out
    for bug in BUGS.values():
        assert bug.name in shown and bug.where in shown


def test_the_help_fits_a_terminal(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit):
        main(["--help"])
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


def test_impossible_requests_say_what_to_do(capsys):
    assert main(["typo"]) == 1
    assert "no bug 'typo'; there are" in capsys.readouterr().err
    assert main(["Unshiftd targets"]) == 1
    said = capsys.readouterr().err
    assert "no bug 'Unshiftd targets'; did you mean 'unshifted targets'? There are" in " ".join(said.split())
    assert max(map(len, said.splitlines())) <= 80
    assert main(["--mystery", "1", "--reveal", "1"]) == 1
    assert "give one of" in capsys.readouterr().err
    assert main(["--answer", "masked end"]) == main(["--measure", "reward"]) == 1
    assert capsys.readouterr().err.count("belongs to a mystery: give --mystery N too") == 2
