"""What the policy said before, as something to stay close to: answers of its own, and how likely it found every token.

The loss of an answer's token is the cross-entropy with a target distribution t,

    -sum_a t(a) log pi(a | s)      with  t = (1 - e) pi_0(. | s) + e [a is the token that pi_0 liked best]

Its gradient is that of KL(t || pi). With e = 0 it is the KL divergence from the policy before RL, exactly and over the
whole vocabulary, where a term on sampled tokens would only estimate it. A small e decides ties: where the best two
tokens were nearly equally likely, a small push would otherwise swap them, and a greedy answer would go another way.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from minirl import functional as F
from minirl import kernels
from minirl.autograd import Array, no_grad
from minirl.data import Batch
from minirl.generate import without_dropout
from minirl.model import GPT
from minirl.tensor import Tensor


@dataclass(frozen=True)
class OwnAnswers:
    """Answers to rehearse in one update, with what is known of the policy that gave them."""

    batch: Batch
    """The answers, greedy ones. The weight of each token counts in the loss; 0 in prompts."""
    hidden: Array
    """(n, C) float32: the last hidden states of that policy where the weight is not 0."""
    output_weight: Array
    """(V, C): its output layer, so that hidden and this give its logits."""
    sharpening: float
    """e: the share of the target that the best token gets on top."""

    @property
    def weights(self) -> Array:
        """The weights of all tokens."""
        return self.batch.weights

    def shares(self, n: int) -> "list[OwnAnswers]":
        """The answers cut into n parts of about as many tokens each."""
        parts = self.batch.shares(n)
        counts = np.cumsum([0, *(np.count_nonzero(part.weights) for part in parts)])
        hidden = [self.hidden[a:b] for a, b in pairwise(counts)]
        return [replace(self, batch=part, hidden=h) for part, h in zip(parts, hidden, strict=True)]

    def loss(self, model: GPT) -> Tensor:
        """sum w KL(t || pi), a single number: 0 where the policy is as the targets."""
        at = np.flatnonzero(self.batch.weights)
        with without_dropout(model):
            h = model.hidden(self.batch.ids, self.batch.starts).reshape(len(self.batch.ids), -1)
        log_pi = F.log_softmax(F.linear(h[at], model.output_weight))
        target = kernels.fetch(kernels.softmax(kernels.matmul(self.hidden, self.output_weight, transpose_b=True)))
        target *= np.float32(1 - self.sharpening)
        target[np.arange(len(at)), self.batch.targets[at]] += np.float32(self.sharpening)
        weights = self.batch.weights[at]
        own = float((weights * negative_entropy(target)).sum(dtype=np.float64))
        return own - (log_pi * Tensor(target * weights[:, None])).sum()


def negative_entropy(t: Array) -> Array:
    """sum t log t of each row: (n, V) -> (n,)."""
    return np.asarray(np.where(t > 0, t * np.log(np.maximum(t, np.float32(1e-30))), 0).sum(axis=-1))


@no_grad()
def remember(model: GPT, batch: Batch) -> Array:
    """The hidden states of the model as it is now at the tokens that count, (n, C), for `OwnAnswers`."""
    with without_dropout(model):
        h = model.hidden(batch.ids, batch.starts).numpy()[0]
    return np.ascontiguousarray(h[np.flatnonzero(batch.weights)])
