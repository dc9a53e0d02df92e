"""A check finds what is wrong with a function, in the smallest case, and says which mistake it is."""

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from minirl.lessons.check import Check, Property, first_failure
from minirl.lessons.compare import EXACT, Bound, difference, literal
from minirl.lessons.errors import meaning
from minirl.lessons.explain import explain, picture, usual_mistake
from minirl.lessons.lesson import find_exercise, find_lesson, namespace

SUM = Bound(terms=3, scale=1.0, reason="a sum of three")


# ---- comparing ----


@pytest.mark.parametrize(
    "got, expected, words",
    [
        (None, 1.0, "is None"),
        ("1", 1.0, "expected a number"),
        (True, 1.0, "expected a number"),
        (1, True, "expected a bool"),
        ([1], (1,), "a list; expected a tuple"),
        ((1, 2), (1,), "has 2 elements"),
        (((1, 2), 3), ((1, 2), 4), "the result[1] is 3; expected 4"),
        ([0.5], np.array([0.5]), "expected a NumPy array of shape (1,)"),
        (np.zeros((2, 1)), np.zeros(2), "has shape (2, 1); expected (2,)"),
        (np.zeros(2, np.float32), np.zeros(2), "has dtype float32; expected float64"),
        (np.array([1.0, np.nan]), np.array([1.0, 2.0]), "the result[1] is nan; expected 2"),
        (np.array([1, 3]), np.array([1, 2]), "expected 2"),
        ({"a": 1}, {"b": 1}, "a dict with the keys ['b']"),
    ],
)
def test_a_difference_is_named(got: Any, expected: Any, words: str) -> None:
    found = difference(got, expected, SUM)
    assert found is not None and words in found.text


@pytest.mark.parametrize("value", [1, 1.5, True, "x", None, (1, [2.0]), {"a": np.zeros(3)}, np.array([np.inf, np.nan])])
def test_a_value_equals_itself(value: Any) -> None:
    assert difference(value, value, EXACT) is None


def test_rounding_is_allowed_up_to_the_bound_and_no_further() -> None:
    allowed = float(SUM.allowed(1.0, np.finfo(np.float64).eps))
    assert difference(1 + 0.9 * allowed, 1.0, SUM) is None
    found = difference(1 + 2 * allowed, 1.0, SUM)
    assert found is not None and "a sum of three" in found.text


def test_nothing_but_infinity_is_near_infinity() -> None:
    for wrong in (5.0, 1e308, -np.inf):
        assert difference(wrong, np.inf, SUM) is not None
        assert difference(np.array([wrong]), np.array([np.inf]), SUM) is not None
    assert difference(np.array([np.inf]), np.array([np.inf]), SUM) is None


@pytest.mark.parametrize("function", [exercise.name for exercise in find_lesson("3").exercises])
def test_lesson_3_demands_the_format_of_the_input_and_says_where_another_one_comes_from(function: str) -> None:
    """`run 3` computes in float32 and takes no other results; so the check must take none either."""
    lesson = find_lesson("3")
    names = namespace(lesson.folder / "solution.py")
    right = names[function]

    def wide(result: Any) -> Any:
        return tuple(map(wide, result)) if isinstance(result, tuple) else np.float64(result)

    names[function] = lambda *case: wide(right(*case))
    check = lesson.module("checks").CHECKS[function]
    failure, _ = first_failure(check, function, names, np.random.default_rng(0))
    assert failure is not None and failure.kind == "form"
    assert "has dtype float64; expected float32" in failure.text and "np.zeros_like(x)" in failure.text


def test_a_narrow_format_may_round_more() -> None:
    assert difference(np.array([1 + 1e-7], np.float32), np.array([1.0], np.float32), SUM) is None
    assert difference(np.array([1 + 1e-7]), np.array([1.0]), SUM) is not None


@pytest.mark.parametrize(
    "value", [np.array([[0.5, 2.0]]), np.array([1, 2], np.int32), (1, "a", [np.float64(0.25)]), np.zeros((0, 3))]
)
def test_a_literal_is_the_value_again(value: Any) -> None:
    assert difference(eval(literal(value), {"np": np}), value, EXACT) is None


# ---- finding the smallest failing input ----


def total(names: Mapping[str, Any]) -> Check:
    """A check of a function that sums up an array."""
    return Check(
        cases=lambda rng: [(np.array([1.0]),), (rng.normal(size=9),), (rng.normal(size=(4, 5)),)],
        expected=lambda x: float(x.sum()),
        bound=Bound(20, 1.0),
        properties=(
            Property("the sum of twice x is twice the sum", lambda call, x: np.isclose(call(2 * x), 2 * call(x))),
        ),
    )


def failure_of(function: Any) -> Any:
    names = {"total": function}
    return first_failure(total(names), "total", names, np.random.default_rng(0))


def test_a_right_function_passes_all_cases() -> None:
    assert failure_of(lambda x: float(x.sum())) == (None, 3)


def test_the_failing_input_is_made_small_and_round() -> None:
    failure, tried = failure_of(lambda x: float(x.sum()) if x.size < 3 else 0.0)
    assert tried == 2 and failure.kind == "value"
    assert failure.case[0].shape == (3,) and np.array_equal(failure.case[0], np.round(failure.case[0], 1))


@pytest.mark.parametrize(
    "function, kind, words",
    [
        (lambda x: None, "form", "None"),
        (lambda x: x.missing, "error", "AttributeError"),
        (lambda x: x.fill(0) or 1.0, "input", "`x` was array([1.]) and is array([0.])"),
    ],
)
def test_the_form_comes_before_the_value(function: Any, kind: str, words: str) -> None:
    failure, _ = failure_of(function)
    assert failure.kind == kind and words in failure.text


def test_a_property_is_tested_too() -> None:
    check = Check(
        cases=lambda rng: [(1.0,)],
        expected=lambda x: x,
        properties=(Property("it is odd", lambda call, x: call(-x) == -x),),
    )
    failure, _ = first_failure(check, "f", {"f": abs}, np.random.default_rng(0))
    assert failure is not None and failure.kind == "property" and failure.text == "it is odd"


# ---- explaining ----


@pytest.mark.parametrize(
    "change, words",
    [
        (lambda e: -e, "opposite sign"),
        (lambda e: e / 4, "multiplied by 0.25"),
        (lambda e: e[::-1], "opposite order"),
        (lambda e: np.roll(e, 1), "one place to the right"),
        (lambda e: e + 1, ""),
    ],
)
def test_usual_mistakes_are_recognised(change: Any, words: str) -> None:
    expected = np.array([1.0, -2.0, 5.0, 0.5])
    found = usual_mistake(np.ascontiguousarray(change(expected)), expected, Bound(4, 5.0))
    assert words in found and bool(found) == bool(words)


def test_a_transposed_matrix_is_recognised() -> None:
    expected = np.arange(9.0).reshape(3, 3)
    assert "transposed" in usual_mistake(np.ascontiguousarray(expected.T), expected, EXACT)


def explained(function: str, source: str) -> str:
    """What the check of lesson 1 says about a file with this source instead of the solution's function."""
    lesson, exercise = find_exercise(f"decisions.{function}")
    check = lesson.module("checks").CHECKS[function]
    names = namespace(lesson.folder / "solution.py")
    exec(source, names)
    failure, _ = first_failure(check, function, names, np.random.default_rng(3))
    assert failure is not None
    parts = explain(check, lesson, exercise, names, failure, np.random.default_rng(3))
    return "\n".join(f"{part.kind}: {part.text}" for part in parts)


def test_a_known_mistake_is_named_by_what_it_computes_and_not_by_how_it_is_written() -> None:
    text = explained(
        "policy",
        "def policy(z, T):\n    p = np.exp(z - max(z)); p /= p.sum()\n    return p / T if T else (z == max(z)) * 1.0",
    )
    assert "call: The smallest input that fails:" in text and "policy(np.array(" in text
    assert "mistake: The temperature divides the probabilities here" in text


def test_a_known_mistake_that_divides_by_0_warns_nobody(recwarn: pytest.WarningsRecorder) -> None:
    lesson, exercise = find_exercise("9.2")
    check = lesson.module("checks").CHECKS["bigram_loss"]
    names = {"bigram_loss": lambda ids, vocab_size: 1.0}
    failure, _ = first_failure(check, "bigram_loss", names, np.random.default_rng(0))
    assert failure
    explain(check, lesson, exercise, names, failure, np.random.default_rng(0))
    assert not recwarn.list


def test_what_no_file_of_mistakes_knows_is_explained_by_the_broken_property() -> None:
    text = explained("policy", "def policy(z, T):\n    return np.exp(z - max(z)) + 0.25")
    assert "property: This does not hold: the probabilities add up to 1" in text


def test_a_stub_is_not_explained_as_a_mistake() -> None:
    assert explained("after", "def after(state, action):\n    raise NotImplementedError") == (
        "form: `after` is not written yet: it still raises NotImplementedError."
    )


def test_the_picture_shows_where_errors_are() -> None:
    assert picture(np.array([[True, False], [False, True]])).splitlines()[1:] == ["    X.", "    .X"]


def test_factors_that_do_not_fit_are_explained_by_their_shapes() -> None:
    with pytest.raises(ValueError) as error:
        np.zeros((2, 3)) @ np.zeros((4, 5))
    assert "inner sizes are 3 and 4" in meaning(f"ValueError: {error.value}")


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: np.ones(2) ^ 2, "The square of x is x**2"),
        (lambda: 0.5 ^ 2, "The square of x is x**2"),
        (lambda: np.concatenate([np.ones(1), np.ones((1, 1))]), "x.ravel()"),
        (lambda: np.linalg.norm([np.ones(1), np.ones((1, 1))]), "x.ravel()"),
        (lambda: np.average([[1.0], [2.0]], weights=[1, 2]), "axis=0"),
        (lambda: copy.deepcopy(x for x in (1, 2)), "Square brackets make a list"),
    ],
)
def test_an_exception_is_explained(call: Any, words: str) -> None:
    with pytest.raises((TypeError, ValueError)) as raised:
        call()
    assert words in meaning(f"{type(raised.value).__name__}: {raised.value}")
