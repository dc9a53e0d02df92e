"""Preflight: before reinforcement learning starts, check whether there is anything to learn from.

The model learns from differences in reward. If all samples of a problem fail, or all succeed, their advantages are 0,
and so is the gradient. RL would then run for hours without an error and without an effect.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from minirl.generate import Prompt, Seed
from minirl.generate.prompts import usual_prompt
from minirl.model import GPT
from minirl.rl.advantage import informative
from minirl.rl.rollout import rollout
from minirl.tasks.task import Problem, Task
from minirl.tools import Toolbox

if TYPE_CHECKING:
    from minirl.tokenizer import Tokenizer

FEW = 0.05  # with a smaller share of informative problems, almost no step has an effect


@dataclass(frozen=True)
class Preflight:
    """What the samples show before any update. All shares lie between 0 and 1."""

    problems: int
    samples: int
    pass_1: float
    """Share of samples that are correct."""
    pass_k: float
    """Share of problems with at least one correct sample among `samples`."""
    informative: float
    """Share of problems with correct and incorrect samples: only these have a gradient."""
    finished: float
    """Share of samples that ended with the end token within max_new_tokens."""
    answer_tokens: float
    """Mean number of tokens per sample."""
    max_new_tokens: int

    @property
    def ready(self) -> bool:
        """Whether RL has something to learn from."""
        return self.informative >= FEW

    def advice(self) -> str:
        """What to change, or that nothing has to change."""
        if self.ready:
            return (
                f"RL has something to learn from: in {self.informative:.0%} of the problems samples differ in reward."
            )
        found = f"There is next to nothing to learn from: in {self.informative:.0%} of the problems samples differ in "
        found += "reward, and only those have a gradient. "
        if self.finished < 0.5:
            return (
                found + f"{1 - self.finished:.0%} of the samples were cut off at {self.max_new_tokens} tokens, which "
                "counts as wrong: raise max_new_tokens if demonstrations are longer than that, else give SFT more "
                "steps, until the model has learned to end with <|end|>."
            )
        if self.pass_1 > 0.5:
            return found + "Most samples are right already: choose harder problems, or a higher temperature."
        return (
            found + "The model almost never finds an answer: give SFT more demonstrations or more steps, choose easier "
            "problems, or take more samples a problem; a higher temperature helps where all samples are alike."
        )

    def __str__(self) -> str:
        return (
            f"preflight: {self.problems} problems, {self.samples} samples each, before any update\n"
            f"  pass@1                  {self.pass_1:6.1%}   of all samples are right\n"
            f"  pass@{self.samples:<18} {self.pass_k:6.1%}   of problems have a right sample\n"
            f"  informative             {self.informative:6.1%}   of problems have right and wrong samples\n"
            f"  finished                {self.finished:6.1%}   of samples end by themselves\n"
            f"  length                  {self.answer_tokens:6.1f}   tokens a sample, of {self.max_new_tokens} allowed\n"
            f"{self.advice()}"
        )


def preflight(
    model: GPT,
    tokenizer: "Tokenizer",
    task: Task,
    problems: Sequence[Problem],
    *,
    samples: int = 8,
    temperature: float = 1.0,
    max_new_tokens: int = 64,
    seed: Seed = 0,
    tools: Toolbox | None = None,
    ask: Callable[[Problem], Prompt] = usual_prompt,
) -> Preflight:
    """Sample each problem as RL would. Print the result: if RL would learn nothing, it says what to change.
    ask: how a problem becomes a prompt."""
    if not problems:
        raise ValueError("preflight: there are no problems; pass some of the training split, 64 say")
    episodes = rollout(
        model, tokenizer, task, problems, samples, temperature=temperature, max_new_tokens=max_new_tokens, seed=seed,
        tools=tools, ask=ask,
    )  # fmt: skip
    rewards = np.array([episode.reward for episode in episodes]).reshape(len(problems), samples)
    return Preflight(
        problems=len(problems),
        samples=samples,
        pass_1=float(rewards.mean()),
        pass_k=float(rewards.max(axis=1).mean()),
        informative=float(informative(rewards).mean()),
        finished=float(np.mean([episode.finished for episode in episodes])),
        answer_tokens=float(np.mean([(~episode.forced).sum() for episode in episodes])),
        max_new_tokens=max_new_tokens,
    )
