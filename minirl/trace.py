"""Walk through one episode, token by token, in the words of the notes: python -m minirl.trace RUN ["question"]

At each step: the state s_t, the policy pi(. | s_t) as bars, the action a_t that was taken, the reward r_t.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import tyro
from rich.console import Console
from rich.text import Text

from minirl.rl.mdp import Agent, Environment, State
from minirl.tasks import Problem, Task, get
from minirl.tasks.checker import parse_number
from minirl.train.program import ROGER
from minirl.train.run import Run

BAR = 30  # characters of a bar of probability 1
UNKNOWN = "?"  # stands for an answer that was not given; no text is right then


@dataclass
class Arguments:
    run: Annotated[Path, tyro.conf.Positional]
    """Folder of a run, such as runs/roger."""
    question: Annotated[str, tyro.conf.Positional] = ROGER
    """The question; by default the notes' own, whose answer is 11."""
    answer: str | None = None
    """The right answer, a number or words, for the reward."""
    stage: str | None = None
    """Whose model: pretrain, sft or rl. Default: the last there is."""
    top: int = 5
    """Words of the policy that are shown, the likeliest first."""
    temperature: float = 1.0
    """Of the policy; 0 puts all probability on the likeliest token."""
    max_new_tokens: int = 64
    """Actions after which the episode is cut off."""
    seed: int = 0
    """Seed of the actions."""


class Step(NamedTuple):
    """One step of an episode: what the agent saw, might have done, did, and got."""

    state: State
    choices: list[tuple[str, float]]
    action: str
    reward: float


def main(argv: Sequence[str] | None = None) -> int:
    """The program; returns its exit status."""
    arguments = tyro.cli(Arguments, args=argv, prog="python -m minirl.trace", description=__doc__)
    answer = arguments.answer or ("11" if arguments.question == ROGER else None)
    console = Console(highlight=False)
    try:
        run = Run.open(arguments.run)
        agent = Agent(run.model(arguments.stage), run.tokenizer(), arguments.temperature)
        problem = Problem(arguments.question, "", answer or UNKNOWN, arguments.question)
        show_prompt(problem, console)
        steps = episode(agent, problem, arguments.max_new_tokens, arguments.top, np.random.default_rng(arguments.seed))
        for step in steps:
            show(step, agent, console, rewarded=answer is not None)
    except (FileNotFoundError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    if answer is None:
        console.print("The reward is not known: give the right answer with --answer.")
    return 0


def checked_by(answer: str) -> Task:
    """A task whose checker can judge this answer: by number, or by words."""
    return get("science" if parse_number(answer) is None else "word_problems")


def episode(agent: Agent, problem: Problem, max_new_tokens: int, top: int, rng: np.random.Generator) -> Iterator[Step]:
    """One episode, step by step as it happens."""
    tokenizer = agent.tokenizer
    environment = Environment(tokenizer, checked_by(problem.answer), max_new_tokens)
    state, done = environment.reset(problem), False
    while not done:
        policy = agent.policy(state)
        likeliest = np.argsort(-policy, kind="stable")[:top]
        choices = [(tokenizer.decode([int(token)]), float(policy[token])) for token in likeliest]
        action = agent.act(state, rng)
        after, reward, done = environment.step(action)
        yield Step(state, choices, tokenizer.decode([action]), reward)
        state = after


def show_prompt(problem: Problem, console: Console) -> None:
    console.print(Text.assemble(("prompt\n", "bold"), problem.prompt, "\n"))


def show(step: Step, agent: Agent, console: Console, rewarded: bool) -> None:
    """The state in the notes' way, (prompt, Roger, has), then the bars, the action and the reward."""
    t = step.state.step
    taken = "".join(f", {visible(agent.tokenizer.decode([token]))}" for token in step.state.actions)
    console.print(Text.assemble((f"s_{t}", "bold"), f" = (prompt{taken})"))
    width = max(len(visible(word)) for word, _ in step.choices)
    for word, probability in step.choices:
        chosen = word == step.action
        bar = "█" * round(BAR * probability) or "▏"
        line = f"   {visible(word):>{width}}  {bar:<{BAR}} {probability:6.1%}"
        console.print(Text(line, style="bold green" if chosen else ""))
    reward = f"{step.reward:g}" if rewarded or not step.reward else "?"
    console.print(
        Text.assemble((f"a_{t}", "bold"), f" = {visible(step.action)}    ", (f"r_{t}", "bold"), f" = {reward}\n")
    )


def visible(word: str) -> str:
    """A token's text on one line: its leading space dropped, as in the notes, a line break as its sign."""
    return word.strip(" ").replace("\n", "↵") or "␣"


if __name__ == "__main__":
    sys.exit(main())
