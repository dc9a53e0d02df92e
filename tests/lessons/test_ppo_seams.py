"""The functions of lesson 15 inside minirl: the same updates, values, distances and reward models."""

from dataclasses import replace

import numpy as np
import pytest

from minirl.lessons import parts
from minirl.lessons.lesson import find_lesson, namespace
from minirl.lessons.roger import EVERY, RogerTask, config_for, roger_tokenizer
from minirl.model import GPT
from minirl.optim import AdamW
from minirl.preferences import Pair
from minirl.rl import Episode, PPOConfig, rollout
from minirl.rl.bradley_terry import FitConfig, fit_preferences
from minirl.rl.gae import episode_gae
from minirl.rl.ppo import PPO
from minirl.rl.reward_model import RewardModel
from minirl.rl.value import HeadValue, value_loss
from minirl.tensor import Tensor

TASK, TOKENIZER = RogerTask(), roger_tokenizer()


@pytest.fixture(autouse=True)
def solutions(monkeypatch: pytest.MonkeyPatch) -> None:
    """The course's functions stand at the seams; parts of other tests do not."""
    monkeypatch.setattr(parts, "PARTS", {})
    monkeypatch.setattr(parts, "STAND_INS", set())
    namespace(find_lesson("15").folder / "solution.py")


def new_model(seed: int = 1) -> GPT:
    return GPT(config_for(TOKENIZER), seed=seed, std=0.1)


def some_episodes() -> list[Episode]:
    made = rollout(new_model(), TOKENIZER, TASK, EVERY[:2], 2, max_new_tokens=6, seed=2)
    return [replace(episode, reward=float(i % 3 == 0)) for i, episode in enumerate(made)]


@pytest.mark.parametrize("kl", [0.0, 0.1])
def test_the_same_updates_of_ppo(kl: float) -> None:
    episodes = some_episodes()
    config = PPOConfig(
        method="ppo", samples=2, updates=3, clip=0.05, gae_lambda=0.7, kl=kl, value_warmup=0, value_updates=2,
        stop_kl=1e9,
    )  # fmt: skip

    def trained() -> dict[str, float]:
        model = new_model()
        optimizer = AdamW(model.parameters(), lr=5e-5, weight_decay=0)
        metrics = PPO(HeadValue(model, 1e-2))(model, optimizer, episodes, config, new_model(5))
        return {name: value for name, value in metrics.items() if "second" not in name}

    expected = trained()
    seams = ("rl.clipped_weights", "rl.gae", "rl.value_loss", "rl.kl_estimate")
    with parts.swapped(*seams, force=True) as used:
        assert trained() == pytest.approx(expected, rel=1e-3)
    assert 0 < expected["clipped"] < 1 and all(used[name].share == 1 for name in seams)


def test_the_same_value_loss_and_gradient() -> None:
    target = np.array([0.0, 1.0, 1.0], np.float32)

    def learned() -> list[float]:
        V = Tensor(np.array([0.5, 0.25, 2.0], np.float32), requires_grad=True)
        loss = value_loss(V, target, target, 0.0) * 0.5
        loss.backward()
        assert V.grad is not None
        return [loss.item(), *V.grad.tolist()]

    expected = learned()
    with parts.swapped("rl.value_loss", force=True) as used:
        assert learned() == pytest.approx(expected)
    assert used["rl.value_loss"].share == 1


def test_results_of_tools_take_no_time_there_either() -> None:
    rewards, values = np.array([0.0, 0, 0.5, 0, 0, 1]), np.array([0.1, 9, 9, 0.4, 0.3, 9])
    decisions = np.array([0, 3, 4])
    expected = episode_gae(rewards, values, decisions, 0.9, 0.8)
    with parts.swapped("rl.gae", force=True) as used:
        assert episode_gae(rewards, values, decisions, 0.9, 0.8) == pytest.approx(expected)
    assert used["rl.gae"].share == 1


@pytest.mark.parametrize("tie", [False, True])
def test_the_same_reward_model(tie: bool) -> None:
    """A tie is nobody's win, and minirl's own loss learns from it."""
    pairs = [
        Pair(problem.prompt, problem.completion, " 1 + 1 = 3.\nAnswer: 3", tie=tie and i == 1)
        for i, problem in enumerate(EVERY[:4])
    ]

    def scores() -> list[float]:
        judge = RewardModel(new_model(), TOKENIZER, seed=3)
        fit_preferences(judge, pairs, FitConfig(epochs=2))
        return [judge.one(pair.prompt, pair.chosen) for pair in pairs]

    expected = scores()
    with parts.swapped("rl.bradley_terry", force=True) as used:
        assert scores() == pytest.approx(expected, abs=1e-3)
    assert used["rl.bradley_terry"].share == (0 if tie else 1)
