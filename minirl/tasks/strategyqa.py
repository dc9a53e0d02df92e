"""StrategyQA: 2,290 questions to be answered yes or no, for which several facts must be known (Geva et al. 2021).

    {"question": "Are more people today related to Genghis Khan than Julius Caesar?", "answer": true,
     "facts": ["Julius Caesar had three children.", "Genghis Khan had sixteen children.", ...], ...}

The facts are the reasoning.
"""

from typing import Any

from minirl.tasks.published import Part, Published, key, one_line
from minirl.tasks.records import text, texts, yes_or_no
from minirl.tasks.task import Problem
from minirl.tasks.yes_no import YesNoChecker


class StrategyQA(Published):
    """The questions of StrategyQA; answers are yes or no."""

    name = "strategyqa"
    checker = YesNoChecker()
    parts = (Part("train", "train.json", range(1, 10)), Part("dev", "train.json", [0]), Part("test", "dev.json"))

    def problem(self, record: dict[str, Any]) -> Problem:
        question = " ".join(text(record, "question").split())
        answer = "yes" if yes_or_no(record, "answer") else "no"
        return Problem(question, one_line(texts(record, "facts")), answer, key(question))
