"""Walk through one episode, token by token: python -m minirl.trace RUN ["question"]

Each step shows the state s_t, the policy pi(. | s_t) as bars, the action a_t that was taken, its log-probability, the
entropy of the policy and the reward r_t. Then come the return, the advantage among several episodes of the same prompt,
and whether training would make the actions likelier. Without a question the run's dev problems are searched for an
informative one, whose episodes are some right and some wrong; "roger" stands for our running example.

    python -m minirl.trace runs/roger --html episode.html --png episode.png
    python -m minirl.trace runs/roger roger
    python -m minirl.trace runs/roger "Tom has 3 pens and buys 4 more. How many pens does he have?" --answer 7

--html writes an interactive page, --png an image.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro
from rich.console import Console
from rich.text import Text

from minirl import flags, microscope
from minirl.console import printable, run_program
from minirl.generate import parse_temperature
from minirl.microscope import Moment, Trace, signed, visible
from minirl.runs import open_run
from minirl.storage.files import atomic_write

BAR = 30  # characters of a bar of probability 1


@dataclass
class Arguments:
    run: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="RUN")]
    """Folder of a run, such as runs/roger; or of a model, or a GGUF file."""
    question: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="[QUESTION]")] = "informative"
    """The question. "informative": the first dev problem whose episodes are some right and some wrong. "roger":
    our running example, whose answer is 11."""
    answer: str | None = None
    """The right answer, which reward and advantage need. Default: the run's own, if it knows the question."""
    stage: str | None = None
    """Which checkpoint: pretrain, sft or rl. Default: the latest."""
    top: int = 5
    """How many of the policy's most likely tokens each step shows; the action is always shown."""
    temperature: str = "1"
    """Of the policy; 0 puts all probability on the most likely token. 1.5:0.3/20 falls from 1.5 to 0.3 over the first
    20 tokens, 1.5:0.3/20/exp by a factor per token."""
    samples: int | None = None
    """Episodes of the prompt, which the advantage compares; the first is shown. Default: as in the run's RL."""
    max_new_tokens: int | None = None
    """Actions after which an episode is cut off. Default: as in the run's RL."""
    seed: int = 0
    """Seed of the actions."""
    tools: tuple[str, ...] | None = None
    """Tools that the model may call, such as calculator. Default: those of the run's task; --tools alone: none."""
    values: Literal["learned", "samples", "none"] | None = None
    """Also show V(s_t) and each action's own advantage. "learned": by the value function of a run with PPO, the default
    there; "samples": the mean reward of 16 completions from the beginning of each sentence; "none"."""
    html: Path | None = None
    """Write an interactive page for the browser: one file, which needs nothing else."""
    png: Path | None = None
    """Write an image."""


def main(argv: Sequence[str] | None = None) -> int:
    """The program; returns its exit status."""
    arguments = flags.parse(Arguments, argv, "python -m minirl.trace", __doc__)
    console = Console(highlight=False)
    try:
        run = open_run(arguments.run)
        trace = run.trace(
            arguments.question, arguments.answer, stage=arguments.stage, top=arguments.top,
            temperature=parse_temperature(arguments.temperature), samples=arguments.samples,
            max_new_tokens=arguments.max_new_tokens, seed=arguments.seed, tools=arguments.tools,
            values=arguments.values,
        )  # fmt: skip
        if arguments.html is not None:
            with atomic_write(arguments.html) as file:
                file.write(microscope.page(trace))
        if arguments.png is not None:
            microscope.draw(trace).save(arguments.png)
    except (OSError, ValueError) as error:
        print(printable(str(error)), file=sys.stderr)
        return 1
    show(trace, console)
    for written in (arguments.html, arguments.png):
        if written is not None:
            console.print(Text(f"written: {written}"))
    return 0


# ---- in the terminal ----


def show(trace: Trace, console: Console) -> None:
    """The whole episode."""
    if trace.origin is not None and trace.origin.chosen:
        console.print(Text(f"{trace.origin.chosen}\n", style="dim"))
    console.print(Text.assemble(("prompt\n", "bold"), printable(trace.problem.prompt), "\n"))
    for moment in trace.moments:
        show_moment(trace, moment, console)
    if trace.reward is not None:
        console.print(f"return G = {trace.reward:g}, at every step")
    if trace.advantage is not None and trace.rewards is not None:
        advantage, kind = signed(f"{trace.advantage:+.3f}"), trace.kind.replace("_", " ")
        console.print(f"advantage A = {advantage} ({kind}; episodes of this prompt: {trace.right()})")
    console.print(Text(trace.gradient()))


def show_moment(trace: Trace, moment: Moment, console: Console) -> None:
    """The state as (prompt, Roger, has), then the bars, the action and its numbers. A token that the environment put
    there is shown alone: nobody chose it."""
    t = moment.t
    if moment.forced:
        console.print(
            Text.assemble(
                (f"a_{t}", "bold"), f" = {visible(moment.action)}    ", ("result of the tool, not chosen", "cyan")
            )
        )
        if t + 1 == len(trace.moments) or not trace.moments[t + 1].forced:
            console.print()
        return
    taken = "".join(f", {visible(earlier.action)}" for earlier in trace.moments[:t])
    console.print(Text.assemble((f"s_{t}", "bold"), f" = (prompt{taken})"))
    bars = moment.bars()
    width = max(len(visible(choice.word)) for choice in bars)
    for word, probability, chosen in bars:
        bar = "█" * round(BAR * probability) or "▏"
        line = f"   {visible(word):>{width}}  {bar:<{BAR}} {probability:6.1%}{'  <- action' if chosen else ''}"
        console.print(Text(line, style="bold green" if chosen else ""))
    reward = "?" if trace.reward is None and t == len(trace.moments) - 1 else f"{moment.reward:g}"
    console.print(
        Text.assemble(
            (f"a_{t}", "bold"), f" = {visible(moment.action)}    ", (f"r_{t}", "bold"), f" = {reward}    ",
            ("call    " if moment.kind == "call" else "", "cyan"),
            (f"log pi {signed(f'{moment.log_prob:.2f}')}, entropy {moment.entropy:.2f}{valued(moment)}\n", "dim"),
        )
    )  # fmt: skip


def valued(moment: Moment) -> str:
    """What a value function says of the step, if there is one."""
    if moment.value is None:
        return ""
    told = f", value {signed(f'{moment.value:.2f}')}"
    return told + ("" if moment.advantage is None else f", advantage {signed(f'{moment.advantage:+.2f}')}")


if __name__ == "__main__":
    sys.exit(run_program(main))
