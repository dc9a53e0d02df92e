"""Walk through one episode, token by token, in the words of the notes: python -m minirl.trace RUN ["question"]

At each step: the state s_t, the policy pi(. | s_t) as bars, the action a_t that was taken, its log-probability, the
entropy of the policy, the reward r_t. Then the return, the advantage among several episodes of the same prompt, and
whether the actions carry gradient. --html writes all of it as a page to look around in, --png as an image:

    python -m minirl.trace runs/roger --html episode.html --png episode.png
    python -m minirl.trace runs/roger "Tom has 3 pens and buys 4 more. How many pens does he have?" --answer 7
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console
from rich.text import Text

from minirl import flags, microscope
from minirl.microscope import Moment, Trace, signed, visible
from minirl.runs import Run
from minirl.storage.files import atomic_write
from minirl.tasks import ROGER

BAR = 30  # characters of a bar of probability 1


@dataclass
class Arguments:
    run: Annotated[Path, tyro.conf.Positional]
    """Folder of a run, such as runs/roger."""
    question: Annotated[str, tyro.conf.Positional] = ROGER.question
    """The question; by default the notes' own, whose answer is 11."""
    answer: str | None = None
    """The right answer, a number or words, for reward and advantage. Default: that of the same question among the
    run's demonstrations, its dev problems and the science questions."""
    stage: str | None = None
    """Whose model: pretrain, sft or rl. Default: the last there is."""
    top: int = 5
    """Words of the policy that are shown, the likeliest first."""
    temperature: float = 1.0
    """Of the policy; 0 puts all probability on the likeliest token."""
    samples: int | None = None
    """Episodes of the prompt, which the advantage compares; the first is shown. Default: as in the run's RL."""
    max_new_tokens: int | None = None
    """Actions after which an episode is cut off. Default: as in the run's RL."""
    seed: int = 0
    """Seed of the actions."""
    html: Path | None = None
    """Write a page for the browser: one file, which needs nothing else."""
    png: Path | None = None
    """Write an image."""


def main(argv: Sequence[str] | None = None) -> int:
    """The program; returns its exit status."""
    arguments = flags.parse(Arguments, argv, "python -m minirl.trace", __doc__)
    console = Console(highlight=False)
    try:
        run = Run.open(arguments.run)
        trace = run.trace(
            arguments.question, arguments.answer, stage=arguments.stage, top=arguments.top,
            temperature=arguments.temperature, samples=arguments.samples, max_new_tokens=arguments.max_new_tokens,
            seed=arguments.seed,
        )  # fmt: skip
    except (FileNotFoundError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    show(trace, console)
    if arguments.html is not None:
        with atomic_write(arguments.html) as file:
            file.write(microscope.page(trace, about(run, arguments)))
    if arguments.png is not None:
        microscope.draw(trace, arguments.png)
    for written in (arguments.html, arguments.png):
        if written is not None:
            console.print(Text(f"written: {written}"))
    return 0


def about(run: Run, arguments: Arguments) -> list[tuple[str, str]]:
    """What the page says about where it comes from."""
    stage = arguments.stage or run.last_stage()
    return [
        ("run", run.folder.name), ("model after", stage), ("temperature", f"{arguments.temperature:g}"),
        ("seed", str(arguments.seed)),
    ]  # fmt: skip


# ---- in the terminal ----


def show(trace: Trace, console: Console) -> None:
    """The whole episode."""
    console.print(Text.assemble(("prompt\n", "bold"), trace.problem.prompt, "\n"))
    for moment in trace.moments:
        show_moment(trace, moment, console)
    if trace.reward is not None:
        console.print(f"return G = {trace.reward:g}, at every step")
    if trace.advantage is not None and trace.rewards is not None:
        right = sum(reward > 0 for reward in trace.rewards)
        advantage = signed(f"{trace.advantage:+.3f}")
        console.print(f"advantage A = {advantage}, {trace.kind} of {len(trace.rewards)} episodes, {right} right")
    console.print(f"the prompt carries no gradient, an action {trace.gradient(trace.moments[-1])}")
    missing = trace.why_unknown()
    if missing is not None:
        console.print(f"{missing[0].upper()}{missing[1:]}.")


def show_moment(trace: Trace, moment: Moment, console: Console) -> None:
    """The state in the notes' way, (prompt, Roger, has), then the bars, the action and its numbers."""
    t = moment.t
    taken = "".join(f", {visible(earlier.action)}" for earlier in trace.moments[:t])
    console.print(Text.assemble((f"s_{t}", "bold"), f" = (prompt{taken})"))
    width = max(len(visible(choice.word)) for choice in moment.choices)
    for word, probability, chosen in moment.choices:
        bar = "█" * round(BAR * probability) or "▏"
        line = f"   {visible(word):>{width}}  {bar:<{BAR}} {probability:6.1%}"
        console.print(Text(line, style="bold green" if chosen else ""))
    reward = "?" if trace.reward is None and t == len(trace.moments) - 1 else f"{moment.reward:g}"
    console.print(
        Text.assemble(
            (f"a_{t}", "bold"), f" = {visible(moment.action)}    ", (f"r_{t}", "bold"), f" = {reward}    ",
            (f"log pi {signed(f'{moment.log_prob:.2f}')}, entropy {moment.entropy:.2f}\n", "dim"),
        )
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
