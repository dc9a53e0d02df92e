"""Lesson 20: write these seven functions. `python -m minirl.lessons check 20.1`
checks the first.

`ring` is a ring of processes to try 20.4 and 20.5 on:
ring(2, lambda rank, send, receive: ring_all_reduce(rank, 2, x[rank], send,
receive)), where x is a list of two arrays.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np

from minirl.lessons import implements
from minirl.lessons.ring import ring, summing

# ---- 20.1 ----


@implements("model.operations")
def operations(
    vocab_size: int, n_layer: int, d_model: int, d_ff: int, length: int
) -> float:  # fmt: skip
    """How many additions and multiplications a token costs in training, in the
    model of lesson 8, on texts of `length` tokens: forward and backward.

    Only matrix products and attention count. In each layer a token is
    multiplied with the four matrices of attention, d_model x d_model, and the
    three of the feed-forward part, d_model x d_ff; at the end with the output
    matrix, vocab_size x d_model. In attention, a token needs 4 d_model
    operations for each key that it sees, in each layer. For the number of keys
    take the mean over the tokens of a text: the first one sees itself alone.
    The backward pass computes two products for each one of the forward pass.

    operations(10, 1, 4, 8, 3) is 1296.0.
    """
    raise NotImplementedError("write operations")


# ---- 20.2 ----


@implements("plan.memory")
def memory(
    parameters: int, n_layer: int, d_model: int, d_ff: int, tokens: int
) -> tuple[int, int, int, int]:  # fmt: skip
    """The bytes of a training step with AdamW: (weights, gradient, averages,
    kept), all in float32.

    kept: what the forward pass keeps of each of the batch's `tokens`, so that
    the backward pass can use it. In each layer these are

    - the results of the two norms, what attention returns, and the two sums
      that add to the residual stream, each d_model wide;
    - queries, keys and values, and once more the queries and keys as RoPE has
      turned them, each d_model wide;
    - gate and up, and their product, each d_ff wide.

    Besides the layers there are the embeddings, the result of the last norm,
    and its gradient, which minirl computes with the loss; each d_model wide.
    Everything else is small.

    memory(100, 1, 4, 8, 3) is (400, 400, 800, 912).
    """
    raise NotImplementedError("write memory")


# ---- 20.3 ----


def patterns(lower: int, first: int = 0, n: int = 65536) -> np.ndarray:
    """The numbers, float32, whose upper half of bits is first, first + 1, ...,
    n of them, and whose lower half is `lower`. (Complete.)

    patterns(0, 0x3F80, 2) is array([1.0, 1.0078125], np.float32).
    """
    upper = np.arange(first, first + n, dtype=np.uint32)
    return (upper << 16 | np.uint32(lower)).view(np.float32)


@implements("kernels.to_bfloat16")
def to_bf16(x: np.ndarray) -> np.ndarray:
    """x, float32 of any shape, rounded to bfloat16: its bits, uint16, in the
    same shape.

    A bfloat16 is the upper half of the bits of a float32. x is rounded to the
    nearest one, and from the middle between two to the one whose last bit is 0.
    What is too large becomes infinity, and infinity stays. A NaN stays a NaN;
    which of the many NaNs does not matter.

    to_bf16(np.array([1.0], np.float32)) is array([0x3F80], np.uint16).
    """
    raise NotImplementedError("write to_bf16")


# ---- 20.4 ----

Send = Callable[[np.ndarray], None]
Receive = Callable[[], np.ndarray]


@implements("ranks.halve")
def ring_all_reduce(
    rank: int, size: int, x: np.ndarray, send: Send, receive: Receive
) -> np.ndarray:  # fmt: skip
    """The sum of the arrays x of all ranks, on every rank: a new array like x,
    which has one axis.

    All `size` ranks call this, each with its own number and its own x.
    send(array) sends to the next rank, rank + 1, and from the last one to rank
    0; it does not wait. receive() is the next array from the rank before, and
    waits for it.

    Cut x into `size` chunks, as np.array_split(x, size) does. They go around
    twice, size - 1 steps each time, and in each step every rank sends one chunk
    and receives one.

    1. In the first step rank r sends its chunk r. What it receives it adds to
       its own chunk of that number, and this sum is what it sends in the next
       step. In the end each rank has one chunk that is complete.
    2. Each rank sends its complete chunk. What it receives replaces its own
       chunk of that number, and is sent on in the next step.
    """
    raise NotImplementedError("write ring_all_reduce")


# ---- 20.5 ----

AllReduce = Callable[[np.ndarray], np.ndarray]


def shared_gradient(
    gradient: np.ndarray, tokens: int, max_norm: float, all_reduce: AllReduce
) -> np.ndarray:  # fmt: skip
    """The gradient of the whole batch, clipped: the same on every rank.

    Every rank calls this. gradient: (n,), the mean over this rank's own
    tokens. tokens: how many it has; they may be 0, and then the gradient is 0,
    but not on all ranks. The result is the mean over all tokens of all ranks,
    and where it is longer than max_norm, it is shortened to max_norm.

    all_reduce(x) is the sum of the arrays x of all ranks. It waits until all of
    them have called it, so all have to call it equally often, with arrays of
    the same shape.
    """
    raise NotImplementedError("write shared_gradient")


# ---- 20.6 ----


def power_law(x: Sequence[float], y: Sequence[float]) -> tuple[float, float]:
    """(A, alpha), so that y is about A x^(-alpha): of the straight lines in
    log x and log y the one with the least squares.

    power_law([1.0, 4.0], [6.0, 3.0]) is (6.0, 0.5).
    """
    raise NotImplementedError("write power_law")


# ---- 20.7 ----


def best_size(budget: float, A: float, alpha: float, B: float, beta: float) -> float:
    """The number of parameters N with the lowest loss for a budget of
    operations.

    The loss is floor + A N^(-alpha) + B D^(-beta), with D the number of tokens
    that are read. Training takes 6 N D operations, and all of the budget is
    spent.

    best_size(600.0, 1.0, 1.0, 1.0, 1.0) is 10.0.
    """
    raise NotImplementedError("write best_size")
