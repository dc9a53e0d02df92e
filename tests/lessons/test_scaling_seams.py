"""Lesson 20: its functions inside minirl, its ring of ranks, and its text of known entropy."""

from dataclasses import replace

import numpy as np
import pytest
from bits import bits

from minirl import kernels
from minirl.lessons import parts
from minirl.lessons.lesson import find_lesson, namespace
from minirl.lessons.ring import ring, summing
from minirl.lessons.source import Source
from minirl.lessons.unusable import Unusable
from minirl.model import GPT, GPTConfig
from minirl.ranks.shares import halve, part_of
from minirl.ranks.threads import on_ranks
from minirl.train.plan import activation_bytes

LLAMA = GPTConfig.llama(vocab_size=50, context_length=20, n_layer=3, n_head=2, d_model=16, d_ff=40)


@pytest.fixture(autouse=True)
def solutions(monkeypatch: pytest.MonkeyPatch) -> None:
    """The course's functions stand at the seams; parts of other tests do not."""
    monkeypatch.setattr(parts, "PARTS", {})
    monkeypatch.setattr(parts, "STAND_INS", set())
    namespace(find_lesson("20").folder / "solution.py")


# ---- seams ----


@pytest.mark.parametrize("config", [LLAMA, replace(LLAMA, tie_embeddings=True), replace(LLAMA, n_kv_head=1),
                                    GPTConfig(50, context_length=20, n_layer=2, n_head=2, d_model=16)])  # fmt: skip
def test_a_token_costs_as_much_by_the_lessons_count(config: GPTConfig) -> None:
    wanted = [config.flops_per_token(), config.flops_per_token(7), config.flops_per_token(7, training=False)]
    with parts.swapped("model.operations", force=True) as used:
        found = [config.flops_per_token(), config.flops_per_token(7), config.flops_per_token(7, training=False)]
    assert found == pytest.approx(wanted)
    ours = config.norm == "rms" and config.kv_heads == config.n_head
    assert used["model.operations"].calls == (2 if ours else 0) and used["model.operations"].total == 3


def test_the_plan_takes_the_lessons_count_of_what_is_kept() -> None:
    with parts.swapped("plan.memory", force=True) as used:
        found = activation_bytes(LLAMA, 10)
    assert found == 4 * 10 * (3 * (10 * 16 + 3 * 40) + 3 * 16) and used["plan.memory"].share == 1
    assert abs(activation_bytes(LLAMA, 10) / found - 1) < 0.1


def test_weights_have_the_same_bfloat16_bits() -> None:
    theirs = GPT(LLAMA).to_bfloat16()
    with parts.swapped("kernels.to_bfloat16", force=True) as used:
        mine = GPT(LLAMA).to_bfloat16()
    for one, other in zip(theirs.parameters(), mine.parameters(), strict=True):
        assert bits(one.data) == bits(other.data)
    assert used["kernels.to_bfloat16"].share == 1 and used["kernels.to_bfloat16"].work > 5000


def test_every_upper_half_is_rounded_as_minirl_does() -> None:
    checks = find_lesson("20").module("checks")
    for lower in (0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF):
        (x,) = checks.pattern_array(lower, 0, 65536)
        found = kernels.to_bfloat16_bits(x)
        assert np.array_equal(np.where(np.isnan(x), checks.NAN, found), checks.nearest(lower, 0, 65536))


@pytest.mark.parametrize("size", [1, 2, 4])
def test_a_ring_of_two_stands_for_the_tree_with_the_same_bits(size: int) -> None:
    arrays = [(10.0 ** np.random.default_rng(rank).uniform(-4, 4, 64)).astype(np.float32) for rank in range(size)]
    bounds = np.linspace(0, 64, size + 1).astype(int).tolist()

    def part(group) -> bytes:  # type: ignore[no-untyped-def]
        x, own = arrays[group.rank].copy(), part_of(group.rank, size)
        halve(group, x, bounds)
        return bits(x[bounds[own] : bounds[own + 1]])

    alone = on_ranks(size, part)
    with parts.swapped("ranks.halve", force=True) as used:
        assert on_ranks(size, part) == alone
    assert used["ranks.halve"].calls == (2 if size == 2 else 0)


# ---- the ring ----


def test_numbers_are_counted_and_are_those_that_were_sent() -> None:
    def work(rank, send, receive):  # type: ignore[no-untyped-def]
        x = np.full(rank + 1, rank)
        send(x)
        x[...] = 99  # what was sent stays
        return receive().tolist()

    assert ring(3, work) == ([[2, 2, 2], [0], [1, 1]], [1, 2, 3])


def test_a_ring_in_which_all_wait_stops_and_says_so() -> None:
    with pytest.raises(Unusable, match="rank 0 of 2 waits for an array from rank 1"):
        ring(2, lambda rank, send, receive: receive())
    with pytest.raises(Unusable, match="rank 1 of 3 waits for an array from rank 0"):
        ring(3, lambda rank, send, receive: receive() if rank == 1 else None)


def test_an_error_on_a_rank_comes_before_the_waiting_of_others() -> None:
    def work(rank, send, receive):  # type: ignore[no-untyped-def]
        if rank == 1:
            raise KeyError("mine")
        return receive()

    with pytest.raises(KeyError, match="mine"):
        ring(3, work)


def test_a_simple_sum_has_the_same_bits_on_all_ranks_and_refuses_other_shapes() -> None:
    arrays = [np.array([x], np.float32) for x in (1.0, 1e8, -1e8, 3.0)]
    found, _ = ring(4, lambda rank, send, receive: summing(rank, 4, send, receive)(arrays[rank]))
    assert {one.tobytes() for one in found} == {(((arrays[0] + arrays[1]) + arrays[2]) + arrays[3]).tobytes()}
    with pytest.raises(Unusable, match="different shapes"):
        ring(2, lambda rank, send, receive: summing(rank, 2, send, receive)(np.zeros(rank + 1)))


# ---- the text ----


def test_the_text_follows_the_table_and_a_model_that_knows_nothing_lacks_what_there_is_to_know() -> None:
    source = Source(vocab_size=8)
    text = source.text(np.random.default_rng(0), rows=400, length=50)
    assert text.shape == (400, 51) and text.dtype == np.int32 and text.min() == 0 and text.max() == 7
    pairs = np.zeros((8, 8))
    np.add.at(pairs, (text[:, :-1].ravel(), text[:, 1:].ravel()), 1)
    assert np.abs(pairs / pairs.sum(axis=1, keepdims=True) - source.chances).max() < 0.05
    assert np.abs(pairs.sum(axis=1) / pairs.sum() - source.shares).max() < 0.01
    assert 0 < source.floor < source.unigram < np.log(8)
    shape = GPTConfig.llama(vocab_size=8, context_length=32, n_layer=1, n_head=1, d_model=4, tie_embeddings=True)
    assert source.excess(GPT(shape, seed=None)) == pytest.approx(np.log(8) - source.floor, abs=0.05)
