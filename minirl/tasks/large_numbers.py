"""Word problems with numbers up to 999: the plan is as easy as in word_problems.py, and the arithmetic is not.

    Q: Mia has 347 pens. She gets 286 more. How many pens does she have now?

Who has a calculator calls it (minirl/tools), and the result comes from there:

    Reasoning: Mia has<|tool|>calculator 347 + 286<|/tool|><|result|>633<|/result|> 633 pens.

Who has none calculates column by column, as at school (columns.py):

    Reasoning: Mia has 347 + 286: 7+6=13, 4+8+1=13, 3+2+1=6: 633 pens.

The solutions follow the tools that the task has, so a run with `--tools` alone, which means none, learns columns. Both
are told of the same problems.

The stories are those of stories.py that need no division, with larger numbers: numbers of three digits are added and
subtracted, and multiplied by numbers of two digits. The splits are made as there; see word_problems.py.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import fields, replace

from minirl.data.document import marked
from minirl.tasks.columns import worked
from minirl.tasks.stories import STORIES
from minirl.tasks.task import Problem
from minirl.tasks.word_problems import Plot, WordProblem, WordProblems
from minirl.tokenizer.special import END, END_RESULT, END_TOOL, RESULT, TOOL

LARGEST = 99_999  # of a result
NUMBERS = {  # the story's numbers
    "gets": "a 100-999 b 100-999",
    "gives": "a 200-999 b 100-899",
    "boxes": "a 12-99 b 100-999",
    "compare": "a 100-999 b 100-999",
    "times": "a 100-999 b 12-99",
    "difference": "a 200-999 b 100-899",
    "rows": "a 12-99 b 100-999",
    "packs more": "a 100-999 b 12-99 c 100-999",
    "packs less": "a 12-99 b 100-999 c 100-999",
    "gets and gives": "a 100-999 b 100-999 c 100-999",
    "both times": "a 100-999 b 12-99",
    "wages": "a 12-99 b 100-999 c 100-999",
    "saving": "a 100-999 b 100-999 c 12-99",
    "shelves": "a 12-99 b 100-999 c 100-999",
}
CALCULATOR = "calculator"
ASKED = 0.6  # of the documents of practice begin with a question
RANGES = ((12, 99), (100, 999), (100, 999), (1000, LARGEST // 2))  # of the numbers of the others
OPERANDS, QUESTION, STEPS, FULL = 0.1, 0.3, 0.5, 1.0  # loss weights, as in corpus.py
Document = list[tuple[str, float]]
STEP = re.compile(r"(\d+) ([-+*]) (\d+) = (\d+)")


class LargeProblem(WordProblem):
    """A word problem whose solution may hold calls."""

    @property
    def solution(self) -> Document:
        return marked(self.completion)


class LargeNumbers(WordProblems):
    """Word problems of one and two steps with numbers up to 999, solved with a calculator or column by column."""

    name = "large_numbers"
    tools = (CALCULATOR,)
    documents = {"practice": 0.5, "repeat": 0.3, "retell": 0.2}  # noqa: RUF012 (nobody changes it)
    science = False

    def __init__(self) -> None:
        super().__init__((1, 2))
        stories = [replace(story, numbers=NUMBERS[story.name]) for story in STORIES if story.name in NUMBERS]
        self._plots = [Plot(story, LARGEST) for story in stories]

    def problems(self, split: str, n: int, seed: int = 0) -> list[Problem]:
        """`n` problems, with solutions for the tools that the task has."""
        return [self.told(problem) for problem in super().problems(split, n, seed) if isinstance(problem, WordProblem)]

    def told(self, problem: WordProblem) -> LargeProblem:
        """The problem with each step of its solution told as this task tells it."""
        said = {field.name: getattr(problem, field.name) for field in fields(problem)}
        reasoning = STEP.sub(lambda step: self.step(int(step[1]), step[2], int(step[3])), problem.reasoning)
        return LargeProblem(**said | {"reasoning": tidy(reasoning)})

    def step(self, a: int, sign: str, b: int) -> str:
        """A calculation with its result: a call, or columns."""
        if CALCULATOR not in self.tools:
            return worked(a, sign, b)
        result = results(a, b)[sign]
        return f"{TOOL}{CALCULATOR} {a} {sign} {b}{END_TOOL}{RESULT}{result}{END_RESULT} {result}"

    def practice(self, problems: Iterator[Problem], rng: random.Random) -> Document:
        """A question and what a solution may take from it, or a few numbers; then two calculations with any of these
        numbers or results, called or written in columns. Which ones, is left to chance; how, is to be learned."""
        if rng.random() < ASKED:
            problem = next(problems)
            numbers = [int(number) for number in re.findall(r"\d+", problem.question)]
            noun = f" {problem.counted}"
            document = [(f"Q: {problem.question}\n", QUESTION), (f"Numbers: {', '.join(problem.mentions())}.", FULL)]
        else:
            numbers = [rng.randint(*rng.choice(RANGES)) for _ in range(rng.choice((2, 3)))]
            noun = ""
            document = [(f" {', '.join(map(str, numbers))}:", OPERANDS)]
        for _ in range(2):
            a, b = rng.sample(numbers, 2)
            signs = [sign for sign, result in results(a, b).items() if 1 <= result <= LARGEST]
            sign = rng.choice([sign for sign in signs if sign != "*" or b < 100] or ["+"])
            before, operation, after = tidy(f" {self.step(a, sign, b)}").partition(f" {a} {sign} {b}")
            after += f"{noun if rng.random() < 0.5 else ''}."
            document += [*marked(before), (operation, STEPS), *marked(after)]
            numbers.append(results(a, b)[sign])
        return [*document, (END, FULL)]


def results(a: int, b: int) -> dict[str, int]:
    """What the three signs make of two numbers."""
    return {"+": a + b, "-": a - b, "*": a * b}


def tidy(reasoning: str) -> str:
    """Without the space before a call: what comes after the call begins with one."""
    return reasoning.replace(f" {TOOL}", TOOL)
