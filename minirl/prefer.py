"""Say which of two answers you like better: python -m minirl.prefer RUN

The run's model answers a problem twice, and you press one key. Every choice is saved at once, so you can stop at any
time; the same command goes on where you stopped. The file has the format of minirl.preferences:

    python -m minirl.prefer runs/roger                          # into runs/roger/preferences.jsonl
    python -m minirl.prefer runs/roger --stage rl --out mine.jsonl

Keys: 1 or 2 the better answer, = equally good, s skip, q stop. Which answer stands first is drawn, not the model's
order.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro

from minirl import flags, kernels
from minirl.console import printable
from minirl.generate import generate
from minirl.preferences import Pair, append_pair, read_pairs
from minirl.runs import Run, Screen
from minirl.streams import stream, stream_seed
from minirl.tasks import Problem

KEYS = {"1": 0, "2": 1, "=": None}
AT_ONCE = 16  # problems that are answered together
TRIES = 4  # answers of a problem among which two different ones are looked for


@dataclass
class Arguments:
    run: Annotated[Path, tyro.conf.Positional]
    """Folder of a run."""
    stage: str | None = None
    """Whose answers: pretrain, sft or rl. Default: sft."""
    out: Path | None = None
    """The file of preferences. Default: preferences.jsonl in the run's folder."""
    temperature: float = 1.0
    """Of the samples; greater than 0, or both answers would be the same."""


def main(argv: Sequence[str] | None = None, key: Callable[[], str] | None = None) -> int:
    """The program; returns its exit status. key: reads one key; by default from the terminal."""
    arguments = flags.parse(Arguments, argv, "python -m minirl.prefer", __doc__)
    screen = Screen()
    try:
        run = Run.open(arguments.run)
        if not arguments.temperature > 0:
            raise ValueError(f"--temperature is {arguments.temperature}; give more than 0")
        out = arguments.out or run.folder / "preferences.jsonl"
        made = ask(run, arguments.stage or "sft", out, arguments.temperature, key or read_key, screen)
    except (OSError, ValueError) as error:
        print(printable(str(error)), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        screen.say("stopped; every choice was saved")
        return 0
    screen.say(f"{made} pairs in {out}")
    return 0


def ask(run: Run, stage: str, out: Path, temperature: float, key: Callable[[], str], screen: Screen) -> int:
    """Show pairs until q; returns how many pairs the file holds then."""
    known = {pair.prompt for pair in read_pairs(out)} if out.exists() else set()
    made = len(read_pairs(out)) if out.exists() else 0
    for problem, first, second in couples(run, stage, temperature, known):
        swapped = bool(stream(run.config.seed, "which first", hash_of(problem)).integers(2))
        shown = (second, first) if swapped else (first, second)
        screen.say(f"\n{problem.prompt}")
        for number, text in enumerate(shown, start=1):
            screen.say(f"\n  [{number}]{text}")
        screen.say("\n1, 2, = equally good, s skip, q stop")
        while (pressed := key()) not in (*KEYS, "s", "q"):
            screen.say("press 1, 2, =, s or q")
        if pressed == "q":
            break
        if pressed == "s":
            continue
        better = KEYS[pressed]
        chosen, rejected = shown if better in (0, None) else shown[::-1]
        append_pair(out, Pair(problem.prompt, chosen, rejected, tie=better is None))
        made += 1
    return made


def couples(run: Run, stage: str, temperature: float, known: set[str]) -> Iterator[tuple[Problem, str, str]]:
    """Problems that were not asked yet, each with two different answers."""
    task, model, tokenizer = run.task(), run.model(stage), run.tokenizer()
    number, limit = 0, run.config.rl.max_new_tokens
    while True:
        listed = task.batch(number, AT_ONCE, stream_seed(run.config.seed, "preferences"))
        problems = [problem for problem in listed if problem.prompt not in known]
        with kernels.using_precision(run.config.precision):
            made = list(
                generate(
                    model, tokenizer, [problem.prompt for problem in problems], temperature=temperature,
                    max_new_tokens=limit, samples=TRIES, seed=(run.config.seed, number),
                )
            )  # fmt: skip
        for i, problem in enumerate(problems):
            texts = list(dict.fromkeys(one.text for one in made[i * TRIES : (i + 1) * TRIES]))
            if len(texts) > 1:
                yield problem, texts[0], texts[1]
        number += 1


def hash_of(problem: Problem) -> int:
    """A number that depends on the problem alone."""
    return int(np.frombuffer(problem.prompt.encode().ljust(4, b" "), np.uint8).sum())


def read_key() -> str:
    """One key, without Enter where the terminal allows it; at the end of a pipe it is q."""
    if not sys.stdin.isatty():
        line = sys.stdin.readline()
        return line.strip()[:1] if line else "q"
    import termios
    import tty

    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    try:
        tty.setcbreak(descriptor)
        return sys.stdin.read(1)
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


if __name__ == "__main__":
    sys.exit(main())
