"""AdamW, SGD, clipping, schedules."""

import itertools

import numpy as np
import pytest

from minirl import Tensor
from minirl.nn import Linear, Parameter
from minirl.optim import SGD, AdamW, clip_grad_norm, decay_groups
from minirl.schedule import warmup_cosine, warmup_stable_decay


def parameter(*values, grad=None):
    p = Parameter(np.array(values, np.float32))
    p.grad = None if grad is None else np.array(grad, np.float32)
    return p


def test_one_step_is_the_formula():
    p = parameter(1.0, -2.0, grad=[0.5, 0.0])
    optimizer = AdamW([p], lr=0.1, betas=(0.9, 0.99), eps=1e-8, weight_decay=0.5)
    optimizer.step()
    # first step: m / (1 - beta1) = g and v / (1 - beta2) = g^2, so the step is lr sign(g), and decay is lr wd p
    np.testing.assert_allclose(p.data, [1 * (1 - 0.05) - 0.1, -2 * (1 - 0.05)], rtol=1e-6)


def test_it_finds_a_minimum():
    p = parameter(5.0, -3.0)
    optimizer = AdamW([p], lr=0.1, weight_decay=0.0)
    for _ in range(500):
        ((p - Tensor([1.0, 2.0])) ** 2).sum().backward()
        optimizer.step()
        optimizer.zero_grad()
    np.testing.assert_allclose(p.data, [1, 2], atol=1e-2)


def test_groups_have_their_own_settings():
    a, b = parameter(1.0, grad=[0.0]), parameter(1.0, grad=[0.0])
    groups = [{"params": [a], "weight_decay": 0.5}, {"params": [b], "weight_decay": 0.5, "lr": 0.2}]
    optimizer = AdamW(groups, lr=0.1)
    optimizer.step()
    np.testing.assert_allclose([a.item(), b.item()], [0.95, 0.9], rtol=1e-6)
    optimizer.lr = 0.0
    optimizer.step()
    np.testing.assert_allclose([a.item(), b.item()], [0.95, 0.9], rtol=1e-6)
    optimizer.lr = 0.05  # halves both rates
    optimizer.step()
    np.testing.assert_allclose([a.item(), b.item()], [0.95 * 0.975, 0.9 * 0.95], rtol=1e-6)


def test_decay_groups_spare_vectors():
    layer = Linear(3, 4, np.random.default_rng(0))
    decayed, spared = decay_groups(layer, 0.1)
    assert decayed["params"] == [layer.weight] and decayed["weight_decay"] == 0.1
    assert spared["params"] == [layer.bias] and spared["weight_decay"] == 0


def test_a_parameter_without_gradient_is_left():
    p = parameter(1.0)
    AdamW([p], lr=0.1, weight_decay=0.5).step()
    assert p.item() == 1


def test_bad_groups_are_refused():
    p = parameter(1.0)
    with pytest.raises(ValueError, match="no parameters"):
        AdamW([])
    with pytest.raises(ValueError, match="twice"):
        AdamW([p, p])
    with pytest.raises(ValueError, match="momentum"):
        AdamW([{"params": [p], "momentum": 0.9}])


def test_resuming_gives_the_same_bits():
    def steps(p, optimizer, first, last):
        for i in range(first, last):
            p.grad = np.array([np.sin(i), np.cos(i)], np.float32)
            optimizer.step()

    p = parameter(1.0, 2.0)
    optimizer = AdamW([p])
    steps(p, optimizer, 0, 10)
    q = parameter(*p.data)
    resumed = AdamW([q])
    resumed.load_state_dict({name: x.copy() for name, x in optimizer.state_dict().items()})
    steps(p, optimizer, 10, 20)
    steps(q, resumed, 10, 20)
    np.testing.assert_array_equal(p.data, q.data)


def test_a_state_that_does_not_fit_is_named():
    optimizer = AdamW([parameter(1.0, 2.0)])
    state = dict(optimizer.state_dict())
    state["0.first_moment"] = np.ones(3, np.float32)
    del state["steps"]
    state["1.first_moment"] = np.ones(1, np.float32)
    with pytest.raises(ValueError) as error:
        optimizer.load_state_dict(state)
    for part in ("missing: steps", "unexpected: 1.first_moment", "0.first_moment has shape (3,); expected (2,)"):
        assert part in str(error.value)


def test_clipping_scales_all_gradients_together():
    a, b, c = parameter(0.0, grad=[3.0]), parameter(0.0, 0.0, grad=[0.0, 4.0]), parameter(0.0)
    assert clip_grad_norm([a, b, c], 1.0) == pytest.approx(5)
    np.testing.assert_allclose([*a.grad, *b.grad], [0.6, 0, 0.8], rtol=1e-6)
    assert clip_grad_norm([a, b, c], 2.0) == pytest.approx(1)
    np.testing.assert_allclose([*a.grad, *b.grad], [0.6, 0, 0.8], rtol=1e-6)
    with pytest.raises(ValueError, match="must be positive"):
        clip_grad_norm([a], 0.0)


def test_clipping_inside_the_step_is_the_same():
    results = []
    for fused in (True, False):
        p = parameter(1.0, 1.0, grad=[30.0, 40.0])
        optimizer = AdamW([p], lr=0.1, eps=1.0)
        norm = optimizer.step(max_norm=1.0) if fused else clip_grad_norm([p], 1.0)
        if not fused:
            optimizer.step()
        results.append((norm, *p.data))
    assert results[0] == pytest.approx(results[1], rel=1e-6)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_gradient_that_is_no_number_stops_the_step(bad):
    p = parameter(1.0, 1.0, grad=[1.0, bad])
    optimizer = AdamW([p])
    with pytest.raises(FloatingPointError, match="no parameter was changed"):
        optimizer.step(max_norm=1.0)
    np.testing.assert_array_equal(p.data, [1, 1])
    assert optimizer.steps == 0
    assert not np.isfinite(clip_grad_norm([p], 1.0))
    assert p.grad[0] == 1


def test_warmup_cosine():
    rates = [warmup_cosine(i, peak=1.0, warmup=4, total=14, final=0.1) for i in range(16)]
    np.testing.assert_allclose(rates[:5], [0.25, 0.5, 0.75, 1.0, 1.0])
    assert rates[9] == pytest.approx(0.55)  # half way
    assert all(a >= b for a, b in itertools.pairwise(rates[4:]))
    np.testing.assert_allclose(rates[14:], [0.1, 0.1])
    assert warmup_cosine(0, peak=1.0, warmup=0, total=10) == 1.0


def test_warmup_stable_decay():
    rates = [warmup_stable_decay(i, peak=1.0, warmup=2, total=10, decay=4) for i in range(12)]
    np.testing.assert_allclose(rates, [0.5, 1, 1, 1, 1, 1, 1, 0.75, 0.5, 0.25, 0, 0])
    with pytest.raises(ValueError, match="take 12 steps, but there are 10"):
        warmup_stable_decay(0, peak=1.0, warmup=2, total=10, decay=10)
    with pytest.raises(ValueError, match="take 11 steps"):
        warmup_cosine(0, peak=1.0, warmup=11, total=10)


def test_sgd_is_its_formula():
    p = parameter(1.0, -2.0)
    optimizer = SGD([p], lr=0.1, momentum=0.9, weight_decay=0.5)
    value, velocity = p.data.astype(np.float64), np.zeros(2)
    for g in ([1.0, 0.0], [0.5, -1.0], [0.0, 2.0]):
        p.grad = np.array(g, np.float32)
        optimizer.step()
        velocity = 0.9 * velocity + g + 0.5 * value
        value = value - 0.1 * velocity
        np.testing.assert_allclose(p.data, value, rtol=1e-6)


def test_sgd_clips_resumes_and_has_groups():
    a, b = parameter(1.0, grad=[30.0]), parameter(1.0, grad=[40.0])
    optimizer = SGD([{"params": [a], "lr": 0.2}, {"params": [b], "momentum": 0.5}], lr=0.1)
    assert optimizer.step(max_norm=1.0) == pytest.approx(50)
    np.testing.assert_allclose([a.item(), b.item()], [1 - 0.2 * 0.6, 1 - 0.1 * 0.8], rtol=1e-6)
    state = optimizer.state_dict()
    assert set(state) == {"steps", "0.velocity", "1.velocity"}
    resumed = SGD([parameter(1.0), parameter(1.0)])
    resumed.load_state_dict(state)
    assert resumed.steps == 1 and resumed.velocities[1][0] == pytest.approx(0.8)
    with pytest.raises(ValueError, match="SGD: unknown group setting"):
        SGD([{"params": [a], "betas": (0.9, 0.9)}])
    assert a.grad[0] == 30  # clipping left the gradients alone


def test_optimizers_print_as_one_line():
    p, q = parameter(*[1.0] * 1000), parameter(1.0, 2.0)
    line = "AdamW(lr=0.003, betas=(0.9, 0.95), eps=1e-08, weight_decay=0.1; 1,002 numbers in 2 arrays)"
    assert repr(AdamW([p, q], lr=3e-3)) == line
    assert repr(SGD([p])) == "SGD(lr=0.01, momentum=0.0, weight_decay=0.0; 1,000 numbers in 1 arrays)"
