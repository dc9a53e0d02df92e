"""Let an agent answer, and record its policy at every step: a Trace, which a notebook shows as a page."""

import html
from collections.abc import Callable, Sequence
from dataclasses import replace
from textwrap import shorten

import numpy as np

from minirl.autograd import Array
from minirl.generate.prompts import Prompt, usual_prompt
from minirl.generate.temperature import always_zero
from minirl.microscope.moment import Choice, Moment, Origin, TraceData, signed
from minirl.microscope.page import page
from minirl.rl.advantage import advantages
from minirl.rl.mdp import Agent, Episode
from minirl.rl.rollout import rollout
from minirl.tasks import Problem, Task
from minirl.tools import Kind, Toolbox, tagged

HEIGHT = 860  # pixels of the page in a notebook


class Trace(TraceData):
    """An episode, seen from close up. As the value of a notebook cell it is the interactive page."""

    def __repr__(self) -> str:
        about = [f"{len(self.moments)} actions"]
        if self.reward is not None:
            about.append(f"reward {self.reward:g}")
        if self.advantage is not None:
            about.append(f"advantage {signed(f'{self.advantage:+.2f}')}")
        if self.origin is not None:
            about.append(f"{self.origin.run} after {self.origin.stage}")
        return f"Trace({shorten(self.problem.question, 60)!r}, {self.text!r}, {', '.join(about)})"

    def _repr_html_(self) -> str:
        """The page in a frame of its own: its styles do not touch the notebook, nor its script the other cells."""
        return (
            f'<iframe srcdoc="{html.escape(page(self))}" sandbox="allow-scripts" title="minirl token microscope" '
            f'width="100%" height="{HEIGHT}" style="border: 0; border-radius: 12px"></iframe>'
        )


def record(
    agent: Agent, task: Task, problem: Problem, *, samples: int, max_new_tokens: int, kind: str, seed: int = 0,
    top: int = 5, known: bool = True, origin: Origin | None = None, tools: Toolbox | None = None,
    ask: Callable[[Problem], Prompt] = usual_prompt, valued: "Valued | None" = None,
) -> Trace:  # fmt: skip
    """Let the agent answer, and look at its first answer.

    samples: episodes of the prompt, which the advantage compares by its `kind`; at temperature 0 all would be the same,
    so there is one. known: whether problem.answer is the right answer. tools: what the agent may call. ask: how the
    problem becomes a prompt. valued: what a value function says of the episode; its advantages need a known answer.
    Raises ValueError where the prompt and max_new_tokens do not fit into the model's context, and for a number out of
    its range.
    """
    size = agent.tokenizer.vocab_size
    if not 1 <= top <= size:
        raise ValueError(f"top is {top}; give 1 to {size}, the number of tokens that the model knows")
    for name, number in (("samples", samples), ("max_new_tokens", max_new_tokens)):
        if number < 1:
            raise ValueError(f"{name} is {number}; give 1 or more")
    alone = always_zero(agent.temperature) or not known
    episodes = rollout(
        agent.model, agent.tokenizer, task, [problem], 1 if alone else samples,
        temperature=agent.temperature, max_new_tokens=max_new_tokens, seed=seed, tools=tools, ask=ask,
    )  # fmt: skip
    rewards = [episode.reward for episode in episodes]
    advantage = float(advantages(np.array([rewards]), kind)[0, 0]) if len(rewards) > 1 else None
    trace = look(agent, episodes[0], rewards if known else None, advantage, kind, top, origin)
    return trace if valued is None else with_values(trace, *valued(episodes[0]))


Valued = Callable[[Episode], tuple[Array, Array, Array]]
"""An episode -> V(s_t), the advantage A_t and the reward r_t of each of its n tokens, (n,) each."""


def with_values(trace: Trace, values: Array, A: Array, rewards: Array) -> Trace:
    """The trace with what a value function says at each step. Without a right answer only the values are known."""
    known = trace.rewards is not None
    moments = [
        moment if moment.forced else moment._replace(
            value=float(values[t]), advantage=float(A[t]) if known else None,
            reward=float(rewards[t]) if known else moment.reward,
        )
        for t, moment in enumerate(trace.moments)
    ]  # fmt: skip
    return replace(trace, moments=moments)


def look(
    agent: Agent, episode: Episode, rewards: Sequence[float] | None, advantage: float | None, kind: str, top: int = 5,
    origin: Origin | None = None,
) -> Trace:  # fmt: skip
    """Go through an episode again and note what the policy was at each step."""
    tokenizer, decoder = agent.tokenizer, agent.tokenizer.stream_decoder()
    prompt = [decoder.push(token) for token in episode.prompt.tolist()]
    moments = []
    forced_flags = episode.forced.tolist()
    kinds: list[Kind] = ["said"] * len(forced_flags)
    if episode.forced.any():  # otherwise marks are tokens like others
        kinds = [spoken for spoken, _ in tagged(tokenizer, zip(episode.actions.tolist(), forced_flags, strict=True))]
    recorded = zip(episode.steps(tokenizer), episode.log_probs.tolist(), forced_flags, kinds, strict=True)
    for (state, action, reward), log_prob, forced, spoken in recorded:
        policy = agent.policy(state).astype(np.float64)
        best = np.argsort(-policy, kind="stable")[:top]
        moments.append(
            Moment(
                state.step,
                state,
                [Choice(tokenizer.decode([i]), float(policy[i]), i == action) for i in best.tolist()],
                tokenizer.decode([action]),
                decoder.push(action),
                probability=float(policy[action]),
                log_prob=log_prob,
                rank=int((policy > policy[action]).sum()),
                entropy=max(0.0, -float((policy * np.log(np.where(policy > 0, policy, 1))).sum())),
                reward=reward,
                forced=forced,
                kind=spoken,
            )
        )
    return Trace(
        episode.problem, prompt, moments, episode.finished, list(rewards) if rewards is not None else None, advantage,
        kind, origin,
    )  # fmt: skip
