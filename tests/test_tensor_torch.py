"""Tensor's operators against PyTorch's, by running the same expressions on both."""

import numpy as np
import pytest
from test_tensor import OPERATIONS, numbers

from minirl import Tensor, kernels

pytestmark = pytest.mark.peers
torch = pytest.importorskip("torch")

SPELLED_OTHERWISE = {"var", "max over an axis", "max over axes", "transpose"}  # the same names mean other things there


@pytest.mark.parametrize("name", sorted(set(OPERATIONS) - SPELLED_OTHERWISE))
def test_value_and_gradients_are_pytorchs(name):
    function, *shapes = OPERATIONS[name]
    arrays = [numbers(*shape, seed=i) for i, shape in enumerate(shapes)]
    with kernels.using("reference"):  # in float64
        mine = [Tensor(x.copy(), requires_grad=True) for x in arrays]
        theirs = [torch.from_numpy(x.copy()).requires_grad_() for x in arrays]
        y, expected = function(*mine), function(*theirs)
        np.testing.assert_allclose(y.data, expected.detach().numpy(), rtol=1e-12, atol=1e-14)
        dy = numbers(*y.shape, seed=9)
        y.backward(dy)
        expected.backward(torch.as_tensor(dy))
    for x, their_x in zip(mine, theirs, strict=True):
        np.testing.assert_allclose(x.grad, their_x.grad.numpy(), rtol=1e-12, atol=1e-14)
