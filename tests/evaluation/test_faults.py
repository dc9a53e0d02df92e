"""What went wrong: the first fault of an answer."""

import re

import pytest

from minirl.evaluation.faults import Fault, first_fault
from minirl.tasks import ROGER, Problem, get
from minirl.tools import Piece

MIA = Problem("Mia has 347 pens and buys 12 packs of 286. How many pens does she have?", "", "3779", "")


def pieces(text: str) -> list[Piece]:
    """A text with calls in brackets, as people see it: [calculator 1 + 1 → 2]."""
    found = []
    for part in re.split(r"(\[.*?\])", text):
        if part.startswith("["):
            call, _, result = part.strip("[]").partition(" → ")
            found += [Piece("call", call), *([Piece("result", result)] if result else [])]
        elif part:
            found.append(Piece("said", part))
    return found


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (" Mia buys[calculator 12 * 286 → 3432] 3432.[calculator 347 + 3431 → 3778] 3778.\nAnswer: 3778", "operand"),
        (" Mia buys[calculator 12 * 268 → 3216] 3216.\nAnswer: 3216", "operand"),
        (" Mia buys[calculator 12 ** 286 → error: not arithmetic] 3432.\nAnswer: 3432", "call"),
        (" Mia buys[calculator 12 * 286 → 3432] 3423.\nAnswer: 3423", "arithmetic"),
        (" Mia buys[calculator 12 * 286 → 3432] 3432.\nAnswer: 3433", "arithmetic"),
        (" Mia buys[calculator 12 * 286 → 3432].\nAnswer: 3432", "plan"),
        (" Mia buys[calculator 12 + 286 → 298] 298.\nAnswer: 298", "plan"),
        (" Mia buys[calculator 12 * 286 → 3432] 3432.\nAnswer: 3432", "plan"),
        (" Mia buys[calculator 12 * 286 → 3432] 3432.", "no answer"),
        (" Mia buys 12 * 286 = 3431.\nAnswer: 3431", "arithmetic"),
        (" Mia buys 347 + 286: 7+6=13, 4+8+1=13, 3+2+1=6: 633 pens.\nAnswer: 633", "plan"),
        (" Mia buys 347 + 286: 7+6=13, 4+8+1=12, 3+2+1=6: 623 pens.\nAnswer: 623", "arithmetic"),
        (" Mia buys 347 + 268: 7+8=15, 4+6+1=11, 3+2+1=6: 615 pens.\nAnswer: 615", "operand"),
        (" Mia buys 347 + 286, so.\nAnswer: 633", "arithmetic"),
        (" Mia buys[calculator 12 * 286] 3432 3432.\nAnswer: 3432", "plan"),
        (" Mia buys[calculator 12 * 286] 3431 3431.\nAnswer: 3431", "arithmetic"),
        (" Mia buys[calculator 12 286] 3431 3431.\nAnswer: 3431", "call"),
    ],
)
def test_first_fault(text: str, fault: Fault) -> None:
    assert first_fault(MIA, pieces(text), finished=True) == fault


def test_an_answer_that_was_cut_off_is_none() -> None:
    assert first_fault(MIA, pieces(" Mia buys 12 * 286 = 3432.\nAnswer: 3432"), finished=False) == "no answer"


def test_of_the_main_task_too() -> None:
    told = {
        "5 * 2 = 10. 10 + 3 = 13": "plan",
        "2 * 3 = 7. 5 + 7 = 12": "arithmetic",
        "2 * 4 = 8. 5 + 8 = 13": "operand",
    }
    for text, fault in told.items():
        answer = text.rpartition(" ")[2]
        assert first_fault(ROGER, pieces(f" Roger has {text}.\nAnswer: {answer}"), True) == fault


@pytest.mark.parametrize("tools", [("calculator",), ()])
def test_right_solutions_have_no_fault_but_the_plan_that_is_not_looked_at(tools: tuple[str, ...]) -> None:
    for problem in get("large_numbers").with_tools(tools).problems("train", 100):
        shown = re.sub(r"<\|tool\|>(.*?)<\|/tool\|><\|result\|>(.*?)<\|/result\|>", r"[\1 → \2]", problem.completion)
        assert first_fault(problem, pieces(shown.removesuffix("<|end|>")), True) == "plan"
