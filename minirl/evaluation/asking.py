"""How questions are asked, from the flags --facts, --top and --form: the same in chat, in evaluate and in serve."""

from typing import Literal, TypeVar

from minirl.generate import Prompt
from minirl.retrieval.lookup import Lookup, open_lookup
from minirl.runs import Run
from minirl.tasks import Checker, Problem
from minirl.tasks.checker import NumberChecker
from minirl.tasks.choice import ChoiceChecker
from minirl.tasks.mixture import MixedChecker
from minirl.tasks.prompt import Form, as_messages, in_form

F = TypeVar("F", bound=Form | Literal["text"])  # chat knows text too: the model goes on with the question as it stands


def asking(facts: str | None, top: int, form: F | None, usual: F) -> tuple[F | Literal["facts"], Lookup | None]:
    """The form of the prompts, and where their facts come from. usual: the form in which the model was taught to be
    asked. Raises ValueError where the two flags do not fit, and what `open_lookup` raises."""
    if facts is None:
        if form == "facts":
            raise ValueError("--form facts needs facts; give --facts and an index, a folder of texts, or science")
        return form or usual, None
    if form not in (None, "facts"):
        raise ValueError(f"--form {form} has no place for the facts of --facts; give one of the two")
    return "facts", open_lookup(facts, top)


def asked(problem: Problem, form: Form | Literal["text"], tools: list[str]) -> Prompt:
    """The question as the model reads it."""
    if form == "chat":
        return as_messages(problem.question, request="")
    if form == "facts":
        return problem.prompt
    return problem.question if form == "text" else in_form(problem.prompt, form, tools=tools)


def reader_of_answers(run: Run) -> Checker:
    """The checker that says which answers are the same: the one of the run's task, unless that needs more than the
    question, as multiple choice needs the options, and a mixture the problem's task."""
    checker = run.task().checker
    return NumberChecker() if isinstance(checker, ChoiceChecker | MixedChecker) else checker
