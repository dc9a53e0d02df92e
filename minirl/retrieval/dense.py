"""Dense retrieval: a question and a passage are vectors, made by minirl's own transformer, and fit where they are near.

    vector = mean over the tokens of the last hidden states, divided by its length
    score  = the product of two vectors, the cosine of their angle

BM25 finds shared words; vectors can also be near where no word is shared. A model that was only trained to predict the
next token does not make such vectors, so it is fine-tuned: each question of a batch has to pick its own passage among
those of all questions (in-batch negatives) and one that BM25 finds for it wrongly (a hard negative). The loss is the
cross-entropy of softmax(scores / temperature). This is DPR (Karpukhin et al. 2020) with one network for both sides.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from minirl import functional as F
from minirl.autograd import no_grad
from minirl.model import GPT
from minirl.optim import AdamW, clip_grad_norm
from minirl.retrieval.bm25 import best
from minirl.retrieval.index import Index, SearchError
from minirl.schedule import warmup_cosine
from minirl.tensor import Tensor
from minirl.tokenizer import Tokenizer

Array = np.ndarray

TEMPERATURE = 0.05  # of the scores, which lie between -1 and 1
EPS = 1e-6
BATCH = 64  # texts that are embedded at once
HARD = 10  # a hard negative is the first wrong passage among so many

Pair = tuple[str, int]  # a question, and the number of its passage


class Embedder:
    """Texts to vectors, by a transformer. Tokens beyond its context length are left out."""

    def __init__(self, model: GPT, tokenizer: Tokenizer) -> None:
        self.model, self.tokenizer = model, tokenizer

    def __call__(self, texts: Sequence[str]) -> Tensor:
        """The vectors (n, C) of length 1, with gradients. A text without tokens counts as one line feed."""
        most = self.model.config.context_length
        encoded = [self.tokenizer.encode(text)[:most] or self.tokenizer.encode("\n") for text in texts]
        longest = max(map(len, encoded))
        ids = np.zeros((len(texts), longest), np.int32)  # what is behind a text's end cannot be seen from before it
        shares = np.zeros((len(texts), longest, 1), np.float32)
        for row, tokens in enumerate(encoded):
            ids[row, : len(tokens)] = tokens
            shares[row, : len(tokens)] = 1 / len(tokens)
        mean = (self.model.hidden(ids) * Tensor(shares)).sum(axis=1)
        return mean / ((mean * mean).sum(axis=-1, keepdims=True) + EPS) ** 0.5

    def vectors(self, texts: Sequence[str]) -> Array:
        """The vectors (n, C) float32, without gradients, of any number of texts."""
        found = np.empty((len(texts), self.model.config.d_model), np.float32)
        with no_grad():
            for first in range(0, len(texts), BATCH):
                found[first : first + BATCH] = self(texts[first : first + BATCH]).data
        return found


class DenseIndex:
    """The vectors of passages, all compared with that of a question: fast enough up to some 100,000 passages."""

    def __init__(self, embedder: Embedder, texts: Sequence[str]) -> None:
        self.embedder, self.passages = embedder, embedder.vectors(texts)

    def rank(self, query: str, n: int = 5) -> tuple[Array, Array]:
        """The numbers (m,) and the scores (m,) float32 of the n nearest passages, the nearest first."""
        if n < 1:
            raise ValueError(f"n is {n}; give 1 or more")
        scores = self.passages @ self.embedder.vectors([query])[0]
        found = best(scores + 2, n)  # best takes positive ones, and a cosine is -1 or more
        return found, scores[found]


def contrastive_loss(questions: Tensor, passages: Tensor, temperature: float = TEMPERATURE) -> Tensor:
    """The cross-entropy of choosing passage i for question i. questions (B, C); passages (B or more, C): the first B
    are the right ones, in the questions' order, and the others are wrong for all."""
    count = questions.shape[0]
    scores = (questions @ passages.T) / temperature
    return F.cross_entropy(scores, np.arange(count, dtype=np.int32), np.full(count, 1 / count, np.float32))


def hard_negatives(pairs: Sequence[Pair], index: Index) -> list[int | None]:
    """For each pair the first passage that BM25 finds for its question and that is not its own; None where it finds no
    other."""
    found: list[int | None] = []
    for question, right in pairs:
        try:
            numbers = index.rank(question, HARD)[0].tolist()
        except SearchError:
            numbers = []
        found.append(next((number for number in numbers if number != right), None))
    return found


def batches(pairs: Sequence[Pair], size: int, rng: np.random.Generator) -> Iterator[list[int]]:
    """Numbers of pairs, in a new random order each time round, without end. No batch has two pairs of one passage: the
    one's right passage would be wrong for the other."""
    while True:
        batch: list[int] = []
        seen: set[int] = set()
        for number in rng.permutation(len(pairs)).tolist():
            if pairs[number][1] not in seen:
                batch.append(number)
                seen.add(pairs[number][1])
            if len(batch) == size:
                yield batch
                batch, seen = [], set()
        if len(batch) > 1:
            yield batch


def train(
    embedder: Embedder,
    texts: Sequence[str],
    pairs: Sequence[Pair],
    index: Index,
    *,
    steps: int = 200,
    batch: int = 16,
    learning_rate: float = 3e-4,
    seed: int = 0,
    report: Callable[[int, float], None] | None = None,
) -> list[float]:
    """Fine-tune the embedder's model, in place, on questions and their passages; returns the loss of each step.

    texts: the passages, by number. index: BM25's, of the same texts in the same order, for the hard negatives.
    Raises ValueError where the pairs name fewer than two passages: there is nothing to choose from.
    """
    if len({passage for _, passage in pairs}) < 2:
        raise ValueError(f"{len(pairs)} questions with fewer than two passages; there is nothing to choose from")
    negatives = hard_negatives(pairs, index)
    parameters = list(embedder.model.parameters())
    optimizer = AdamW(parameters, learning_rate)
    losses = []
    drawn = batches(pairs, batch, np.random.default_rng(seed))
    for step in range(steps):
        numbers = next(drawn)
        right = [pairs[number][1] for number in numbers]
        wrong = [found for number in numbers if (found := negatives[number]) is not None and found not in right]
        questions = embedder([pairs[number][0] for number in numbers])
        loss = contrastive_loss(questions, embedder([texts[number] for number in [*right, *dict.fromkeys(wrong)]]))
        loss.backward()
        clip_grad_norm(parameters, 1.0)
        optimizer.lr = warmup_cosine(step, peak=learning_rate, warmup=max(steps // 10, 1), total=steps)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
        if report is not None:
            report(step + 1, losses[-1])
    return losses
