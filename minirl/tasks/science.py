"""General science in the notes' form: "What is the Milky Way?", a reasoning of a sentence or two, a short answer.

The questions are in minirl/data/science.jsonl, one JSON object a line:

    {"topic": "astronomy", "question": "What is the Milky Way?", "reasoning": "The Milky Way is ...",
     "answer": "our galaxy", "paraphrases": ["Tell me what the Milky Way is.", "..."]}

There is no rule from which a small model could find these answers; it can only remember them. So the splits share
facts, and differ in the words of the question: `train` holds the questions, `dev` and `test` paraphrases that training
never shows.
"""

import json
import random
from importlib import resources

from minirl.tasks.checker import TextChecker, words
from minirl.tasks.task import Problem, Task, bucket


class Science(Task):
    """Questions to remember, and their paraphrases. `sizes` says how many problems each split holds."""

    name = "science"
    checker = TextChecker()

    def __init__(self) -> None:
        self._problems: dict[str, list[Problem]] = {split: [] for split in self.splits}
        for entry in entries():
            held_out = "dev" if bucket(entry["question"]) < 5 else "test"
            for question, split in [(entry["question"], "train"), *((text, held_out) for text in entry["paraphrases"])]:
                problem = Problem(question, entry["reasoning"], entry["answer"], key=" ".join(words(question)))
                self._problems[split].append(problem)
        self.sizes = {split: len(problems) for split, problems in self._problems.items()}

    def problems(self, split: str, n: int, seed: int = 0) -> list[Problem]:
        """`n` different problems of a split, in an order that the seed decides."""
        self.require_split(split)
        if n > self.sizes[split]:
            raise ValueError(f"the split {split!r} of science holds {self.sizes[split]} problems; {n} were asked for")
        return random.Random(seed).sample(self._problems[split], self.sizes[split])[:n]


def entries() -> list[dict]:
    """The lines of science.jsonl."""
    text = (resources.files("minirl") / "data" / "science.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]
