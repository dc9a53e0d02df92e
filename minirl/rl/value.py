"""The value function V(s_t): the reward that the policy can expect from a state on. PPO compares with it.

Three ways to know it. All look at the state before the action a_t, so V(s_t) does not know what was chosen.

    head          V = w . h + b, where h is the policy's own hidden state. h is detached: learning V does not change the
                  policy. Costs next to nothing, and can only be as good as what h tells.
    network       a second transformer, which begins as a copy of the policy. All of it learns.
    monte carlo   no learning: at the beginning of every sentence, sample K completions and take their mean reward
                  (VinePPO, Kazemnejad et al. 2024). Without bias, but noisy, and slow.

The first two learn by regression on returns G_t, from the episodes of each step:

    loss = 1/2 mean max((V - G)^2, (clip(V, V_old - eps, V_old + eps) - G)^2)

The clipping is that of PPO's first implementation (Engstrom et al. 2020, section 3): beyond eps, V has no reason to
move further in this step.

The explained variance, 1 - Var(G - V) / Var(G), says how good V is: 1 is perfect, 0 is as good as any constant, and
below 0 it is worse than none. It only means something beside what two simpler guesses reach: the mean return of the
problem's other samples, and the mean return at the same position of all other episodes.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from minirl import functional as F
from minirl.autograd import Array, no_grad
from minirl.generate import Sampling, generate_ids, known_tokens, needed_end_tokens, without_dropout
from minirl.generate.step_beam import SentenceEnd
from minirl.generate.text import said_by
from minirl.model import GPT
from minirl.model.transformer import IGNORE
from minirl.nn import Linear, Module
from minirl.optim import AdamW
from minirl.rl.batch import Batch, batches, by_episode
from minirl.rl.config import PPOConfig
from minirl.rl.mdp import Episode, Reward, final_reward
from minirl.streams import stream_seed
from minirl.tasks.task import Task
from minirl.tensor import Tensor

if TYPE_CHECKING:
    from minirl.tokenizer import Tokenizer

VALUE = "value."  # begins the names of a value function's arrays in a checkpoint


@dataclass(frozen=True)
class Seen:
    """What a value function says of a step's episodes."""

    values: list[Array]
    """For each episode V(s_t) before each of its n actions, (n,) float64."""
    decisions: list[Array]
    """For each episode the tokens at which V is known; see gae.episode_gae."""
    states: list[Tensor | None]
    """What the value function read, for each pass of work; None where it reads again."""


class Critic(ABC):
    """A value function, and how it learns."""

    @abstractmethod
    def look(self, model: GPT, episodes: Sequence[Episode], config: PPOConfig) -> Seen:
        """V of every state of the episodes, which `model` sampled."""

    def learn(self, seen: Seen, episodes: Sequence[Episode], returns: Sequence[Array], config: PPOConfig) -> float:
        """Learn from the episodes that were looked at. returns: for each episode the target of each V, (n,). Returns
        the loss before the first update; 0 where nothing is learned."""
        return 0.0

    def arrays(self) -> dict[str, Array]:
        """All that a later run needs to go on: parameters, optimizer, counters."""
        return {}

    def load_arrays(self, arrays: Mapping[str, Array]) -> None:
        """Continue from what `arrays` returned. Raises ValueError where names or shapes do not fit."""
        if arrays:
            raise ValueError(f"{type(self).__name__}: unexpected {sorted(arrays)[:3]}; it has nothing to load")


class NoValue(Critic):
    """V = 0: the advantage is then the return itself, as in REINFORCE without a baseline."""

    def look(self, model: GPT, episodes: Sequence[Episode], config: PPOConfig) -> Seen:
        return Seen([np.zeros(len(e.actions)) for e in episodes], list(map(chosen_tokens, episodes)), [])


class LearnedValue(Critic):
    """V = w . h + b of hidden states h. It begins as 0 everywhere, and so PPO begins as REINFORCE."""

    module: Module

    def __init__(self, width: int, learning_rate: float) -> None:
        self.head = Linear(width, 1, None)
        self.module = self.trained()
        self.optimizer = AdamW(self.module.parameters(), lr=learning_rate, betas=(0.9, 0.99), weight_decay=0.0)

    def trained(self) -> Module:
        """The module that learns."""
        return self.head

    @abstractmethod
    def states(self, model: GPT, batch: Batch) -> Tensor:
        """Hidden states (tokens, C) of the tokens of a pass."""

    @no_grad()
    def look(self, model: GPT, episodes: Sequence[Episode], config: PPOConfig) -> Seen:
        values: list[Array] = []
        states: list[Tensor | None] = []
        for batch in batches(episodes, np.zeros(len(episodes)), config.pass_tokens):
            h = self.states(model, batch)
            V = self.head(h).numpy().reshape(-1).astype(np.float64)
            values += by_episode(batch, V)
            states.append(self.kept(h, batch))
        return Seen(values, list(map(chosen_tokens, episodes)), states)

    def kept(self, h: Tensor, batch: Batch) -> Tensor | None:
        """What of the hidden states is kept for `learn`."""
        return None

    def again(self, kept: Tensor | None, batch: Batch) -> Tensor:
        """The hidden states before the actions of a pass, (actions, C), to learn from."""
        raise NotImplementedError

    def learn(self, seen: Seen, episodes: Sequence[Episode], returns: Sequence[Array], config: PPOConfig) -> float:
        self.optimizer.lr = config.value_learning_rate
        first = None
        targets = list(batches(episodes, returns, config.pass_tokens))  # here the number of a token is its target
        before = list(batches(episodes, seen.values, config.pass_tokens))  # and here it is V before learning
        N = sum(int((batch.targets != IGNORE).sum()) for batch in targets)
        for _ in range(config.value_updates):
            total = 0.0
            for kept, target, old in zip(seen.states, targets, before, strict=True):
                acted = target.targets != IGNORE
                V = self.head(self.again(kept, target)).reshape(-1)
                loss = value_loss(V, target.advantages[acted], old.advantages[acted], config.value_clip) * (1 / N)
                loss.backward()
                total += loss.item()
            first = total if first is None else first
            self.optimizer.step(config.max_norm)
            self.optimizer.zero_grad()
        return first or 0.0

    def arrays(self) -> dict[str, Array]:
        found = {f"weights.{name}": x for name, x in self.module.state_dict().items()}
        return found | {f"optimizer.{name}": x for name, x in self.optimizer.state_dict().items()}

    def load_arrays(self, arrays: Mapping[str, Array]) -> None:
        self.module.load_state_dict(under("weights.", arrays))
        self.optimizer.load_state_dict(under("optimizer.", arrays))


class HeadValue(LearnedValue):
    """V is linear in the policy's own hidden states, after its final norm. They are detached, and read once a step."""

    def __init__(self, model: GPT, learning_rate: float) -> None:
        super().__init__(model.config.d_model, learning_rate)

    def states(self, model: GPT, batch: Batch) -> Tensor:
        with without_dropout(model):
            return model.hidden(batch.ids, batch.starts, batch.prefixes).reshape(len(batch.ids), -1)

    def kept(self, h: Tensor, batch: Batch) -> Tensor | None:
        return h[batch.targets != IGNORE].detach()

    def again(self, kept: Tensor | None, batch: Batch) -> Tensor:
        assert kept is not None
        return kept


class WithHead(Module):
    """A transformer and the head on it."""

    def __init__(self, trunk: GPT, head: Linear) -> None:
        self.trunk, self.head = trunk, head


class NetworkValue(LearnedValue):
    """V is linear in the hidden states of a transformer of its own, all of which learns."""

    def __init__(self, trunk: GPT, learning_rate: float) -> None:
        """trunk: where it begins; it is changed. Give a copy of the policy before RL."""
        self.trunk = trunk
        super().__init__(trunk.config.d_model, learning_rate)

    def trained(self) -> Module:
        return WithHead(self.trunk, self.head)

    def states(self, model: GPT, batch: Batch) -> Tensor:
        with without_dropout(self.trunk):
            return self.trunk.hidden(batch.ids, batch.starts, batch.prefixes).reshape(len(batch.ids), -1)

    def again(self, kept: Tensor | None, batch: Batch) -> Tensor:
        return self.states(self.trunk, batch)[batch.targets != IGNORE]


class MonteCarloValue(Critic):
    """V at the beginning of every sentence is the mean reward of K completions that the policy samples from there."""

    def __init__(self, tokenizer: "Tokenizer", task: Task, seed: int, reward: Reward | None = None) -> None:
        """reward: as in `rollout`."""
        self.tokenizer, self.task, self.seed, self.reward = tokenizer, task, seed, reward
        self.ends = SentenceEnd(tokenizer)
        self.looks = np.zeros(1, np.int64)  # how many steps it has seen; each draws its own numbers

    def look(self, model: GPT, episodes: Sequence[Episode], config: PPOConfig) -> Seen:
        """Raises ValueError for episodes with results of tools: completions could call nothing."""
        if any(episode.forced.any() for episode in episodes):
            raise ValueError("MonteCarloValue: there are results of tools; with tools use the value head or network")
        decisions = [self.sentences(episode.actions) for episode in episodes]
        asked = [(i, start) for i, starts in enumerate(decisions) for start in starts.tolist()]
        limit = config.max_new_tokens
        prefixes = [np.concatenate([episodes[i].prompt, episodes[i].actions[:start]]) for i, start in asked]
        rule = Sampling(config.temperature, max_new_tokens=limit)
        self.looks += 1
        rewards = np.zeros((len(asked), config.value_samples))
        rows = generate_ids(
            model, prefixes, rule, needed_end_tokens(self.tokenizer), seed=(self.seed, int(self.looks[0])),
            samples=config.value_samples, vocabulary=known_tokens(model, self.tokenizer),
        )  # fmt: skip
        for row in rows:
            i, start = asked[row.problem]
            problem, begun = episodes[i].problem, episodes[i].actions[:start]
            text = self.tokenizer.decode(begun, skip_special=True) + said_by(row, self.tokenizer, None)
            finished = row.finished and start + len(row.ids) <= limit  # a longer one would have been cut off
            args = (problem, text, finished)
            got = final_reward(self.task, *args) if self.reward is None else self.reward(*args)
            rewards[row.problem, row.sample] = got
        values = [np.zeros(len(episode.actions)) for episode in episodes]
        for (i, start), mean in zip(asked, rewards.mean(axis=1), strict=True):
            values[i][start:] = mean  # until the next sentence says something else
        return Seen(values, decisions, [])

    def sentences(self, actions: Array) -> Array:
        """Where sentences begin, (k,): at the first token, and after each token that ends one."""
        ended = [t + 1 for t in range(len(actions) - 1) if self.ends(actions[: t + 1])]
        return np.array([0, *ended])

    def arrays(self) -> dict[str, Array]:
        return {"looks": self.looks}

    def load_arrays(self, arrays: Mapping[str, Array]) -> None:
        if set(arrays) != {"looks"}:
            raise ValueError(f"MonteCarloValue: got {sorted(arrays)[:3]}; expected looks")
        self.looks[...] = arrays["looks"]


def make_critic(
    config: PPOConfig, model: GPT, trunk: Callable[[], GPT], tokenizer: "Tokenizer", task: Task, seed: int,
    reward: Reward | None = None,
) -> Critic:  # fmt: skip
    """The value function of a configuration, as it is before the first step. model: the policy. trunk: gives where a
    network begins. seed, reward: of Monte Carlo's completions."""
    if config.value == "head":
        return HeadValue(model, config.value_learning_rate)
    if config.value == "network":
        return NetworkValue(trunk(), config.value_learning_rate)
    if config.value == "monte_carlo":
        return MonteCarloValue(tokenizer, task, stream_seed(seed, "values"), reward)
    return NoValue()


def value_loss(V: Tensor, target: Array, old: Array, clip: float) -> Tensor:
    """1/2 sum max((V - G)^2, (clip(V, V_old - eps, V_old + eps) - G)^2). V, target, old: (n,). clip: eps, 0: off."""
    error = (V - target) * (V - target)
    if clip:
        near = V.clip(old - np.float32(clip), old + np.float32(clip)) - target
        error = F.maximum(error, near * near)
    return error.sum() * 0.5


def chosen_tokens(episode: Episode) -> Array:
    """The tokens that the agent chose, (k,): all but the results of tools."""
    return np.flatnonzero(~episode.forced)


def under(prefix: str, arrays: Mapping[str, Array]) -> dict[str, Array]:
    """The arrays whose names begin with the prefix, without it."""
    return {name.removeprefix(prefix): x for name, x in arrays.items() if name.startswith(prefix)}
