"""The small world of the course: one story, 128 problems, and a model that learns to solve some of them in seconds.

    Q: Roger has 5 tennis balls. He buys 2 more cans of tennis balls. Each can has 3 tennis balls. How many tennis balls
    does he have now?
    Reasoning: Roger has 5. 2 * 3 = 6. 5 + 6 = 11.
    Answer: 11<|end|>

The three numbers change from problem to problem, and nothing else does. The models are transformers with two layers.
`roger_model` is trained by supervised fine-tuning on 100 of the problems. `pretrained_model` has read sums and
questions, and no worked answer. Roger's own problem is never shown to either.
"""

from collections.abc import Iterator

import numpy as np

from minirl.data import encode_documents, make_batches
from minirl.model import GPT, GPTConfig
from minirl.optim import AdamW, decay_groups
from minirl.schedule import warmup_cosine
from minirl.streams import stream, stream_seed
from minirl.tasks import Problem, Task
from minirl.tasks.checker import NumberChecker
from minirl.tasks.corpus import Document, pretraining_documents
from minirl.tokenizer import Tokenizer
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
    optimizer = AdamW(decay_groups(model, 0.1), betas=(0.9, 0.98))
    documents = encode_documents(tokenizer, texts_to_read(task, steps * READ_ROWS, seed))
    for step, batch in enumerate(make_batches(documents, stream(seed, "reading"), size=READ_ROWS)):
        optimizer.lr = warmup_cosine(step, peak=READ_RATE, warmup=min(50, steps), total=steps, final=0.05 * READ_RATE)
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
