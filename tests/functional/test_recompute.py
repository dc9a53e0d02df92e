"""Gradient checkpointing: the same bits, and less kept."""

import gc

import numpy as np
import pytest

from minirl import functional as F
from minirl.autograd import no_grad
from minirl.model import GPT, GPTConfig
from minirl.model.lora import LoRAConfig, add_adapters
from minirl.tensor import Tensor

IDS = np.random.default_rng(1).integers(0, 50, (3, 11)).astype(np.int32)


def gradients(recompute, adapters=False, **settings):
    config = GPTConfig(vocab_size=50, context_length=16, n_layer=3, n_head=2, d_model=16, **settings)
    model = GPT(config, seed=2).eval().recompute(recompute)
    if adapters:
        add_adapters(model, LoRAConfig(rank=2), seed=1)
    loss = model.loss(IDS, np.roll(IDS, 1))
    loss.backward()
    return loss.item(), {name: p.grad for name, p in model.named_parameters() if p.requires_grad}


@pytest.mark.parametrize("adapters", [False, True])
def test_gradients_have_the_same_bits(adapters):
    loss, plain = gradients(False, adapters)
    again, found = gradients(True, adapters)
    assert again == loss and found.keys() == plain.keys()
    assert all(np.array_equal(found[name], g) for name, g in plain.items())
    assert all(np.abs(g).max() > 0 for name, g in plain.items() if not name.endswith(".A"))


def test_documents_and_prefixes_are_kept_apart():
    config = GPTConfig.llama(vocab_size=50, context_length=32, n_layer=2, n_head=2, d_model=16, d_ff=24)
    starts, prefixes = np.array([0, 5, 9, 14]), np.array([-1, 0, 0])
    found = []
    for recompute in (False, True):
        model = GPT(config, seed=2).recompute(recompute)
        h = model.hidden(IDS.reshape(-1)[:14], starts, prefixes)
        (h * h).sum().backward()
        found.append([p.grad for p in model.parameters() if p.grad is not None])
    assert all(np.array_equal(a, b) for a, b in zip(*found, strict=True))


def test_it_keeps_the_input_alone():
    made = []

    def double(x):
        y = x * 2
        made.append(y)
        return y * y

    x = Tensor(np.ones(4, np.float32), requires_grad=True)
    y = F.recomputed(double, x, ())
    assert len(made) == 1 and not made[0].requires_grad  # made without a graph, so nothing holds it
    y.sum().backward()
    assert len(made) == 2 and x.grad.tolist() == [8.0] * 4
    with no_grad():
        assert not F.recomputed(double, x, ()).requires_grad


def test_active_dropout_is_not_drawn_again():
    """Dropout draws random numbers, so the blocks are kept as they are while it is on."""
    config = GPTConfig(vocab_size=50, context_length=16, n_layer=2, n_head=2, d_model=16, dropout=0.5)
    losses = [GPT(config, seed=2).recompute(on).loss(IDS, IDS).item() for on in (False, True)]
    assert losses[0] == losses[1]


def kept_bytes(recompute):
    config = GPTConfig(vocab_size=50, context_length=64, n_layer=6, n_head=2, d_model=32, tie_embeddings=True)
    model = GPT(config, seed=2).eval().recompute(recompute)
    gc.collect()
    loss = model.loss(np.tile(IDS, (4, 4)), np.tile(IDS, (4, 4)))
    seen, waiting, total = set(), [loss], 0
    while waiting:  # what the graph holds: nodes, and what their backward functions close over
        one = waiting.pop()
        for held in gc.get_referents(one):
            if id(held) in seen or isinstance(held, type | str | GPT):
                continue
            seen.add(id(held))
            if isinstance(held, np.ndarray):
                total += held.nbytes if held.base is None else 0
            elif isinstance(held, Tensor | tuple | list) or type(held).__name__ in ("function", "cell", "method"):
                waiting.append(held)
    return total - sum(p.data.nbytes for p in model.parameters())


def test_less_is_kept():
    assert kept_bytes(True) < kept_bytes(False) / 4
