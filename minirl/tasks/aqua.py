"""AQuA: about 98,000 algebra problems with five options and a written rationale (Ling et al. 2017).

    {"question": "Three birds are flying at a fast rate of 900 kilometers per hour. ...", "options": ["A)32400", ...],
     "rationale": "To calculate the equivalent of miles in a kilometer\n...", "correct": "A"}

The question lists its options, and the answer is a letter. Rationales are as their authors wrote them: many name the
letter in their last line, some are wrong.
"""

from typing import Any

from minirl.storage.strict_json import brief
from minirl.tasks.choice import Choice, ChoiceChecker, with_options
from minirl.tasks.published import Part, Published, key, one_line
from minirl.tasks.records import text, texts

LETTERS = ("A", "B", "C", "D", "E")


class AQuA(Published):
    """The problems of AQuA; answers are letters from A to E."""

    name = "aqua"
    checker = ChoiceChecker()
    parts = (Part("train", "train.json"), Part("dev", "dev.json"), Part("test", "test.json"))

    def problem(self, record: dict[str, Any]) -> Choice:
        question = " ".join(text(record, "question").split())
        options = tuple(" ".join(option.partition(")")[2].split()) for option in texts(record, "options"))
        if len(options) != len(LETTERS):
            raise ValueError(f"'options' has {len(options)} options; expected {len(LETTERS)}")
        correct = text(record, "correct")
        if correct not in LETTERS:
            raise ValueError(f"'correct' is {brief(correct)}; expected one of {', '.join(LETTERS)}")
        return Choice(
            question=with_options(question, options),
            reasoning=one_line(text(record, "rationale", empty=True).split("\n")),
            answer=correct,
            key=key(question),
            options=options,
            stem=question,
        )
