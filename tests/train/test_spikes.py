"""Losses that jump are marked; losses that fall, or are noisy, are not."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minirl.runs import PRESETS, Screen
from minirl.runs.curves import draw
from minirl.train import chain, stage
from minirl.train.spikes import FEWEST, Spikes


def falling(seed: int, noise: float, n: int = 400) -> list[float]:
    steps = np.arange(n)
    return (2 + 5 * np.exp(-steps / 60) + noise * np.random.default_rng(seed).standard_normal(n)).tolist()


@given(st.integers(0, 1000), st.sampled_from([0.0, 0.02, 0.1, 0.3]))
def test_a_loss_that_falls_has_no_spikes(seed, noise):
    spikes = Spikes()
    assert [loss for loss in falling(seed, noise) if spikes.see(loss) is not None] == []


@given(st.integers(0, 1000), st.sampled_from([0.02, 0.1]), st.sets(st.integers(100, 399), min_size=1, max_size=6))
def test_every_jump_is_marked_also_those_that_follow_one_another(seed, noise, places):
    losses, spikes = falling(seed, noise), Spikes()
    for place in places:
        losses[place] += 2.5
    assert [i for i, loss in enumerate(losses) if spikes.see(loss) is not None] == sorted(places)


def test_the_usual_loss_is_told():
    spikes = Spikes([3.0, 3.1] * 30)
    assert spikes.see(9.0) == pytest.approx(3.05)
    assert spikes.see(3.0) is None


def test_with_few_losses_there_is_no_telling():
    spikes = Spikes()
    assert [spikes.see(1.0) for _ in range(FEWEST - 1)] + [spikes.see(50.0)] == [None] * FEWEST


def test_a_spike_is_reported_logged_and_drawn(tmp_path, monkeypatch):
    """A learning rate of 1 for one update in the middle of a run."""
    config = replace(
        PRESETS["smoke"],
        runs=str(tmp_path),
        last_stage="pretrain",
        pretrain=replace(PRESETS["smoke"].pretrain, steps=40),
    )
    usual = stage.Stage.learning_rate
    monkeypatch.setattr(stage.Stage, "learning_rate", lambda self, step: 1.0 if step == 30 else usual(self, step))
    screen = Screen(quiet=True)
    said = []
    monkeypatch.setattr(screen, "say", said.append)
    run = chain.train(config, screen)
    jumps = [record["step"] for record in run.records(stage="pretrain") if "spike" in record]
    assert jumps[:1] == [32]  # the loss of the update after it
    assert any("update 32: the loss jumped to" in text for text in said)
    (loss,) = (drawn for drawn in draw([run], tmp_path / "plots") if drawn.plot.name == "pretrain_loss")
    assert f"crosses mark where it jumped, {len(jumps)} times" in loss.description
