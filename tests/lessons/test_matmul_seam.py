"""The adapter round a plain product does all that kernels.matmul does, and counts every call of a training step."""

import itertools

import numpy as np
import pytest

from minirl import kernels
from minirl.lessons.matmul_seam import adapter, matmul_seam, multiply_adds
from minirl.lessons.parts import Ledger
from minirl.model import GPT, GPTConfig
from minirl.swap import replaced


def plain(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """What a learner's function takes: two matrices, ready for C."""
    for x in (a, b):
        assert x.ndim == 2 and x.dtype == np.float32 and x.flags.c_contiguous
    return a @ b


def normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).standard_normal(shape, np.float32)


@pytest.mark.parametrize(
    ("left", "right"),
    [((3, 4), (4, 5)), ((2, 3, 4), (4, 5)), ((2, 3, 4), (2, 4, 5)), ((3, 4), (2, 4, 5)), ((2, 3, 0), (0, 5))],
)
@pytest.mark.parametrize(("turn_a", "turn_b"), list(itertools.product((False, True), repeat=2)))
def test_transposes_and_batches(left: tuple[int, ...], right: tuple[int, ...], turn_a: bool, turn_b: bool) -> None:
    a, b = normal(*left), normal(*right)
    a = np.ascontiguousarray(a.swapaxes(-1, -2)) if turn_a else a
    b = np.ascontiguousarray(b.swapaxes(-1, -2)) if turn_b else b
    fitted = adapter(plain, kernels.matmul, Ledger())
    expected = kernels.matmul(a, b, transpose_a=turn_a, transpose_b=turn_b)
    got = fitted(a, b, transpose_a=turn_a, transpose_b=turn_b)
    assert got.shape == expected.shape and np.allclose(got, expected, atol=1e-5)


@pytest.mark.parametrize("activation", [None, "gelu_tanh", "gelu", "silu"])
def test_what_follows_the_product(activation: str | None) -> None:
    a, b, bias, residual = normal(3, 4), normal(4, 5), normal(5), normal(3, 5)
    fitted = adapter(plain, kernels.matmul, Ledger())
    befores = np.empty((3, 5), np.float32), np.empty((3, 5), np.float32)
    outs = np.empty((3, 5), np.float32), np.empty((3, 5), np.float32)
    results = [
        f(a, b, bias=bias, activation=activation, preactivation=before, residual=residual, out=out)
        for f, before, out in zip((fitted, kernels.matmul), befores, outs, strict=True)
    ]
    assert results[0] is outs[0] and np.allclose(*results, atol=1e-5) and np.allclose(*befores, atol=1e-5)
    total = normal(3, 5).copy()
    expected = total + a @ b
    assert fitted(a, b, out=total, accumulate=True) is total and np.allclose(total, expected, atol=1e-5)


def test_what_does_not_fit_is_refused_as_before() -> None:
    with pytest.raises(ValueError, match="expected"):
        adapter(plain, kernels.matmul, Ledger())(normal(3, 4), normal(5, 4))


def test_float64_and_bfloat16_stay_with_minirl() -> None:
    def never(a, b):
        raise AssertionError("called")

    fitted = adapter(never, lambda a, b, **named: "minirl's", Ledger())
    assert fitted(normal(3, 4).astype(np.float64), normal(4, 5).astype(np.float64)) == "minirl's"
    with kernels.using_precision("bfloat16"):
        assert fitted(normal(3, 4), normal(4, 5)) == "minirl's"


def test_multiply_adds_are_counted_from_the_shapes() -> None:
    assert multiply_adds(normal(3, 4), normal(4, 5)) == 60
    assert multiply_adds(normal(4, 3), normal(5, 4), transpose_a=True, transpose_b=True) == 60
    assert multiply_adds(normal(2, 3, 4), normal(4, 5)) == multiply_adds(normal(3, 4), normal(2, 4, 5)) == 120
    assert multiply_adds(normal(2, 3, 4), normal(2, 4, 5)) == 120


def test_every_product_of_a_training_step_is_counted_by_what_it_is_for() -> None:
    """The output layer too, which the loss multiplies with a product that it imported by name."""
    seam = matmul_seam("test")
    (where, fit), *_ = seam.places
    model = GPT(GPTConfig(vocab_size=50, context_length=8, n_layer=2, n_head=2, d_model=16), 0)
    ids = np.random.default_rng(0).integers(0, 50, (2, 9)).astype(np.int32)
    with replaced(where, lambda original: fit(plain, original)):
        model.loss(ids[:, :-1], ids[:, 1:]).backward()
    assert seam.ledger is not None
    assert seam.ledger.sites == {
        "layers, forward": 8, "gradients of inputs": 8, "gradients of weights": 8, "output layer, and its gradients": 3,
    }  # fmt: skip
    seam.ledger.clear()
    assert not seam.ledger.sites
