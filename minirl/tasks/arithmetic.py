"""Sums of two numbers of n digits, worked out column by column as at school: a task whose difficulty is one number.

Q: What is 47 + 85?
Reasoning: 47 + 85 is added from the right. 7 + 5 = 12, write 2, carry 1. 4 + 8 + 1 = 13, write 3, carry 1. Write 1.
Answer: 132<|end|>
"""

import random

from minirl.tasks.checker import NumberChecker
from minirl.tasks.task import Problem, Task, split_of


class Arithmetic(Task):
    """Addition of two numbers of `digits` digits each (1 to 20). A sum and its mirror image are one problem."""

    name = "arithmetic"
    checker = NumberChecker()

    def __init__(self, digits: int = 2) -> None:
        if not 1 <= digits <= 20:
            raise ValueError(f"digits is {digits}; numbers of 1 to 20 digits can be added")
        self.digits = digits

    def problems(self, split: str, n: int, seed: int = 0) -> list[Problem]:
        """`n` problems, drawn with replacement: short numbers make few different ones."""
        self.require_split(split)
        rng = random.Random(f"{split} {seed}")
        low, high = 10 ** (self.digits - 1) if self.digits > 1 else 0, 10**self.digits - 1
        drawn: list[Problem] = []
        while len(drawn) < n:
            problem = addition(rng.randint(low, high), rng.randint(low, high))
            if split_of(problem.key) == split:
                drawn.append(problem)
        return drawn


class ColumnAddition(Arithmetic):
    """Addition of numbers of five digits: a solution has five steps and more than 60 tokens, so that one reward at its
    end says little about each."""

    name = "column_addition"

    def __init__(self, digits: int = 5) -> None:
        super().__init__(digits)


def addition(a: int, b: int) -> Problem:
    """The sum of two numbers with its solution by columns."""
    first, second = str(a)[::-1], str(b)[::-1]
    told, carry = [f"{a} + {b} is added from the right."], 0
    for x, y in zip(first, second, strict=True):
        total = int(x) + int(y) + carry
        column = f"{x} + {y} + 1" if carry else f"{x} + {y}"
        carry = total // 10
        told.append(f"{column} = {total}, write {total % 10}{', carry 1' if carry else ''}.")
    if carry:
        told.append("Write 1.")
    return Problem(f"What is {a} + {b}?", " ".join(told), str(a + b), key=f"{min(a, b)} + {max(a, b)}")
