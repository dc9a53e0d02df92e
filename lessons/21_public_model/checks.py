"""What is tried with the exercises of lesson 21, and what must come out."""

import math
import struct

import numpy as np
from safetensors import deserialize

from minirl.lessons.check import Check, Property
from minirl.lessons.compare import Bound
from minirl.lessons.public_model import example_file

TALKS = (
    [{"role": "user", "content": "Hi"}],
    [{"role": "system", "content": "Be brief."}],
    [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}],
    [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello."}],
    [{"role": "user", "content": " two\nlines "}],
    [{"role": "user", "content": "Hi"}, {"role": "system", "content": "Be brief."}],
    [{"role": "user", "content": "1"}, {"role": "assistant", "content": "2"}, {"role": "user", "content": "3"}],
)  # fmt: skip


# ---- 21.1 ----


def files(rng):
    """(seed, name): a file that `example_file` makes, and a tensor in it."""
    for seed in range(10):
        yield seed, "abc"[seed % 3]
    for _ in range(14):
        seed = int(rng.integers(10, 1000))
        yield seed, str(rng.choice(list("abc"[: 1 + seed % 3])))


def by_the_library(seed, name):
    """What the safetensors library finds."""
    return found_by_the_library(example_file(seed), name)


def found_by_the_library(data, name):
    found = dict(deserialize(bytes(data)))[name]
    raw = bytes(found["data"])
    if found["dtype"] == "BF16":
        raw = b"".join(b"\0\0" + raw[at : at + 2] for at in range(0, len(raw), 2))
    return np.array(struct.unpack(f"<{len(raw) // 4}f", raw), np.float32).reshape(found["shape"])


# ---- 21.2 ----


def some_blocks(rng):
    """(kind, blocks)"""
    counting = {"Q8_0": np.arange(1, 33), "Q4_1": np.arange(16) + 16 * np.arange(16)[::-1]}
    for kind, d, m in (("Q8_0", 1.0, 0.0), ("Q4_1", 1.0, 0.0), ("Q8_0", 0.5, 0.0), ("Q4_1", 0.5, -2.0)):
        yield kind, a_block(kind, d, m, counting[kind])
    for n in (1, 1, 1, 1, 2, 3, 2, 3):
        for kind in ("Q8_0", "Q4_1"):
            made = []
            for _ in range(n):
                d, m = float(rng.integers(1, 64)) / 64, float(rng.integers(-32, 32)) / 8
                made.append(a_block(kind, d, m, rng.integers(0, 256, 32 if kind == "Q8_0" else 16)))
            yield kind, np.concatenate(made)


def a_block(kind, d, m, stored):
    """One block, (1, size) uint8. m counts in Q4_1 alone."""
    scales = np.array([d] if kind == "Q8_0" else [d, m], "<f2").view(np.uint8)
    return np.concatenate([scales, np.asarray(stored).astype(np.uint8)])[None]


def by_bits(kind, blocks):
    """Bit by bit: every q is a sum of powers of two."""
    head = 2 if kind == "Q8_0" else 4
    bits = np.unpackbits(np.ascontiguousarray(blocks[:, head:]), axis=1, bitorder="little").astype(np.float64)
    scales = np.frombuffer(np.ascontiguousarray(blocks[:, :head]).tobytes(), "<f2").astype(np.float64)
    scales = scales.reshape(len(blocks), -1)
    if kind == "Q8_0":
        q = bits.reshape(len(blocks), 32, 8) @ np.array([1, 2, 4, 8, 16, 32, 64, -128.0])
        return (scales[:, :1] * q).astype(np.float32)
    q = bits.reshape(len(blocks), 16, 2, 4) @ np.array([1, 2, 4, 8.0])
    q = q.transpose(0, 2, 1).reshape(len(blocks), 32)
    return (scales[:, :1] * q + scales[:, 1:]).astype(np.float32)


def of_blocks(kind, blocks):
    """A product and a sum, which may cancel."""
    return Bound(2, float(np.abs(by_bits(kind, blocks)).max(initial=0)), reason="a product and a sum")


# ---- 21.3 ----


def shapes_of_heads(rng):
    """(heads, D)"""
    yield from ((1, 2), (1, 4), (1, 6), (2, 2), (2, 4), (2, 6), (3, 8))
    for _ in range(10):
        yield int(rng.integers(1, 5)), 2 * int(rng.integers(1, 9))


def by_pairs(heads, D):
    """Pair after pair."""
    found = np.empty(heads * D, np.int64)
    for head in range(heads):
        for i in range(D // 2):
            found[head * D + i], found[head * D + i + D // 2] = head * D + 2 * i, head * D + 2 * i + 1
    return found


# ---- 21.4 ----


def conversations(rng):
    """(messages, system, answer)"""
    for messages in TALKS:
        for answer in (False, True):
            yield messages, "S", answer
    for _ in range(10):
        n = int(rng.integers(1, 4))
        roles = rng.choice(["user", "assistant", "system"], n).tolist()
        said = rng.choice(["Hi", "2 + 2?", "", "4"], n).tolist()
        messages = [{"role": role, "content": text} for role, text in zip(roles, said, strict=True)]
        yield messages, "You help.", bool(rng.random() < 0.5)


def line_by_line(messages, system, answer):
    """All lines of the text, joined at the end."""
    lines = []
    if messages[0]["role"] != "system":
        lines += ["<|im_start|>system", system + "<|im_end|>"]
    for message in messages:
        lines += ["<|im_start|>" + message["role"], message["content"] + "<|im_end|>"]
    return "\n".join([*lines, *(["<|im_start|>assistant"] if answer else []), ""])


# ---- 21.5 ----


def streams(rng):
    """(x, gain, eps, table)"""
    yield np.array([[3.0, 3.0]]), np.ones(2), 0.0, np.eye(2)
    yield np.array([[1.0, 0.0]]), np.ones(2), 0.5, np.eye(2)
    yield np.array([[1.0, 0.0]]), np.array([2.0, 1.0]), 0.0, np.eye(2)
    yield np.array([[1.0, 2.0], [2.0, -1.0]]), np.ones(2), 0.0, np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    yield np.array([[90.0, -90.0]]), np.array([900.0, 900.0]), 0.0, np.eye(2)
    for _ in range(12):
        T, C, V = (int(n) for n in rng.integers(1, 5, 3))
        x, table = rng.integers(-3, 4, (T, C + 1)) * 1.0, rng.integers(-2, 3, (V + 1, C + 1)) / 2
        yield x, rng.integers(1, 4, C + 1) / 2, float(rng.choice([0.25, 1.0])), table


def said_by_hand(x, gain, eps, table):
    """Number by number."""
    found = []
    for row in x.tolist():
        size = math.sqrt(math.fsum(one * one for one in row) / len(row) + eps)
        logits = [
            math.fsum(one / size * w * e for one, w, e in zip(row, gain.tolist(), vector, strict=True))
            for vector in table.tolist()
        ]
        powers = [math.exp(one - max(logits)) for one in logits]
        found.append([one / math.fsum(powers) for one in powers])
    return np.array(found)


def of_lens(x, gain, eps, table):
    largest = float(np.abs(gain).max() * np.abs(table).max()) * x.shape[1] ** 0.5 * x.shape[1]
    return Bound(4 * (x.shape[1] + len(table)), max(1.0, largest), reason="sums of products, and a softmax")


def adds_up(call, *case):
    return np.allclose(call(*case).sum(axis=1), 1)


# ---- 21.6 ----


def layers(rng):
    """(dy, x, A, B, scale)"""
    three = np.array([[3.0]])
    yield three, three, three, three, 2.0
    yield three, three, three, three, 1.0
    for N, C, F, r in ((1, 2, 1, 1), (1, 1, 2, 1), (2, 1, 1, 1), (1, 2, 3, 1), (2, 2, 2, 2), (3, 2, 4, 2)):
        yield *(rng.integers(-3, 4, shape) * 1.0 for shape in ((N, F), (N, C), (r, C), (F, r))), 2.0
    for _ in range(10):
        N, C, F, r = (int(n) for n in rng.integers(1, 5, 4))
        made = (rng.integers(-3, 4, shape) * 1.0 for shape in ((N, F), (N, C), (r, C), (F, r)))
        yield *made, float(rng.choice([0.5, 2.0, 3.0]))


def through_the_product(dy, x, A, B, scale):
    """By way of W = scale B A: dW = dy^T x, as for any matrix."""
    dy, x, A, B = (one.astype(np.float64) for one in (dy, x, A, B))
    W, dW = scale * B @ A, np.einsum("nf,nc->fc", dy, x)
    return dy @ W, scale * B.T @ dW, scale * dW @ A.T


def in_the_type_of(dy, x, A, B, scale):
    """For the seam, whose arrays are float32."""
    return tuple(one.astype(x.dtype) for one in through_the_product(dy, x, A, B, scale))


def of_layer(dy, x, A, B, scale):
    """Three sums in a row, each of terms as large as the arrays' largest numbers."""
    terms = max(len(x), x.shape[1], dy.shape[1]) * len(A)
    largest = math.prod(max(float(np.abs(one).max(initial=0)), 1e-6) for one in (dy, x, A, B))
    smallest = min(max(float(np.abs(one).max(initial=0)), 1e-6) for one in (x, A, B))
    return Bound(terms, scale * largest * terms / smallest, reason="two sums of products, one after the other")


# ---- 21.7 ----


def texts(rng):
    """(log_probs,)"""
    yield ([np.log([0.5])],)
    yield ([np.log([0.5, 0.5])],)
    yield ([np.log([0.5, 0.25])],)
    yield ([np.log([0.5, 0.5]), np.log([0.25])],)
    yield ([np.zeros(3)],)
    for _ in range(12):
        yield ([np.log(rng.integers(1, 9, int(rng.integers(1, 5))) / 8) for _ in range(int(rng.integers(1, 4)))],)


def by_a_root(log_probs):
    """The n-th root of one over the product of all probabilities."""
    every = [float(one) for part in log_probs for one in part]
    return math.prod(math.exp(-one / len(every)) for one in every)


CHECKS = {
    "tensor_of": Check(
        cases=files, given=lambda seed, name: (example_file(seed), name), expected=by_the_library, shrink=False,
        show=lambda seed, name: f'tensor_of(example_file({seed}), "{name}")',
    ),
    "from_blocks": Check(cases=some_blocks, expected=by_bits, bound=of_blocks, shrink=False),
    "row_order": Check(cases=shapes_of_heads, expected=by_pairs, shrink=False),
    "chat_text": Check(cases=conversations, expected=line_by_line, compared=30, shrink=False),
    "lens": Check(
        cases=streams, expected=said_by_hand, bound=of_lens, shrink=False,
        properties=(Property("the probabilities of each token add up to 1", adds_up),),
    ),
    "lora_gradients": Check(
        cases=layers, expected=through_the_product, bound=of_layer, shrink=False,
        parts=("the gradient of x", "the gradient of A", "the gradient of B"),
    ),
    "perplexity": Check(
        cases=texts, expected=by_a_root, bound=Bound(40, 1.0, reason="a sum, and a power of e"), shrink=False,
    ),
}  # fmt: skip
