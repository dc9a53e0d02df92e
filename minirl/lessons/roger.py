"""The small world of the course: one story, 128 problems, and a model that learns to solve some of them in seconds.

    Q: Roger has 5 tennis balls. He buys 2 more cans of tennis balls. Each can has 3 tennis balls. How many tennis balls
    does he have now?
    Reasoning: Roger has 5. 2 * 3 = 6. 5 + 6 = 11.
    Answer: 11<|end|>

The three numbers change from problem to problem, and nothing else does. The models are transformers with two layers.
`roger_model` is trained by supervised fine-tuning on 100 of the problems. `pretrained_model` has read sums and
questions, and no worked answer. Roger's own problem is never shown to either. `taught_model` learns from as many solved
problems as it is given, such as those of the same story with larger numbers.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from minirl.data import encode_documents, make_batches
from minirl.data.document import Document as Encoded
from minirl.data.document import marked
from minirl.model import GPT, GPTConfig
from minirl.optim import AdamW, decay_groups
from minirl.schedule import warmup_cosine
from minirl.streams import stream, stream_seed
from minirl.tasks import Problem, Task
from minirl.tasks.checker import NumberChecker
from minirl.tasks.corpus import Document, pretraining_documents
from minirl.tokenizer import Tokenizer
from minirl.tokenizer.special import END_RESULT, END_TOOL, RESULT, TOOL
from minirl.train.sft import solved
from minirl.train.stage import accumulate_gradients

SHOWN, ROWS, STEPS = 100, 16, 400
READ = {"sums": 0.5, "recap": 0.3, "repeat": 0.2}  # the kinds of texts that pretraining reads, see tasks/corpus.py
READ_ROWS, READ_STEPS, READ_RATE = 24, 800, 4e-3


def roger(balls: int, cans: int, each: int) -> Problem:
    """The story with these numbers."""
    bought, total = cans * each, balls + cans * each
    return Problem(
        f"Roger has {balls} tennis balls. He buys {cans} more cans of tennis balls. Each can has {each} tennis balls. "
        "How many tennis balls does he have now?",
        f"Roger has {balls}. {cans} * {each} = {bought}. {balls} + {bought} = {total}.",
        str(total),
        key=f"{balls} {cans} {each}",
    )


ROGER = roger(5, 2, 3)
EVERY = [roger(a, b, c) for a in range(2, 10) for b in range(2, 6) for c in range(2, 6)]


class RogerTask(Task):
    """The 128 problems. `shown` holds the 100 that fine-tuning shows, `train` the other 27, `test` Roger's own."""

    name = "roger"
    splits = ("shown", "train", "test")
    checker = NumberChecker()

    def __init__(self) -> None:
        others = [problem for problem in EVERY if problem.key != ROGER.key]
        order = [others[i] for i in np.random.default_rng(0).permutation(len(others))]
        self.by_split = {"shown": order[:SHOWN], "train": order[SHOWN:], "test": [ROGER]}

    def problems(self, split: str, n: int, seed: int = 0) -> list[Problem]:
        """`n` problems of a split, drawn with replacement."""
        known = self.by_split[self.require_split(split)]
        return [known[i] for i in stream(seed, split).integers(0, len(known), n)]


def larger_problems(test: int = 200) -> tuple[list[Problem], list[Problem]]:
    """The story with 2 to 30 balls, and 2 to 9 cans of 2 to 9: 1,856 problems, shuffled; `test` of them stand apart."""
    every = [roger(a, b, c) for a in range(2, 31) for b in range(2, 10) for c in range(2, 10)]
    shuffled = [every[i] for i in np.random.default_rng(0).permutation(len(every))]
    return shuffled[test:], shuffled[:test]


@dataclass(frozen=True)
class CalledProblem(Problem):
    """A problem whose solution calls the calculator."""

    @property
    def solution(self) -> list[tuple[str, float]]:
        """The solution as pieces, its calls as marks, and what comes back with the weight 0."""
        return marked(self.completion)


def roger_with_calls(balls: int, cans: int, each: int) -> CalledProblem:
    """The story with these numbers, solved with two calls of the calculator."""
    plain, bought = roger(balls, cans, each), cans * each
    steps = [(f"{cans} * {each}", bought), (f"{balls} + {bought}", balls + bought)]
    told = "".join(f"{TOOL}calculator {sum_}{END_TOOL}{RESULT}{result}{END_RESULT} {result}." for sum_, result in steps)
    return CalledProblem(plain.question, f"Roger has {balls}.{told}", plain.answer, key=plain.key)


def numbers_of_two_digits(n: int, seed: int) -> list[tuple[int, int, int]]:
    """`n` stories, each as its three numbers from 10 to 99. The last digit of the balls is even where the seed is even,
    and odd where it is odd: so stories of seeds 0 and 1 are never the same."""
    drawn = stream(seed, "two digits").integers(10, 100, (n, 3))
    drawn[:, 0] += np.where((drawn[:, 0] + seed) % 2, np.where(drawn[:, 0] < 99, 1, -1), 0)
    return [(balls, cans, each) for balls, cans, each in drawn.tolist()]


def roger_tokenizer() -> Tokenizer:
    """A tokenizer for the story: its words are tokens, and each digit is one."""
    return Tokenizer.train([problem.prompt + problem.completion for problem in EVERY], 320)


def config_for(tokenizer: Tokenizer) -> GPTConfig:
    """The shape of the story's models."""
    return GPTConfig.llama(vocab_size=tokenizer.vocab_size, context_length=128, n_layer=2, n_head=4, d_model=64)


def texts_to_read(task: RogerTask, n: int, seed: int = 0) -> Iterator[Document]:
    """`n` texts for pretraining: sums, and questions of the split `shown`, of which the numbers or all words are copied
    out. None contains a worked answer."""
    return pretraining_documents(task, n, stream_seed(seed, "texts to read"), READ, split="shown")


def pretrained_model(tokenizer: Tokenizer, task: RogerTask, steps: int = READ_STEPS, seed: int = 0) -> GPT:
    """A model that has read for half a minute. It can copy and calculate, and has never seen an answer."""
    model = GPT(config_for(tokenizer), seed=seed, std=0.05)  # such a narrow model learns faster from larger weights
    documents = encode_documents(tokenizer, texts_to_read(task, steps * READ_ROWS, seed))
    return read_through(model, documents, READ_RATE, stream(seed, "reading"))


def taught_model(
    tokenizer: Tokenizer, documents: Sequence[Encoded], steps: int, seed: int = 0, context_length: int = 128
) -> GPT:
    """A model that learns from `steps` batches of these documents, solved problems say, each drawn at random."""
    model = GPT(replace(config_for(tokenizer), context_length=context_length), seed=seed, std=0.1)
    drawn = stream(seed, "documents").integers(0, len(documents), steps * READ_ROWS)
    return read_through(model, [documents[i] for i in drawn], READ_RATE, stream(seed, "reading"))


def read_through(model: GPT, documents: Sequence[Encoded], rate: float, order: np.random.Generator) -> GPT:
    """Train the model on each document once, `READ_ROWS` at a time; the learning rate rises to `rate` and falls."""
    optimizer, steps = AdamW(decay_groups(model, 0.1), betas=(0.9, 0.98)), len(documents) // READ_ROWS
    for step, batch in enumerate(make_batches(documents, order, size=READ_ROWS)):
        optimizer.lr = warmup_cosine(step, peak=rate, warmup=min(50, steps), total=steps, final=0.05 * rate)
        accumulate_gradients(model, batch, READ_ROWS)
        optimizer.step(max_norm=1.0)
        optimizer.zero_grad()
    return model


def roger_model(tokenizer: Tokenizer, task: RogerTask, steps: int = STEPS, seed: int = 0) -> GPT:
    """A model of two layers, fine-tuned for a few seconds. It solves a part of the problems, and not every time."""
    model = GPT(config_for(tokenizer), seed=seed)
    optimizer = AdamW(model.parameters(), lr=5e-3, weight_decay=0)
    documents = solved(tokenizer, task.by_split["shown"])
    batches = make_batches(documents, stream(seed, "batches", 0), size=ROWS)
    for step in range(steps):
        if step % len(batches) == 0:
            batches = make_batches(documents, stream(seed, "batches", step), size=ROWS)
        accumulate_gradients(model, batches[step % len(batches)], ROWS)
        optimizer.step(max_norm=1.0)
        optimizer.zero_grad()
    return model
