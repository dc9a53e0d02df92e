"""What calls of a calculator cost in rollouts: python -m minirl.bench tools

The same random model samples the same number of tokens twice: once as usual, and once with tools. A call follows each
token of a few chosen ones, because a model that knows nothing makes no calls: so a row calls about as often as a model
that was taught to. The difference is what tools cost: running them, encoding their results, and reading these results
with the model. Seconds are those of the processor, so that other programs on the machine count little.

    python -m minirl.bench tools --every 30
"""

import time
from dataclasses import dataclass

import numpy as np

from minirl import flags
from minirl.autograd import Array
from minirl.bench.progress import Progress
from minirl.generate import Sampling, generate_ids
from minirl.model import GPT, GPTConfig
from minirl.tasks import WordProblems
from minirl.tokenizer import Tokenizer
from minirl.tools import Toolbox, Turn, calculator

SAMPLED, VOCABULARY, MOST = 48, 512, 99


@dataclass(frozen=True)
class Options:
    """Time rollouts with and without calls."""

    rows: int = 256
    """Episodes at once."""
    every: int = 24
    """Sampled tokens of a row from one call to the next, on average."""
    repeats: int = 5
    """How often each is timed; the fastest counts."""


class Prompted(Toolbox):
    """A toolbox that answers a call after each of some ordinary tokens."""

    def __init__(self, tokenizer: Tokenizer, every: int) -> None:
        super().__init__(tokenizer, [calculator], calls=MOST)
        self.watched[:] = np.arange(len(self.watched)) % every == 0
        self.watched[list(tokenizer.special_tokens.values())] = False

    def turn(self) -> Turn:
        return Answered(self)


class Answered(Turn):
    """Every mark that it hears of is the end of a call."""

    def heed(self, written: Array, room: int) -> Array | None:
        result = self.box.encoded(self.box.call(f"calculator {written[-1]} * {len(written)} + 12"))
        return result if len(result) <= room else None


def measure(options: Options, progress: Progress) -> tuple[float, float, float]:
    """Seconds without and with calls, and forced tokens per sampled token; each turn is told as it is done."""
    texts = [problem.prompt + problem.completion for problem in WordProblems().problems("train", 300)]
    tokenizer = Tokenizer.train(texts, VOCABULARY)
    config = GPTConfig(VOCABULARY, context_length=256, n_layer=4, n_head=4, d_model=128)
    model, prompts = GPT(config), [tokenizer.encode_array(text.split("\n")[0]) for text in texts[: options.rows]]
    box = Prompted(tokenizer, options.every)
    seconds: dict[bool, list[float]] = {False: [], True: []}
    forced = sampled = 0

    def turn(number: int) -> None:
        nonlocal forced, sampled
        for called in (False, True):
            start = time.process_time()
            rule = Sampling(max_new_tokens=SAMPLED)
            rows = list(generate_ids(model, prompts, rule, None, tools=box if called else None))
            seconds[called].append(time.process_time() - start)
            if called:
                forced, sampled = sum(r.forced.sum() for r in rows), sum((~r.forced).sum() for r in rows)
                assert sampled == SAMPLED * len(rows), "a row had no room for its results"

    def told(_: None) -> str:
        return f"{seconds[False][-1]:.2f} s without tools, {seconds[True][-1]:.2f} s with them"

    if not progress.each(range(options.repeats), turn, lambda number: f"turn {number + 1}", told):
        raise KeyboardInterrupt
    return min(seconds[False]), min(seconds[True]), float(forced / sampled)


def main(argv: list[str] | None = None) -> int:
    """Run with the flags `argv`; prints a line for each turn and one for all. Returns the exit status."""
    options, progress = flags.parse(Options, argv, "python -m minirl.bench tools", __doc__), Progress()
    without, with_calls, share = measure(options, progress)
    print(
        f"{options.rows} rows of {SAMPLED} sampled tokens, {share:.2f} result tokens for each: "
        f"{without:.2f} s without tools, {with_calls:.2f} s with them, {with_calls / without - 1:+.0%}"
    )
    return progress.status
