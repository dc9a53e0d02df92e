"""The gradient check finds wrong gradients and says where they are."""

import numpy as np
import pytest

from minirl import Tensor, check_gradients, kernels
from minirl.tensor.tensor import result


def wrong_in_one_place(x: Tensor) -> Tensor:
    def backward(dy):
        dx = 2 * x.data * dy
        dx[1, 2] *= 1.001
        x.add_gradient(dx, fresh=True)

    return result(x.data**2, (x,), backward)


def test_right_gradients_pass():
    check_gradients(lambda x, y: x * y.exp(), [np.ones((2, 3)), Tensor(np.ones(3))])


def test_a_wrong_gradient_is_named():
    with pytest.raises(AssertionError, match=r"gradient of input 0 at index \(1, 2\): got .*, expected "):
        check_gradients(wrong_in_one_place, [np.random.default_rng(0).uniform(1, 2, (2, 3))])


def test_a_missing_gradient_is_named():
    with pytest.raises(AssertionError, match=r"input 1 at index \(0,\): got 0, expected"):
        check_gradients(lambda x, y: x * y.detach(), [np.ones(1), np.ones(1)])


def test_a_gradient_that_is_not_a_number_fails():
    with pytest.raises(AssertionError, match="nan"):
        check_gradients(lambda x: x * float("nan"), [np.ones(1)])


def test_it_leaves_the_backend_alone():
    before = kernels.backend()
    check_gradients(lambda x: x * 2, [np.ones(1)])
    assert kernels.backend() == before
