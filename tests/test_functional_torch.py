"""The fused operations' values and gradients against PyTorch's, on the backend in use."""

import numpy as np
import pytest
from test_functional import IDS, MASK, OPERATIONS, TARGETS, WEIGHTS, numbers, rotation

from minirl import Tensor

pytestmark = pytest.mark.peers
torch = pytest.importorskip("torch")
nn = torch.nn.functional

ids, targets = torch.from_numpy(IDS.astype(np.int64)), torch.from_numpy(TARGETS.astype(np.int64))


def heads_first(x):
    return x.transpose(1, 2)


def attention(q, k, v, causal=True):
    """PyTorch's, with minirl's axes (B, T, H, D)."""
    grouped = q.shape[2] != k.shape[2]
    out = nn.scaled_dot_product_attention(*map(heads_first, (q, k, v)), is_causal=causal, enable_gqa=grouped)
    return heads_first(out)


def rope(x, shift=0):
    """As complex numbers: the pair (i, i + D/2) is x_i + i x_{i + D/2}."""
    turn = rotation(x.shape[1], x.shape[-1], shift)
    half = x.shape[-1] // 2
    angle = torch.complex(*(torch.from_numpy(t[shift:]) for t in (turn.cosine, turn.sine)))[:, None]
    turned = torch.complex(x[..., :half], x[..., half:]) * angle
    return torch.cat([turned.real, turned.imag], -1)


def packed(x, H, H_kv, turn=lambda x: x):
    x = x.unflatten(-1, (H + 2 * H_kv, -1))
    return attention(turn(x[:, :, :H]), turn(x[:, :, H : H + H_kv]), x[:, :, H + H_kv :]).flatten(2)


def weighted(h, w):
    flat = nn.cross_entropy((h @ w.T).flatten(0, 1), targets.flatten(), reduction="none")
    return (flat * torch.from_numpy(WEIGHTS.astype(np.float32)).flatten()).sum()


def mean(h, w):
    return nn.cross_entropy((h @ w.T).flatten(0, 1), targets.flatten())


PYTORCH = {
    "linear": lambda x, w: nn.linear(x, w),
    "linear, bias": lambda x, w, b: nn.linear(x, w, b),
    "linear, gelu": lambda x, w, b: nn.gelu(nn.linear(x, w, b)),
    "linear, gelu_tanh": lambda x, w, b: nn.gelu(nn.linear(x, w, b), approximate="tanh"),
    "linear, silu": lambda x, w: nn.silu(nn.linear(x, w)),
    "linear, everything": lambda x, w, b, r: nn.gelu(nn.linear(x, w, b), approximate="tanh") + r,
    "embedding": lambda table: nn.embedding(ids, table),
    "layer_norm": lambda x, g, b: nn.layer_norm(x, g.shape, g, b),
    "rms_norm": lambda x, g: nn.rms_norm(x, g.shape, g, 1e-6),
    "gelu": lambda x: nn.gelu(x, approximate="tanh"),
    "gelu, exact": lambda x: nn.gelu(x),
    "silu": lambda x: nn.silu(x),
    "swiglu": lambda x: nn.silu(x.chunk(2, -1)[0]) * x.chunk(2, -1)[1],
    "rope": lambda x: rope(x, shift=2),
    "attention": attention,
    "attention, not causal": lambda q, k, v: attention(q, k, v, causal=False),
    "attention, grouped": attention,
    "packed_attention": lambda x: packed(x, 2, 2),
    "packed_attention, grouped": lambda x: packed(x, 4, 2),
    "packed_attention, rope": lambda x: packed(x, 4, 2, rope),
    "attention, mask alone": lambda q, k, v: heads_first(
        nn.scaled_dot_product_attention(*map(heads_first, (q, k, v)), attn_mask=torch.from_numpy(MASK[0]), scale=0.3)
    ),
    "given cross_entropy": lambda x: nn.cross_entropy(x.flatten(0, 1), targets.flatten()),
    "given cross_entropy, smooth": lambda x: nn.cross_entropy(x.flatten(0, 1), targets.flatten(), label_smoothing=0.2),
    "softmax, axis": lambda x: x.softmax(0),
    "log_softmax, axis": lambda x: x.log_softmax(1),
    "minimum": lambda a, b: torch.minimum(a, b),
    "softmax": lambda x: x.softmax(-1),
    "log_softmax": lambda x: x.log_softmax(-1),
    "log_prob": lambda x: x.log_softmax(-1).gather(-1, ids[..., None])[..., 0],
    "entropy": lambda x: torch.distributions.Categorical(logits=x).entropy(),
    "cross_entropy": mean,
    "cross_entropy, weights": weighted,
    "cross_entropy, scaled": lambda h, w: 3 * mean(h, w),
    "cross_entropy, tied": lambda w: mean(nn.embedding(ids, w), w),
    "concatenate": lambda a, b: torch.cat([a, b, a], 1),
    "stack": lambda a, b: torch.stack([a, b], -1),
    "maximum": lambda a, b: torch.maximum(a, b),
}


@pytest.mark.parametrize("name", PYTORCH)
def test_value_and_gradients_are_pytorchs(name):
    function, *shapes = OPERATIONS[name]
    arrays = [numbers(shape, seed).astype(np.float32) for seed, shape in enumerate(shapes)]
    mine = [Tensor(x.copy(), requires_grad=True) for x in arrays]
    theirs = [torch.from_numpy(x.copy()).requires_grad_() for x in arrays]
    y, expected = function(*mine), PYTORCH[name](*theirs)
    np.testing.assert_allclose(y.data, expected.detach().numpy(), rtol=1e-4, atol=1e-5)
    dy = numbers(y.shape, 9).astype(np.float32)
    y.backward(dy)
    expected.backward(torch.from_numpy(dy.reshape(expected.shape)))
    for x, their_x in zip(mine, theirs, strict=True):
        np.testing.assert_allclose(x.grad, their_x.grad.numpy(), rtol=1e-4, atol=1e-5)
