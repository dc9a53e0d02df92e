"""Lesson 6: exercise 6.3, in Python. The other five are in exercises.c.

N tokens, C numbers for each, V tokens in the vocabulary.
"""

import numpy as np

# ---- 6.3 ----


def of_rows(
    z: np.ndarray,
    targets: np.ndarray,
    weights: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """What exercise 6.2 computes, without the entropy: (log_pi, dz).

    From the logits z (n, V), targets (n,) and weights (n,). Every row counts:
    targets are 0 or more. z is left as it is. (Complete.)
    """
    rows, below = np.arange(len(z)), z - z.max(axis=1, keepdims=True)
    powers = np.exp(below)
    total = powers.sum(axis=1)
    dz = powers * (weights / total)[:, None]
    dz[rows, targets] -= weights
    return below[rows, targets] - np.log(total), dz


def linear_cross_entropy(
    h: np.ndarray,
    W: np.ndarray,
    targets: np.ndarray,
    weights: np.ndarray,
    chunk: int,
) -> tuple[float, np.ndarray, np.ndarray]:
    """The loss of a model's last layer, whose logits are h @ W.T, and its
    gradients: (loss, dh, dW), with

        loss = -(sum over tokens of weight * log pi[target]).

    h: (N, C), what the layers before have made. W: (V, C). targets, weights:
    (N,), and targets are 0 or more. Arrays are float32: also dh (N, C) and
    dW (V, C).

    Never make more than chunk rows of logits at a time. The last chunk may have
    fewer rows.

    With h = [[0]], W = [[0], [0]], targets [1] and weights [1], the loss is
    log 2.
    """
    raise NotImplementedError("write linear_cross_entropy")
