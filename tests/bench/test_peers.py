"""PyTorch's side of the whole-model benchmarks computes what minirl computes, from the same weights."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from minirl.bench import generate, logits, recipe, train, whole
from minirl.data import Batch
from minirl.generate import Sampling, generate_ids
from minirl.model import GPT, GPTConfig
from minirl.rl.reinforce import reinforce_step
from minirl.runs import PRESETS

torch = pytest.importorskip("torch")

from minirl.bench import torch_generate, torch_gpt, torch_recipe  # noqa: E402  they need torch

pytestmark = pytest.mark.peers

SIZES = {"vocab_size": 61, "context_length": 24, "n_layer": 2, "n_head": 4, "d_model": 32}
CONFIGS = {
    "gpt2": GPTConfig(**SIZES),
    "llama": GPTConfig.llama(**SIZES),
    "grouped": GPTConfig.llama(**SIZES, n_kv_head=2, tie_embeddings=True),
    "gpt2 without biases": GPTConfig(**SIZES, bias=False, mlp="gelu_exact"),
}


def model_of(name: str) -> GPT:
    """Weights large enough that attention matters."""
    model = GPT(CONFIGS[name])
    for parameter in model.parameters():
        if parameter.ndim == 2:
            parameter.data *= 4
    return model


@pytest.mark.parametrize("name", CONFIGS)
def test_loss_and_gradients_are_the_same(name: str) -> None:
    model = model_of(name)
    theirs = torch_gpt.GPT.like(model)
    tokens = np.random.default_rng(0).integers(0, 61, (3, 18)).astype(np.int32)
    loss = model.loss(tokens[:, :-1], tokens[:, 1:])
    loss.backward()
    other = theirs(torch.from_numpy(tokens[:, :-1]).long(), torch.from_numpy(tokens[:, 1:]).long())
    other.backward()
    assert other.item() == pytest.approx(loss.item(), rel=1e-5)
    gradients = dict(theirs.named_parameters())
    for parameter_name, parameter in model.named_parameters():
        got = gradients[parameter_name].grad.numpy()
        np.testing.assert_allclose(got, parameter.grad, rtol=1e-3, atol=1e-5 * np.abs(parameter.grad).max())


def test_a_training_step_changes_the_weights_in_the_same_way() -> None:
    steps = [train.minirl_step(train.QUICK[0], False), train.torch_step(train.QUICK[0], False, compiled=False)]
    losses = np.array([[step() for _ in range(4)] for step in steps])
    assert losses[0, 3] < losses[0, 0] - 1e-3
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-4)


@pytest.mark.parametrize("request_", generate.QUICK[:2], ids=lambda request: request.name)
@pytest.mark.parametrize("call", [generate.torch_call, generate.transformers_call])
def test_weights_in_bfloat16_give_logits_that_are_near(request_, call, monkeypatch: pytest.MonkeyPatch) -> None:
    """The peer's are its weights', and another model's are refused."""
    if call is generate.transformers_call:
        pytest.importorskip("transformers")
    halved = replace(request_, bf16=True)
    written = call(halved)()
    assert written.shape == (halved.B, halved.new) and (written >= 0).all()
    check = logits.check

    def check_another(title, extend, model, ids) -> None:
        for block in model.blocks:
            block.mlp.projection.weight.data = block.mlp.projection.weight.data[::-1].copy()
        check(title, extend, model, ids)

    monkeypatch.setattr(logits, "check", check_another)
    with pytest.raises(RuntimeError, match="logits differ from minirl's by"):
        call(halved)


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("sampled", [False, True])
def test_the_same_text_is_written(name: str, sampled: bool) -> None:
    """Prompts of different lengths, several samples of each, rows that end early and are dropped."""
    model = model_of(name)
    rng = np.random.default_rng(1)
    prompts = [rng.integers(1, 61, n).astype(np.int32) for n in (5, 2, 9)]
    samples, new, end = 4, 14, 3
    rows = list(
        generate_ids(model, prompts, Sampling(float(sampled), max_new_tokens=new), end, seed=5, samples=samples)
    )
    numbers = generate.uniforms(5, 3, samples, new) if sampled else None
    ids, log_probs = torch_generate.complete(torch_gpt.GPT.like(model), prompts, new, end, samples, numbers)
    same = [np.array_equal(made[made >= 0], row.ids) for made, row in zip(ids, rows, strict=True)]
    assert sum(same) >= len(same) - 1, "a row may turn off at a number that falls between two tokens"
    for made, found, row, equal in zip(ids, log_probs, rows, same, strict=True):
        if equal:
            np.testing.assert_allclose(found[made >= 0], row.log_probs, atol=1e-4)


def test_padded_rows_have_the_loss_of_documents_end_to_end() -> None:
    model = model_of("llama")
    rng = np.random.default_rng(2)
    starts = np.array([0, 4, 5, 12])
    ids, targets = rng.integers(0, 61, (2, 12)).astype(np.int32)
    batch = Batch(ids, targets, rng.random(12, np.float32), starts)
    rows = torch_recipe.pad_documents(batch)
    assert [len(row) for row in rows[0]] == [7, 7, 7]
    for row, (start, stop) in zip(rows[1], pairwise(starts), strict=True):
        np.testing.assert_array_equal(row[: stop - start], targets[start:stop])
        assert (row[stop - start :] == torch_gpt.IGNORE).all()
    loss = torch_recipe.weighted_loss(torch_gpt.GPT.like(model), *rows)
    assert loss.item() == pytest.approx(model.loss(*batch).item(), rel=1e-5)


def test_an_update_of_reinforcement_learning_is_the_same() -> None:
    made = recipe.Recipe(PRESETS["smoke"], batches=1, fine_tuning=1)
    settings = PRESETS["smoke"].rl
    model = made.policy()
    found = reinforce_step(model, recipe.adamw(model, settings), made.episodes, settings, made.start, made.rehearsal)
    theirs, optimizer = recipe.torch_model(made.start, settings)
    rows, reference = torch_recipe.pad_documents(made.rehearsal), torch_gpt.GPT.like(made.start)
    loss, kl = torch_recipe.rl_step(theirs, optimizer, made.episodes, settings, reference, rows)
    assert abs(found["loss"]) > 1e-3 and loss == pytest.approx(found["loss"], rel=1e-3)
    assert kl == pytest.approx(found["kl_to_start"], abs=1e-6)
    for parameter, other in zip(model.parameters(), theirs.parameters(), strict=True):
        moved = np.abs(other.detach().numpy() - parameter.data)
        assert (moved > 1e-5).mean() < 0.01, "Adam's first step turns on the sign of each gradient"


def test_every_contender_of_generation_writes_the_same() -> None:
    for request in generate.QUICK:
        made = generate.work(request)
        assert set(whole.race(made, repeats=1).seconds) == set(made.contenders)
