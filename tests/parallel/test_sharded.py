"""Training in shards: the same bits for any number of ranks, the same numbers as training without, up to rounding."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from bits import bits
from hypothesis import given, settings
from hypothesis import strategies as st

from minirl.data import Batch
from minirl.model import GPT, GPTConfig
from minirl.optim import AdamW, decay_groups
from minirl.parallel import Diloco, Outer, ShardedAdamW, flat
from minirl.parallel.flat import Flat, bounds, flat_array
from minirl.ranks.threads import ranks
from minirl.runs import DilocoConfig, OptimizerConfig
from minirl.tensor import Tensor
from minirl.train.stage import SupervisedStage

SHAPE = GPTConfig.llama(vocab_size=96, context_length=32, n_layer=2, n_head=2, d_model=32, d_ff=64, tie_embeddings=True)
SETTINGS = OptimizerConfig(learning_rate=1e-2, warmup=1, max_norm=0.5)


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks and buckets so small that a tiny model has many."""
    monkeypatch.setattr(flat, "BLOCK", 512)
    monkeypatch.setattr(flat, "BUCKET", 8 * 512)
    monkeypatch.setattr("minirl.parallel.moments.BLOCK", 512)
    monkeypatch.setattr("minirl.parallel.replica.BLOCK", 512)


class Texts:
    """Batches of made-up documents of uneven lengths, in the place of a loader."""

    def __init__(self) -> None:
        self.number = 0

    def next_batch(self) -> Batch:
        rng = np.random.default_rng(self.number)
        self.number += 1
        starts = np.cumsum([0, *rng.integers(1, 20, 11)])
        ids = rng.integers(0, 96, starts[-1] + 1).astype(np.int32)
        weights = rng.integers(0, 2, starts[-1]).astype(np.float32)
        return Batch(ids[:-1], ids[1:], weights, starts)

    def state_dict(self) -> dict[str, int]:
        return {"chunk": 0, "batch": self.number}

    def load_state_dict(self, state: dict[str, int]) -> None:
        self.number = state["batch"]


class MadeUp(SupervisedStage):
    """Training on these texts."""

    name = "pretrain"

    def probe(self) -> dict[str, float]:
        return {}


def stage(shards: int, inner_steps: int = 0, steps: int = 4) -> SupervisedStage:
    model = GPT(SHAPE, 0, 0.1)
    diloco = DilocoConfig(inner_steps)
    return MadeUp(model, SETTINGS, steps, Texts(), 3, 40, shards, diloco)  # type: ignore[arg-type]


def trained(one: SupervisedStage, first: int = 0, last: int | None = None) -> list[dict[str, float]]:
    told = []
    for step in range(first, one.steps if last is None else last, one.stride):
        one.optimizer.lr = one.learning_rate(step)
        told.append(one.update(step))
    return told


def state(one: SupervisedStage) -> dict[str, bytes]:
    arrays = {**one.model.state_dict(), **one.arrays()}
    return {name: bits(x) for name, x in arrays.items()}


def run(size: int, make: Callable[[], SupervisedStage]) -> tuple[dict[str, bytes], list[dict[str, float]], list[int]]:
    with ranks(size) as group:
        one = make()
        told = trained(one)
        found = state(one)
        one.close()
    return found, told, [each.counts["trained"] for each in group]


@pytest.mark.parametrize("inner_steps", [0, 3])
def test_any_number_of_ranks_gives_the_same_bits(inner_steps: int) -> None:
    alone, told, counts = run(1, lambda: stage(4, inner_steps))
    every = [Texts().next_batch().tokens for _ in range(1)]
    assert counts[0] == sum(int(measures["tokens"]) for measures in told) > every[0]
    for size in (2, 4, 3):  # of three ranks, two are in the team
        found, told_too, each = run(size, lambda: stage(4, inner_steps))
        assert [name for name in alone if found[name] != alone[name]] == []
        assert told_too == told
        assert sum(each) == counts[0]
        working = each[:2] if size == 3 else each
        assert min(working) > 0.5 * sum(each) / len(working)  # fair shares


def test_shards_compute_the_gradient_of_the_whole_batch() -> None:
    """Up to rounding: three updates, with weights that differ from shard to shard."""
    plain = stage(1)
    assert type(plain.optimizer) is AdamW
    told = trained(plain)
    for shards in (2, 8):
        cut = stage(shards)
        for measures, expected in zip(trained(cut), told, strict=True):
            assert measures == pytest.approx(expected, rel=1e-4)
        for name, x in cut.model.state_dict().items():
            np.testing.assert_allclose(x, plain.model.state_dict()[name], atol=2e-4)
        assert {k: v.shape for k, v in cut.arrays().items()} == {k: v.shape for k, v in plain.arrays().items()}
        cut.close()


@pytest.mark.parametrize("inner_steps", [0, 2])
def test_a_checkpoint_goes_on_with_another_number_of_ranks(inner_steps: int) -> None:
    whole, _, _ = run(1, lambda: stage(4, inner_steps))
    with ranks(4):
        one = stage(4, inner_steps)
        trained(one, last=2)
        weights = {name: x.copy() for name, x in one.model.state_dict().items()}
        arrays = {name: x.copy() for name, x in one.arrays().items()}
        cursor = one.state_dict()
        one.close()
    with ranks(2):
        other = stage(4, inner_steps)
        other.load_weights(weights)
        other.load_arrays(arrays)
        other.load_state_dict(cursor)
        trained(other, first=2)
        found = state(other)
        other.close()
    assert [name for name in whole if found[name] != whole[name]] == []


@pytest.mark.parametrize("inner_steps", [0, 2])
def test_what_is_not_finite_changes_no_weight(inner_steps: int) -> None:
    with ranks(2):
        one = stage(2, inner_steps)
        trained(one, last=2)
        before = state(one)
        one.model.blocks[0].mlp.up.weight.data[0, 0] = np.nan
        spoiled = {name: bits(x) for name, x in one.model.state_dict().items()}
        with pytest.raises(FloatingPointError, match=r"finite|nan"):
            trained(one, first=2)
        assert {name: bits(x) for name, x in one.model.state_dict().items()} == spoiled
        if not inner_steps:
            assert {name: bits(x) for name, x in one.arrays().items()}.items() <= before.items()
        one.close()


def test_each_rank_keeps_its_part_of_the_moments_and_sends_half_of_the_gradient() -> None:
    with ranks(2) as group:
        one = stage(2)
        trained(one, last=1)
        replicas = [each.kept["replica"] for each in group]
        sizes = [sum(x.size for x in replica.moments.first) for replica in replicas]
        whole = replicas[0].flat.size
        assert sum(sizes) == whole and max(sizes) <= whole / 2 + 512 * len(replicas[0].buckets)
        assert [each.sent for each in group] == [whole - size for size in sizes]
        one.close()
        assert not group[0].kept and not group[1].kept


def test_diloco_with_one_worker_and_a_plain_outer_step_is_adamw() -> None:
    """The outer step with learning rate 1 and no momentum puts the model where its only worker is."""
    plain, model = stage(1, steps=2), GPT(SHAPE, 0, 0.1)
    trained(plain)
    one = stage(1, steps=2)
    one.model, one.stride = model, 2
    settings = (SETTINGS.weight_decay, SETTINGS.learning_rate, (SETTINGS.beta1, SETTINGS.beta2))
    one.optimizer = Diloco(model, *settings, 1, Outer(1.0, 0.0))
    trained(one)
    for name, x in model.state_dict().items():
        np.testing.assert_allclose(x, plain.model.state_dict()[name], atol=1e-6)
    one.close()


def test_diloco_moves_by_the_mean_of_its_workers() -> None:
    """Against the equations, written out: two workers, two updates each, Nesterov's momentum over two rounds."""
    with ranks(2):
        one = stage(2, inner_steps=2)
        trained(one)
        found = {name: x.copy() for name, x in one.model.state_dict().items()}
        one.close()
    theta = [p.data.copy() for p in GPT(SHAPE, 0, 0.1).parameters()]
    velocity = [np.zeros_like(x) for x in theta]
    texts, rate, outer = Texts(), stage(1).learning_rate, DilocoConfig()
    models = [GPT(SHAPE, 0, 0.1) for _ in range(2)]
    betas = (SETTINGS.beta1, SETTINGS.beta2)
    optimizers = [AdamW(decay_groups(model, SETTINGS.weight_decay), 1.0, betas) for model in models]
    for start in (0, 2):
        for model in models:
            for p, x in zip(model.parameters(), theta, strict=True):
                p.data[...] = x
        for step in (start, start + 1):
            for model, optimizer, share in zip(models, optimizers, texts.next_batch().shares(2), strict=True):
                optimizer.lr = rate(step)
                model.loss(*share.normalised()).backward()
                optimizer.step(SETTINGS.max_norm)
                optimizer.zero_grad()
        for i, (x, v) in enumerate(zip(theta, velocity, strict=True)):
            mean = sum(x - model.parameters()[i].data for model in models) / 2
            v[...] = outer.momentum * v + mean
            x -= outer.learning_rate * (mean + outer.momentum * v)
    for (name, _), x in zip(models[0].named_parameters(), theta, strict=True):
        np.testing.assert_allclose(found[name], x, atol=2e-5)


def test_a_worker_count_that_does_not_fit_a_checkpoint() -> None:
    one, other = stage(4, 2), stage(2, 2)
    with pytest.raises(ValueError, match="do not fit its workers"):
        other.optimizer.load_state_dict(one.optimizer.state_dict())


# ---- the flat array ----


@settings(max_examples=30)
@given(st.lists(st.integers(1, 3000), min_size=1, max_size=6), st.sampled_from([1, 2, 4, 8]))
def test_parts_of_the_flat_array(sizes: list[int], parts: int) -> None:
    arrays = [np.arange(size, dtype=np.float32) + 1 for size in sizes]
    whole = Flat([Tensor(x, requires_grad=True) for x in arrays])
    assert bits(whole.values) == bits(flat_array(arrays))
    assert all(p.data.base is not None for p in whole.parameters)
    covered = np.zeros(whole.size, int)
    for bucket in whole.buckets():
        cuts = bounds(bucket, parts)
        assert cuts[0] == bucket[0] and cuts[-1] == bucket[1]
        for first, last in pairwise(cuts):
            for index, start, stop in whole.segments(first, last):
                assert first <= start < stop <= last
                assert start // flat.BLOCK == (stop - 1) // flat.BLOCK
                place = whole.starts[index]
                np.testing.assert_array_equal(whole.values[start:stop], arrays[index][start - place : stop - place])
                covered[start:stop] += 1
    assert covered.sum() == sum(sizes) and covered.max() == 1


def test_shards_that_do_not_fit_the_work() -> None:
    one = stage(4)
    assert isinstance(one.optimizer, ShardedAdamW)
    with pytest.raises(ValueError, match="2 shards; expected 4"):
        one.optimizer.gradients([[], []])
