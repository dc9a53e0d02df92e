"""Answers of a run's model to problems of a split, several to each: what every experiment here begins with."""

from collections.abc import Sequence
from typing import NamedTuple

from minirl import kernels
from minirl.model import GPT
from minirl.rl.mdp import Episode
from minirl.rl.rollout import rollout
from minirl.runs import Run
from minirl.streams import stream_seed
from minirl.tasks import Problem, Task
from minirl.tokenizer import Tokenizer


class Answered(NamedTuple):
    """A run's model after a stage, and its answers."""

    model: GPT
    tokenizer: Tokenizer
    task: Task
    problems: list[Problem]
    episodes: list[Episode]
    """`samples` of each problem, problem by problem; their reward is the checker's."""
    samples: int

    def groups(self) -> list[list[Episode]]:
        """The episodes of each problem."""
        return [self.episodes[i : i + self.samples] for i in range(0, len(self.episodes), self.samples)]


def answers(run: Run, stage: str, split: str | None, problems: int, samples: int, seed: int) -> Answered:
    """`samples` answers at temperature 1 to `problems` problems. split: by default unseen, where the task has it, else
    test. Raises ValueError for numbers below 1, FileNotFoundError where the run has not finished the stage."""
    for name, number in (("problems", problems), ("samples", samples)):
        if number < 1:
            raise ValueError(f"--{name} is {number}; give 1 or more")
    task, tokenizer = run.task(), run.tokenizer()
    split = split or ("unseen" if "unseen" in task.splits else "test")
    with kernels.using_precision(run.config.precision):
        model = run.model(stage)
        chosen = task.problems(split, problems, stream_seed(seed, "problems of rewards"))
        episodes = rollout(
            model, tokenizer, task, chosen, samples, max_new_tokens=run.config.rl.max_new_tokens,
            seed=stream_seed(seed, "samples of rewards"),
        )  # fmt: skip
    return Answered(model, tokenizer, task, chosen, episodes, samples)


def percent(value: float) -> str:
    """A share in percent, with one decimal."""
    return f"{100 * value:.1f}"


def markdown(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of Markdown under its title, as docs/rewards.md has them."""
    lines = [f"{title}\n", f"| {' | '.join(header)} |", f"|{'|'.join(['---', *['---:'] * (len(header) - 1)])}|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])
