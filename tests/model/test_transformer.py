"""The model: its face, its initialisation, its gradient, and that it learns."""

import math
from dataclasses import replace

import numpy as np
import pytest

from minirl import Tensor, kernels, no_grad
from minirl.model import GPT, GPTConfig
from minirl.optim import AdamW, clip_grad_norm


def shaken(config, seed=0):
    """A model whose biases and gains are not at their initial 0 and 1, so that a mistake in them shows."""
    model = GPT(config, seed)
    generator = np.random.default_rng(1)
    for parameter in model.parameters():
        parameter.data += 0.1 * generator.standard_normal(parameter.shape).astype(np.float32)
    return model


def test_the_face():
    model = GPT(GPTConfig(vocab_size=1024, context_length=128, n_layer=4, n_head=4, d_model=128))
    ids = np.random.default_rng(0).integers(0, 1024, (2, 8)).astype(np.int32)
    logits = model(ids)
    assert isinstance(logits, Tensor) and logits.shape == (2, 8, 1024) and logits.dtype == np.float32
    optimizer = AdamW(model.parameters())
    loss = model.loss(ids[:, :-1], ids[:, 1:])
    loss.backward()
    clip_grad_norm(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad()
    assert model.loss(ids[:, :-1], ids[:, 1:]).item() < loss.item()
    assert model(ids[0].tolist()).shape == (1, 8, 1024)  # a plain list of ids is one row


@pytest.mark.parametrize("vocab_size, d_model", [(1024, 128), (50257, 256)])
def test_the_first_loss_is_that_of_a_uniform_guess(config, vocab_size, d_model):
    config = replace(config, vocab_size=vocab_size, d_model=d_model, d_ff=None, context_length=64)
    generator = np.random.default_rng(0)
    ids, targets = generator.integers(0, vocab_size, (2, 4, 64))
    with no_grad():
        assert GPT(config).loss(ids, targets).item() == pytest.approx(math.log(vocab_size), rel=0.02)


@pytest.mark.slow
def test_the_first_loss_of_gpt2_is_that_of_a_uniform_guess():
    config = GPTConfig.preset("gpt2")
    ids, targets = np.random.default_rng(0).integers(0, 50257, (2, 1, 256))
    with no_grad():
        assert GPT(config).loss(ids, targets).item() == pytest.approx(math.log(50257), rel=0.02)


def test_initialisation(config):
    config = replace(config, d_model=128, n_layer=8, d_ff=None)
    model = GPT(config, seed=3)
    small = 0.02 / math.sqrt(2 * 8)
    for name, p in model.named_parameters():
        if name.endswith("bias"):
            assert not p.data.any()
        elif p.ndim == 1:
            assert (p.data == 1).all()
        else:
            assert p.data.std() == pytest.approx(small if "projection" in name else 0.02, rel=0.05), name
    again = GPT(config, seed=3).state_dict()
    assert all(np.array_equal(again[name], x) for name, x in model.state_dict().items())
    other = GPT(config, seed=4).state_dict()
    assert not np.array_equal(other["token_embedding.weight"], model.token_embedding.weight.data)
    assert not any(p.data.any() for p in GPT(config, seed=None).parameters() if p.ndim > 1)


def test_the_initial_spread_is_a_setting() -> None:
    """All weights of GPT(config, seed, std) are those of GPT(config, seed) times std / 0.02."""
    config = GPTConfig.llama(vocab_size=60, context_length=16, n_layer=2, n_head=2, d_model=16, d_ff=32)
    usual, larger = GPT(config, 3), GPT(config, 3, std=0.05)
    for (name, a), (_, b) in zip(usual.named_parameters(), larger.named_parameters(), strict=True):
        np.testing.assert_allclose(b.data, a.data * (2.5 if a.ndim == 2 else 1.0), rtol=1e-5, err_msg=name)


@pytest.mark.parametrize("std", [0.0, -0.02, float("nan"), float("inf")])
def test_a_spread_that_is_none_is_refused(std: float) -> None:
    with pytest.raises(ValueError, match="expected the spread of the initial weights"):
        GPT(GPTConfig(vocab_size=10, n_layer=1, n_head=1, d_model=4), std=std)


def test_two_layers_overfit_one_batch(config, ids):
    if config.mlp == "gelu_exact" and kernels.backend() == "reference":
        pytest.skip("NumPy has no erf; the reference's is slow")
    model = GPT(replace(config, d_model=64, d_ff=None))
    optimizer = AdamW(model.parameters(), lr=3e-3, weight_decay=0.0)
    targets = np.random.default_rng(1).integers(0, 97, ids.shape)
    for _ in range(120):
        loss = model.loss(ids, targets)
        loss.backward()
        optimizer.step(max_norm=1.0)
        optimizer.zero_grad()
    assert loss.item() < 0.01


def test_the_whole_models_gradient_is_the_slope_of_its_loss(config):
    """In float64, against central differences, at several elements of every parameter."""
    config = replace(config, vocab_size=11, context_length=6, d_model=16, n_head=4, d_ff=12, dropout=0.0)
    generator = np.random.default_rng(0)
    with kernels.using("reference"):
        model = shaken(config)
        for p in model.parameters():
            p.data = p.data.astype(np.float64)
        ids, targets = generator.integers(0, 11, (2, 2, 6))
        targets[0, 0] = -100
        weights = generator.standard_normal((2, 6))
        model.loss(ids, targets, weights).backward()
        for name, p in model.named_parameters():
            for _ in range(4):
                index = tuple(generator.integers(0, size) for size in p.shape)
                before, values = p.data[index], []
                for step in (1e-5, -1e-5):
                    p.data[index] = before + step
                    values.append(model.loss(ids, targets, weights).item())
                p.data[index] = before
                slope = (values[0] - values[1]) / 2e-5
                assert p.grad[index] == pytest.approx(slope, rel=1e-5, abs=1e-8), (name, index)


@pytest.mark.skipif(not kernels.has_native(), reason="the C kernels are not built")
def test_native_and_reference_models_agree(config, ids):
    model = shaken(config)
    results = []
    for backend in ("reference", "native"):
        with kernels.using(backend):
            model.zero_grad()
            loss = model.loss(ids[:, :-1], ids[:, 1:])
            loss.backward()
            results.append([loss.data, model(ids).data, *(p.grad for p in model.parameters())])
    for mine, expected in zip(results[1], results[0], strict=True):
        np.testing.assert_allclose(mine, expected, rtol=1e-3, atol=2e-5 * np.abs(expected).max())


def test_a_token_sees_only_what_came_before(config, ids):
    model = shaken(config)
    before = model(ids).data.copy()
    changed = ids.copy()
    changed[:, 12:] = (changed[:, 12:] + 1) % 97
    after = model(changed).data
    np.testing.assert_allclose(after[:, :12], before[:, :12], atol=1e-5)
    assert np.abs(after[:, 12:] - before[:, 12:]).max(axis=-1).min() > 1e-3


def test_weights_ignored_targets_and_measures(config, ids):
    model = shaken(config)
    inputs, targets = ids[:, :-1], ids[:, 1:].copy()
    targets[1, 3:] = -100
    found = model.cross_entropy(inputs, targets)
    kept = targets != -100
    assert found.loss.item() == pytest.approx(-found.log_prob[kept].mean(), rel=1e-5)
    assert not found.log_prob[~kept].any()
    logits = model(inputs).data.astype(np.float64)
    log_pi = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    expected = np.take_along_axis(log_pi, np.maximum(targets, 0)[..., None], -1)[..., 0]
    np.testing.assert_allclose(found.log_prob[kept], expected[kept], atol=1e-5)
    np.testing.assert_allclose(found.entropy[kept], -(np.exp(log_pi) * log_pi).sum(-1)[kept], rtol=1e-5)
    weights = np.random.default_rng(0).standard_normal(targets.shape)
    assert model.loss(inputs, targets, weights=weights).item() == pytest.approx(
        -(weights * expected)[kept].sum(), rel=1e-4
    )
    log_prob, entropy = model.log_prob(inputs, targets)
    np.testing.assert_allclose(log_prob.data, found.log_prob, atol=1e-6)
    np.testing.assert_allclose(entropy, found.entropy, atol=1e-6)


def test_log_prob_has_the_gradient_of_the_loss(config, ids):
    model = shaken(config)
    weights = np.random.default_rng(0).standard_normal((3, 19)).astype(np.float32)
    model.loss(ids[:, :-1], ids[:, 1:], weights).backward()
    expected = [p.grad for p in model.parameters()]
    model.zero_grad()
    (-(model.log_prob(ids[:, :-1], ids[:, 1:])[0] * weights).sum()).backward()
    for p, grad in zip(model.parameters(), expected, strict=True):
        np.testing.assert_allclose(p.grad, grad, rtol=1e-4, atol=1e-5 * np.abs(grad).max())


def test_dropout_is_on_in_training_only(config, ids):
    model = GPT(replace(config, dropout=0.3))
    assert not np.array_equal(model(ids).data, model(ids).data)
    assert model.eval() is model
    np.testing.assert_array_equal(model(ids).data, model(ids).data)
    np.testing.assert_allclose(model(ids).data, GPT(config)(ids).data, atol=1e-6)


def test_no_tokens_have_no_logits_and_no_loss(config):
    model = GPT(config)
    assert model(np.zeros((2, 0), np.int32)).shape == (2, 0, 97)
    assert model(np.zeros((0, 4), np.int32)).shape == (0, 4, 97)
    model.loss([[]], [[]]).backward()
    assert not any(p.grad.any() for p in model.parameters() if p.grad is not None)
    assert model([5]).shape == (1, 1, 97)
    assert model.loss([5], [-100]).item() == 0


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int64, np.uint64, ">i4"])
def test_ids_weights_and_offsets_of_any_kind(config, ids, tmp_path, dtype):
    """Lists and maps of files among them."""
    model, starts = GPT(config), np.array([0, 3, 3, 20])
    ids = ids[:1]
    weights = np.linspace(0, 1, 20, dtype=np.float32)[None]
    expected = model.loss(ids, ids, weights, starts).item()
    ids.astype(dtype).tofile(tmp_path / "ids")
    weights.tofile(tmp_path / "weights")
    mapped = np.memmap(tmp_path / "ids", dtype, "r", shape=ids.shape)
    weights_too = np.memmap(tmp_path / "weights", np.float32, "r", shape=ids.shape)
    assert model.loss(mapped, mapped, weights_too, starts.astype(dtype)).item() == expected
    assert model.loss(ids.tolist(), ids[0].tolist(), weights.tolist(), starts.tolist()).item() == expected


def test_weights_are_loaded_from_maps_of_files(config, tmp_path):
    one, two = GPT(config, seed=1), GPT(config, seed=2)
    state = {}
    for name, x in one.state_dict().items():
        x.tofile(tmp_path / name)
        state[name] = np.memmap(tmp_path / name, np.float32, "r", shape=x.shape)
    two.load_state_dict(state)
    for name, x in two.state_dict().items():
        assert type(x) is np.ndarray
        np.testing.assert_array_equal(x, state[name])


def test_hostile_sizes_are_refused_before_memory_is_taken(config):
    with pytest.raises(ValueError, match=r"GPT: a model of this config needs [\d,.]+ GiB of memory; this machine has"):
        GPT(replace(config, vocab_size=2**31 - 1, d_model=2**15, n_head=2**8, n_kv_head=None))
    for bad in (-1, "a", 0.5):
        with pytest.raises(ValueError, match=r"GPT: seed is .*; expected a whole number"):
            GPT(config, seed=bad)
    with pytest.raises(TypeError, match="config is dict"):
        GPT({"vocab_size": 97})
    state = {f"made.up.{i}": np.ones(1) for i in range(10**5)}
    with pytest.raises(ValueError, match=r"and [0-9]+ more$") as error:
        GPT(config).load_state_dict(state)
    assert len(str(error.value)) < 2000


def test_bad_ids_are_refused(config):
    model = GPT(config)
    for function in (lambda bad: model(bad), lambda bad: model.loss([[1, 2]], bad)):
        with pytest.raises(IndexError, match=r"0, 1.* is 97; expected 0 to 96"):
            function([[1, 97]])
        with pytest.raises(IndexError, match="is -1"):
            function([[1, -1]])
        with pytest.raises(TypeError, match="dtype float64; expected whole numbers"):
            function([[1.0, 2.0]])
    with pytest.raises(ValueError, match="25 tokens are more than the context length, 24"):
        model(np.zeros((1, 25), np.int32))
    with pytest.raises(ValueError, match="ids have rows of different lengths"):
        model([[1], [2, 3]])
    with pytest.raises(ValueError, match=r"ids have shape \(1, 1, 1\); expected \(B, T\)"):
        model([[[1]]])
    with pytest.raises(ValueError, match=r"targets have shape \(1, 3\); expected \(1, 2\)"):
        model.loss([[1, 2]], [[1, 2, 3]])
    with pytest.raises(ValueError, match=r"weights have shape \(1, 3\); expected \(1, 2\)"):
        model.loss([[1, 2]], [[1, 2]], weights=np.ones((1, 3)))
