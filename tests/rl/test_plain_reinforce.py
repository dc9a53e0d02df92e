"""The plain REINFORCE has the gradient of the full one, and learns."""

from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from roger import ANNA, ROGER, make_model

from minirl.generate import row_stream
from minirl.model import GPT, GPTConfig
from minirl.optim import AdamW
from minirl.rl import Agent, Environment, RLConfig, plain, play, reinforce_step
from minirl.tasks.task import END, Problem, Task
from minirl.tokenizer import Tokenizer

SAMPLES = 3
SETTINGS = RLConfig(samples=SAMPLES, temperature=0.7, advantage="leave_one_out", normalise="tokens")


class Keeps:
    """Stands for the optimizer: keeps the gradients and moves nothing."""

    steps = 0

    def __init__(self, model):
        self.model = model

    def step(self, max_norm=None):
        self.gradients = {name: p.grad.copy() for name, p in self.model.named_parameters()}
        return 1.0

    def zero_grad(self):
        self.model.zero_grad()


@pytest.fixture
def agent(tokenizer):
    return Agent(make_model(tokenizer), tokenizer, SETTINGS.temperature)


@pytest.fixture
def episodes(agent, tokenizer, chance):
    environment = Environment(tokenizer, chance, max_new_tokens=12)
    played = [play(agent, environment, problem, row_stream(0, p, s))
              for p, problem in enumerate([ROGER, ANNA]) for s in range(SAMPLES)]  # fmt: skip
    return [replace(e, reward=float(i in (0, 3, 4))) for i, e in enumerate(played)]  # mixed rewards for both problems


def worst(agent, episodes, plain=plain):
    """The largest difference of a gradient from reinforce_step's, relative to the parameter's largest."""
    full = Keeps(agent.model)
    reinforce_step(agent.model, full, episodes, SETTINGS)
    plain.plain_loss(agent, episodes, SAMPLES).backward()
    found = {
        name: np.abs(p.grad - full.gradients[name]).max() / np.abs(full.gradients[name]).max()
        for name, p in agent.model.named_parameters()
    }
    agent.model.zero_grad()
    return max(found.values())


def test_its_gradient_is_that_of_the_full_step(agent, episodes):
    assert worst(agent, episodes) < 1e-4


MISTAKES = {  # lines of plain.py, and a mistake in each that crashes nothing
    "sign": ("loss = loss - A", "loss = loss + A"),
    "no temperature": ("* (1 / agent.temperature)", "* 1.0"),
    "one place off": ("len(episode.prompt) - 1, len(tokens) - 1", "len(episode.prompt) - 2, len(tokens) - 2"),
    "mean of each episode": (".sum() / N", ".mean() / len(episodes)"),
    "no baseline": ("(rewards - others)", "rewards"),
    "episodes of different problems": ("reshape(-1, samples)", "reshape(samples, -1).T"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_test_fails_with(mistake, agent, episodes):
    right, wrong = MISTAKES[mistake]
    source = Path(plain.__file__).read_text(encoding="utf-8")
    assert source.count(right) == 1
    broken = ModuleType("broken")
    exec(source.replace(right, wrong), broken.__dict__)
    assert worst(agent, episodes, broken) > 1e-2


# ---- it learns ----


class SaysHeads:
    def check(self, problem, text):
        return text.strip() == "heads"


class Coin(Task):
    name = "coin"
    checker = SaysHeads()

    def problems(self, split, n, seed=0):
        return [Problem("Heads or tails?", "", "heads", key="coin")] * n


def test_the_reward_rises():
    """A model that says heads and tails equally often is paid for heads, and soon says nothing else."""
    task = Coin()
    [problem] = task.problems("train", 1)
    texts = [problem.prompt + f" {side}{END}" for side in ("heads", "tails")]
    tokenizer = Tokenizer.train([text.removesuffix(END) for text in texts] * 4, 284)
    model = GPT(GPTConfig.llama(vocab_size=tokenizer.vocab_size, context_length=48, n_layer=1, n_head=2, d_model=16))
    optimizer = AdamW(model.parameters(), lr=1e-2, weight_decay=0)
    rows = np.array([tokenizer.encode(text, allowed_special={END}) for text in texts])
    for _ in range(60):
        model.loss(rows[:, :-1], rows[:, 1:]).backward()
        optimizer.step()
        optimizer.zero_grad()

    agent, environment = Agent(model, tokenizer), Environment(tokenizer, task, max_new_tokens=8)
    rng = np.random.default_rng(0)
    rewards = [plain.plain_reinforce(agent, optimizer, environment, [problem], samples=8, rng=rng) for _ in range(25)]
    assert 0 < np.mean(rewards[:2]) < 0.8
    assert np.mean(rewards[-10:]) > 0.9
