"""Training with arrays on the GPU: gradients are slopes, a step is the CPU's, and no number crosses over unasked."""

import os
import subprocess
import sys

import numpy as np
import pytest
from models import CONFIGS, CPU, batch, model

from minirl import Tensor, kernels, no_grad
from minirl import functional as F
from minirl.kernels.device import DeviceArray, memory
from minirl.muon import Muon
from minirl.optim import SGD, AdamW, clip_grad_norm, decay_groups, grad_norm

shapes = pytest.mark.parametrize("shape", CONFIGS)


@shapes
def test_all_arrays_of_a_model_are_on_the_gpu(shape):
    gpt = model(shape)
    gpt.loss(*batch()).backward()
    for parameter in gpt.parameters():
        assert isinstance(parameter.data, DeviceArray) and isinstance(parameter.grad, DeviceArray)
    moments = AdamW(gpt.parameters()).state_dict()
    assert all(isinstance(x, DeviceArray) for name, x in moments.items() if name != "steps")


@shapes
def test_gradients_are_slopes(shape):
    """Along its gradient g a parameter changes the loss by |g| a unit: a central difference of the GPU's own loss."""
    gpt, h = model(shape), 5e-3
    gpt.loss(*batch()).backward()
    for name, parameter in gpt.named_parameters():
        g, kept = parameter.grad.numpy().astype(np.float64), parameter.data
        norm = np.sqrt((g * g).sum())
        assert norm > 1e-4, f"{name} has next to no gradient: this would show nothing"
        losses = []
        for sign in (1, -1):
            parameter.data = kernels.send((kept.numpy() + sign * h * g / norm).astype(np.float32))
            with no_grad():
                losses.append(float(gpt.loss(*batch())))
        parameter.data = kept
        assert (losses[0] - losses[1]) / (2 * h) == pytest.approx(norm, rel=5e-3, abs=2e-4), name


@shapes
@pytest.mark.parametrize("name", ["adamw", "sgd", "muon"])
def test_steps_are_the_cpus(shape, name):
    """Three updates, of two parts each, and clipped. eps is large: AdamW makes large steps of rounding errors."""
    found = {}
    for backend in ("cuda", CPU):
        with kernels.using(backend):
            gpt = model(shape, backend)
            groups = decay_groups(gpt, 0.1)
            matrices = [p for p in gpt.blocks[0].parameters() if p.ndim == 2]
            rest = [p for p in gpt.parameters() if not any(p is matrix for matrix in matrices)]
            optimizer = {
                "adamw": lambda groups=groups: AdamW(groups, lr=1e-2, eps=1e-2),
                "sgd": lambda groups=groups: SGD(groups, lr=0.5, momentum=0.9, weight_decay=0.1),
                "muon": lambda m=matrices, rest=rest: Muon(m, rest, lr=1e-2, eps=1e-2),
            }[name]()
            measures = []
            for step in range(3):
                for part in range(2):
                    loss = gpt.loss(*batch(seed=2 * step + part))
                    loss.backward()
                    measures.append(loss.item())
                measures.append(optimizer.step(0.5))
                optimizer.zero_grad()
            assert measures[2] > 0.5, "the norm is clipped"
            found[backend] = measures, {key: kernels.fetch(x) for key, x in gpt.state_dict().items()}
    np.testing.assert_allclose(found["cuda"][0], found[CPU][0], rtol=2e-5)
    for key, expected in found[CPU][1].items():
        np.testing.assert_allclose(found["cuda"][1][key], expected, rtol=2e-4, atol=2e-5, err_msg=key)


@shapes
def test_bfloat16_products(shape):
    """The loss and the gradient's norm are the CPU's in bfloat16, and not those in float32."""
    found = []
    for backend, precision in (("cuda", "bfloat16"), (CPU, "bfloat16"), (CPU, "float32")):
        with kernels.using(backend), kernels.using_precision(precision):
            gpt = model(shape, backend)
            loss = gpt.loss(*batch())
            loss.backward()
            found.append((loss.item(), grad_norm(gpt.parameters())))
    np.testing.assert_allclose(found[0], found[1], rtol=1e-4)
    assert abs(found[0][0] - found[2][0]) > 3e-5


@shapes
def test_documents_and_recomputing(shape):
    """Documents end to end in a row, one of which continues another; and gradients whose forward pass runs twice."""
    ids, targets, _ = batch()
    starts, prefixes = np.array([0, 4, 4, 12, 20, 24]), np.array([-1, -1, 0, -1, 3])
    found = {}
    for backend, again in (("cuda", False), ("cuda", True), (CPU, False)):
        with kernels.using(backend):
            gpt = model(shape, backend).recompute(again)
            h = gpt.hidden(ids.reshape(1, -1), starts, prefixes)
            log_prob, entropies = F.linear_log_prob(h, gpt.output_weight, targets.reshape(1, -1), -100)
            (log_prob * np.linspace(-1, 1, 24, dtype=np.float32)).sum().backward()
            values = log_prob.data, entropies, *(p.grad for p in gpt.parameters())
            found[backend, again] = [kernels.fetch(x) for x in values]
    for plain, recomputed, expected in zip(*found.values(), strict=True):
        np.testing.assert_array_equal(recomputed, plain)
        np.testing.assert_allclose(plain, expected, rtol=1e-4, atol=1e-5)


@shapes
def test_a_step_fetches_the_loss_and_the_norm(shape):
    gpt = model(shape)
    optimizer = AdamW(decay_groups(gpt, 0.1))
    gpt.loss(*batch()).backward()  # the first step compiles, and makes tables of who sees whom
    optimizer.step(1.0)
    optimizer.zero_grad()
    memory.transfers.clear()
    bytes_before = memory.moved["to device"]
    loss = gpt.loss(*batch())
    assert memory.transfers["to host"] == 1, "the loss"
    loss.backward()
    assert memory.transfers["to host"] == 1
    optimizer.step(1.0)
    assert memory.transfers["to host"] == 2, "and the gradients' norm"
    assert memory.moved["to device"] - bytes_before < 10 * 4 * batch()[0].size, "ids, targets, weights, positions"


def test_clipping_and_dropout_stay_on_the_gpu():
    generator = np.random.default_rng(0)
    x = Tensor(np.ones((50, 40), np.float32), requires_grad=True)
    F.dropout(x, 0.25, generator).sum().backward()
    kept = x.grad.numpy()
    assert set(np.unique(kept)) == {0, np.float32(1 / 0.75)}
    assert abs((kept == 0).mean() - 0.25) < 0.05
    norm = clip_grad_norm([x], 2.0)
    assert norm == pytest.approx(np.sqrt((kept.astype(np.float64) ** 2).sum()))
    assert grad_norm([x]) == pytest.approx(2.0)


def test_a_gradient_that_is_not_finite_changes_nothing():
    x = Tensor(np.ones(3, np.float32), requires_grad=True)
    optimizer = AdamW([x])
    (x * np.array([1, np.inf, 1], np.float32)).sum().backward()
    with pytest.raises(FloatingPointError, match="norm is inf"):
        optimizer.step(1.0)
    np.testing.assert_array_equal(x.numpy(), np.ones(3))


# ---- Tensors ----

A = np.array([[0.5, 2.0, 1.5], [3.0, 0.25, 1.5]], np.float32)
B = np.array([1.0, 2.0, 0.75], np.float32)
OPERATIONS = {
    "arithmetic": lambda a, b: a * b - a / b + 2 * a - 1 / b,
    "powers": lambda a, b: a**b + a.square() + b.reciprocal() + a.sqrt(),
    "curves": lambda a, b: a.exp() + b.log() + a.sin() * b.cos() + a.tanh() + b.sigmoid() + F.gelu(a) + F.silu(a),
    "extremes": lambda a, b: a.maximum(b) + a.minimum(b) + a.max(axis=1, keepdims=True) + b.min() + a.clip(0.6, 2),
    "spread": lambda a, b: a.std(axis=0) + a.var(axis=1, keepdims=True) + a.mean() + b.abs() + b.relu(),
    "choice": lambda a, b: F.where(a > b, a * 2, b * 3) + F.where(np.array([True, False, True]), a, b),
    "softmax": lambda a, b: a.softmax() * b.log_softmax() + a.softmax(axis=0) + F.entropy(a).sum(),
    "shapes": lambda a, b: F.concatenate([a, b.reshape(1, 3)], axis=0).T.reshape(9)[1:7].reshape(2, 3) + a[:, 1:2],
    "chosen rows": lambda a, b: a[[1, 0, 1]] * b + a[np.array([True, False])],
    "rows": lambda a, b: F.stack([a[1], a[0]]) @ F.stack([b, b, b]),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_operations_are_the_cpus(name):
    function, found = OPERATIONS[name], {}
    for backend in ("cuda", CPU):
        with kernels.using(backend):
            a, b = Tensor(A, requires_grad=True), Tensor(B, requires_grad=True)
            y = function(a, b)
            assert (isinstance(y.data, DeviceArray)) == (backend == "cuda")
            (y * Tensor(np.linspace(0.5, 1.5, y.size, dtype=np.float32).reshape(y.shape))).sum().backward()
            found[backend] = [kernels.fetch(x) for x in (y.data, *(x.grad for x in (a, b) if x.grad is not None))]
    for got, expected in zip(*found.values(), strict=True):
        np.testing.assert_allclose(got, expected, rtol=2e-5, atol=1e-6)


def test_a_tensor_shows_its_numbers_when_asked():
    x = Tensor([1.5, 2.5])
    assert repr(x) == "Tensor([1.5, 2.5])"
    assert x.tolist() == np.asarray(x).tolist() == [1.5, 2.5]
    assert float(x.sum()) == x.sum().item() == 4.0
    assert bool(x[0] > 1)
    x.data[1] = 7
    np.testing.assert_array_equal(x.numpy(), [1.5, 7])


def test_the_environment_variable_chooses_it():
    program = "from minirl import Tensor, kernels; print(kernels.backend(), type(Tensor([1.0]).data).__name__)"
    variables = {**os.environ, "MINIRL_BACKEND": "cuda"}
    done = subprocess.run([sys.executable, "-c", program], env=variables, capture_output=True, text=True)
    assert done.stdout == "cuda DeviceArray\n", done.stderr


def test_what_the_gpu_has_not_is_refused_by_name():
    x = Tensor(A)
    for act, words in (
        (lambda: x.sort(), "numpy.argsort: an array on the GPU"),
        (lambda: x.cumsum(0), "numpy.cumsum"),
        (lambda: x.expm1(), "numpy.expm1"),
        (lambda: x >= 1, ">=|greater_equal"),
        (lambda: x.astype(np.float64), "cannot become float64"),
        (lambda: kernels.add_at(x.data, 0, x.data), "add_at has a CUDA kernel for whole rows alone"),
    ):
        before = memory.transfers["to host"]
        with pytest.raises((TypeError, NotImplementedError), match=words):
            act()
        assert memory.transfers["to host"] == before
