"""The control whose results are those of other calls."""

import pytest

from minirl.tools import Shuffled, ToolError, calculator
from minirl.tools.named import named


def test_each_call_gets_the_result_of_another() -> None:
    tool = Shuffled(calculator)
    with pytest.raises(ToolError, match="no other result"):
        tool.call("1 + 1")
    results = {f"{n} + {n}": tool.call(f"{n} + {n}") for n in range(2, 60)}
    assert set(results.values()) <= {str(2 * n) for n in range(1, 60)}
    assert all(calculator.call(argument) != result for argument, result in results.items())
    assert len(set(results.values())) > 10


def test_the_same_argument_gets_the_same_result() -> None:
    tool = Shuffled(calculator)
    with pytest.raises(ToolError):
        tool.call("9")
    before = [tool.call(f"{n} * 3") for n in range(9)]
    assert [tool.call(f"{n} * 3") for n in range(9)] == before


def test_a_result_that_is_right_by_chance_is_not_given() -> None:
    tool = Shuffled(calculator)
    with pytest.raises(ToolError):
        tool.call("3 + 4")
    with pytest.raises(ToolError):
        tool.call("4 + 3")
    assert tool.call("1 + 1") == "7"


def test_errors_stay_errors_and_the_name_stays() -> None:
    tool = named("calculator:shuffled")
    assert tool.name == "calculator"
    with pytest.raises(ToolError, match="division by zero"):
        tool.call("1 / 0")
    with pytest.raises(ValueError, match="no tool is called 'abacus'; there are calculator"):
        named("abacus:shuffled")
