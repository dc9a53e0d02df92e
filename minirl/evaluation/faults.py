"""What went wrong in the problems that a model did not solve: the first fault of each answer.

A solution takes numbers from the question, decides what to do with them, and calculates, by itself or with a tool. Each
of these can fail, and each asks for another remedy. The faults, in the order in which they are looked for at each
calculation:

    operand      a number that is neither in the question nor a result so far: it was copied wrongly, or made up
    call         a call that brought an error instead of a result
    arithmetic   a result other than what the calculation gives, or than what the tool returned
    plan         no fault of these kinds: right calculations with the wrong numbers or signs, or too few of them
    no answer    cut off, or without a line Answer:

A calculation is written 347 + 286, with spaces. What stands between it and its result without spaces, 7+6=13, belongs
to its columns (tasks/columns.py) and is not judged by itself. docs/results.md uses the first, third and fourth kind of
the main task too.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Literal, NamedTuple, get_args

from minirl.evaluation.answers import as_answer, asked
from minirl.evaluation.problem_sets import ProblemSet
from minirl.evaluation.score import is_right
from minirl.generate import Completion, encode_prompt, generate
from minirl.model import GPT
from minirl.runs import STAGE_NAMES, Screen
from minirl.tasks import Problem
from minirl.tasks.task import answer_text
from minirl.tokenizer import Tokenizer
from minirl.tools import Piece, toolbox, transcript
from minirl.tools.arithmetic import NotAnExpressionError, split, value

Fault = Literal["operand", "plan", "call", "arithmetic", "no answer"]
FAULTS: tuple[Fault, ...] = get_args(Fault)

NUMBER = re.compile(r"\d+")
OPERATION = re.compile(r"\d+(?: [-+*/] \d+)+")
RESULT = re.compile(r" = (\d+)|:(?: [-+*=,;: 0-9]*:)? (\d+)")


class Calculation(NamedTuple):
    """An operation, and what the model took for its result; None where it took nothing."""

    operation: str
    result: str | None
    returned: str | None
    """What a tool returned; None without a tool."""


def calculations(pieces: Sequence[Piece]) -> list[Calculation]:
    """The calculations of an answer, in order: those that it says and those that it calls for."""
    found = []
    for place, (kind, text) in enumerate(pieces):
        if kind == "call":
            after = list(pieces[place + 1 : place + 3])
            returned = after.pop(0).text if after and after[0].kind == "result" else None
            said = NUMBER.search(after[0].text) if after else None
            found.append(Calculation(text.partition(" ")[2], said and said[0], returned))
        elif kind == "said":
            for operation in OPERATION.finditer(text):
                result = RESULT.match(text, operation.end())
                found.append(Calculation(operation[0], result and (result[1] or result[2]), None))
    return found


def first_fault(problem: Problem, pieces: Sequence[Piece], finished: bool) -> Fault:
    """The first fault of a wrong answer. pieces: the answer, as `transcript` gives it."""
    answer = answer_text("".join(piece.text for piece in pieces if piece.kind == "said"))
    if not finished or answer is None:
        return "no answer"
    known = set(NUMBER.findall(problem.question))
    for one in calculations(pieces):
        if not set(NUMBER.findall(one.operation)) <= known:
            return "operand"
        right = one.returned or result_of(one.operation)
        if right is None or right.startswith("error"):
            return "call"
        if one.result is None or one.result != right:
            return "arithmetic"
        known.add(one.result)
    return "plan" if set(NUMBER.findall(answer)) <= known else "arithmetic"


def result_of(operation: str) -> str | None:
    """The value of an operation, as text; None where it has none."""
    try:
        found: Fraction | None = value(split(operation))
    except NotAnExpressionError:
        return None
    return None if found is None else str(found)


def count_faults(model: GPT, tokenizer: Tokenizer, chosen: ProblemSet) -> dict[str, int]:
    """{"solved": ..., "operand": ..., ...}: how many problems of a set end how, answered greedily with the set's tools.
    A prompt that does not fit into the context has no answer."""
    settings, counts = chosen.settings, Counter[str]()
    context = model.config.context_length
    prompts = zip(chosen.problems, asked(chosen.task, chosen.problems, settings), strict=True)
    fitting = [(problem, prompt) for problem, prompt in prompts if len(encode_prompt(tokenizer, prompt)) <= context]
    completions = generate(
        model, tokenizer, [prompt for _, prompt in fitting], temperature=0.0, max_new_tokens=settings.max_new_tokens,
        tools=toolbox(tokenizer, settings.tools),
    )  # fmt: skip
    for (problem, _), completion in zip(fitting, completions, strict=True):
        counts[outcome(chosen, problem, completion, tokenizer)] += 1
    counts["no answer"] += len(chosen.problems) - len(fitting)
    return {name: counts[name] for name in ("solved", *FAULTS)}


def outcome(chosen: ProblemSet, problem: Problem, completion: Completion, tokenizer: Tokenizer) -> str:
    """ "solved", or the first fault."""
    if is_right(chosen.task, problem, as_answer(completion)):
        return "solved"
    return first_fault(problem, transcript(tokenizer, completion.ids, completion.forced), completion.finished)


MEANINGS: dict[str, str] = {
    "operand": "a number that is neither in the question nor a result so far",
    "plan": "right calculations, but with the wrong numbers or signs, or too few",
    "call": "a call that brought an error",
    "arithmetic": "a result that is not what the calculation gives, or not what the tool returned",
    "no answer": "cut off, or without an answer",
}


def show(counted: Sequence[Mapping[str, Any]], screen: Screen) -> None:
    """Print the counts: {"stage", "split", "solved", "operand", ...}, a model and set each."""
    rows = []
    for label in dict.fromkeys(entry["split"] for entry in counted):
        for entry in counted:
            if entry["split"] == label:
                numbers = [entry[name] for name in ("solved", *FAULTS)]
                rows.append([f"{label} (n={sum(numbers)})", STAGE_NAMES[entry["stage"]], *map(str, numbers)])
    screen.table("Problems by the first fault of their greedy answer", ["problems", "model", "solved", *FAULTS], rows,
                 grouped=True)  # fmt: skip
    screen.say("\n" + "\n".join(f"  {name:<12}{meaning}" for name, meaning in MEANINGS.items()))
