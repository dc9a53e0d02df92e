"""A language model that reasons, as a Markov decision process, one step at a time.

    s_0 = prompt                                         environment.reset(problem)
    a_0 ~ pi(. | s_0)        " Roger"                    agent.act(state, rng)
    s_1 = s_0 followed by a_0                            state.after(action)
    r_0 = 0, as the answer is not there yet              environment.step(action)
    ...
    r_t = 1 for a correct answer, 0 for an incorrect one

The agent is the language model itself, its action is the next token, and its policy is the probability of each token
in the current state. rollout.py does the same for hundreds of episodes at once; tests hold the two together.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from textwrap import shorten
from typing import TYPE_CHECKING

import numpy as np

from minirl import kernels
from minirl.autograd import Array, no_grad
from minirl.generate import Sampling, Temperature, draw, end_token, known_tokens, without_dropout
from minirl.generate.sampling import log_pi
from minirl.generate.temperature import scoring_temperatures, temperatures_at
from minirl.model import GPT
from minirl.tasks.task import Problem, Task

if TYPE_CHECKING:
    from minirl.tokenizer import Tokenizer


@dataclass(frozen=True)
class State:
    """The tokens so far: the prompt, then every action taken. s_0 holds the prompt alone."""

    tokens: tuple[int, ...]
    prompt_length: int
    tokenizer: "Tokenizer | None" = field(default=None, compare=False)
    """Only to show the state as text."""

    def __repr__(self) -> str:
        """State s_2: "Q: ... Reasoning: Roger has"; without a tokenizer its ids, with the prompt's left out."""
        if self.tokenizer is not None:
            return f"State s_{self.step}: {self.tokenizer.decode(self.tokens)!r}"
        return f"State s_{self.step}: {self.prompt_length} tokens of the prompt, then {list(self.actions)}"

    @property
    def step(self) -> int:
        """i in s_i: how many actions led here."""
        return len(self.tokens) - self.prompt_length

    @property
    def actions(self) -> tuple[int, ...]:
        """The tokens that followed the prompt."""
        return self.tokens[self.prompt_length :]

    def after(self, action: int) -> "State":
        """s_{i+1}: this state followed by the action. Nothing else changes, and nothing is random."""
        return State((*self.tokens, int(action)), self.prompt_length, self.tokenizer)


class Agent:
    """The agent is the language model itself."""

    def __init__(self, model: GPT, tokenizer: "Tokenizer", temperature: Temperature = 1.0) -> None:
        """temperature: the policy is softmax(logits / temperature); 0 puts all probability on the most likely token. A
        Schedule gives each step its own.

        Raises ValueError for a tokenizer with more tokens than the model. Surplus ids of the model are never drawn."""
        self.model, self.tokenizer, self.temperature = model, tokenizer, temperature
        self.vocabulary = known_tokens(model, tokenizer)

    def policy(self, state: State) -> Array:
        """pi(. | s): the probability of every token as the next action, (V,)."""
        logits, temperature = self._logits(state), self.temperature_at(state)
        if temperature == 0:
            greedy = kernels.zeros(len(logits), np.float32)
            greedy[np.argmax(logits[: self.vocabulary])] = 1
            return greedy
        return kernels.softmax(np.ascontiguousarray(logits / np.float32(temperature)))

    def temperature_at(self, state: State) -> float:
        """The temperature of the next action."""
        return float(temperatures_at(self.temperature, np.array(state.step)))

    def log_prob(self, state: State, action: int) -> float:
        """log pi(action | s), as episodes record it: at temperature 1 where the agent's is 0."""
        logits, temperature = self._logits(state), scoring_temperatures(self.temperature, np.array([state.step]))
        return float(log_pi(logits[None], np.array([action]), temperature)[0])

    def act(self, state: State, rng: np.random.Generator) -> int:
        """a ~ pi(. | s). Takes one number from rng."""
        uniform = np.array([rng.random()])
        rule, step = Sampling(self.temperature), np.array([state.step])
        ids, _ = draw(self._logits(state)[None], uniform, rule, self.vocabulary, step)
        return int(ids[0])

    @no_grad()
    def _logits(self, state: State) -> Array:
        with without_dropout(self.model):
            return self.model(state.tokens).data[0, -1]


class Environment:
    """What the agent acts on: it appends the token, decides whether the episode is over, and pays the reward."""

    def __init__(self, tokenizer: "Tokenizer", task: Task, max_new_tokens: int = 64) -> None:
        """max_new_tokens: an episode that has not ended after this many actions is cut off, with reward 0."""
        if max_new_tokens < 1:
            raise ValueError(f"Environment: max_new_tokens {max_new_tokens}; expected 1 or more")
        self.tokenizer, self.task, self.max_new_tokens = tokenizer, task, max_new_tokens
        self.end = end_token(tokenizer)
        self.problem: Problem | None = None  # None before reset and after the last step
        self.state = State((), 0)

    def reset(self, problem: Problem) -> State:
        """Begin an episode: s_0 is the prompt."""
        prompt = tuple(self.tokenizer.encode(problem.prompt))
        self.problem, self.state = problem, State(prompt, len(prompt), self.tokenizer)
        return self.state

    def step(self, action: int) -> tuple[State, float, bool]:
        """Take the action; return (s_{t+1}, r_t, whether the episode is over).

        Raises RuntimeError when no episode is under way, IndexError for an action that is not a token.
        """
        if self.problem is None:
            raise RuntimeError("Environment.step: no episode is under way; call reset(problem) first")
        if not 0 <= action < self.tokenizer.vocab_size:
            raise IndexError(f"Environment.step: action {action} is no token; expected 0 to {len(self.tokenizer) - 1}")
        self.state = self.state.after(action)
        finished = action == self.end
        if not finished and self.state.step < self.max_new_tokens:
            return self.state, 0.0, False
        text = self.tokenizer.decode(self.state.actions, skip_special=True)
        reward = final_reward(self.task, self.problem, text, finished)
        self.problem = None
        return self.state, reward, True


def final_reward(task: Task, problem: Problem, text: str, finished: bool) -> float:
    """The reward of the last action: 1 for a correct answer, 0 for an incorrect one.

    An episode that was cut off gets 0, because its answer may be incomplete: "Answer: 1" may be the beginning of 18.
    """
    return float(finished and task.checker.check(problem, text))


@dataclass(frozen=True)
class Episode:
    """s_0, a_0, r_0, s_1, a_1, r_1, ...: the prompt, the agent's actions and its reward. n is the number of actions."""

    problem: Problem
    prompt: Array
    """(P,) int32: s_0."""
    actions: Array
    """(n,) int32, the end token included."""
    log_probs: Array
    """(n,) float32: log pi(a_t | s_t) under the policy that acted, at the temperature of the step; at temperature 1
    where that is 0."""
    reward: float
    """The reward of the last action; every other action has reward 0."""
    finished: bool
    """Whether the episode ended with the end token; otherwise it was cut off."""
    text: str
    """The actions as text, without special tokens."""
    forced: Array
    """(n,) bool: True where the environment put the token there, and the agent did not choose it. Such a token has no
    gradient."""

    def __repr__(self) -> str:
        about = f"{len(self.actions)} actions, reward {self.reward:g}{'' if self.finished else ', cut off'}"
        return f"Episode({shorten(self.problem.question, 60)!r}, {self.text!r}, {about})"

    def steps(self, tokenizer: "Tokenizer | None" = None) -> Iterator[tuple[State, int, float]]:
        """(s_t, a_t, r_t) for t = 0, 1, ... tokenizer: only to show the states as text."""
        state = State(tuple(self.prompt.tolist()), len(self.prompt), tokenizer)
        for t, action in enumerate(self.actions.tolist()):
            yield state, action, self.reward if t == len(self.actions) - 1 else 0.0
            state = state.after(action)


def play(agent: Agent, environment: Environment, problem: Problem, rng: np.random.Generator) -> Episode:
    """One episode, token by token: slow but plain. What the agent receives next is what it just produced."""
    state, done, reward = environment.reset(problem), False, 0.0
    log_probs = []
    while not done:
        action = agent.act(state, rng)
        log_probs.append(agent.log_prob(state, action))
        state, reward, done = environment.step(action)
    return Episode(
        problem,
        prompt=np.array(state.tokens[: state.prompt_length], np.int32),
        actions=np.array(state.actions, np.int32),
        log_probs=np.array(log_probs, np.float32),
        reward=reward,
        finished=state.actions[-1] == environment.end,
        text=agent.tokenizer.decode(state.actions, skip_special=True),
        forced=np.zeros(len(state.actions), bool),
    )
