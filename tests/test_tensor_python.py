"""A Tensor among Python's own things: single numbers, equality, iteration, text; and how a notebook shows it."""

import numpy as np
import pytest

from minirl import Tensor, no_grad
from minirl import functional as F
from minirl.nn import Parameter
from minirl.optim import SGD, AdamW


def scalar(value):
    return Tensor(value, requires_grad=True)


# ---- single numbers, of shape () ----


@pytest.mark.parametrize(
    "function, slope",
    [
        (lambda s: (Tensor([1.0, 2.0]) * s + s).sum(), 5),
        (lambda s: s * s + s, 7),
        (lambda s: s / s + s, 1),
        (lambda s: s**2 + s.sum() + s.mean() + s.max(), 9),
        (lambda s: s[()] * s.reshape(1)[0] * s, 27),
        (lambda s: F.stack([s, s * 2]).sum() + F.maximum(s, 1.0), 4),
        (lambda s: F.where(True, s, 0.0) + s.clip(0, 9) + s.squeeze(), 3),
        (lambda s: sum((s.unsqueeze(0) for _ in range(3)), start=s), 4),
    ],
)
def test_gradients_of_a_single_number_are_arrays(function, slope):
    s = scalar(3.0)
    function(s).backward()
    assert type(s.grad) is np.ndarray and s.grad.shape == () and s.grad.dtype == np.float32
    assert s.grad == pytest.approx(slope)


@pytest.mark.parametrize("optimizer", [AdamW, SGD])
def test_a_single_number_can_be_trained(optimizer):
    s = Parameter(3.0)
    steps = optimizer([s], lr=0.1, weight_decay=0.0)
    for _ in range(200):
        ((s - 1) ** 2 + s * 0).backward()
        steps.step(max_norm=1.0)
        steps.zero_grad()
    assert s.item() == pytest.approx(1, abs=0.05)


def test_a_single_number_is_neither_a_list_nor_without_axis_0():
    x = Tensor(3.0)
    assert x.sum(axis=0).item() == x.max(axis=-1).item() == x.prod(axis=0).item() == 3
    assert x.any(axis=0).item() and x.argmax(axis=0).item() == 0
    for attempt in (list, len, lambda x: 3 in [*x]):
        with pytest.raises(TypeError):
            attempt(x)
    for name, axis in (("mean", 0), ("std", 0), ("sum", 1), ("softmax", -1), ("argsort", -1), ("flip", 0)):
        with pytest.raises(ValueError, match=rf"{name}: axis {axis} of shape \(\)"):
            getattr(x, name)(axis=axis)
    with pytest.raises(IndexError):
        x[0]


def test_conversions():
    assert (float(Tensor([2.5])), int(Tensor(2.7)), list(range(Tensor(2))), [5, 6, 7][Tensor(1)]) == (2.5, 2, [0, 1], 6)
    assert f"{Tensor(2.0):.3f}" == "2.000" and f"{Tensor([2.0])}" == "Tensor([2.])"
    assert round(Tensor([1.26]), 1).item() == pytest.approx(1.3) and round(Tensor(1.5)).item() == 2
    assert abs(Tensor([-1.0])).item() == 1 and Tensor([[1, 2]]).tolist() == [[1, 2]]
    for attempt in (float, int, lambda x: f"{x:.2f}"):
        with pytest.raises(ValueError, match="holds 2 numbers; expected one"):
            attempt(Tensor([1.0, 2.0]))
    with pytest.raises(TypeError, match="is no index"):
        range(Tensor(2.0))


# ---- equality ----


def test_equality_compares_values_and_hashing_identity():
    a, b = Tensor([1.0, 2.0]), Tensor([1.0, 3.0])
    assert (a == b).tolist() == [True, False] and (a != b).tolist() == [False, True]
    assert (a == 1).tolist() == (a == 1).tolist() == [True, False]
    assert ((a > 1) & (a < 3) | ~(a >= 1) ^ (a <= 0)).tolist() == [False, True]
    assert len({a, b, a}) == 2 and {a: "a"}[a] == "a"
    assert (a == None) is False and (a != "x") is True  # noqa: E711
    assert 3 in b and 3 not in a
    assert bool((a == Tensor([1.0, 2.0])).all()) and not bool((a != a).any())
    with pytest.raises(ValueError, match=r"equal: shapes \(2,\) and \(3,\)"):
        _ = a == Tensor([1.0, 2.0, 3.0])
    with pytest.raises(TypeError, match="bitwise_and: is not defined for float32"):
        _ = a & b
    with pytest.raises(TypeError, match="expected a mask"):
        _ = ~a


def test_comparisons_have_no_gradient():
    x = scalar([1.0, 2.0])
    for y in (x > 1, x == 1, x.argmax(), x.argsort(), x.any(), x.astype(int)):
        assert not y.requires_grad


def test_iteration_keeps_the_graph():
    x = scalar([[1.0, 2.0], [3.0, 4.0]])
    first, second = x
    (first * 2 + second * 3).sum().backward()
    assert x.grad.tolist() == [[2, 2], [3, 3]]


# ---- corners of gradients ----


def test_powers_at_zero():
    x, y = scalar([0.0, 0.0, 2.0]), scalar([0.0, 2.0, 0.0])
    with np.errstate(all="raise"):
        (x**y).sum().backward()
    np.testing.assert_allclose(x.grad, [0, 0, 0])
    np.testing.assert_allclose(y.grad, [0, 0, np.log(2)], rtol=1e-6)
    z = scalar([0.0, 1.0])
    (z**0 + z**1 + z**2 + 0**z).sum().backward()
    np.testing.assert_allclose(z.grad, [1, 3])


def test_the_spread_of_equal_values_has_a_gradient():
    x = scalar([2.0, 2.0])
    x.std().backward()
    assert x.grad.tolist() == [0, 0]


def test_equal_extremes_share_the_gradient():
    for name in ("max", "min"):
        x = scalar([2.0, 2.0])
        getattr(x, name)().backward()
        assert x.grad.tolist() == [0.5, 0.5]


def test_logarithms_of_nothing():
    x = scalar([-np.inf, -np.inf])
    y = x.logsumexp()
    y.backward()
    assert y.item() == -np.inf and x.grad.tolist() == [0, 0]
    large = scalar([1000.0, 1000.0])
    assert large.logsumexp().item() == pytest.approx(1000 + np.log(2))


# ---- errors ----


@pytest.mark.parametrize(
    "error, function, message",
    [
        (ValueError, lambda x: F.stack([x, x], axis=77), r"stack: axis 77 of shape \(2, 3\); expected -3 to 2"),
        (ValueError, lambda x: F.stack([x, x[0]]), r"stack: shapes \[\(2, 3\), \(3,\)\]"),
        (ValueError, lambda x: F.concatenate([x, x], axis=2), r"concatenate: axis 2 of shape \(2, 3\)"),
        (ValueError, lambda x: F.concatenate([]), "concatenate: got nothing"),
        (ValueError, lambda x: F.concatenate(x), "concatenate: got one array"),
        (ValueError, lambda x: F.softmax(x, axis=2), r"softmax: axis 2 of shape \(2, 3\)"),
        (ValueError, lambda x: x.transpose(5, 0), r"transpose: axis 5"),
        (ValueError, lambda x: x.transpose(0), r"transpose: axes \(0,\) of shape"),
        (ValueError, lambda x: x.swapaxes(0, 2), "swapaxes: axis 2"),
        (ValueError, lambda x: x.squeeze(1), r"squeeze: axis 1 of shape \(2, 3\) has size 3"),
        (ValueError, lambda x: x.unsqueeze(4), "unsqueeze: axis 4"),
        (ValueError, lambda x: x.flatten(1, 0), "flatten: start 1 lies behind end 0"),
        (ValueError, lambda x: x.expand(4, 3), r"expand: shape \(2, 3\) does not fill \(4, 3\)"),
        (ValueError, lambda x: x.split(2, axis=1), "split: axis 1 .* into 2 equal parts"),
        (ValueError, lambda x: x.pad([1, 2, 3]), "pad: width"),
        (ValueError, lambda x: x[0].tril(), r"tril: shape \(3,\)"),
        (ValueError, lambda x: x.topk(4), "topk: k is 4 .* expected 0 to 3"),
        (ValueError, lambda x: x.take_along_axis([[0]]), r"take_along_axis: indices have shape \(1, 1\)"),
        (TypeError, lambda x: x.take_along_axis([[0.5], [0.5]]), "take_along_axis: .* whole numbers"),
        (ValueError, lambda x: x.sum(axis=(0, 0)), "sum: axes .* name an axis twice"),
        (TypeError, lambda x: x.sum(axis=0.5), "sum: axis is 0.5"),
        (ValueError, lambda x: x[:0].max(axis=0), r"max: shape \(0, 3\) has no values"),
        (ValueError, lambda x: x[:0].argmin(), "argmin: .* no values"),
        (ValueError, lambda x: x.clip(), "clip: got neither"),
        (ValueError, lambda x: x ** Tensor([1.0, 2.0]), r"power: shapes \(2, 3\) and \(2,\) do not fit"),
        (ValueError, lambda x: Tensor.ones(2, 2, 3) @ Tensor.ones(3, 3, 2), "matmul: shapes"),
        (TypeError, lambda x: (x > 1) - (x > 1), "subtract: is not defined for bool and bool"),
        (TypeError, lambda x: x + "a", "expected numbers"),
        (TypeError, lambda x: x < None, "not supported"),
    ],
)
def test_errors_name_the_operation(error, function, message):
    with pytest.raises(error, match=message):
        function(Tensor.ones(2, 3))


# ---- text and notebooks ----


def test_printing():
    assert repr(scalar([1.0, 2.0])) == "Tensor([1., 2.], requires_grad=True)"
    assert repr(Tensor([1, 2])) == "Tensor([1, 2])"
    assert repr(Tensor(np.ones(1))) == "Tensor([1.], dtype=float64)"
    assert repr(Tensor.zeros(50, 50)).endswith("shape=(50, 50), dtype=float32)")
    assert len(Tensor([1.0, 2.0])) == 2
    assert bool(Tensor([1.0]) > 0)


def test_a_notebook_shows_a_table():
    html = Tensor([[1.0, -2.0], [np.nan, np.inf]], requires_grad=True)._repr_html_()
    assert "shape (2, 2), float32, requires a gradient" in html
    assert html.count("<tr>") == 2 and html.count("<td") == 4 and "-2</td>" in html and "nan" in html
    assert "<style" not in html
    large = Tensor.zeros(100, 100)._repr_html_()
    assert len(large) < 30_000 and "..." in large
    for shape in ((), (3,), (0,), (2, 3, 4), (0, 3)):
        assert str(shape) in Tensor.zeros(shape)._repr_html_()
    assert "True" in (Tensor([1.0]) > 0)._repr_html_()


def test_every_public_method_is_documented():
    for name in dir(Tensor):
        if not name.startswith("_") and name not in ("data", "grad", "requires_grad"):
            assert getattr(Tensor, name).__doc__, name


def test_no_grad_holds_for_all_methods():
    x = scalar([[1.0, 2.0], [3.0, 4.0]])
    with no_grad():
        for y in (x.sum(), x.sort(), x.T, x.exp(), x + 1, x @ x, x[0], x.maximum(0), x.astype(np.float64)):
            assert not y.requires_grad
