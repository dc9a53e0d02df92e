"""Muon: the momentum of each matrix is made orthogonal before it is applied (Jordan et al. 2024).

A matrix of weights often learns along few directions: its momentum has some large singular values and many small ones.
Muon gives all of them about the same size, so the rare directions learn as fast as the common ones. With the singular
value decomposition M = U S V^T the update is about U V^T. A decomposition would be slow. Five Newton-Schulz steps come
close enough, and they are matrix products alone.

It is for the matrices inside the blocks. Embeddings, the head, norms and biases stay with AdamW.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from minirl import kernels
from minirl.autograd import Array
from minirl.optim import AdamW
from minirl.tensor import Tensor

COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # of Jordan et al.: small singular values grow fast
STEPS = 5
UPDATE_RMS = 0.2  # root mean square of an update's numbers at a learning rate of 1, about AdamW's
SMALLEST = 1e-7  # of a norm to divide by


def orthogonal(x: Array, steps: int = STEPS) -> Array:
    """(M, N) -> (M, N): about U V^T, where x = U S V^T is the singular value decomposition. x is not changed.

    x is first divided by its norm, so that no singular value is above 1. Each Newton-Schulz step then applies the odd
    polynomial a s + b s^3 + c s^5 to all singular values s, since with G = X X^T

        (a I + b G + c G^2) X = U (a S + b S^3 + c S^5) V^T

    Five steps bring singular values from 0.003 to 1 to between 0.68 and 1.21. Smaller ones stay small, and 0 stays 0.
    """
    a, b, c = (x.dtype.type(coefficient) for coefficient in COEFFICIENTS)
    tall = x.shape[0] > x.shape[1]  # then X^T X is the smaller product, and stands on the right
    x = kernels.divide(x, x.dtype.type(max(math.sqrt(kernels.sum_squares([x])), SMALLEST)))
    for _ in range(steps):
        gram = kernels.matmul(x, x, transpose_a=tall, transpose_b=not tall)
        polynomial = kernels.matmul(kernels.multiply(gram, c), gram, residual=kernels.multiply(gram, b))
        left, right = (x, polynomial) if tall else (polynomial, x)
        x = kernels.matmul(left, right, residual=kernels.multiply(x, a))
    return x


class Muon(AdamW):
    """Muon for matrices, and AdamW for all other parameters.

    For each matrix W, (M, N), with gradient g:
        m = mu m + (1 - mu) g                 u = mu m + (1 - mu) g        (Nesterov's momentum; mu is `momentum`)
        W = W - lr (0.2 sqrt(max(M, N)) orthogonal(u) + weight_decay W)

    The numbers of an orthogonal matrix have a root mean square of 1 / sqrt(max(M, N)). The factor 0.2 sqrt(max(M, N))
    makes that 0.2, which is about AdamW's, so a learning rate and a weight decay that suit AdamW suit Muon too (Liu et
    al. 2025, arXiv 2502.16982, section 2.2). Of a matrix one moment is kept, not two.

    matrices: tensors of two axes. others: the parameters for AdamW, as AdamW takes them; they may be none. The other
    arguments: see AdamW. Raises ValueError where there is no matrix, or where one has other than two axes.
    """

    def __init__(
        self,
        matrices: Iterable[Tensor],
        others: Iterable[Tensor] | Sequence[dict[str, Any]] = (),
        lr: float = 3e-4,
        momentum: float = 0.95,
        betas: tuple[float, float] = (0.9, 0.95),
        eps: float = 1e-8,
        weight_decay: float = 0.1,
    ) -> None:
        first, rest = list(matrices), list(others)
        if not first:
            raise ValueError("Muon: there are no matrices to train; AdamW trains all other parameters")
        for matrix in first:
            if matrix.ndim != 2:
                raise ValueError(f"Muon: a parameter has shape {matrix.shape}; expected a matrix. Give it to `others`")
        groups: list[Any] = rest if rest and isinstance(rest[0], dict) else [{"params": rest}]
        super().__init__([{"params": first}, *groups], lr, betas, eps, weight_decay)
        self.momentum = momentum
        for number, matrix in enumerate(first):
            self.second_moments[number] = np.zeros(0, matrix.data.dtype)

    def _change(self, group: dict[str, Any], *arrays: Sequence[Array], grad_scale: float) -> None:
        if group is not self.groups[0]:
            super()._change(group, *arrays, grad_scale=grad_scale)
            return
        lr = self.lr * group["lr_ratio"]
        for p, g, m, _ in zip(*arrays, strict=True):
            new = kernels.multiply(g, p.dtype.type((1 - self.momentum) * grad_scale))
            kernels.scale(m, self.momentum)
            kernels.add(m, new, out=m)
            kernels.add(new, kernels.multiply(m, p.dtype.type(self.momentum)), out=new)
            update = orthogonal(new)
            kernels.scale(update, lr * UPDATE_RMS * math.sqrt(max(p.shape)))
            kernels.scale(p, 1 - lr * group["weight_decay"])
            kernels.subtract(p, update, out=p)
