"""What happens at the model's two ends: embedding, the loss over the vocabulary, sampling, and the optimizer."""

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np

from minirl import kernels
from minirl.bench.case import FLOAT, Case, integers, normal, torch
from minirl.bench.sizes import Sizes


def embedding_cases(sizes: Sizes) -> Iterator[Case]:
    """Rows of a table, read and copied, or read, added to and written back; more of them than caches hold."""
    tokens, C, V = 16 * sizes.B * sizes.T, sizes.C, sizes.V
    table, dtable = normal(V, C), kernels.zeros((V, C), np.float32)
    ids, dout = integers(V, tokens), normal(tokens, C)

    yield Case(
        group="embedding",
        name=f"gather  {tokens} of {V} x {C}",
        operands=(ids, table),
        bytes=2 * FLOAT * tokens * C,
        kernel=lambda ids, table: kernels.embedding(ids, table),
        torch=lambda ids, table: torch.nn.functional.embedding(ids, table),
    )
    yield Case(
        group="embedding",
        name=f"scatter-add  {tokens} to {V} x {C}",
        operands=(ids, dout),
        bytes=3 * FLOAT * tokens * C,
        kernel=lambda ids, dout: kernels.embedding_backward(dout, ids, dtable),
        torch=lambda ids, dout, total: total.index_add_(0, ids, dout),
        prepare_torch=lambda ids, dout: (ids.long(), dout, torch.zeros(V, C)),
    )


def cross_entropy_cases(sizes: Sizes) -> Iterator[Case]:
    """The loss, alone and fused with the last matrix product."""
    yield linear_cross_entropy(sizes.B * sizes.T, sizes.C, sizes.V)
    yield linear_log_prob(sizes.B * sizes.T, sizes.C, sizes.V)


def linear_cross_entropy(tokens: int, C: int, V: int) -> Case:
    """Three products (logits, dh, dweight) of 2 tokens C V operations. PyTorch's side is the plain way to write it."""
    targets = integers(V, tokens)
    weights = np.full(tokens, 1 / tokens, np.float32)

    def run_torch(h: Any, weight: Any, targets: Any) -> Any:
        loss = torch.nn.functional.cross_entropy(h @ weight.T, targets)
        return loss, *torch.autograd.grad(loss, (h, weight))

    def prepare_torch(h: Any, weight: Any, targets: Any, weights: Any) -> tuple[Any, ...]:
        return h.detach().requires_grad_(), weight.detach().requires_grad_(), targets.long()

    return Case(
        group="cross-entropy",
        name=f"linear, loss, gradients  {tokens} x {C} x {V}",
        operands=(normal(tokens, C), normal(V, C, scale=0.02), targets, weights),
        kernel=lambda h, weight, targets, weights: kernels.linear_cross_entropy(h, weight, targets, weights),
        torch=run_torch,
        prepare_torch=prepare_torch,
        flops=3 * 2.0 * tokens * C * V,
        bytes=FLOAT * (2 * tokens * C + 2 * V * C),
    )


def linear_log_prob(tokens: int, C: int, V: int) -> Case:
    """Log-probability and entropy of each token: one product of 2 tokens C V operations."""

    def run_torch(h: Any, weight: Any, targets: Any) -> Any:
        log_pi = torch.log_softmax(h @ weight.T, -1)
        return log_pi.gather(1, targets[:, None])[:, 0], -(log_pi.exp() * log_pi).sum(-1)

    return Case(
        group="cross-entropy",
        name=f"linear, log-prob, entropy  {tokens} x {C} x {V}",
        operands=(normal(tokens, C), normal(V, C, scale=0.02), integers(V, tokens)),
        kernel=lambda h, weight, targets: kernels.linear_log_prob(h, weight, targets),
        torch=run_torch,
        prepare_torch=lambda h, weight, targets: (h, weight, targets.long()),
        flops=2.0 * tokens * C * V,
        bytes=FLOAT * (tokens * C + V * C),
    )


def sampling_cases(sizes: Sizes) -> Iterator[Case]:
    """One pass over the logits is the floor, however the tokens are cut."""

    def top_k_torch(logits: Any, uniform: Any) -> Any:
        values, ids = torch.topk(logits, 50)
        return ids.gather(1, torch.multinomial(torch.softmax(values, -1), 1))

    def top_p_torch(logits: Any, uniform: Any) -> Any:
        values, ids = torch.softmax(logits, -1).sort(descending=True)
        kept = torch.where(values.cumsum(-1) - values < 0.9, values, 0)
        return ids.gather(1, torch.multinomial(kept, 1))

    cuts: list[tuple[str, dict[str, Any], Callable[..., Any]]] = [
        ("temperature 0.8", {"temperature": 0.8}, lambda z, uniform: torch.multinomial(torch.softmax(z / 0.8, -1), 1)),
        ("top-k 50", {"top_k": 50}, top_k_torch),
        ("top-p 0.9", {"top_p": 0.9}, top_p_torch),
    ]
    for rows, (name, settings, theirs) in product((16, 1), cuts):
        yield Case(
            group="sampling",
            name=f"{name}  {rows} x {sizes.V}",
            operands=(normal(rows, sizes.V, scale=3), np.random.default_rng(0).random(rows)),
            kernel=lambda logits, uniform, settings=settings: kernels.sample(logits, uniform, **settings),
            torch=theirs,
            bytes=FLOAT * rows * sizes.V,
            cold=True,
        )


def optimizer_cases(sizes: Sizes) -> Iterator[Case]:
    """AdamW reads p, g, m and v and writes p, m and v; the norm of the gradient reads g."""
    n = sizes.parameters
    p, g, m, v = normal(n), normal(n, scale=0.01), np.zeros(n, np.float32), np.full(n, 1e-4, np.float32)
    settings: dict[str, Any] = {"lr": 1e-6, "beta1": 0.9, "beta2": 0.95, "eps": 1e-8, "weight_decay": 0.1}

    def prepare_torch(p: Any, g: Any, m: Any, v: Any) -> tuple[Any]:
        parameter = torch.nn.Parameter(p)
        parameter.grad = g
        return (torch.optim.AdamW([parameter], lr=1e-6, betas=(0.9, 0.95), weight_decay=0.1, fused=True),)

    yield Case(
        group="optimizer",
        name=f"AdamW  {n}",
        operands=(p, g, m, v),
        bytes=7 * FLOAT * n,
        kernel=lambda p, g, m, v: kernels.adamw([p], [g], [m], [v], step=10, **settings),
        torch=lambda optimizer: optimizer.step(),
        prepare_torch=prepare_torch,
    )
    yield Case(
        group="optimizer",
        name=f"sum of squares  {n}",
        operands=(g,),
        bytes=FLOAT * n,
        kernel=lambda g: kernels.sum_squares([g]),
        torch=lambda g: torch.dot(g, g),
        cold=True,
    )
