"""The plain transformer is the full one: the same logits, and the same gradient for every parameter."""

from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from minirl import functional as F
from minirl import kernels
from minirl.model import GPT, plain

BACKENDS = {  # dtype and tolerance; float64 leaves little room for a mistake, and float32 is what the C kernels use
    "reference": (np.float64, 1e-6),  # the full model's tables for RoPE are float32
    "native": (np.float32, 1e-4),
}


@pytest.fixture(params=BACKENDS)
def computing(request):
    """(dtype, tolerance), with that backend in use."""
    if request.param == "native" and not kernels.has_native():
        pytest.skip("the C kernels are not built")
    with kernels.using(request.param):
        yield BACKENDS[request.param]


def shaken(config, dtype):
    """A model whose biases and gains are not at their initial 0 and 1, and whose attention has clear preferences, so
    that a mistake in any of them shows."""
    model = GPT(config)
    generator = np.random.default_rng(1)
    for parameter in model.parameters():
        parameter.data = (parameter.data + 0.3 * generator.standard_normal(parameter.shape)).astype(dtype)
    return model


def differences(config, ids, dtype, plain=plain):
    """The largest difference in the logits, and in each parameter's gradient, relative to their largest number."""
    model = shaken(config, dtype)
    parameters = dict(model.named_parameters())
    inputs, targets = ids[:-1], ids[1:]

    model.loss(inputs, targets).backward()
    pairs = {"logits": [model(inputs).data[0]], **{name: [p.grad] for name, p in parameters.items()}}
    model.zero_grad()

    logits = plain.plain_gpt(parameters, config, inputs)
    log_pi = F.log_softmax(logits)
    (-log_pi[np.arange(len(targets)), targets].mean()).backward()
    pairs["logits"].append(logits.data)
    for name, p in parameters.items():
        pairs[name].append(p.grad if p.grad is not None else np.zeros(p.shape))
    return {name: np.abs(got - expected).max() / np.abs(expected).max() for name, (expected, got) in pairs.items()}


def test_logits_and_all_gradients_are_those_of_the_full_model(config, ids, computing):
    dtype, tolerance = computing
    found = differences(replace(config, n_layer=3), ids[0], dtype)
    assert {name: error for name, error in found.items() if not error < tolerance} == {}


def test_two_tokens_and_a_full_context(config, ids, computing):
    dtype, tolerance = computing
    full = np.resize(ids, config.context_length + 1)
    for row in (full[:3], full):
        assert max(differences(config, row, dtype).values()) < 10 * tolerance


# Lines of plain.py, each with a mistake that crashes nothing, and a model that shows it
MISTAKES = {
    "sees the future": ("np.tril(np.ones((T, T), bool))", "np.ones((T, T), bool)", "gpt2"),
    "does not see itself": ("np.tril(np.ones((T, T), bool))", "np.tri(T, k=-1) + (np.arange(T) == 0) > 0", "gpt2"),
    "scores not scaled": ("(q @ k.T) * (1 / math.sqrt(D))", "q @ k.T", "llama"),
    "q and k swapped": ("(q @ k.T)", "(k @ q.T)", "llama"),
    "softmax down the columns": ("e / e.sum(axis=-1, keepdims=True)", "e / e.sum(axis=0, keepdims=True)", "gpt2"),
    "turned the other way": ("angles = np.arange(T)[:, None] *", "angles = -(np.arange(T)[:, None] + 1) *", "llama"),
    "key not turned": ("rotate(k, config.rope_base)", "k", "llama"),
    "neighbours are pairs": ("x[:, : D // 2], x[:, D // 2 :]", "x[:, ::2], x[:, 1::2]", "llama"),
    "heads share in turns": ("head * kv_heads // query_heads", "head % kv_heads", "llama-grouped"),
    "mean not subtracted": ("x = x - x.mean(axis=-1, keepdims=True)", "pass", "gpt2"),
    "eps forgotten": (" + config.norm_eps)", ")", "llama-tied-biased"),
    "bias forgotten": ("return y + parameters[f\"{name}.bias\"] if", "return y if", "gpt2"),
    "norm's bias forgotten": ("return x + parameters[\"bias\"] if", "return x if", "gpt2"),
    "no residual": ("return x + plain_mlp(", "return plain_mlp(", "llama"),
    "gate and up swapped": ("gate, up = up[:", "up, gate = up[:", "llama"),
    "another form of GELU": ("gelu(up) if config.mlp", "F.gelu(up, exact=True) if config.mlp", "gpt2"),
    "no positions": ("if config.position == \"learned\":", "if False:", "gpt2"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_test_fails_with(mistake, configs, ids, computing):
    right, wrong, style = MISTAKES[mistake]
    source = Path(plain.__file__).read_text(encoding="utf-8")
    assert source.count(right) == 1
    broken = ModuleType("broken")
    exec(source.replace(right, wrong), broken.__dict__)
    dtype, tolerance = computing
    found = differences(configs[style], ids[0], dtype, broken)
    assert max(found.values()) > tolerance, found
