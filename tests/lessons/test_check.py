"""A check finds what is wrong with a function, in the smallest case, and says which mistake it is."""

import copy
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from minirl.lessons.check import Check, Outcome, Property, Unusable, first_failure
from minirl.lessons.compare import EXACT, Bound, Verdict, counted, difference, literal, named
from minirl.lessons.errors import meaning
from minirl.lessons.explain import Trials, explain, mistaken, picture, same, sentence, usual, usual_mistake
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
        ((1, 2), (1,), "has 2 elements, (1, 2); expected 1 element, (1,)"),
        ((1, None), (1, 2), "the result[1] is None; expected 2"),
        (np.zeros(1), 1.0, "an array; expected a number"),
        (0.5, 0.25, "the result is 0.5; expected 0.25"),
        (((1, 2), 3), ((1, 2), 4), "the result[1] is 3; expected 4"),
        ([0.5], np.array([0.5]), "expected a NumPy array of shape (1,); np.array(...) makes one"),
        ([[0.5, 1.5]], np.zeros((1, 2)), "np.array(...) makes one"),
        ([np.zeros(2)], np.zeros((1, 2)), "np.array(...) makes one"),
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


@pytest.mark.parametrize("got", [[[0.5], [1.5, 2.5]], [0.5, 1.5], 0.5])
def test_no_array_is_promised_where_none_of_the_shape_comes_out(got: Any) -> None:
    found = difference(got, np.zeros((2, 2)), EXACT)
    assert found is not None and "makes one" not in found.text


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


@pytest.mark.parametrize(
    "number, function", [*(("3", exercise.name) for exercise in find_lesson("3").exercises), ("9", "adamw")]
)
def test_a_check_demands_the_format_of_the_input_and_says_where_another_one_comes_from(
    number: str, function: str
) -> None:
    """`run 3` and `run 9` compute in float32 and take no other results; so the check must take none either."""
    lesson = find_lesson(number)
    names = namespace(lesson.folder / "solution.py")
    right = names[function]

    def wide(result: Any) -> Any:
        return tuple(map(wide, result)) if isinstance(result, tuple) else np.float64(result)

    names[function] = lambda *case: wide(right(*case))
    check = lesson.module("checks").CHECKS[function]
    failure, _ = first_failure(check, function, names, np.random.default_rng(0))
    assert failure is not None and failure.kind == "form"
    assert "has dtype float64; expected float32" in failure.text and "np.zeros_like(x)" in failure.text


def test_rounding_is_not_mentioned_where_it_explains_nothing() -> None:
    far, near = difference(2.0, 1.0, SUM), difference(1 + 1e-9, 1.0, SUM)
    assert far is not None and "allowed" not in far.text
    assert near is not None and "They are 1e-09 apart" in near.text


def test_verdicts_of_the_same_kind_are_equal() -> None:
    twice = Verdict("twice", "a comes twice")
    assert difference(twice, Verdict("twice", "b comes twice"), EXACT) is None
    found = difference(twice, Verdict(), EXACT)
    assert found is not None and found.text == "a comes twice"


@pytest.mark.parametrize(
    "one, several",
    [("1 try", "tries"), ("1 guess", "guesses"), ("1 softmax", "softmaxes"), ("1 matrix product", "matrix products"),
     ("1 reading of the model", "readings of the model"), ("1 token that was read", "tokens that was read")],
)  # fmt: skip
def test_one_thing_is_counted_in_the_singular(one: str, several: str) -> None:
    assert counted(1, several) == one and counted(2000, several) == f"2,000 {several}"


def test_elements_of_a_result_can_have_names() -> None:
    assert named("the result[1][0] is 2", ("the state", "your list")) == "your list[0] is 2"
    assert named("the result[2] is 2", ("the state",)) == "the result[2] is 2"
    assert sentence("your list is 2") == "Your list is 2." and sentence("c.data is 2") == "c.data is 2."


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


def test_where_nothing_may_be_left_out_the_failing_case_with_the_fewest_numbers_is_shown() -> None:
    cases = [(np.zeros(2),), (np.ones(5),), (np.zeros(1),), (np.ones(3),), (np.full(3, 2.0),)]
    check = Check(cases=lambda rng: cases, expected=lambda x: 0.0, shrink=False)
    failure, tried = first_failure(check, "f", {"f": lambda x: float(x.sum())}, np.random.default_rng(0))
    assert failure is not None and np.array_equal(failure.case[0], np.ones(3)) and tried == 2


def test_an_error_is_shown_with_the_line_that_led_to_it() -> None:
    names: dict[str, Any] = {"__file__": "mine.py"}
    source = "def half(x):\n    return x / None\n\ndef total(x):\n    return half(x)\n"
    exec(compile(source, "mine.py", "exec"), names)
    failure, _ = first_failure(total(names), "total", names, np.random.default_rng(0))
    assert failure is not None and failure.text.startswith("raises TypeError in line 2, ")
    assert "called from line 5, " in failure.text


def test_a_result_of_no_use_is_explained_by_the_check() -> None:
    def observe(names: Mapping[str, Any], x: float) -> Any:
        raise Unusable("it returns a number where a Value is needed")

    check = Check(cases=lambda rng: [(1.0,)], expected=lambda x: x, observe=observe)
    failure, _ = first_failure(check, "f", {"f": abs}, np.random.default_rng(0))
    assert failure is not None and failure.kind == "form" and failure.text.endswith("a Value is needed")


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


def test_a_number_of_the_opposite_sign_is_recognised() -> None:
    assert "opposite sign" in usual_mistake(-6.0, 6.0, Bound(4, 5.0))


def trials(function: Any, expected: Any) -> Trials:
    """What a function does with the cases 0 to 3."""
    check = Check(cases=lambda rng: [], expected=expected)
    return Trials(check, [(float(i),) for i in range(4)], lambda case: Outcome(function(*case)))


def test_a_usual_mistake_has_to_show_in_nearly_all_wrong_cases() -> None:
    assert "opposite sign" in usual(trials(lambda x: -x - 1, lambda x: x + 1))
    assert usual(trials(lambda x: -1.0 if x == 0 else x + 2, lambda x: x + 1)) == ""


def test_a_mistake_is_not_named_where_the_function_is_right_and_the_mistake_is_wrong() -> None:
    def wrong(case: Any) -> Outcome:
        return Outcome(0.0)  # right in case 0 alone

    right = trials(lambda x: x, lambda x: x)
    assert right.agreement(wrong) == 0
    first_wrong = trials(lambda x: 0.0 if x < 2 else x, lambda x: x + 1)  # wrong everywhere, twice like `wrong`
    assert first_wrong.agreement(wrong) == 0.5
    assert trials(lambda x: 5.0 if x == 0 else 0.0, lambda x: x + 1).agreement(wrong) == 0  # not in the failed case


def explained(function: str, source: str, lesson_name: str = "decisions") -> str:
    """What the check says about a file with this source instead of the solution's function."""
    lesson, exercise = find_exercise(f"{lesson_name}.{function}")
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
    assert "property: This should hold, but does not: the probabilities add up to 1" in text


def test_a_stub_is_not_explained_as_a_mistake() -> None:
    assert explained("after", "def after(state, action):\n    raise NotImplementedError") == (
        "form: `after` is not written yet: it still raises NotImplementedError."
    )


def test_the_last_resort_of_a_draw_is_not_taken_for_another_mistake() -> None:
    loop = "def draw(pi, u):\n    for i, end in enumerate(np.cumsum(pi)):\n        if end > u:\n            return i\n"
    text = explained("draw", loop + "    return len(pi) - 1")
    assert "mistake: All is right but the last resort" in text and "equals u" not in text


def test_a_known_mistake_is_named_in_another_format_of_numbers_too() -> None:
    wide = (
        "def token_weights(advantages, is_action, N):\n    return np.where(is_action, advantages / is_action.sum(), 0)"
    )
    assert "divides by the actions of this batch" in explained("token_weights", wide, "reinforce")


def test_what_is_right_but_for_its_format_is_no_other_mistake() -> None:
    text = explained("sft_weights", "def sft_weights(mask):\n    return mask / max(mask.sum(), 1)", "sft")
    assert "has dtype float64; expected float32" in text and ".astype(np.float32)" in text
    assert "nan" not in text and "The input is float32" not in text and "mistake" not in text
    text = explained("sft_weights", "def sft_weights(mask):\n    return (mask / mask.sum()).astype(np.float32)", "sft")
    assert "mistake: Where no token is learned, this divides 0 by 0" in text


def test_a_mistake_that_is_right_in_the_failed_case_explains_nothing(tmp_path: Path) -> None:
    """Both guards: what is right up to its format is not what a mistake makes wrong, here or in another case."""
    (tmp_path / "solution.py").write_text("def f(x):\n    return 2 * x\n")
    (tmp_path / "wrong.py").write_text('"""99 fails."""\ndef f(x):\n    return 0 * x if x[0] == 99 else 2 * x\n')
    found = {"wrong": tmp_path / "wrong.py"}
    solution = tmp_path / "solution.py"
    lesson: Any = SimpleNamespace(folder=tmp_path, wrong=lambda exercise: found, solution=lambda exercise: solution)
    exercise: Any = SimpleNamespace(name="f", language="python", compiled=False)

    def told() -> str:
        cases = [(np.array([x], np.float32),) for x in (1, 2, 3)]
        check = Check(cases=lambda rng: cases, expected=lambda x: 2 * x, shrink=False)
        names = {"f": lambda x: 2 * x.astype(np.float64)}
        failure, _ = first_failure(check, "f", names, np.random.default_rng(0))
        assert failure is not None and failure.kind == "form"
        return mistaken(check, lesson, exercise, names, failure, np.random.default_rng(0))

    assert told() == ""
    check = Check(cases=lambda rng: [], expected=lambda x: 2 * x)
    cases = [(np.array([x], np.float32),) for x in (1, 2, 3, 99)]
    tried = Trials(check, cases, lambda case: Outcome(2 * case[0].astype(np.float64)))
    assert tried.agreement(lambda case: Outcome(0 * case[0] if case[0][0] == 99 else 2 * case[0])) == 0


def test_an_array_of_truth_values_is_asked_for_in_words_of_every_numpy() -> None:
    found = difference(np.ones(2), np.ones(2, bool), EXACT)
    assert found is not None and found.text.endswith("expected bool, which .astype(bool) makes of it")
    for value in (np.zeros(0, bool), np.zeros(0, np.int64), np.ones(2, bool)):
        assert difference(eval(literal(value), {"np": np}), value, EXACT) is None and "np.bool" not in literal(value)


LEAKS = """def leaks(log_probs, documents):
    n, found = len(documents), []
    together = log_probs(documents)
    for i in range(n):
        others = [j for j in range(n) if j != i]
        without = log_probs([documents[j] for j in others])
        for j, a in zip(others, without):
            b = together[j]
            if {}:
                found.append((i, j))
    return found"""


@pytest.mark.parametrize(
    "condition, words",
    [
        ("abs(a[0] - b[0]) > 0.001", "Only the first token"),
        ("(a - b).max() > 0.001", "The absolute value of the difference is missing"),
        ("(b - a).max() > 0.001", "The absolute value of the difference is missing"),
        ("not np.allclose(a, b, atol=1e-5)", "mere rounding count as a leak"),
        ("np.abs(a - b).sum() > 0.001", "The differences of all tokens are added up"),
        ("np.abs(a - b).mean() > 0.001", "The mean of the differences"),
        ("np.abs(a - b).max() > 0.01", "The limit is too high"),
        ("np.abs(a - together[i]).max() > 0.001", "The results of two different documents are compared"),
    ],
)
def test_an_instrument_that_misses_leaks_is_found_and_told_which_it_is(condition: str, words: str) -> None:
    text = explained("leaks", LEAKS.format(condition), "sft")
    assert words in text and "[np.array([3, 1, 2]), np.array([1, 4, 2, 5])]" in text  # a fixed case finds it


def test_errors_with_different_causes_are_not_the_same_mistake() -> None:
    check = Check(cases=lambda rng: [], expected=lambda x: x)
    ragged = "ValueError: setting an array element with a sequence"
    shapes = [f"ValueError: operands could not be broadcast together with shapes ({n},) (5,)" for n in (3, 4)]
    assert same(check, (1,), Outcome(error=shapes[0]), Outcome(error=shapes[1]))
    assert not same(check, (1,), Outcome(error=shapes[0]), Outcome(error=ragged))


@pytest.mark.parametrize("row, weights", [([1000.0, 0.0], 1.0), ([1000.0, 0.0], 0.0)])
def test_the_loss_of_an_unlikely_target_is_finite(row: list[float], weights: float) -> None:
    check = find_lesson("11").module("checks").CHECKS["weighted_loss"]
    loss, _ = check.expected(np.array([row]), np.array([1]), np.array([weights]))
    assert loss == 1000 * weights
    cases = list(check.cases(np.random.default_rng(0)))
    assert any(logits.tolist() == [row] and w.tolist() == [weights] for logits, _, w in cases)


def test_an_exercise_that_is_not_written_is_named() -> None:
    stub = "def log_prob(theta, episode):\n    raise NotImplementedError('write log_prob')\n"
    assert explained("expected_return", stub, "reinforce") == (
        "form: `expected_return` calls `log_prob`, which is not written yet. It is exercise 12.2."
    )


def test_the_other_exercise_is_blamed_where_it_is_at_fault() -> None:
    text = explained("backward", "def order(root, parents_of):\n    return [root, *parents_of(root)]", "autograd")
    assert "`backward` is right here once the course's own `order` stands in for yours" in text
    assert "check 2.4" in text
    own = "def backward(root):\n    for value in order(root, lambda value: value.parents):\n        value.push()"
    assert "stands in" not in explained("backward", own, "autograd")


def test_numbers_of_a_result_have_names() -> None:
    text = explained("step", "def step(state, action, rules):\n    return (*state, action), 2.0, action == rules.end")
    assert "where: The reward is 2; expected 1." in text
    assert "where: c.data is 7; expected 10." in explained("times", "times = plus", "autograd")


def test_a_walk_along_all_paths_is_stopped() -> None:
    source = """def order(root, parents_of):
    out, todo = [], [root]
    while todo:
        node = todo.pop(0)
        if node in out:
            out.remove(node)
        out.append(node)
        todo.extend(parents_of(node))
    return out"""
    assert "goes along every path" in explained("order", source, "autograd")


@pytest.mark.parametrize(
    "code, words",
    [
        ("np.zeros((2, 3)) - np.zeros(2)", "shapes (2,3) and (2,)"),
        ("np.zeros((2, 3))[np.arange(3), np.arange(2)]", "in pairs"),
        ("1 if np.zeros(2) else 2", "np.where"),
        ("np.zeros(3)[3]", "The last of 3 has index 2"),
        ("np.zeros(1)[1]", "The last index is 0"),
        ("np.zeros(0)[0]", "This array is empty"),
        ("np.zeros(2) + np.zeros(3)", "of 2 elements and of 3 elements"),
        ("[1][1]", "begin with 0"),
        ("[].pop()", "nothing left"),
        ("np.zeros(3)[0, 0]", "fewer axes"),
        ("x = [[1]]; x[0, 0]", "x[i][j]"),
        ("np.zeros(3)['a']", "whole number"),
        ("None.shape", "without a `return`"),
        ("None + 1", "without a `return`"),
        ("len + 1", "Call it"),
        ("[1] + 1", "can only be joined"),
        ("(1, 2) + 3", "(3,), with a comma"),
        ("(1, 2) / 3.0", "do not calculate"),
        ("(1.0).data", "a Value has one"),
        ("np.float64(1.0).grad", "a Value has one"),
        ("(1, 2).append(3)", "never changes"),
        ("[1, 2].std()", "np.std(x)"),
        ("[1, 2].grad", "Go through them"),
        ("[1, 2] * [3, 4]", "with zip"),
        ("tuple(3)", "(a,), with a comma"),
        ("x = (1, 2); x()", "is no function"),
        ("(None or [].sort())[0]", "without a `return`"),
        ("a, b = None", "without a `return`"),
        ("math.exp(np.zeros(2))", "whole arrays"),
        ("math.tanh('x')", "one plain number"),
        ("(lambda: early())()", "missing among"),
        ("pair(1)", "also needs 'b'"),
        ("Room().step(1, 2)", "`step` takes 1 argument and gets 2"),
        ("early_push()", "has run before `c` was made"),
        ("unbound()", "`c` gets its first value further down"),
        ("forever()", "calls itself"),
        ("math.exp(1000)", "710"),
        ("1 / 0", "divide by is 0"),
        ("{}['a']", "has no entry 'a'"),
        ("a, b = 1, 2, 3", "another number of names"),
    ],
)
def test_an_exception_is_explained(code: str, words: str) -> None:
    names: dict[str, Any] = {}
    exec(
        """import math, numpy as np
def pair(a, b): return a
class Room:
    def step(self, action): return action
def early_push():
    def push(): return c
    push()
    c = 1
def unbound():
    d = c
    c = 1
def forever(): return forever()
""",
        names,
    )
    with pytest.raises(Exception) as caught:
        exec(code, names)
    assert words in meaning(f"{type(caught.value).__name__}: {caught.value}")


def test_an_unknown_exception_is_left_alone() -> None:
    assert meaning("ValueError: something of the learner's own") == ""


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
def test_the_call_behind_an_exception_is_explained(call: Any, words: str) -> None:
    with pytest.raises((TypeError, ValueError)) as raised:
        call()
    assert words in meaning(f"{type(raised.value).__name__}: {raised.value}")
