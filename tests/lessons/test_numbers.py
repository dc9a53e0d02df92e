"""What a check says about numbers that look alike, that are not finite, or that came from another function."""

import copy
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from minirl.lessons.check import Check, call, first_failure
from minirl.lessons.compare import EXACT, Bound, difference
from minirl.lessons.explain import explain, usual_mistake
from minirl.lessons.lesson import find_exercise, namespace


def explained(folder: Path, name: str, source: str) -> str:
    """What the check of lesson 8 says about the solution with this source at its end."""
    lesson, exercise = find_exercise(f"transformer.{name}")
    check = lesson.module("checks").CHECKS[name]
    file = folder / "exercises.py"
    file.write_text((lesson.folder / "solution.py").read_text(encoding="utf-8") + "\n\n" + source, encoding="utf-8")
    names = namespace(file)
    failure, _ = first_failure(check, name, names, np.random.default_rng(1))
    assert failure is not None
    parts = explain(check, lesson, exercise, names, failure, np.random.default_rng(1))
    return "\n".join(f"{part.kind}: {part.text}" for part in parts)


# ---- numbers that look alike ----


@pytest.mark.parametrize("got, expected", [(1.0000001, 1.0), (-1.3130512345, -1.31305123), (1 / 3, 0.333333)])
def test_two_different_numbers_never_look_the_same(got: float, expected: float) -> None:
    for pair in ((got, expected), (np.array([got]), np.array([expected]))):
        found = difference(*pair, EXACT)
        assert found is not None
        first, second = found.text.split(" is ", 1)[1].split("; expected ")
        assert second and not second.startswith(first)


def test_every_nan_is_compared_without_a_warning() -> None:
    signalling = np.array([0x7F800001], np.uint32).view(np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert difference(signalling, signalling.copy(), EXACT) is None
        assert difference(np.ones(1, np.float32), signalling, EXACT) is not None


def test_one_wrong_number_is_one() -> None:
    one = difference(np.array([1.0, 2.0]), np.array([1.0, 3.0]), EXACT)
    two = difference(np.array([1.0, 2.0]), np.array([0.0, 3.0]), EXACT)
    assert one is not None and "1 of 2 numbers is wrong" in one.text
    assert two is not None and "2 of 2 numbers are wrong" in two.text


@pytest.mark.parametrize(
    "got, expected",
    [
        ([0.0, 0.67], [0.0, 0.73]),  # a single number has a factor to any other
        ([0.67, 0.67], [0.73, 0.73]),
        ([1.00001, 2.00002], [1.0, 2.0]),  # "multiplied by 1" says nothing
    ],
)
def test_no_factor_is_derived_from_one_number_nor_called_1(got: list[float], expected: list[float]) -> None:
    assert usual_mistake(np.array(got), np.array(expected), Bound(4)) == ""


def test_a_factor_of_two_numbers_is_named() -> None:
    assert "multiplied by 0.5" in usual_mistake(np.array([1.0, 2.0]), np.array([2.0, 4.0]), Bound(4))


# ---- numbers that are not finite ----


def test_nan_is_explained_by_the_line_in_which_it_arises(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code = "def swiglu(gate, up):\n    none = gate * 0\n    return none / none + up\n"
    text = explained(tmp_path, "swiglu", code)
    assert 'meaning: nan means "not a number"' in text
    assert "`return none / none + up`: 0 / 0 and inf / inf are nan." in text
    assert "property" not in text and capfd.readouterr().err == ""


def test_infinity_is_explained_too(tmp_path: Path) -> None:
    text = explained(tmp_path, "swiglu", "def swiglu(gate, up):\n    return np.exp(gate + 1000)\n")
    assert "`return np.exp(gate + 1000)`: the exponential of more than 709 is inf." in text


def test_nan_of_unknown_origin_is_explained_in_general(tmp_path: Path) -> None:
    text = explained(tmp_path, "swiglu", "def swiglu(gate, up):\n    return gate * np.nan\n")
    assert "0 / 0, inf - inf, 0 times inf" in text


# ---- what one function hands to another ----


def test_an_error_in_a_function_that_is_called_names_what_it_was_given(tmp_path: Path) -> None:
    code = (
        "def swiglu(gate, up):\n    return halves(gate[0], {'a': 1, 'b': 2, 'c': 3}, [gate])\n\n\n"
        "def halves(x, names, rest):\n    T, C = x.shape\n    return x\n"
    )
    text = explained(tmp_path, "swiglu", code)
    assert "`halves` was given `x`, an array of shape (1,); `names`, a dict with 'a', 'b', ...; `rest`, a list" in text
    text = explained(tmp_path, "swiglu", "def swiglu(gate, up):\n    T, C, D = gate.shape\n")
    assert "ValueError" in text and "was given" not in text


def test_a_case_may_describe_what_the_function_is_given() -> None:
    check = Check(
        cases=lambda rng: [(2,), (3,)],
        given=lambda n: (np.zeros(n), n),
        expected=lambda n: np.full(n, float(n)),
        show=lambda n: f"f(*example({n}))",
    )

    def change(x: np.ndarray, n: int) -> Any:
        x += n
        return copy.copy(x)

    assert first_failure(check, "f", {"f": lambda x, n: x + n}, np.random.default_rng(0)) == (None, 2)
    outcome = call(check, "f", {"f": change}, (2,))
    assert "`x` was array([0., 0.]) and is array([2., 2.])" in outcome.changed


@pytest.mark.parametrize("rows, shown", [("1:", "    ..\n    XX\n    XX"), (":", "")])
def test_a_picture_in_which_all_is_wrong_is_left_out(tmp_path: Path, rows: str, shown: str) -> None:
    code = (
        "def swiglu(gate, up):\n    out = gate / (1 + np.exp(-gate)) * up\n"
        f"    if gate.size > 3:\n        out[{rows}] = 7\n    return out\n"
    )
    text = explained(tmp_path, "swiglu", code)
    assert shown in text and ("picture:" in text) == bool(shown)
