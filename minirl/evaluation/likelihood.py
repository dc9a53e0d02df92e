"""How likely a model holds each of several answers to a question: sum_t log pi(answer_t | question, answer_<t).

Nothing is written, so a model that answers in another style, or was never taught to answer, can be asked too. What the
answers to a question have in common, the question, is computed once.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from minirl import kernels
from minirl.autograd import Array, no_grad
from minirl.generate import without_dropout
from minirl.model import GPT
from minirl.model.transformer import IGNORE

AT_ONCE = 4096  # tokens of a pass


@no_grad()
def log_likelihoods(model: GPT, questions: Sequence[Array], answers: Sequence[Sequence[Array]]) -> list[Array]:
    """Of each question the log-likelihoods of its answers, in nats: (answers,) float64.

    questions: ids, (P,) int32 with P >= 1 each. answers: of each question some answers, ids (A,) with A >= 1 each. Of a
    question that does not fit into the context with its longest answer, only the end is read.
    """
    found: list[Array] = []
    with without_dropout(model):
        for batch in batches(questions, answers):
            found += pass_over(model, batch)
    return found


def batches(
    questions: Sequence[Array], answers: Sequence[Sequence[Array]]
) -> Iterator[list[tuple[Array, Sequence[Array]]]]:
    """Questions with their answers, AT_ONCE tokens at a time; at least one question."""
    batch: list[tuple[Array, Sequence[Array]]] = []
    tokens = 0
    for question, listed in zip(questions, answers, strict=True):
        size = len(question) + sum(map(len, listed))
        if batch and tokens + size > AT_ONCE:
            yield batch
            batch, tokens = [], 0
        batch.append((question, listed))
        tokens += size
    if batch:
        yield batch


def pass_over(model: GPT, batch: Sequence[tuple[Array, Sequence[Array]]]) -> list[Array]:
    """The log-likelihoods of a batch, in one pass: each answer is a document that continues its question's."""
    documents: list[Array] = []
    targets: list[Array] = []
    prefixes: list[int] = []
    for question, listed in batch:
        room = model.config.context_length - max(map(len, listed)) + 1  # an answer's last token is not read
        question = question[-max(room, 1) :]
        at = len(documents)
        documents.append(question[:-1])
        targets.append(np.full(len(question) - 1, IGNORE, np.int32))
        prefixes.append(-1)
        for answer in listed:
            documents.append(np.concatenate([question[-1:], answer[:-1]]))
            targets.append(answer)
            prefixes.append(at)
    starts = np.cumsum([0, *map(len, documents)])
    h = model.hidden(np.concatenate(documents), starts, np.array(prefixes)).data[0]
    log_prob, _ = kernels.linear_log_prob(h, model.output_weight.data, np.concatenate(targets).astype(np.int32))
    log_prob = kernels.fetch(log_prob)
    sums = [log_prob[first:last].sum(dtype=np.float64) for first, last in pairwise(starts)]
    found, at = [], 0
    for _, listed in batch:
        found.append(np.array(sums[at + 1 : at + 1 + len(listed)]))
        at += 1 + len(listed)
    return found
