"""The engine: graphs, freeing, accumulation, sharing."""

import gc
import threading
import weakref

import numpy as np
import pytest

from minirl import Tensor, check_gradients, no_grad
from minirl.autograd import telling
from minirl.functional.recompute import recomputed
from minirl.nn import Parameter


def leaf(*values):
    return Tensor(np.array(values, np.float32), requires_grad=True)


def test_the_example_of_the_docstring():
    x = leaf(2.0, 3.0)
    loss = (x * x).sum()
    loss.backward()
    np.testing.assert_array_equal(x.grad, [4, 6])
    assert loss.item() == 13


def test_a_tensor_used_many_times_receives_every_contribution():
    x = leaf(2.0)
    y = x * x + x * 3 + x
    (y * y).backward(np.ones(1))
    np.testing.assert_allclose(x.grad, 2 * (4 + 6 + 2) * (2 * 2 + 3 + 1))


def test_several_backwards_add_up():
    x = leaf(1.0, 2.0)
    (x * 2).sum().backward()
    (x * 3).sum().backward()
    np.testing.assert_array_equal(x.grad, [5, 5])


def test_retain_graph_allows_a_second_backward():
    x = leaf(3.0)
    y = (x * x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    np.testing.assert_allclose(x.grad, [54])


def test_a_freed_graph_says_so():
    x = leaf(3.0)
    y = (x * x).sum()
    y.backward()
    with pytest.raises(RuntimeError, match=r"freed.*retain_graph=True"):
        y.backward()


def test_a_graph_freed_in_part_says_so_and_changes_nothing():
    x = leaf(3.0)
    shared = x * x
    (shared * 2).sum().backward()
    before = x.grad.copy()
    with pytest.raises(RuntimeError, match="freed"):
        (shared * x).sum().backward()
    np.testing.assert_array_equal(x.grad, before)


def test_a_vector_needs_a_gradient():
    x = leaf(1.0, 2.0)
    with pytest.raises(ValueError, match=r"shape \(2,\) needs the gradient"):
        (x * 2).backward()
    (x * 2).backward([1.0, 10.0])
    np.testing.assert_array_equal(x.grad, [2, 20])
    with pytest.raises(ValueError, match=r"gradient has shape \(3,\); expected \(2,\)"):
        (x * 2).backward(np.ones(3))


def test_without_a_graph_backward_says_so():
    with pytest.raises(RuntimeError, match="requires a gradient"):
        Tensor([1.0]).backward()


def test_no_grad_builds_no_graph():
    x = leaf(1.0)
    with no_grad():
        assert not (x * 2).requires_grad
        with no_grad():
            pass
        assert not (x * 2).requires_grad
    assert (x * 2).requires_grad

    @no_grad()
    def double(t):
        return t * 2

    assert not double(x).requires_grad
    with pytest.raises(ZeroDivisionError), no_grad():
        raise ZeroDivisionError
    assert (x * 2).requires_grad


def test_no_grad_is_for_its_own_thread():
    x = leaf(1.0)
    results = []
    with no_grad():
        thread = threading.Thread(target=lambda: results.append((x * 2).requires_grad))
        thread.start()
        thread.join()
    assert results == [True]


def test_detach_stops_the_gradient():
    x = leaf(3.0)
    (x * x.detach()).sum().backward()
    np.testing.assert_array_equal(x.grad, [3])
    assert not x.detach().requires_grad


def test_a_graph_100000_deep():
    x = leaf(1.0)
    y = x
    for _ in range(100_000):
        y = y + x
    y.sum().backward()
    np.testing.assert_array_equal(x.grad, [100_001])
    y = x
    for _ in range(100_000):
        y = y + x
    del y  # an unused graph goes without recursion too
    gc.collect()


def test_integers_have_no_gradient():
    with pytest.raises(TypeError, match="int32 data has no gradient"):
        Tensor([1, 2], requires_grad=True)
    with pytest.raises(TypeError, match="bool"):
        Tensor(np.array([True]), requires_grad=True)
    with pytest.raises(TypeError, match="expected numbers"):
        Tensor(["a"])


def test_gradients_of_two_leaves_are_apart():
    a, b = leaf(1.0, 1.0), leaf(2.0, 2.0)
    (a + b).sum().backward()
    a.grad *= 10
    np.testing.assert_array_equal(b.grad, [1, 1])


def test_a_gradient_passed_in_is_neither_kept_nor_changed():
    x = leaf(1.0, 1.0)
    dy = np.array([1.0, 2.0], np.float32)
    (x + x + x).backward(dy)
    np.testing.assert_array_equal(dy, [1, 2])
    x.grad[:] = 7
    np.testing.assert_array_equal(dy, [1, 2])


def test_sharing_one_gradient_among_many_corrupts_none():
    """x + y hands one array to both; later additions to x's gradient must not show in y's."""
    a, b = leaf(1.0), leaf(1.0)
    x, y = a * 1, b * 1
    total = (x + y) + x * 2 + (y + x) * 3 + x.reshape(1, 1).reshape(1)
    total.backward(np.ones(1))
    np.testing.assert_array_equal(a.grad, [1 + 2 + 3 + 1])
    np.testing.assert_array_equal(b.grad, [1 + 3])
    check_gradients(lambda x, y: (x + y) + x * 2 + (y + x) * 3 + x.reshape(1, 1).reshape(1), [np.ones(1), np.ones(1)])


def test_a_gradient_set_by_hand_is_not_changed_in_place():
    x = leaf(1.0)
    mine = np.array([5.0], np.float32)
    x.grad = mine
    (x * 2).sum().backward()
    np.testing.assert_array_equal(x.grad, [7])
    np.testing.assert_array_equal(mine, [5])


def test_no_gradient_is_left_inside_the_graph():
    x = leaf(2.0)
    y = x * x
    z = y * y
    z.sum().backward(retain_graph=True)
    assert y.grad is None and z.grad is None


def test_an_error_half_way_leaves_no_gradient_inside_the_graph():
    x = leaf(2.0)
    y = x * x
    z = y * 1
    z._backward = lambda dy: 1 / 0
    w = (y * 3 + z).sum()
    with pytest.raises(ZeroDivisionError):
        w.backward()
    assert y.grad is None


def test_backward_frees_the_graph_on_its_way():
    x = Parameter(np.ones(1000, np.float32))
    y = x * 2
    alive = weakref.ref(y.data)
    z = (y * y).sum()
    del y
    assert alive() is not None
    z.backward()
    assert alive() is None  # though z is still held


def test_only_what_requires_a_gradient_receives_one():
    x, constant = leaf(2.0), Tensor([3.0])
    (x * constant).sum().backward()
    assert constant.grad is None
    np.testing.assert_array_equal(x.grad, [3])


def test_a_leaf_is_told_of_when_its_gradient_is_whole():
    """Each once, the leaves that are used last first; a leaf that is used twice when its first use has come."""
    first, twice, last, frozen = leaf(2.0), leaf(3.0), leaf(5.0), Tensor(np.float32([7.0]))
    told = []

    def see(node):
        told.append((node, None if node.grad is None else node.grad.copy()))

    with telling(see):
        y = twice * first * frozen
        (y * last * twice).backward(np.ones(1))
    assert id(told[0][0]) == id(last)
    assert {id(node) for node, _ in told[1:]} == {id(first), id(twice)} and len(told) == 3
    for node, gradient in told:
        np.testing.assert_array_equal(gradient, node.grad)
    told.clear()
    (first * last).backward(np.ones(1))  # outside nothing is told
    assert told == []


def test_leaves_inside_a_recomputed_part_are_told_of_once():
    weight, x = leaf(2.0), leaf(3.0)
    told = []
    with telling(lambda node: told.append((id(node), node.grad.copy()))):
        y = recomputed(lambda h: h * weight * h, x * weight, [weight])
        y.backward(np.ones(1))
    assert [name for name, _ in told].count(id(weight)) == 1
    assert dict(told)[id(weight)] == weight.grad
