"""Stage 1, pretraining: predict the next token of text that is generated on the way, and so never repeats.

The texts (tasks/corpus.py) teach words, copying of numbers, and arithmetic facts. There are no worked solutions among
them: to chain facts into an answer is what the later stages teach. Published datasets are the exception: they are read
themselves, problems and solutions, again and again. Bits per byte are measured on texts about problems of dev.
"""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from minirl.autograd import no_grad
from minirl.data import Batch, Document, Loader, encode_documents, make_batches, pack
from minirl.model import GPT
from minirl.runs import TrainConfig, demonstrations
from minirl.streams import stream, stream_seed
from minirl.tasks import Task
from minirl.tasks.corpus import Document as Pieces
from minirl.tasks.corpus import pretraining_documents
from minirl.tokenizer import Tokenizer
from minirl.train.stage import Measures, SupervisedStage

CHUNK = 4096  # documents made at once
HELD_OUT = 256  # documents that bits per byte are measured on
TOKENIZER_DOCUMENTS = 8000


class PretrainStage(SupervisedStage):
    """Pretraining, and its probe: bits per byte of held-out text."""

    name = "pretrain"

    def __init__(self, config: TrainConfig, model: GPT, tokenizer: Tokenizer, task: Task) -> None:
        settings, seed = config.pretrain, config.seed

        def make_chunk(number: int) -> list[Batch]:
            documents = encode_documents(tokenizer, chunk_texts(config, task, number))
            return make_batches(documents, stream(seed, "batches", number), tokens=settings.batch_tokens)

        super().__init__(model, settings, settings.steps, Loader(make_chunk), settings.micro_rows)
        self.byte_counts = token_byte_counts(tokenizer)
        held_out = pretraining_documents(task, HELD_OUT, stream_seed(seed, "held-out documents"), split="dev")
        self.held_out = encode_documents(tokenizer, held_out)

    def probe(self) -> Measures:
        return {"bits_per_byte": bits_per_byte(self.model, self.held_out, self.byte_counts)}


def chunk_texts(config: TrainConfig, task: Task, number: int) -> Iterator[Pieces]:
    """The documents of one chunk, as text."""
    return pretraining_documents(task, CHUNK, stream_seed(config.seed, "documents", number))


def tokenizer_texts(config: TrainConfig, task: Task) -> list[str]:
    """What the tokenizer learns its merges from: documents like those of pretraining, and demonstrations."""
    documents = pretraining_documents(task, TOKENIZER_DOCUMENTS, stream_seed(config.seed, "tokenizer documents"))
    texts = ["".join(text for text, _ in pieces) for pieces in documents]
    return texts + [problem.prompt + problem.completion for problem in demonstrations(config, task)]


def token_byte_counts(tokenizer: Tokenizer) -> np.ndarray:
    """(V,) how many bytes of text each token stands for: 0 for special tokens, which are no text.

    Counted from the tokens' own bytes. Decoding a token alone would turn half a character into a replacement mark of
    three bytes and make the model look better than it is.
    """
    counts = [len(tokenizer.token_bytes(number)) for number in range(tokenizer.vocab_size)]
    for number in tokenizer.special_tokens.values():
        counts[number] = 0
    return np.array(counts, np.int64)


@no_grad()
def bits_per_byte(model: GPT, documents: Sequence[Document], byte_counts: np.ndarray) -> float:
    """-sum log2 pi(token) / sum bytes(token), over all tokens but the first of each document.

    Unlike the loss per token it can be compared between tokenizers. Special tokens count on neither side.
    """
    nats, total = 0.0, 0
    for batch in pack(documents).split(64):
        sizes = byte_counts[batch.targets]
        log_prob = model.cross_entropy(batch.ids, batch.targets, starts=batch.starts).log_prob[0]
        nats -= float(log_prob[sizes > 0].sum(dtype=np.float64))
        total += int(sizes.sum())
    return nats / math.log(2) / max(total, 1)
