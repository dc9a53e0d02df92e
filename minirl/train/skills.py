"""Two skills that all later stages build on, measured while pretraining goes on: copying numbers and calculating.

A solution copies its numbers from the question and then calculates with them. Both skills come suddenly, at a moment
that differs from seed to seed, and bits per byte hardly show it: numbers are few among the bytes. So they are measured
by themselves, on held-out documents: the mean probability of the right number
    copying      in the copy of a question (the kind repeat of corpus.py)
    calculating  in the results of sums (the kind sums)
A model that guesses is at a few percent, one that has the skill near 100%. docs/results.md shows both over eight seeds.
"""

import numpy as np

from minirl import kernels
from minirl.autograd import no_grad
from minirl.data import Batch, encode_documents, pack
from minirl.generate import without_dropout
from minirl.model import GPT
from minirl.tasks import Task
from minirl.tasks.corpus import FULL, KINDS, pretraining_documents
from minirl.tokenizer import Tokenizer

SKILLS = {"copying": "repeat", "calculating": "sums"}  # and the kind of document that shows each
DOCUMENTS = 64  # of each skill
FORMED = 0.9  # from this probability on, copying is there


class Skills:
    """The skills that a task's documents teach; none where they are other documents."""

    def __init__(self, tokenizer: Tokenizer, task: Task, seed: int) -> None:
        taught = task.documents or KINDS
        self.held_out: dict[str, tuple[Batch, np.ndarray]] = {}
        for skill, kind in SKILLS.items():
            if kind in taught:
                documents = pretraining_documents(task, DOCUMENTS, seed, {kind: 1.0}, split="dev")
                batch = pack(encode_documents(tokenizer, documents))
                self.held_out[skill] = batch, (batch.weights == FULL) & np.isin(batch.targets, numbers(tokenizer))

    @no_grad()
    def measure(self, model: GPT) -> dict[str, float]:
        """{"copying": mean probability, "calculating": mean probability}, from 0 to 1."""
        found = {}
        for skill, (batch, counted) in self.held_out.items():
            with without_dropout(model):
                log_prob = kernels.fetch(model.cross_entropy(batch.ids, batch.targets, starts=batch.starts).log_prob)[0]
            found[skill] = float(np.exp(log_prob[counted]).mean(dtype=np.float64)) if counted.any() else 0.0
        return found


class Watch:
    """Says, each once, that copying has formed, or that it has not when half of the updates are made."""

    def __init__(self, steps: int) -> None:
        self.steps, self.formed, self.warned = steps, False, False

    def remark(self, step: int, copying: float) -> str | None:
        """What is to be said after `step` updates, if anything."""
        after = f"after {step} of {self.steps} updates"
        if copying >= FORMED and not self.formed:
            self.formed = True
            return f"copying has formed: {after} the model copies {copying:.0%} of a question's numbers"
        if copying < FORMED and 2 * step >= self.steps and not self.warned:
            self.warned = True
            return (
                f"copying has not formed {after}: the model copies {copying:.0%} of a question's numbers. Such runs "
                "solve fewer problems in the end; another --seed may do better"
            )
        return None


def numbers(tokenizer: Tokenizer) -> list[int]:
    """The tokens that are digits, with or without a space before them."""
    return [i for i in range(tokenizer.vocab_size) if tokenizer.token_bytes(i).strip().isdigit()]
