"""Muon against plain NumPy, PyTorch's, and what singular values should become."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minirl import GPT, GPTConfig, kernels
from minirl.muon import Muon, orthogonal
from minirl.nn import Parameter
from minirl.optim import AdamW
from minirl.runs import OptimizerConfig
from minirl.train.stage import optimizer_of


def plain_orthogonal(x, a=3.4445, b=-4.7750, c=2.0315):
    """Jordan et al.'s iteration, as they write it: wide matrices, gram matrix on the left."""
    if x.shape[0] > x.shape[1]:
        return plain_orthogonal(x.T).T
    x = x / np.linalg.norm(x)
    for _ in range(5):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x


def plain_muon(w, gradients, lr, decay, mu=0.95):
    w, m = w.astype(np.float64), np.zeros(w.shape)
    for g in gradients:
        m = mu * m + (1 - mu) * g
        update = plain_orthogonal(mu * m + (1 - mu) * g)
        w = (1 - lr * decay) * w - lr * 0.2 * np.sqrt(max(w.shape)) * update
    return w


def with_singular_values(values, rows, columns, rng):
    u, v = (np.linalg.qr(rng.standard_normal((n, len(values))))[0] for n in (rows, columns))
    return ((u * values) @ v.T).astype(np.float32)


@given(
    rows=st.integers(1, 12), columns=st.integers(1, 12), seed=st.integers(0, 99), scale=st.sampled_from([1e-6, 1, 1e6])
)
def test_singular_values_come_near_one_and_directions_stay(rows, columns, seed, scale):
    rng = np.random.default_rng(seed)
    values = rng.uniform(0.02, 1, min(rows, columns))
    x = with_singular_values(values, rows, columns, rng)
    kept = (x * np.float32(scale)).copy()
    given_x = kept.copy()
    found = orthogonal(given_x)
    np.testing.assert_array_equal(given_x, kept)
    singular = np.linalg.svd(found, compute_uv=False)
    assert 0.67 < singular.min() <= singular.max() < 1.22
    u, _, v = np.linalg.svd(x.astype(np.float64), full_matrices=False)
    inside = u.T @ found @ v.T  # diagonal where the directions are those of x
    np.testing.assert_allclose(inside, np.diag(np.diag(inside)), atol=2e-3)
    assert (np.diag(inside) > 0).all()


def test_nothing_stays_nothing():
    for backend in ("native", "reference") if kernels.has_native() else ("reference",):
        with kernels.using(backend):
            np.testing.assert_array_equal(orthogonal(np.zeros((3, 5), np.float32)), np.zeros((3, 5)))


@pytest.mark.parametrize("shape", [(24, 40), (40, 24), (17, 17), (1, 9), (9, 1)])
@pytest.mark.parametrize("backend", ["native", "reference"])
def test_steps_are_the_formula(shape, backend):
    if backend == "native" and not kernels.has_native():
        pytest.skip("not built")
    rng = np.random.default_rng(0)
    w = rng.standard_normal(shape).astype(np.float32)
    gradients = rng.standard_normal((4, *shape)).astype(np.float32)
    p, b = Parameter(w.copy()), Parameter(np.ones(shape[0], np.float32))
    alone = Parameter(b.data.copy())
    optimizer = Muon([p], [{"params": [b], "weight_decay": 0.0}], lr=0.01, weight_decay=0.1)
    adamw = AdamW([alone], lr=0.01, weight_decay=0.0)
    with kernels.using(backend):
        for g in gradients:
            p.grad, b.grad, alone.grad = g.copy(), g[:, 0].copy(), g[:, 0].copy()
            optimizer.step()
            adamw.step()
    np.testing.assert_allclose(p.data, plain_muon(w, gradients, 0.01, 0.1), atol=2e-5)
    np.testing.assert_array_equal(b.data, alone.data)


@pytest.mark.slow  # PyTorch's optimizers import its compiler
def test_steps_are_those_of_pytorch():
    """PyTorch's products are in bfloat16, so a tenth of an update's size is the tolerance."""
    torch = pytest.importorskip("torch")
    if not hasattr(torch.optim, "Muon"):
        pytest.skip("this PyTorch has no Muon")
    rng = np.random.default_rng(1)
    for shape in ((24, 40), (40, 24)):
        w = rng.standard_normal(shape).astype(np.float32)
        p, other = Parameter(w.copy()), torch.nn.Parameter(torch.tensor(w))
        optimizer = Muon([p], lr=0.01, weight_decay=0.1)
        peer = torch.optim.Muon([other], lr=0.01, weight_decay=0.1, adjust_lr_fn="match_rms_adamw")
        for _ in range(5):
            g = rng.standard_normal(shape).astype(np.float32)
            p.grad, other.grad = g, torch.tensor(g)
            optimizer.step()
            peer.step()
        moved = np.sqrt(np.mean((p.data - w) ** 2))
        np.testing.assert_allclose(p.data, other.detach().numpy(), atol=0.1 * moved)


def test_a_clipped_step_and_a_resumed_one_have_the_same_bits():
    def steps(p, optimizer, numbers):
        for i in numbers:
            p.grad = np.random.default_rng(i).standard_normal((6, 4)).astype(np.float32)
            optimizer.step(max_norm=1.0)

    p = Parameter(np.ones((6, 4), np.float32))
    optimizer = Muon([p])
    steps(p, optimizer, range(5))
    q = Parameter(p.data.copy())
    resumed = Muon([q])
    resumed.load_state_dict({name: x.copy() for name, x in optimizer.state_dict().items()})
    steps(p, optimizer, range(5, 9))
    steps(q, resumed, range(5, 9))
    np.testing.assert_array_equal(p.data, q.data)


def test_a_stage_gives_muon_the_matrices_inside_the_blocks():
    model = GPT(GPTConfig(vocab_size=32, context_length=8, n_layer=2, n_head=2, d_model=8, tie_embeddings=False), 0)
    optimizer = optimizer_of(model, OptimizerConfig(optimizer="muon", weight_decay=0.2))
    names = {id(p): name for name, p in model.named_parameters()}
    matrices, *others = ([names[id(p)] for p in group["params"]] for group in optimizer.groups)
    assert len(matrices) == 8
    assert all(name.startswith("blocks.") and name.endswith("weight") and "norm" not in name for name in matrices)
    assert {"token_embedding.weight", "head.weight", "position_embedding.weight"} <= set(others[0])
    assert [group["weight_decay"] for group in optimizer.groups] == [0.2, 0.2, 0.0]
    assert len({*matrices, *others[0], *others[1]}) == len(names)


def test_what_is_no_matrix_is_refused():
    with pytest.raises(ValueError, match=r"has shape \(3,\); expected a matrix"):
        Muon([Parameter(np.ones(3, np.float32))])
    with pytest.raises(ValueError, match="no matrices"):
        Muon([], [Parameter(np.ones(3, np.float32))])
