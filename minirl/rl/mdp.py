"""A language model that reasons, as a Markov decision process, one step at a time.

    s_0 = prompt                                         environment.reset(problem)
    a_0 ~ pi(. | s_0)        " Roger"                    agent.act(state, rng)
    s_1 = s_0 followed by a_0                            state.after(action)
    r_0 = 0, as the answer is not there yet              environment.step(action)
    ...
    r_t = 1 for a correct answer, 0 for an incorrect one

The agent is the language model itself, its action is the next token, and its policy is the probability of each token
in the current state. rollout.py does the same for hundreds of episodes at once; tests hold the two together.

Where the agent may call tools, the environment appends more than the action: after a call the result stands in the
next state, in tokens that the agent did not choose.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from textwrap import shorten
from typing import TYPE_CHECKING

import numpy as np

from minirl import kernels
from minirl.autograd import Array, no_grad
from minirl.generate import (
    Prompt,
    Sampling,
    Temperature,
    draw,
    encode_prompt,
    known_tokens,
    needed_end_tokens,
    without_dropout,
)
from minirl.generate.prompts import usual_prompt
from minirl.generate.sampling import MOST, log_pi
from minirl.generate.temperature import scoring_temperatures, temperatures_at
from minirl.model import GPT
from minirl.tasks.task import Problem, Task
from minirl.tools import Toolbox, said

if TYPE_CHECKING:
    from minirl.tokenizer import Tokenizer


@dataclass(frozen=True)
class State:
    """The tokens so far: the prompt, then every action taken. s_0 holds the prompt alone."""

    tokens: tuple[int, ...]
    prompt_length: int
    tokenizer: "Tokenizer | None" = field(default=None, compare=False)
    """Only to show the state as text."""
    forced: int = 0
    """How many of the tokens after the prompt were put there by the environment, as results of tools."""

    def __repr__(self) -> str:
        """State s_2: "Q: ... Reasoning: Roger has"; without a tokenizer its ids, with the prompt's left out."""
        if self.tokenizer is not None:
            return f"State s_{self.step}: {self.tokenizer.decode(self.tokens)!r}"
        return f"State s_{self.step}: {self.prompt_length} tokens of the prompt, then {list(self.actions)}"

    @property
    def step(self) -> int:
        """i in s_i: how many tokens followed the prompt."""
        return len(self.tokens) - self.prompt_length

    @property
    def chosen(self) -> int:
        """How many of these the agent chose; without tools it is all of them."""
        return self.step - self.forced

    @property
    def actions(self) -> tuple[int, ...]:
        """The tokens that followed the prompt."""
        return self.tokens[self.prompt_length :]

    def after(self, action: int, forced: bool = False) -> "State":
        """s_{i+1}: this state followed by the action. Nothing else changes, and nothing is random. forced: whether the
        environment puts the token there."""
        return State((*self.tokens, int(action)), self.prompt_length, self.tokenizer, self.forced + forced)


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
            greedy = np.zeros(len(logits), np.float32)
            greedy[np.argmax(logits[: self.vocabulary])] = 1
            return greedy
        return kernels.fetch(kernels.softmax(np.ascontiguousarray(logits / np.float32(temperature))))

    def temperature_at(self, state: State) -> float:
        """The temperature of the next action."""
        return float(temperatures_at(self.temperature, np.array(state.chosen)))

    def log_prob(self, state: State, action: int) -> float:
        """log pi(action | s), as episodes record it: at temperature 1 where the agent's is 0."""
        logits, temperature = self._logits(state), scoring_temperatures(self.temperature, np.array([state.chosen]))
        return float(log_pi(logits[None], np.array([action]), temperature)[0])

    def act(self, state: State, rng: np.random.Generator) -> int:
        """a ~ pi(. | s). Takes one number from rng."""
        uniform = np.array([rng.random()])
        rule, step = Sampling(self.temperature), np.array([state.chosen])
        ids, _ = draw(self._logits(state)[None], uniform, rule, self.vocabulary, step)
        return int(ids[0])

    @no_grad()
    def _logits(self, state: State) -> Array:
        with without_dropout(self.model):
            return kernels.fetch(self.model(state.tokens).data[0, -1])


class Environment:
    """What the agent acts on: it appends the token, runs tools, decides whether the episode is over, and pays the
    reward."""

    def __init__(
        self,
        tokenizer: "Tokenizer",
        task: Task,
        max_new_tokens: int = 64,
        tools: Toolbox | None = None,
        context_length: int | None = None,
        ask: Callable[[Problem], Prompt] = usual_prompt,
        reward: "Reward | None" = None,
    ) -> None:
        """max_new_tokens: an episode that has not ended after this many actions is cut off, with reward 0. tools: what
        the agent may call. context_length: the most tokens that the agent reads; a longer episode is cut off too, which
        results can cause, as they are no actions. ask: how a problem becomes the prompt s_0: a text, ids or messages.
        reward: pays the last action, in place of the task's checker. Raises ValueError for a tokenizer without a token
        that ends answers."""
        if max_new_tokens < 1:
            raise ValueError(f"Environment: max_new_tokens {max_new_tokens}; expected 1 or more")
        self.tokenizer, self.task, self.max_new_tokens = tokenizer, task, max_new_tokens
        self.tools, self.longest = tools, MOST if context_length is None else context_length
        self.ends, self.ask, self.reward = needed_end_tokens(tokenizer), ask, reward
        self.end = self.ends[0]  # the one that demonstrations end with
        self.problem: Problem | None = None  # None before reset and after the last step
        self.state = State((), 0)
        self.finished = False  # whether the last episode ended with the end token
        self._forced: list[bool] = []

    def reset(self, problem: Problem) -> State:
        """Begin an episode: s_0 is the prompt."""
        prompt = tuple(encode_prompt(self.tokenizer, self.ask(problem)).tolist())
        self.problem, self.state = problem, State(prompt, len(prompt), self.tokenizer)
        self._forced = []
        if self.tools is not None:
            self.turn = self.tools.turn()
        return self.state

    def step(self, action: int) -> tuple[State, float, bool]:
        """Take the action; return (the next state, r_t, whether the episode is over). The next state is s_{t+1}, or a
        later one where the action ended a call: then the result follows in it.

        Raises RuntimeError when no episode is under way, IndexError for an action that is not a token.
        """
        if self.problem is None:
            raise RuntimeError("Environment.step: no episode is under way; call reset(problem) first")
        if not 0 <= action < self.tokenizer.vocab_size:
            raise IndexError(f"Environment.step: action {action} is no token; expected 0 to {len(self.tokenizer) - 1}")
        self.state = self.state.after(action)
        self._forced.append(False)
        over = self.tools is not None and not self._run(self.tools, action)
        self.finished = action in self.ends and not over
        cut_off = self.state.chosen >= self.max_new_tokens or len(self.state.tokens) > self.longest
        if not (self.finished or over or cut_off):
            return self.state, 0.0, False
        if self.reward is None:
            reward = final_reward(self.task, self.problem, self.text, self.finished)
        else:
            reward = self.reward(self.problem, self.text, self.finished)
        self.problem = None
        return self.state, reward, True

    @property
    def text(self) -> str:
        """What the agent said in this episode so far, which the checker reads: no special tokens, and where there are
        tools no calls and no results."""
        if self.tools is None:
            return self.tokenizer.decode(self.state.actions, skip_special=True)
        return said(self.tokenizer, np.array(self.state.actions), self.forced)

    @property
    def forced(self) -> Array:
        """(n,) bool: which tokens after the prompt the environment put there."""
        return np.array(self._forced, bool)

    def _run(self, tools: Toolbox, action: int) -> bool:
        """Where the action ends a call, append the result. Whether the episode may go on."""
        if not tools.watched[action]:
            return True
        left = self.longest - len(self.state.tokens) if self.state.chosen < self.max_new_tokens else 0
        result = self.turn.heed(np.array(self.state.actions, np.int32), left)
        if result is None:
            return False
        for token in result.tolist():
            self.state = self.state.after(token, forced=True)
            self._forced.append(True)
        return True


Reward = Callable[[Problem, str, bool], float]
"""A reward of your own: (problem, what the agent said, whether it ended by itself) -> the reward of the last action.

It may also have a method `many(problems, texts, finished)` that returns all rewards of a rollout at once, (episodes,).
"""


def final_reward(task: Task, problem: Problem, text: str, finished: bool) -> float:
    """The reward of the last action: 1 for a correct answer, 0 for an incorrect one. text: what the agent said.

    An episode that was cut off gets 0, because its answer may be incomplete: "Answer: 1" may be the beginning of 18.
    """
    return float(finished and task.checker.check(problem, text))


@dataclass(frozen=True)
class Episode:
    """s_0, a_0, r_0, s_1, a_1, r_1, ...: the prompt, the agent's actions and its reward. n is the number of actions.

    With tools, the tokens of results stand among the actions; `forced` says which they are.
    """

    problem: Problem
    prompt: Array
    """(P,) int32: s_0."""
    actions: Array
    """(n,) int32, the end token included."""
    log_probs: Array
    """(n,) float32: log pi(a_t | s_t) under the policy that acted, at the temperature of the step; at temperature 1
    where that is 0. For a forced token it is 0."""
    reward: float
    """The reward of the last action; every other action has reward 0."""
    finished: bool
    """Whether the episode ended with the end token; otherwise it was cut off, or a mark was misplaced."""
    text: str
    """What the agent said: the actions as text, without special tokens, calls of tools and their results."""
    forced: Array
    """(n,) bool: True where the environment put the token there, and the agent did not choose it. Such a token has no
    gradient."""

    def __repr__(self) -> str:
        about = f"{len(self.actions)} actions, reward {self.reward:g}{'' if self.finished else ', cut off'}"
        return f"Episode({shorten(self.problem.question, 60)!r}, {self.text!r}, {about})"

    def steps(self, tokenizer: "Tokenizer | None" = None) -> Iterator[tuple[State, int, float]]:
        """(s_t, a_t, r_t) for t = 0, 1, ... tokenizer: only to show the states as text."""
        state = State(tuple(self.prompt.tolist()), len(self.prompt), tokenizer)
        for t, (action, forced) in enumerate(zip(self.actions.tolist(), self.forced.tolist(), strict=True)):
            yield state, action, self.reward if t == len(self.actions) - 1 else 0.0
            state = state.after(action, forced)


def play(agent: Agent, environment: Environment, problem: Problem, rng: np.random.Generator) -> Episode:
    """One episode, token by token: slow but plain. What the agent receives next is what it just produced."""
    state, done, reward = environment.reset(problem), False, 0.0
    log_probs: list[float] = []
    while not done:
        action = agent.act(state, rng)
        log_probs.append(agent.log_prob(state, action))
        state, reward, done = environment.step(action)
        log_probs += [0.0] * (state.step - len(log_probs))  # for the tokens that the environment put there
    return Episode(
        problem,
        prompt=np.array(state.tokens[: state.prompt_length], np.int32),
        actions=np.array(state.actions, np.int32),
        log_probs=np.array(log_probs, np.float32),
        reward=reward,
        finished=environment.finished,
        text=environment.text,
        forced=environment.forced,
    )
