"""Ask a run's model questions and watch it answer, token by token: python -m minirl.chat RUN ["QUESTION"]

Each question is separate: the model was trained to answer one question, and does not remember earlier ones.

    python -m minirl.chat runs/roger
    python -m minirl.chat runs/roger "What is the Milky Way?"
    python -m minirl.chat runs/roger --stage pretrain --temperature 1
"""

import io
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from minirl import flags
from minirl.console import printable, run_program
from minirl.generate import stream
from minirl.model import GPT
from minirl.runs import Run
from minirl.tokenizer import Tokenizer


@dataclass
class Arguments:
    run: Annotated[Path, tyro.conf.Positional]
    """Folder of a run, such as runs/roger."""
    question: Annotated[str | None, tyro.conf.Positional] = None
    """Answer this question and end. Without it you are asked for questions, until an empty line."""
    stage: str | None = None
    """Which checkpoint: pretrain, sft or rl (default: the latest)."""
    temperature: float = 0.0
    """0 always takes the most likely token; 1 samples from the model's own distribution."""
    dtype: Literal["float32", "bfloat16"] = "float32"
    """The type of the weights; bfloat16 rounds them, and is nearly twice as fast where the processor has it."""
    seed: int = 0
    """Seed of the samples; no effect at temperature 0."""


def main(argv: Sequence[str] | None = None) -> int:
    """The program; returns its exit status."""
    arguments = flags.parse(Arguments, argv, "python -m minirl.chat", __doc__)
    if not 0 <= arguments.temperature < math.inf:
        print(f"--temperature is {arguments.temperature:g}; give 0 or more", file=sys.stderr)
        return 1
    try:
        run = Run.open(arguments.run)
        tokenizer, model = run.tokenizer(), run.model(arguments.stage)
        if arguments.dtype == "bfloat16":
            model.to_bfloat16()
    except (OSError, ValueError) as error:
        print(printable(str(error)), file=sys.stderr)
        return 1
    if arguments.question is not None and not arguments.question.strip():
        print("the question is empty; write one, or leave it out to be asked", file=sys.stderr)
        return 1
    asked = iter([arguments.question]) if arguments.question is not None else ask()
    for number, question in enumerate(asked):
        try:
            print("Reasoning:", end="", flush=True)
            for piece in answer(model, tokenizer, question, arguments.temperature, arguments.seed + number):
                print(printable(piece), end="", flush=True)
            print("\n")
        except ValueError as error:  # a question longer than the context: say so and go on
            print(f"\n{printable(str(error))}", file=sys.stderr)
            if arguments.question is not None:
                return 1
    return 0


def ask() -> Iterator[str]:
    """Questions typed in or read from a pipe, until an empty line, the end of the input, or Ctrl-C."""
    typed = sys.stdin.isatty()
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")  # a question in another encoding is asked with U+FFFD in it
    if typed:
        print("Ask a question, such as: What is the Milky Way?   (an empty line ends)")
    while True:
        try:
            question = input("Q: " if typed else "").strip()
        except (EOFError, KeyboardInterrupt):
            if typed:
                print()
            return
        if question and not typed:  # nobody has typed it, so it is not on the screen
            print(f"Q: {printable(question)}")
        if not question:
            return
        yield question


def answer(model: GPT, tokenizer: Tokenizer, question: str, temperature: float, seed: int) -> Iterator[str]:
    """The model's reasoning and answer, piece by piece. Raises ValueError for a question that fills the context."""
    prompt = f"Q: {question}\nReasoning:"
    return stream(
        model, tokenizer, prompt, temperature=temperature, seed=seed, max_new_tokens=model.config.context_length
    )


if __name__ == "__main__":
    sys.exit(run_program(main))
