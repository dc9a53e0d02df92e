"""Stage 1, pretraining: predict the next token of text. The text is generated as it is needed, so it never repeats.

The texts (tasks/corpus.py) teach words, copying numbers, and arithmetic facts. They contain no worked solutions: the
later stages teach how to combine facts into an answer. Published datasets are the exception: their own problems and
solutions are read, many times over. Bits per byte are measured on held-out texts, about problems of the split dev.
"""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from minirl import kernels
from minirl.autograd import no_grad
from minirl.data import Batch, Document, Loader, encode_documents, make_batches, pack
from minirl.generate import without_dropout
from minirl.model import GPT
from minirl.runs import TrainConfig, demonstrations
from minirl.runs.presets import learns_nothing
from minirl.streams import stream, stream_seed
from minirl.tasks import Task
from minirl.tasks.corpus import KINDS_FIRST, pretraining_documents
from minirl.tasks.corpus import Document as Pieces
from minirl.tokenizer import Tokenizer
from minirl.train.skills import Skills, Watch
from minirl.train.stage import Measures, SupervisedStage

CHUNK = 4096  # documents generated at once
FIRST_CHUNKS = 6  # of the default run's twenty-four or so
HELD_OUT = 256  # documents to measure bits per byte on
TOKENIZER_DOCUMENTS = 8000


class PretrainStage(SupervisedStage):
    """Pretraining, and its probe: bits per byte of held-out text, and how well the model copies and calculates."""

    name = "pretrain"

    def __init__(self, config: TrainConfig, model: GPT, tokenizer: Tokenizer, task: Task) -> None:
        settings, seed = config.pretrain, config.seed

        def make_chunk(number: int) -> list[Batch]:
            documents = encode_documents(tokenizer, chunk_texts(config, task, number))
            return make_batches(documents, stream(seed, "batches", number), tokens=settings.batch_tokens)

        super().__init__(
            model, settings, settings.steps, Loader(make_chunk), settings.micro_rows, settings.micro_tokens,
            config.shards, config.diloco,
        )  # fmt: skip
        self.byte_counts = token_byte_counts(tokenizer)
        held_out = pretraining_documents(task, HELD_OUT, stream_seed(seed, "held-out documents"), split="dev")
        self.held_out = encode_documents(tokenizer, held_out)
        self.skills = Skills(tokenizer, task, stream_seed(seed, "held-out skills"))
        self.watch = None if learns_nothing(config) else Watch(settings.steps)

    def probe(self) -> Measures:
        bits = bits_per_byte(self.model, self.held_out, self.byte_counts)
        return {"bits_per_byte": bits, **self.skills.measure(self.model)}

    def remark(self, step: int, measures: Measures) -> str | None:
        return self.watch.remark(step, measures["copying"]) if self.watch and "copying" in measures else None


def chunk_texts(config: TrainConfig, task: Task, number: int) -> Iterator[Pieces]:
    """The documents of chunk `number` (0, 1, ...), as text. The first chunks hold more copies."""
    kinds = KINDS_FIRST if number < FIRST_CHUNKS and task.documents is None else None
    return pretraining_documents(task, CHUNK, stream_seed(config.seed, "documents", number), kinds)


def tokenizer_texts(config: TrainConfig, task: Task) -> list[str]:
    """The texts that the tokenizer learns its merges from: pretraining documents and demonstrations."""
    documents = pretraining_documents(task, TOKENIZER_DOCUMENTS, stream_seed(config.seed, "tokenizer documents"))
    texts = ["".join(text for text, _ in pieces) for pieces in documents]
    return texts + [problem.prompt + problem.completion for problem in demonstrations(config, task)]


def token_byte_counts(tokenizer: Tokenizer) -> np.ndarray:
    """(V,) int64: how many bytes of text each token stands for; 0 for special tokens, which are not text.

    The tokens' own bytes are counted. Decoding a token alone would turn half a character into a replacement character
    of three bytes, and the model would look better than it is.
    """
    counts = [len(tokenizer.token_bytes(number)) for number in range(tokenizer.vocab_size)]
    for number in tokenizer.special_tokens.values():
        counts[number] = 0
    return np.array(counts, np.int64)


@no_grad()
def bits_per_byte(model: GPT, documents: Sequence[Document], byte_counts: np.ndarray) -> float:
    """Bits per byte, -sum_t log2 pi(token_t) / sum_t bytes(token_t), over all tokens but the first of each document.

    Unlike the loss per token, it can be compared between tokenizers. Special tokens count in neither sum.
    """
    nats, total = 0.0, 0
    for batch in pack(documents).split(64):
        sizes = byte_counts[batch.targets]
        with without_dropout(model):
            log_prob = kernels.fetch(model.cross_entropy(batch.ids, batch.targets, starts=batch.starts).log_prob)[0]
        nats -= float(log_prob[sizes > 0].sum(dtype=np.float64))
        total += int(sizes.sum())
    return nats / math.log(2) / max(total, 1)
