"""The environment with Gymnasium's interface (Towers et al. 2024), so that Gymnasium's own checker and tools accept it.

Nothing else in minirl needs Gymnasium: `pip install gymnasium` before importing this module.
"""

from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

from minirl.autograd import Array
from minirl.rl.mdp import Environment, State
from minirl.tasks.task import Problem

Step = tuple[Array, float, bool, bool, dict[str, Any]]


class GymEnvironment(gymnasium.Env[Array, np.int64]):
    """mdp.Environment as a gymnasium.Env.

    action: a token id, Discrete(V). observation: (capacity,) int64, the state's tokens, padded with V. terminated: the
    agent ended its answer. truncated: the answer was cut off. info: "text" (the answer so far) and "question".
    """

    metadata: dict[str, Any] = {"render_modes": ["ansi"]}  # noqa: RUF012 (Gymnasium reads it from the class)

    def __init__(self, environment: Environment, problems: Sequence[Problem], render_mode: str | None = None) -> None:
        """problems: what reset draws from, unless options={"problem": Problem} names one."""
        if not problems:
            raise ValueError("GymEnvironment: there are no problems to draw from; pass task.problems('train', 100)")
        self.environment, self.problems, self.render_mode = environment, list(problems), render_mode
        vocabulary = environment.tokenizer.vocab_size
        longest = max(len(environment.tokenizer.encode(problem.prompt)) for problem in problems)
        self.most_new = environment.max_new_tokens
        if environment.tools is not None:
            self.most_new += environment.tools.most_forced(environment.max_new_tokens)
        self.capacity = longest + self.most_new
        self.action_space = spaces.Discrete(vocabulary)
        self.observation_space = spaces.MultiDiscrete(np.full(self.capacity, vocabulary + 1))

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Array, dict[str, Any]]:
        """Begin an episode; a seed starts the stream that later resets draw their problems from."""
        super().reset(seed=seed)
        problem = (options or {}).get("problem")
        if problem is None:
            problem = self.problems[self.np_random.integers(len(self.problems))]
        self.question = problem.question
        state = self.environment.reset(problem)
        if state.prompt_length + self.most_new > self.capacity:
            raise ValueError(
                f"GymEnvironment: the prompt has {state.prompt_length} tokens; with {self.most_new} "
                f"more it does not fit into observations of {self.capacity}; pass it among problems"
            )
        return self._observation(state), self._info(state)

    def step(self, action: np.int64) -> Step:
        state, reward, done = self.environment.step(int(action))
        ended = done and self.environment.finished
        return self._observation(state), reward, ended, done and not ended, self._info(state)

    def render(self) -> str:
        """The state as text."""
        return self.environment.tokenizer.decode(self.environment.state.tokens)

    def _observation(self, state: State) -> Array:
        tokens = np.full(self.capacity, self.environment.tokenizer.vocab_size, np.int64)
        tokens[: len(state.tokens)] = state.tokens
        return tokens

    def _info(self, state: State) -> dict[str, Any]:
        return {"question": self.question, "text": self.environment.text}
