"""General science: a question such as "What is the Milky Way?", a sentence or two of reasoning, a short answer.

The questions are in data/science/questions.jsonl, one JSON object a line:

    {"topic": "physics", "question": "What is sound?", "reasoning": "Sound is a wave of pressure that travels ...",
     "answer": "a wave of pressure", "variants": ["Tell me what sound is.", ...], "paraphrases": []}

A small model cannot derive these answers by a rule; it can only memorise them. So the splits share their facts, and
differ in how the questions are phrased. `train` holds the questions. A fifth of them have two paraphrases, which
training never shows: they are `dev` and `test`. Other questions have variants, which pretraining reads too, so that the
model meets every way to ask, but not about every fact.
"""

import json
import random
from dataclasses import replace

from minirl.storage import shipped
from minirl.tasks.checker import TextChecker, words
from minirl.tasks.finite import Finite
from minirl.tasks.task import Problem, bucket

SHORT = 4  # letters of a short word, which rarely says what a question is about
LOST, LOST_SHORT = 0.1, 0.5  # the share of words that a question loses


class Science(Finite):
    """Questions to remember, and their paraphrases. `sizes` says how many problems each split holds."""

    name = "science"
    checker = TextChecker()

    def __init__(self) -> None:
        self._problems: dict[str, list[Problem]] = {split: [] for split in self.splits}
        self.facts: list[list[Problem]] = []  # for each fact its question and that question's variants
        for entry in entries():
            held_out = "dev" if bucket(entry["question"]) < 3 else "test"
            self._problems["train"].append(self._problem(entry["question"], entry))
            self._problems[held_out] += [self._problem(question, entry) for question in entry["paraphrases"]]
            self.facts.append([self._problem(question, entry) for question in [entry["question"], *entry["variants"]]])
        self.sizes = {split: len(problems) for split, problems in self._problems.items()}

    @staticmethod
    def _problem(question: str, entry: dict) -> Problem:
        return Problem(question, entry["reasoning"], entry["answer"], key=" ".join(words(question)))

    def listed(self, split: str) -> list[Problem]:
        return self._problems[split]


def with_words_missing(problem: Problem, rng: random.Random) -> Problem:
    """The problem, but some of the question's words are missing: half of the short ones, few of the others, and never
    the longest.

    What is left must do to know the fact again. A model that learns this depends less on the exact words of a question,
    and paraphrases change these.
    """
    words, mark = problem.question[:-1].split(), problem.question[-1]
    longest = max(words, key=len)
    kept = [word for word in words if word == longest or rng.random() >= (LOST if len(word) > SHORT else LOST_SHORT)]
    return replace(problem, question=" ".join(kept) + mark)


def entries() -> list[dict]:
    """The lines of questions.jsonl. Raises FileNotFoundError, saying what to do, where the file is missing."""
    text = shipped("data/science/questions.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]
