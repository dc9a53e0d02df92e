"""Where lesson 6's functions go into minirl: the arrays that its adapters hand on, and what they leave to minirl."""

import numpy as np
import pytest

from minirl import kernels
from minirl.lessons.c import has_compiler
from minirl.lessons.lesson import find_exercise, find_lesson
from minirl.lessons.names import variant

lesson = find_lesson("6")
seams, checks = lesson.module("seams"), lesson.module("checks")
SIZES = [(1, 1, 1, 1), (2, 5, 3, 4), (1, 33, 2, 7)]


def tokens(n: int, *size: int) -> list[np.ndarray]:
    """n arrays (B, T, H, D)."""
    return list(np.random.default_rng(0).normal(size=(n, *size)).astype(np.float32))


def refuses(*given: object) -> None:
    raise AssertionError("the lesson's function was called")


@pytest.mark.parametrize("size", SIZES)
def test_heads_are_handed_on_and_come_back_in_their_places(size: tuple[int, ...]) -> None:
    q, k, v = tokens(3, *size)
    expected = kernels.attention(q, k, v)
    fitted = seams.fit_attention(checks.outputs, kernels.attention)
    out = np.empty_like(q)
    for got in (fitted(q, k, v), fitted(q, k, v, out=out)):
        np.testing.assert_allclose(got[0], expected[0], atol=1e-5)
        np.testing.assert_allclose(got[1], expected[1], atol=1e-5)
    np.testing.assert_allclose(out, expected[0], atol=1e-5)


@pytest.mark.parametrize("size", SIZES)
def test_gradients_go_where_minirl_wants_them(size: tuple[int, ...]) -> None:
    q, k, v, dout = tokens(4, *size)
    out, lse = kernels.attention(q, k, v)
    expected = kernels.attention_backward(dout, q, k, v, out, lse)
    fitted = seams.fit_attention_backward(checks.gradients, kernels.attention_backward)
    into = np.empty_like(k)
    made = fitted(dout, q, k, v, out, lse, dk=into)
    for got, right in zip(made, expected, strict=True):
        np.testing.assert_allclose(got, right, atol=1e-5)
    assert made[1] is into


def test_what_the_lesson_does_not_have_is_left_to_minirl() -> None:
    q, k, v = tokens(3, 1, 6, 2, 4)
    fitted = seams.fit_attention(refuses, kernels.attention)
    for rule in ({"starts": np.array([0, 2, 6])}, {"causal": False}, {"scale": 0.3}):
        np.testing.assert_array_equal(fitted(q, k, v, **rule)[0], kernels.attention(q, k, v, **rule)[0])
    shared = np.ascontiguousarray(k[:, :, :1])  # two query heads share a key head
    fitted(q, shared, shared)
    with pytest.raises(AssertionError, match="was called"):
        fitted(q, k, v)


@pytest.mark.parametrize("weights", [None, np.array([1.0, -2.0, 0.5], np.float32)])
def test_rows_that_do_not_count_and_rows_without_weights(weights: np.ndarray | None) -> None:
    logits = np.random.default_rng(0).normal(size=(3, 5)).astype(np.float32)
    targets = np.array([4, 2, 7], np.int32)
    expected, got = logits.copy(), logits.copy()
    right = kernels.cross_entropy(expected, targets, weights, ignore_index=7, gradient=True)
    fitted = seams.fit_cross_entropy(checks.losses, kernels.cross_entropy)
    for one, other in zip(fitted(got, targets, weights, ignore_index=7, gradient=True), right, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    np.testing.assert_allclose(got, expected, atol=1e-6)
    untouched = logits.copy()
    fitted(untouched, targets, weights, ignore_index=7)
    np.testing.assert_array_equal(untouched, logits)


@pytest.mark.skipif(not has_compiler(), reason="needs a C compiler")
def test_a_solution_with_enums_of_its_own_is_a_variant_of_itself() -> None:
    exercise = find_exercise("6.5")[1]
    attention = variant(lesson, exercise, lesson.solution(exercise))["attention"]
    q, k, v = checks.arrays(3, 2, 40, 8, 1, 0)
    np.testing.assert_allclose(attention(q, k, v)[0], checks.outputs(q, k, v)[0], atol=1e-5)
