"""Reasoning quality: whether an answer was reached, or only guessed.

A reward for the final answer alone cannot tell a solution from a lucky guess. This judge also reads the equations:

    Roger has 5 tennis balls. 2 cans of 3 is 2 * 3 = 6. 5 + 6 = 11.   Answer: 11
                                             2 and 3 are in the question, 6 is used below: this equation counts
                                                        6 was just computed, 11 is the answer: so does this one

An equation counts if it is true, its operands come from the question or from such results before it, and its result is
used: by an equation further down that counts, or as the answer. Where the answer is no number, such as yes, the result
may stand in the words after the last equation. `1 + 1 = 2` in between is idle, and earns nothing.

A trace is valid if no equation is false, at least one counts, and a numerical answer is the result of one that counts.
Nothing here knows the right answer: that is the checker's to say. And a valid trace may still follow a wrong plan, such
as 5 * 2 where 5 + 2 was asked for. For a number the checker finds that out; for yes or no, nothing does.
"""

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from minirl.generate.equations import Equation, equations
from minirl.rl.mdp import Reward, final_reward
from minirl.tasks.checker import readings
from minirl.tasks.task import Problem, Task, answer_text
from minirl.tools.arithmetic import split

WORDS = {  # numbers that a question may write as words
    "half": 2, "halves": 2, "twice": 2, "double": 2, "both": 2, "pair": 2, "pairs": 2, "third": 3, "triple": 3,
    "thrice": 3, "quarter": 4, "dozen": 12, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "week": 7,
}  # fmt: skip


class Judgement(NamedTuple):
    """What the equations of an answer show."""

    equations: int
    """How many there are."""
    true: int
    sound: int
    """How many are true, rest on known numbers, and are used by anything further down, be it wrong."""
    counted: int
    """How many of the sound ones the answer rests on."""
    valid: bool


def examine(problem: Problem, text: str) -> Judgement:
    """Judge the equations of an answer to the problem."""
    found = equations(text)
    operands = [numbers(equation.text.rpartition("=")[0]) for equation in found]
    answer = answer_text(text)
    said = readings(answer) if answer else ()
    needed = set(said) if said else set(numbers(after_last(text, found)))

    known = set(stated(problem.question))
    grounded = []
    for equation, used in zip(found, operands, strict=True):
        grounded.append(equation.holds and set(used) <= known)
        if grounded[-1] and equation.right is not None:
            known.add(equation.right)
    sound = [
        grounded[i] and found[i].right in {*needed, *(x for later in operands[i + 1 :] for x in later)}
        for i in range(len(found))
    ]
    counted = reached = 0
    for i in range(len(found) - 1, -1, -1):  # backward from the answer
        if grounded[i] and found[i].right in needed:
            counted += 1
            reached += found[i].right in said
            needed.update(operands[i])
    true = sum(equation.holds for equation in found)
    valid = true == len(found) and counted > 0 and (reached > 0 or not said)
    return Judgement(len(found), true, sum(sound), counted, valid)


def is_valid(problem: Problem, text: str) -> bool:
    """Whether the trace is valid; see above."""
    return examine(problem, text).valid


def quality_reward(task: Task) -> Reward:
    """The reward 1 for a right answer with a valid trace, else 0."""

    def reward(problem: Problem, text: str, finished: bool) -> float:
        return final_reward(task, problem, text, finished) * is_valid(problem, text)

    return reward


def grade(task: Task, problem: Problem, text: str, finished: bool) -> float:
    """A finer judgement, from 0 to 2: 1 for the right answer, and the share of sound equations, which is at most 1. The
    share is of as many equations as the model solution has, or of the answer's own where these are more."""
    found = examine(problem, text)
    wanted = max(len(equations(problem.reasoning)), found.equations, 1)
    return final_reward(task, problem, text, finished) + (found.sound / wanted if finished else 0.0)


def stated(question: str) -> list[Fraction]:
    """The numbers of a question, in digits and in words."""
    words = (word for word in re.findall(r"[a-z]+", question.casefold()) if word in WORDS)
    return [*numbers(question), *(Fraction(WORDS[word]) for word in words)]


def numbers(text: str) -> list[Fraction]:
    """The numbers that a text writes in digits."""
    return [part.value for part in split(text) if part.kind == "number"]


def after_last(text: str, found: Sequence[Equation]) -> str:
    """The words after the last equation, up to the answer's line."""
    if not found:
        return ""
    return text[text.rindex(found[-1].text) + len(found[-1].text) :].partition("\nAnswer:")[0]
