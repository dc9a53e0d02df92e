"""Tensor's operators against PyTorch's, by running the same expressions on both."""

import numpy as np
import pytest
from test_tensor import OPERATIONS, numbers

from minirl import Tensor, kernels

pytestmark = pytest.mark.peers
torch = pytest.importorskip("torch")

# what PyTorch names or shapes otherwise
PYTORCH = {
    "var": lambda a: a.var(-1, correction=0),
    "var, unbiased": lambda a: a.var(0, correction=1),
    "var of all": lambda a: a.var(correction=0).reshape(1, 1),
    "floor divide": lambda a, b: ((a * 5) / (b + 3)).floor() + a,
    "std": lambda a: a.std(correction=0),
    "std over an axis": lambda a: a.std(1, correction=1, keepdim=True),
    "max over an axis": lambda a: a.amax(1),
    "max over axes": lambda a: a.amax((0, 2), keepdim=True),
    "min over axes": lambda a: a.amin((0, 2)),
    "transpose": lambda a: a.permute(2, 0, 1),
    "clip below": lambda a: a.clamp(min=-0.5),
    "clip above": lambda a: a.clamp(max=0.5),
    "round": lambda a: a.round(decimals=1) * a,
    "astype": lambda a: a.double() * a,
    "prod over an axis": lambda a: a.prod(1),
    "prod with a zero": lambda a: (a * torch.tensor([1.0, 0.0, 1.0])).prod(-1),
    "prod with two zeros": lambda a: (a * torch.tensor([0.0, 0.0, 1.0])).prod(-1),
    "logsumexp": lambda a: a.logsumexp((0, 1)),
    "logsumexp over an axis": lambda a: a.logsumexp(0, keepdim=True),
    "cumsum": lambda a: a.cumsum(1),
    "cumsum of all": lambda a: a.flatten().cumsum(0),
    "sort": lambda a: a.sort(0).values,
    "sort, descending": lambda a: a.sort(descending=True).values,
    "topk": lambda a: a.topk(2, 0).values,
    "take_along_axis": lambda a: a.gather(1, torch.tensor([[0, 0, 3], [1, 1, 2], [3, 3, 3]])),
    "flip": lambda a: a.flip(1),
    "flip all": lambda a: a.flip(0, 1),
    "repeat": lambda a: a.repeat_interleave(2),
    "repeat along an axis": lambda a: a.repeat_interleave(torch.tensor([0, 2, 1]), 0),
    "pad": lambda a: torch.nn.functional.pad(a, (1, 1, 1, 1)),
    "pad each axis": lambda a: torch.nn.functional.pad(a, (0, 2, 1, 0), value=3.0),
    "split": lambda a: a.tensor_split(2, 1)[1] * a.tensor_split([1, 3], 1)[1],
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_value_and_gradients_are_pytorchs(name):
    function, *shapes = OPERATIONS[name]
    arrays = [numbers(*shape, seed=i) for i, shape in enumerate(shapes)]
    with kernels.using("reference"):  # in float64
        mine = [Tensor(x.copy(), requires_grad=True) for x in arrays]
        theirs = [torch.from_numpy(x.copy()).requires_grad_() for x in arrays]
        y, expected = function(*mine), PYTORCH.get(name, function)(*theirs)
        np.testing.assert_allclose(y.data, expected.detach().numpy(), rtol=1e-12, atol=1e-14)
        dy = numbers(*y.shape, seed=9)
        y.backward(dy)
        expected.backward(torch.as_tensor(dy))
    for x, their_x in zip(mine, theirs, strict=True):
        np.testing.assert_allclose(x.grad, their_x.grad.numpy(), rtol=1e-12, atol=1e-14)
