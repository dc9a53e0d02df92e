"""Fused operations: gradients against central differences on the reference backend, values against plain formulas,
and the native backend against the reference."""

import numpy as np
import pytest

from minirl import Tensor, check_gradients, kernels, no_grad
from minirl import functional as F

IDS = np.array([[1, 0, 4], [4, 4, 2]], np.int32)
TARGETS = np.array([[1, 0, 4], [-100, 4, 2]], np.int32)
STARTS = np.array([0, 1, 1, 4, 6])  # documents of 1, 0, 3 and 2 tokens
SHARED = F.Documents(np.array([0, 2, 4, 5, 6]), np.array([-1, 0, 0, -1]))
PLACES = np.array([0, 0, 1, 2, 0, 1], np.int32)
MASK = np.random.default_rng(0).random((2, 1, 3, 5)) < 0.6
WEIGHTS = np.array([[0.5, -1, 2], [3, 0, 0.25]])


def rotation(time, head_size, shift=0):
    return F.Rotation(np.arange(shift, shift + time, dtype=np.int32), *kernels.rope_tables(shift + time, head_size))


def numbers(shape, seed):
    return np.random.default_rng(seed).standard_normal(shape)


OPERATIONS = {
    "linear": (lambda x, w: F.linear(x, w), (2, 3, 4), (5, 4)),
    "linear of a vector": (lambda x, w: F.linear(x, w), (4,), (5, 4)),
    "linear, bias": (lambda x, w, b: F.linear(x, w, b), (2, 3, 4), (5, 4), (5,)),
    "linear, gelu": (lambda x, w, b: F.linear(x, w, b, "gelu"), (3, 4), (5, 4), (5,)),
    "linear, gelu_tanh": (lambda x, w, b: F.linear(x, w, b, "gelu_tanh"), (2, 3, 4), (5, 4), (5,)),
    "linear, silu": (lambda x, w: F.linear(x, w, activation="silu"), (3, 4), (5, 4)),
    "linear, residual": (lambda x, w, r: F.linear(x, w, residual=r), (2, 3, 4), (5, 4), (2, 3, 5)),
    "linear onto its input": (lambda x, w: F.linear(x, w, residual=x), (2, 3, 4), (4, 4)),
    "linear, everything": (lambda x, w, b, r: F.linear(x, w, b, "gelu_tanh", r), (3, 4), (5, 4), (5,), (3, 5)),
    "a weight used twice": (lambda x, w: F.linear(F.linear(x, w), w), (3, 4), (4, 4)),
    "embedding": (lambda table: F.embedding(IDS, table), (5, 4)),
    "embedding, twice": (lambda table: F.embedding(IDS, table) * F.embedding(IDS[:, :1], table), (5, 4)),
    "layer_norm": (lambda x, g, b: F.layer_norm(x, g, b), (2, 3, 4), (4,), (4,)),
    "layer_norm without bias": (lambda x, g: F.layer_norm(x, g), (3, 4), (4,)),
    "rms_norm": (lambda x, g: F.rms_norm(x, g), (2, 3, 4), (4,)),
    "dropout": (lambda x: F.dropout(x, 0.4, np.random.default_rng(0)), (5, 4)),
    "gelu": (lambda x: F.gelu(x), (3, 4)),
    "gelu, exact": (lambda x: F.gelu(x, exact=True), (3, 4)),
    "silu": (lambda x: F.silu(x), (3, 4)),
    "swiglu": (lambda x: F.swiglu(x), (2, 3, 8)),
    "rope": (lambda x: F.rope(x, rotation(3, 4, shift=2)), (2, 3, 2, 4)),
    "attention": (lambda q, k, v: F.attention(q, k, v), (2, 5, 2, 4), (2, 5, 2, 4), (2, 5, 2, 4)),
    "attention, not causal": (
        lambda q, k, v: F.attention(q, k, v, causal=False),
        (1, 3, 2, 4),
        (1, 5, 2, 4),
        (1, 5, 2, 4),
    ),
    "attention, more keys": (lambda q, k, v: F.attention(q, k, v, scale=0.3), (1, 3, 2, 4), (1, 5, 2, 4), (1, 5, 2, 4)),
    "attention, grouped": (lambda q, k, v: F.attention(q, k, v), (2, 3, 4, 2), (2, 3, 2, 2), (2, 3, 2, 2)),
    "attention to itself": (lambda x: F.attention(x, x, x), (2, 3, 2, 4)),
    "attention, documents": (
        lambda q, k, v: F.attention(q, k, v, documents=F.Documents(STARTS)),
        (1, 6, 4, 2),
        (1, 6, 2, 2),
        (1, 6, 2, 2),
    ),
    "attention, shared prefix": (
        lambda q, k, v: F.attention(q, k, v, documents=SHARED),
        (1, 6, 4, 2),
        (1, 6, 2, 2),
        (1, 6, 2, 2),
    ),
    "packed_attention": (lambda x: F.packed_attention(x, 2, 2), (2, 5, 24)),
    "packed_attention, grouped": (lambda x: F.packed_attention(x, 4, 2), (2, 3, 16)),
    "packed_attention, rope": (lambda x: F.packed_attention(x, 4, 2, rotation(3, 4)), (2, 3, 32)),
    "packed_attention, documents": (
        lambda x: F.packed_attention(x, 4, 2, F.Rotation(PLACES, *kernels.rope_tables(3, 4)), F.Documents(STARTS)),
        (1, 6, 32),
    ),
    "packed_attention, shared prefix": (
        lambda x: F.packed_attention(x, 4, 2, F.Rotation(PLACES, *kernels.rope_tables(3, 4)), SHARED),
        (1, 6, 32),
    ),
    "softmax": (lambda x: F.softmax(x), (3, 4)),
    "log_softmax": (lambda x: F.log_softmax(x), (2, 3, 4)),
    "log_prob": (lambda x: F.log_prob(x, IDS), (2, 3, 5)),
    "entropy": (lambda x: F.entropy(x), (2, 3, 5)),
    "cross_entropy": (lambda h, w: F.linear_cross_entropy(h, w, TARGETS).loss, (2, 3, 4), (5, 4)),
    "cross_entropy, weights": (lambda h, w: F.linear_cross_entropy(h, w, TARGETS, WEIGHTS).loss, (2, 3, 4), (5, 4)),
    "cross_entropy, scaled": (lambda h, w: F.linear_cross_entropy(h, w, TARGETS).loss * 3, (2, 3, 4), (5, 4)),
    "cross_entropy, tied": (lambda w: F.linear_cross_entropy(F.embedding(IDS, w), w, TARGETS).loss, (5, 4)),
    "linear_log_prob": (lambda h, w: F.linear_log_prob(h, w, TARGETS)[0], (2, 3, 4), (5, 4)),
    "concatenate": (lambda a, b: F.concatenate([a, b, a], axis=1), (3, 4), (3, 2)),
    "stack": (lambda a, b: F.stack([a, b], axis=-1), (3, 4), (3, 4)),
    "where": (lambda a, b: F.where(np.eye(3, 4) > 0, a, b), (3, 4), (4,)),
    "where, number": (lambda a: F.where(a > 0, a * a, 0.5), (3, 4)),
    "maximum": (lambda a, b: F.maximum(a, b), (3, 4), (4,)),
    "maximum, number": (lambda a: F.maximum(a, 0.1), (3, 4)),
    "minimum": (lambda a, b: F.minimum(a, b), (3, 4), (4,)),
    "attention, mask": (
        lambda q, k, v: F.attention(q, k, v, mask=MASK),
        (2, 3, 4, 2),
        (2, 5, 2, 2),
        (2, 5, 2, 2),
    ),
    "attention, mask alone": (
        lambda q, k, v: F.attention(q, k, v, causal=False, scale=0.3, mask=MASK[0]),
        (2, 3, 2, 4),
        (2, 5, 2, 4),
        (2, 5, 2, 4),
    ),
    "softmax, axis": (lambda x: F.softmax(x, axis=0), (3, 4, 2)),
    "log_softmax, axis": (lambda x: F.log_softmax(x, axis=1), (3, 4, 2)),
    "embedding of one": (lambda table: F.embedding(3, table), (5, 4)),
    "log_prob of one": (lambda x: F.log_prob(x, 3), (5,)),
    "given cross_entropy": (lambda x: F.cross_entropy(x, TARGETS), (2, 3, 5)),
    "given cross_entropy, weights": (lambda x: F.cross_entropy(x, TARGETS, WEIGHTS), (2, 3, 5)),
    "given cross_entropy, smooth": (lambda x: F.cross_entropy(x, TARGETS, label_smoothing=0.2), (2, 3, 5)),
    "stack, arrays": (lambda a: F.stack([a, np.ones(4), [1, 2, 3, 4]]), (4,)),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_gradient(name):
    function, *shapes = OPERATIONS[name]
    check_gradients(function, [numbers(shape, seed) for seed, shape in enumerate(shapes)])


@pytest.mark.skipif(not kernels.has_native(), reason="the C kernels are not built")
@pytest.mark.parametrize("name", OPERATIONS)
def test_native_equals_reference(name):
    """Values and gradients of the two backends, with gradients collected over two backward calls."""
    function, *shapes = OPERATIONS[name]
    results = []
    for backend in ("reference", "native"):
        with kernels.using(backend):
            inputs = [Tensor(numbers(s, seed).astype(np.float32), requires_grad=True) for seed, s in enumerate(shapes)]
            for _ in range(2):
                y = function(*inputs)
                y.backward(numbers(y.shape, 9))
            results.append([y.data, *(x.grad for x in inputs)])
    for mine, expected in zip(results[1], results[0], strict=True):
        assert mine.dtype == np.float32 and mine.flags.c_contiguous
        np.testing.assert_allclose(mine, expected, rtol=2e-5, atol=2e-6 * max(1, np.abs(expected).max()))


def test_packed_attention_is_attention_on_the_parts():
    x = numbers((2, 5, 4 * (4 + 2 * 2)), 0)
    turn = rotation(5, 4)
    with kernels.using("reference"):
        split = Tensor(x).reshape(2, 5, 8, 4)
        q, k, v = F.rope(split[:, :, :4], turn), F.rope(split[:, :, 4:6], turn), split[:, :, 6:]
        expected = F.attention(q, k, v).reshape(2, 5, 16)
        np.testing.assert_allclose(F.packed_attention(Tensor(x), 4, 2, turn).data, expected.data, rtol=1e-12)


def test_a_query_never_sees_what_comes_later():
    x = numbers((1, 6, 24), 0).astype(np.float32)
    before = F.packed_attention(Tensor(x), 2, 2).data.copy()
    x[:, 4:] += 100
    after = F.packed_attention(Tensor(x), 2, 2).data
    np.testing.assert_array_equal(after[:, :4], before[:, :4])
    assert np.abs(after[:, 4:] - before[:, 4:]).min(axis=-1).max() > 0


def test_cross_entropy_is_minus_the_weighted_log_probabilities():
    h, w = numbers((2, 3, 4), 0), numbers((5, 4), 1)
    with kernels.using("reference"):
        found = F.linear_cross_entropy(Tensor(h), Tensor(w), TARGETS, WEIGHTS)
        plain = F.log_prob(Tensor(h @ w.T), np.maximum(TARGETS, 0)).data * (TARGETS >= 0)
        np.testing.assert_allclose(found.log_prob, plain, rtol=1e-12)
        np.testing.assert_allclose(found.loss.item(), -(WEIGHTS * plain).sum(), rtol=1e-12)
        mean = F.linear_cross_entropy(Tensor(h), Tensor(w), TARGETS).loss.item()
        np.testing.assert_allclose(mean, -plain.sum() / 5, rtol=1e-12)
        expected = F.entropy(Tensor(h @ w.T)).data * (TARGETS >= 0)
        np.testing.assert_allclose(found.entropy, expected, rtol=1e-12)


def test_cross_entropy_of_nothing_is_zero():
    h = Tensor(np.ones((2, 4), np.float32), requires_grad=True)
    loss = F.linear_cross_entropy(h, Tensor(np.ones((5, 4), np.float32)), np.full(2, -100, np.int32)).loss
    loss.backward()
    assert loss.item() == 0
    np.testing.assert_array_equal(h.grad, np.zeros((2, 4)))


def test_cross_entropy_gives_its_gradients_anew_to_a_retained_graph():
    h = Tensor(np.ones((2, 4), np.float32), requires_grad=True)
    w = Tensor(numbers((5, 4), 0).astype(np.float32), requires_grad=True)
    loss = F.linear_cross_entropy(h, w, np.array([1, 2], np.int32)).loss
    loss.backward(retain_graph=True)
    once = h.grad.copy(), w.grad.copy()
    loss.backward(retain_graph=True)
    loss.backward()  # were one array handed out twice, the third time it would be added to itself
    np.testing.assert_allclose(h.grad, 3 * once[0], rtol=1e-6)
    np.testing.assert_allclose(w.grad, 3 * once[1], rtol=1e-6)


def test_cross_entropy_makes_no_gradients_that_nobody_asks_for(monkeypatch):
    asked = []
    kernel = kernels.linear_cross_entropy
    monkeypatch.setattr(
        kernels,
        "linear_cross_entropy",
        lambda *a, gradient, **k: asked.append(gradient) or kernel(*a, gradient=gradient, **k),
    )
    h = Tensor(np.ones((2, 4), np.float32), requires_grad=True)
    w = Tensor(np.ones((5, 4), np.float32))
    F.linear_cross_entropy(h, w, np.zeros(2, np.int32))
    with no_grad():
        F.linear_cross_entropy(h, w, np.zeros(2, np.int32))
    F.linear_cross_entropy(h.detach(), w, np.zeros(2, np.int32))
    assert asked == [True, False, False]


def test_a_frozen_output_layer_gets_no_gradient_and_the_hidden_states_the_same():
    rng = np.random.default_rng(3)
    x, table = rng.standard_normal((6, 4)).astype(np.float32), rng.standard_normal((5, 4)).astype(np.float32)
    targets, found = np.array([0, 4, -100, 2, 1, 3], np.int32), []
    for learns in (True, False):
        h, w = Tensor(x, requires_grad=True), Tensor(table, requires_grad=learns)
        F.linear_cross_entropy(h, w, targets).loss.backward()
        found.append(h.grad)
        assert (w.grad is not None) == learns
    assert np.array_equal(*found)
    *_, dh, dweight = kernels.linear_cross_entropy(x, table, targets, weight_gradient=False)
    assert dh is not None and dweight is None


def test_weight_gradients_add_up_in_place():
    w = Tensor(np.ones((5, 4), np.float32), requires_grad=True)
    x = Tensor(np.ones((3, 4), np.float32))
    F.linear(x, w).sum().backward()
    first = w.grad
    F.linear(x, w).sum().backward()
    assert w.grad is first
    np.testing.assert_array_equal(first, np.full((5, 4), 6))


def test_dropout_keeps_the_mean_and_draws_from_its_stream():
    x = Tensor(np.ones(100_000, np.float32))
    y = F.dropout(x, 0.25, np.random.default_rng(1)).data
    assert set(np.unique(y)) == {np.float32(0), np.float32(4 / 3)}
    assert abs((y == 0).mean() - 0.25) < 0.01
    np.testing.assert_array_equal(y, F.dropout(x, 0.25, np.random.default_rng(1)).data)
    assert F.dropout(x, 0.0, np.random.default_rng(1)) is x


@pytest.mark.parametrize(
    "function, message",
    [
        (
            lambda: F.linear(Tensor(np.ones((2, 3))), Tensor(np.ones((4, 5)))),
            r"linear: x has shape \(2, 3\) and weight \(4, 5\)",
        ),
        (
            lambda: F.linear(
                Tensor(np.ones((2, 3), "f")), Tensor(np.ones((4, 3), "f")), residual=Tensor(np.ones((2, 3), "f"))
            ),
            r"residual has shape \(2, 3\); expected \(2, 4\)",
        ),
        (lambda: F.swiglu(Tensor(np.ones((2, 3)))), r"swiglu: x has shape \(2, 3\)"),
        (lambda: F.packed_attention(Tensor(np.ones((2, 3, 10))), 2, 1), r"divisible by 4"),
        (lambda: F.dropout(Tensor([1.0]), 1.0, np.random.default_rng()), r"rate 1.0 must lie in"),
        (lambda: F.concatenate([Tensor(np.ones((2, 3))), Tensor(np.ones((2, 4)))]), r"concatenate: shapes"),
        (lambda: F.linear_cross_entropy(Tensor(np.ones((2, 4))), Tensor(np.ones((5, 4))), IDS), r"expected \(2,\)"),
        (
            lambda: F.linear_cross_entropy(Tensor(np.ones((2, 3, 4))), Tensor(np.ones((5, 4))), IDS, np.ones(6)),
            r"weights have shape \(6,\); expected \(2, 3\)",
        ),
    ],
)
def test_errors(function, message):
    with pytest.raises(ValueError, match=message):
        function()
    with pytest.raises(TypeError, match="at least one must be a Tensor"):
        F.where(True, 1, 2)
