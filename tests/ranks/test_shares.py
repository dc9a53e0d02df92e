"""Fair shares, and sums that do not depend on who makes them."""

import numpy as np
import pytest
from bits import bits
from hypothesis import given
from hypothesis import strategies as st

from minirl.ranks import Group
from minirl.ranks.shares import TreeSum, cut, halve, largest_power, part_of
from minirl.ranks.threads import on_ranks


def uneven(rng: np.random.Generator, n: int, size: int) -> list[np.ndarray]:
    """Arrays whose sum has other bits in another order."""
    return [(rng.standard_normal(size) * 10.0 ** rng.integers(-4, 5, size)).astype(np.float32) for _ in range(n)]


def tree(arrays: list[np.ndarray]) -> np.ndarray:
    """The sum by the definition: halves first."""
    if len(arrays) == 1:
        return arrays[0]
    middle = len(arrays) // 2
    return tree(arrays[:middle]) + tree(arrays[middle:])


@given(st.lists(st.integers(0, 50), max_size=20), st.integers(1, 6))
def test_shares_are_neighbours_and_leave_nothing_out(sizes: list[int], n: int) -> None:
    shares = cut(sizes, n)
    assert len(shares) == n
    assert [i for share in shares for i in range(len(sizes))[share]] == list(range(len(sizes)))
    if sizes:
        largest = max(sum(sizes[share]) for share in shares)
        assert largest <= sum(sizes) / n + max(sizes)


@given(st.integers(0, 4), st.integers(0, 2**32 - 1))
def test_a_tree_sum_adds_halves_first(level: int, seed: int) -> None:
    arrays = uneven(np.random.default_rng(seed), 2**level, 9)
    total, most = TreeSum(), 0
    for x in arrays:
        total.add(x.copy())
        most = max(most, len(total.partial))
    assert bits(total.result()) == bits(tree(arrays))
    assert most <= level + 1
    last = arrays[-1].copy()  # the same, with the last one completed part by part
    total = TreeSum()
    for x in arrays[:-1]:
        total.add(x.copy())
    for part in (slice(5, 9), slice(0, 5)):
        total.complete(last, part)
    assert bits(last) == bits(tree(arrays))


def test_the_order_matters_for_these_arrays() -> None:
    arrays = uneven(np.random.default_rng(0), 8, 1000)
    assert bits(tree(arrays)) != bits(sum(arrays[1:], arrays[0]))


def test_a_sum_of_three_has_no_tree() -> None:
    total = TreeSum()
    for x in np.ones((3, 2), np.float32):
        total.add(x)
    with pytest.raises(ValueError, match="power of two"):
        total.result()


@pytest.mark.parametrize("size", [1, 2, 4, 8])
def test_ranks_add_up_as_one_process_does(size: int) -> None:
    arrays = uneven(np.random.default_rng(size), 8, 37)
    bounds = [37 * i // size for i in range(size + 1)]

    def work(group: Group) -> np.ndarray:
        own = 8 // size
        total = TreeSum()
        for x in arrays[group.rank * own : (group.rank + 1) * own]:
            total.add(x.copy())
        found = total.result()
        halve(group, found, bounds)
        return found

    whole = tree(arrays)
    for rank, found in enumerate(on_ranks(size, work)):
        part = part_of(rank, size)
        there = slice(bounds[part], bounds[part + 1])
        assert bits(found[there]) == bits(whole[there])
    assert sorted(part_of(rank, size) for rank in range(size)) == list(range(size))


def test_powers_of_two() -> None:
    assert [largest_power(n) for n in (1, 2, 3, 4, 7, 8)] == [1, 2, 2, 4, 4, 8]
