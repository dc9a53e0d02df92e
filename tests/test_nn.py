"""Modules find their parameters, save them, and switch between training and evaluation."""

import copy

import numpy as np
import pytest

from minirl import Tensor
from minirl.nn import Dropout, Embedding, LayerNorm, Linear, Module, Parameter, RMSNorm


class Net(Module):
    def __init__(self, tied=False):
        generator = np.random.default_rng(0)
        self.embedding = Embedding(7, 4, generator)
        self.layers = [Linear(4, 4, generator), Linear(4, 4, generator, bias=False)]
        self.norm = LayerNorm(4)
        self.drop = Dropout(0.5, np.random.default_rng(1))
        self.head = Linear(4, 7, generator, bias=False)
        self.constant = Tensor([1.0])
        if tied:
            self.head.weight = self.embedding.weight


NAMES = [
    "embedding.weight",
    "layers.0.weight",
    "layers.0.bias",
    "layers.1.weight",
    "norm.weight",
    "norm.bias",
    "head.weight",
]


def test_parameters_are_found_by_name():
    net = Net()
    assert [name for name, _ in net.named_parameters()] == NAMES
    assert net.parameter_count() == 28 + 16 + 4 + 16 + 4 + 4 + 28
    assert all(isinstance(p, Parameter) and p.requires_grad for p in net.parameters())


def test_a_tied_parameter_occurs_once():
    net = Net(tied=True)
    assert [name for name, _ in net.named_parameters()] == NAMES[:-1]
    assert net.parameter_count() == 72


def test_state_goes_round():
    source, target = Net(), Net()
    for p in source.parameters():
        p.data += 1
    arrays = [p.data for p in target.parameters()]
    target.load_state_dict(source.state_dict())
    for (_, a), (_, b), array in zip(source.named_parameters(), target.named_parameters(), arrays, strict=True):
        np.testing.assert_array_equal(a.data, b.data)
        assert b.data is array  # copied into, so that an optimizer keeps its parameters


def test_what_does_not_fit_is_named_and_nothing_changes():
    net = Net()
    before = {name: x.copy() for name, x in net.state_dict().items()}
    state = {name: x + 1 for name, x in before.items()}
    del state["norm.bias"]
    state["extra"] = np.ones(3)
    state["head.weight"] = np.ones((7, 5))
    with pytest.raises(ValueError) as error:
        net.load_state_dict(state)
    for part in ("missing: norm.bias (4,)", "unexpected: extra (3,)", "head.weight has shape (7, 5); expected (7, 4)"):
        assert part in str(error.value)
    for name, x in net.state_dict().items():
        np.testing.assert_array_equal(x, before[name])


def test_train_and_eval_reach_every_module():
    net = Net()
    x = Tensor(np.ones((50, 4), np.float32))
    assert (net.drop(x).data == 0).any()
    net.eval()
    assert net.drop(x) is x
    assert not net.layers[1].training
    net.train()
    assert (net.drop(x).data == 0).any()


def test_layers_compute_what_they_say():
    generator = np.random.default_rng(0)
    x = generator.standard_normal((5, 4)).astype(np.float32)
    linear = Linear(4, 3, generator)
    linear.bias.data[:] = [1, 2, 3]
    np.testing.assert_allclose(linear(Tensor(x)).data, x @ linear.weight.data.T + [1, 2, 3], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(
        LayerNorm(4)(Tensor(x)).data,
        (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 1e-5),
        rtol=1e-4,
        atol=1e-6,
    )
    np.testing.assert_allclose(
        RMSNorm(4)(Tensor(x)).data, x / np.sqrt((x * x).mean(1, keepdims=True) + 1e-6), rtol=1e-4, atol=1e-6
    )
    assert abs(Linear(300, 300, generator, std=0.02).weight.data.std() - 0.02) < 2e-4


def test_zero_grad_and_deepcopy():
    net = Net()
    (net.layers[0](Tensor(np.ones((2, 4), np.float32)))).sum().backward()
    twin = copy.deepcopy(net)
    net.zero_grad()
    assert net.layers[0].weight.grad is None
    assert twin.layers[0].weight.grad is not None
    twin.layers[0].weight.data += 1
    assert not np.array_equal(twin.layers[0].weight.data, net.layers[0].weight.data)


class Nested(Module):
    def __init__(self):
        rng = np.random.default_rng(0)
        self.scales = [Parameter(np.ones(2)), Parameter(np.ones(3))]
        self.heads = {"first": Linear(2, 2, rng), "others": [Linear(2, 3, rng, bias=False)], 3: Parameter(np.ones(1))}
        self.pairs = ((LayerNorm(2, bias=False), "text"), [None, {"deep": (RMSNorm(4),)}])
        self.numbers = [1, 2, 3]


def test_parameters_are_found_in_lists_tuples_and_dicts():
    net = Nested()
    names = {name: p.shape for name, p in net.named_parameters()}
    assert names == {
        "scales.0": (2,),
        "scales.1": (3,),
        "heads.3": (1,),
        "heads.first.weight": (2, 2),
        "heads.first.bias": (2,),
        "heads.others.0.weight": (3, 2),
        "pairs.0.0.weight": (2,),
        "pairs.1.1.deep.0.weight": (4,),
    }
    net.eval()
    assert not any(module.training for _, module in net.named_modules())
    twin = Nested()
    twin.load_state_dict({name: x + 1 for name, x in net.state_dict().items()})
    np.testing.assert_array_equal(twin.scales[0].data, net.scales[0].data + 1)


def test_what_gives_parameters_no_name_is_refused():
    net = Module()
    net.layers = {LayerNorm(2)}
    with pytest.raises(TypeError, match="layers is a set"):
        net.parameters()
    net.layers = {1: Parameter([1.0]), "1": Parameter([2.0])}
    with pytest.raises(ValueError, match=r"two parameters are called layers\.1"):
        net.parameters()


def test_modules_may_know_each_other():
    parent = Net()
    parent.norm.owner = parent
    assert [name for name, _ in parent.named_parameters()] == NAMES
    parent.eval()
    assert not parent.norm.training and "owner" in repr(parent)


def test_a_module_prints_as_a_tree():
    assert repr(LayerNorm(4)) == "LayerNorm(weight (4,), bias (4,), eps=1e-05)"
    assert repr(Linear(4, 3, None, activation="gelu")) == "Linear(weight (3, 4), bias (3,), activation='gelu')"
    net = Module()
    net.layers = [Linear(2, 2, None, bias=False) for _ in range(3)]
    net.rate = 0.5
    assert repr(net) == "Module(\n  rate=0.5\n  layers.0-2: 3 x Linear(weight (2, 2))\n)"


def test_a_notebook_shows_parameters_as_a_table():
    net = Module()
    net.layers = {"<b>": LayerNorm(1000)}
    html = net._repr_html_()
    assert "layers.&lt;b&gt;.weight" in html and "<b>" not in html
    assert "(1000,)" in html and "2,000" in html and "<style" not in html


def test_embedding_takes_lists():
    layer = Embedding(5, 3, np.random.default_rng(0))
    np.testing.assert_array_equal(layer([[1, 2]]).data, layer.weight.data[[[1, 2]]])
