"""Pretraining on a corpus of real text (data/shards.py), instead of text that is generated as it is needed.

The tokens of the corpus are cut into rows as long as the context. An epoch reads every row once, in an order that its
number and the seed decide, so the cursor of the loader is two numbers, as for generated text: which epoch, which batch.
A row may hold the end of one document and the beginning of the next. Attention stays within each, and no loss is taken
for the first token of a document, which nothing before it announces.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from minirl import kernels
from minirl.autograd import no_grad
from minirl.data import Batch, Loader
from minirl.data.shards import Corpus
from minirl.generate import generate, without_dropout
from minirl.kernels import peak
from minirl.model import GPT
from minirl.runs import TrainConfig
from minirl.runs.limits import ConfigError
from minirl.storage.checksums import DamagedError
from minirl.streams import stream, stream_seed
from minirl.tasks import END
from minirl.tokenizer import Tokenizer
from minirl.train.pretrain import token_byte_counts
from minirl.train.stage import Measures, SupervisedStage

DOCUMENTS, BEGINNING, CONTINUED, TEMPERATURE = 3, 24, 48, 0.8  # samples: tokens of the prompt, tokens that follow
LONG = 100  # updates: fewer are not worth half a second to measure the machine
HELD_OUT = 1 << 16  # tokens to measure bits per byte on


class CorpusStage(SupervisedStage):
    """Pretraining on a corpus. Its probe: bits per byte of the corpus's held-out documents."""

    name = "pretrain"

    def __init__(self, config: TrainConfig, model: GPT, tokenizer: Tokenizer) -> None:
        settings, corpus, time = config.pretrain, Corpus(config.corpus), config.model.context_length
        check_unchanged(config, corpus)
        end = tokenizer.special_tokens[END]

        def make_epoch(number: int) -> Sequence[Batch]:
            return Epoch(corpus, time, settings.batch_tokens, end, stream(config.seed, "corpus", number))

        loader = Loader(make_epoch)
        super().__init__(
            model, settings, settings.steps, loader, settings.micro_rows, settings.micro_tokens, config.shards,
            config.diloco,
        )  # fmt: skip
        self.byte_counts = token_byte_counts(tokenizer)
        held_out = Rows(corpus, "valid", time, end)
        self.held_out = held_out.batch(range(min(len(held_out), max(HELD_OUT // time, 1))))

        self.tokenizer, self.seed = tokenizer, stream_seed(config.seed, "samples of pretraining")
        documents = itertools.islice(corpus.texts("valid", end, DOCUMENTS), DOCUMENTS)
        self.beginnings = [ids[: max(min(BEGINNING, time // 2), 1)] for ids in documents]

    def most_tokens(self) -> float | None:
        peaks = peak.multiply_adds(kernels.precision())
        return peaks / self.model.config.flops_per_token() if self.steps >= LONG else None

    def samples(self, step: int) -> list[dict[str, Any]]:
        """How the model goes on after the beginnings of some held-out documents: always the same, with the same seed.

        The likeliest continuation of each, and of the first also a sampled one."""
        room = self.model.config.context_length - max(map(len, self.beginnings))
        wanted = [("greedy", 0.0, ids) for ids in self.beginnings]
        wanted.insert(1, (f"temperature {TEMPERATURE}", TEMPERATURE, self.beginnings[0]))
        found = []
        for title, temperature, ids in wanted:
            (said,) = generate(
                self.model, self.tokenizer, [ids], temperature=temperature, seed=self.seed,
                max_new_tokens=min(CONTINUED, room),
            )  # fmt: skip
            found.append({"title": title, "prompt": self.tokenizer.decode(ids), "completion": said.text})
        return found

    def probe(self) -> Measures:
        parts = self.held_out.split(self.micro_rows, self.micro_tokens)
        return {"bits_per_byte": bits_per_byte(self.model, parts, self.byte_counts)}


class Rows:
    """The tokens of a split in rows of `time` targets; row r has the tokens r * time to (r + 1) * time. A rest at the
    end that fills no row is left out, unless there is nothing else."""

    def __init__(self, corpus: Corpus, split: str, time: int, end: int) -> None:
        self.corpus, self.split, self.time, self.end = corpus, split, time, end
        tokens = corpus.tokens(split) - 1
        self.rows = max(tokens // time, int(tokens > 0))

    def __len__(self) -> int:
        return self.rows

    def batch(self, numbers: Sequence[int]) -> Batch:
        """These rows, end to end."""
        tokens = [self.corpus.read(self.split, r * self.time, (r + 1) * self.time + 1) for r in numbers]
        ids = np.concatenate([row[:-1] for row in tokens])
        targets = np.concatenate([row[1:] for row in tokens])
        after_end = np.flatnonzero(ids[:-1] == self.end) + 1
        row_starts = np.cumsum([0, *(len(row) - 1 for row in tokens)])
        starts = np.unique(np.concatenate([row_starts, after_end]))
        return Batch(ids, targets, (ids != self.end).astype(np.float32), starts.astype(np.int64))


class Epoch(Sequence[Batch]):
    """The batches of an epoch, each read from the disk when it is asked for."""

    def __init__(self, corpus: Corpus, time: int, batch_tokens: int, end: int, rng: np.random.Generator) -> None:
        self.rows = Rows(corpus, "train", time, end)
        self.per_batch = max(batch_tokens // time, 1)
        self.order = rng.permutation(len(self.rows))

    def __len__(self) -> int:
        return -(-len(self.order) // self.per_batch)

    def __getitem__(self, number: int) -> Batch:  # type: ignore[override]
        if not 0 <= number < len(self):
            raise IndexError(f"an epoch of {len(self)} batches has no batch {number}")
        return self.rows.batch(self.order[number * self.per_batch : (number + 1) * self.per_batch].tolist())


@no_grad()
def bits_per_byte(model: GPT, parts: Sequence[Batch], byte_counts: np.ndarray) -> float:
    """Bits per byte, -sum_t log2 pi(token_t) / sum_t bytes(token_t), over the targets with a weight that are text."""
    nats, total = 0.0, 0
    for batch in parts:
        with without_dropout(model):
            log_prob = kernels.fetch(model.cross_entropy(batch.ids, batch.targets, starts=batch.starts).log_prob)[0]
        sizes = byte_counts[batch.targets] * (batch.weights > 0)
        nats -= float(log_prob[sizes > 0].sum(dtype=np.float64))
        total += int(sizes.sum())
    return nats / math.log(2) / max(total, 1)


# ---- before a run begins, and when it goes on ----


def with_steps(config: TrainConfig) -> TrainConfig:
    """The settings with as many steps as the epochs take, and with the corpus's checksum. Raises ConfigError for a
    corpus that does not fit them, and what `Corpus` raises."""
    if not config.corpus:
        if config.pretrain.epochs:
            raise ConfigError(
                "--pretrain.epochs counts readings of a corpus, and there is none; make one with `python -m "
                "minirl.data prepare SOURCES --out CORPUS`, and give --corpus CORPUS",
            )
        return config
    corpus = Corpus(config.corpus)
    if corpus.vocab_size != config.model.vocab_size:
        raise ConfigError(
            f"the corpus {config.corpus} was written with a vocabulary of {corpus.vocab_size}, but --model.vocab-size "
            f"is {config.model.vocab_size}. Prepare it again with --vocab-size {config.model.vocab_size}, or take its "
            "own",
            {"--model.vocab-size": corpus.vocab_size},
        )
    for split in ("train", "valid"):
        if corpus.tokens(split) < 2:
            raise ConfigError(
                f"the corpus {config.corpus} has no text in its split {split}; prepare it again, with more text or "
                "another --validation"
            )
    config = replace(config, corpus=str(corpus.folder.resolve()), corpus_sha256=corpus.sha256)
    if not config.pretrain.epochs:
        return config
    steps = math.ceil(config.pretrain.epochs * batches_per_epoch(config, corpus))
    return replace(config, pretrain=replace(config.pretrain, steps=max(steps, 1)))


def batches_per_epoch(config: TrainConfig, corpus: Corpus) -> int:
    """How many updates read the corpus once."""
    rows = len(Rows(corpus, "train", config.model.context_length, -1))
    return -(-rows // max(config.pretrain.batch_tokens // config.model.context_length, 1))


def check_unchanged(config: TrainConfig, corpus: Corpus) -> None:
    """Raises DamagedError where a run's corpus is another one than when the run began."""
    if corpus.sha256 != config.corpus_sha256:
        raise DamagedError(
            f"the corpus {corpus.folder} is not the one that this run was begun with: its manifest has the SHA-256 "
            f"{corpus.sha256}, and the run remembers {config.corpus_sha256 or 'none'}. Bring the old one back, or "
            "begin a new run"
        )


def corpus_tokenizer(config: TrainConfig) -> Tokenizer:
    """The tokenizer that the corpus was written with."""
    return Tokenizer.load(Corpus(config.corpus).folder)


def corpus_texts(config: TrainConfig, tokenizer: Tokenizer) -> Iterator[str]:
    """The documents that pretraining reads."""
    for ids in Corpus(config.corpus).texts("train", tokenizer.special_tokens[END]):
        yield tokenizer.decode(ids)
