"""Lesson 21: write these seven functions. `python -m minirl.lessons check 21.1`
checks the first.

`example_file` makes small files to try 21.1 on:
tensor_of(example_file(2), "b").
"""

import json
import math
from collections.abc import Mapping, Sequence

import numpy as np

from minirl.lessons import implements
from minirl.lessons.public_model import example_file

# ---- 21.1 ----


@implements("model.safetensors")
def tensor_of(data: bytes, name: str) -> np.ndarray:
    """The tensor of this name in a safetensors file, as float32.

    data: the whole file. Its first 8 bytes are a whole number n, the lowest
    byte first. The next n bytes are the header, in JSON: a dict from names to

        {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}

    The rest of the file are the numbers. Both offsets count from where the
    rest begins: the tensor's first byte, and one past its last. Rows follow
    each other. The type "F32" is float32, "<f4" in NumPy. The type "BF16" is
    the upper half of a float32, 2 bytes; the lower half is 0. Other types do
    not occur.

    tensor_of(example_file(2), "b") is an array of shape (3, 2).
    """
    raise NotImplementedError("write tensor_of")


# ---- 21.2 ----


@implements("gguf.blocks")
def from_blocks(kind: str, blocks: np.ndarray) -> np.ndarray:
    """The numbers in blocks of a GGUF file: (n, 32) float32.

    kind: "Q8_0" or "Q4_1". blocks: (n, size) uint8, a block in each row.

    Q8_0, 34 bytes: d as float16, then 32 numbers q as int8. Number i is d q_i.
    Q4_1, 20 bytes: d and m as float16, then 16 bytes. The low half of byte j
    (byte & 15) is q_j, its high half (byte >> 4) is q_{j + 16}. Number i is
    d q_i + m.

    from_blocks("Q8_0", blocks) for a block with d = 0.5 and q = 1, 2, ..., 32
    is array([[0.5, 1.0, ..., 16.0]]).
    """
    raise NotImplementedError("write from_blocks")


# ---- 21.3 ----


@implements("gguf.rows")
def row_order(heads: int, D: int) -> np.ndarray:
    """Which row of the file each row of the matrix is: (heads D,) integers.

    A matrix of queries or keys has D rows for each head, head after head. In
    the matrix, rows i and i + D/2 of a head are a pair that turns together,
    i = 0, ..., D/2 - 1. In the file, the pair's rows are neighbours, 2 i and
    2 i + 1 of the same head. So the matrix is file[row_order(heads, D)].

    row_order(1, 6) is array([0, 2, 4, 1, 3, 5]).
    """
    raise NotImplementedError("write row_order")


# ---- 21.4 ----


@implements("tokenizer.chat")
def chat_text(
    messages: Sequence[Mapping[str, str]],
    system: str,
    answer: bool,
) -> str:
    """A conversation as one text, as SmolLM2's template writes it.

    messages: dicts with a "role" and a "content". Each becomes

        <|im_start|>ROLE
        CONTENT<|im_end|>

    and a line break "\\n" after it. If the first message is not one of the
    role "system", a message of this role with the content `system` comes
    first. If `answer` is true, the assistant's answer begins at the end:
    "<|im_start|>assistant\\n".

    chat_text([{"role": "user", "content": "Hi"}], "S", False) is
    "<|im_start|>system\\nS<|im_end|>\\n<|im_start|>user\\nHi<|im_end|>\\n".
    """
    raise NotImplementedError("write chat_text")


# ---- 21.5 ----


def lens(
    x: np.ndarray,
    gain: np.ndarray,
    eps: float,
    table: np.ndarray,
) -> np.ndarray:
    """What a model would say if it ended here: the probabilities of the next
    token, (T, V).

    x: (T, C), the residual stream of T tokens. First each row is divided by its
    root mean square, the root of (the mean of its squares + eps), and
    multiplied by `gain`, (C,). Its products with the rows of `table`, (V, C),
    are logits; their softmax is the result.

    lens(np.array([[3.0, 3.0]]), np.ones(2), 0.0, np.eye(2)) is
    array([[0.5, 0.5]]).
    """
    raise NotImplementedError("write lens")


# ---- 21.6 ----


@implements("lora.gradients")
def lora_gradients(
    dy: np.ndarray,
    x: np.ndarray,
    A: np.ndarray,
    B: np.ndarray,
    scale: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The gradients of y = scale (x A^T) B^T: those of x, A and B.

    x: (N, C), A: (r, C), B: (F, r); so y is (N, F), and dy, (N, F), is the
    gradient of the loss with respect to y. Never make a matrix of F rows and
    C columns: r is small, and all of it can be done in narrow matrices.

    lora_gradients(dy, x, A, B, 2.0) for dy = x = A = B = np.array([[3.0]]) is
    54.0 each, as arrays of shape (1, 1).
    """
    raise NotImplementedError("write lora_gradients")


# ---- 21.7 ----


@implements("evaluation.perplexity")
def perplexity(log_probs: Sequence[np.ndarray]) -> float:
    """The perplexity of a text, e to the mean loss of a token.

    log_probs: for each part of the text the log-probabilities of its tokens,
    (n,). Parts may be of different lengths. Every token counts the same.

    perplexity([np.log([0.5, 0.5]), np.log([0.25])]) is 2.5198, the third root
    of 16.
    """
    raise NotImplementedError("write perplexity")
