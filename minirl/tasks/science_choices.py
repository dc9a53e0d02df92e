"""Science questions with options to choose from: ARC-Easy (Clark et al. 2018), OpenBookQA (Mihaylov et al. 2018) and
QASC (Khot et al. 2020).

ARC-Easy and OpenBookQA are read from the train files of LLM-Adapters (Hu et al. 2023), where they are instructions:

    {"instruction": "Please choose the correct answer to the question: The sun is responsible for\\n\\nAnswer1: puppies
     learning new tricks Answer2: ...\\n\\nAnswer format: answer1/answer2/answer3/answer4", "answer": "answer4", ...}

The published test files are not among the files that are fetched, so a part of each train file is held out as test, by
the checksum of the question. Results are therefore near those that others publish, but not the same.

QASC has two facts for each question, from which the answer follows. They are the reasoning. The two other datasets have
none; there the reasoning is the right option.
"""

import re
from typing import Any

from minirl.storage.strict_json import brief
from minirl.tasks.choice import LETTERS, Choice, ChoiceChecker, with_options
from minirl.tasks.published import Part, Published, key, one_line
from minirl.tasks.records import field, text

_INSTRUCTION = re.compile(
    r"Please choose the correct answer to the question:(.*?)\n+(Answer1:.*?)\n+Answer format:", re.S
)
_OPTION = re.compile(r"\s*Answer(\d+):")


class Instructions(Published):
    """A dataset in the form of LLM-Adapters."""

    dataset = "science_qa"
    checker = ChoiceChecker()

    def family(self, record: dict[str, Any]) -> str:
        return key(self._parts(record)[0])

    def problem(self, record: dict[str, Any]) -> Choice:
        stem, options = self._parts(record)
        answer = text(record, "answer")
        numbered = {f"answer{number}": place for place, number in enumerate(range(1, len(options) + 1))}
        if answer not in numbered:
            raise ValueError(f"'answer' is {brief(answer)}; expected one of {', '.join(numbered)}")
        return choice(stem, options, numbered[answer], [options[numbered[answer]]])

    @staticmethod
    def _parts(record: dict[str, Any]) -> tuple[str, list[str]]:
        """The question and its options."""
        instruction = text(record, "instruction")
        found = _INSTRUCTION.search(instruction)
        if found is None:
            raise ValueError(f"'instruction' is {brief(instruction)}; expected a question, Answer1: and Answer format:")
        _, *pieces = _OPTION.split(found[2])
        numbers, options = pieces[::2], [" ".join(piece.split()) for piece in pieces[1::2]]
        if numbers != [str(number) for number in range(1, len(options) + 1)]:
            raise ValueError(f"'instruction' has the answers {', '.join(numbers)}; expected 1, 2, 3, ...")
        return " ".join(found[1].split()), options


class ArcEasy(Instructions):
    """The questions of ARC-Easy: school science, mostly four options."""

    name = "arc-easy"
    parts = tuple(
        Part(split, "arc-easy-train.json", tenths)
        for split, tenths in (("train", range(3, 10)), ("dev", [2]), ("test", range(2)))
    )


class OpenBookQA(Instructions):
    """The questions of OpenBookQA: elementary facts, and what follows from them; four options."""

    name = "openbookqa"
    parts = tuple(
        Part(split, "openbookqa-train.json", tenths)
        for split, tenths in (("train", range(2, 10)), ("dev", [1]), ("test", [0]))
    )


class QASC(Published):
    """The questions of QASC, eight options; two facts lead to the answer."""

    name = "qasc"
    dataset = "science_qa"
    checker = ChoiceChecker()
    parts = tuple(
        Part(split, "qasc-dev.jsonl", tenths) for split, tenths in (("train", [8, 9]), ("dev", [7]), ("test", range(7)))
    )

    def family(self, record: dict[str, Any]) -> str:
        return key(text(self._question(record), "stem"))

    def problem(self, record: dict[str, Any]) -> Choice:
        question = self._question(record)
        choices = field(question, "choices")
        if not isinstance(choices, list) or not all(isinstance(one, dict) for one in choices):
            raise ValueError(f"'choices' is {brief(choices)}; expected a list of objects")
        options = [" ".join(text(one, "text").split()) for one in choices]
        labels, answer = [text(one, "label") for one in choices], text(record, "answerKey")
        if answer not in labels or labels != [*LETTERS[: len(labels)]]:
            raise ValueError(f"'answerKey' is {brief(answer)}, and the labels are {', '.join(labels)}")
        facts = [text(record, name) for name in ("fact1", "fact2", "combinedfact")]
        return choice(" ".join(text(question, "stem").split()), options, labels.index(answer), facts)

    @staticmethod
    def _question(record: dict[str, Any]) -> dict[str, Any]:
        found = field(record, "question")
        if not isinstance(found, dict):
            raise ValueError(f"'question' is {brief(found)}; expected an object with stem and choices")
        return found


def choice(stem: str, options: list[str], right: int, reasoning: list[str]) -> Choice:
    """A problem. Raises ValueError for options that are empty, or fewer than two or more than there are letters."""
    if not 2 <= len(options) <= len(LETTERS) or not all(options):
        raise ValueError(f"the options are {brief(options)}; expected 2 to {len(LETTERS)}, none of them empty")
    return Choice(
        question=with_options(stem, options), reasoning=one_line(reasoning), answer=LETTERS[right], key=key(stem),
        options=tuple(options), stem=stem,
    )  # fmt: skip
