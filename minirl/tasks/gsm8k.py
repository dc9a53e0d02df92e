"""GSM8K: 8,792 word problems of grade-school mathematics (Cobbe et al. 2021).

    {"question": "Natalia sold clips to 48 of her friends in April, and then she sold half as many clips in May. ...",
     "answer": "Natalia sold 48/2 = <<48/2=24>>24 clips in May.\nNatalia sold ...\n#### 72"}

The marks <<48/2=24>> are for a calculator, which the model does not have; they are removed.
"""

import re
from typing import Any

from minirl.storage.strict_json import brief
from minirl.tasks.checker import NumberChecker
from minirl.tasks.published import Part, Published, key, one_line
from minirl.tasks.records import text
from minirl.tasks.task import Problem

_MARK = re.compile(r"<<[^>]*>>")
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")


class GSM8K(Published):
    """The problems of GSM8K; answers are whole numbers."""

    name = "gsm8k"
    checker = NumberChecker()
    parts = (Part("train", "train.jsonl", range(1, 10)), Part("dev", "train.jsonl", [0]), Part("test", "test.jsonl"))

    def problem(self, record: dict[str, Any]) -> Problem:
        reasoning, _, last = _MARK.sub("", text(record, "answer")).partition("\n#### ")
        answer = last.strip().replace(",", "")
        if not _NUMBER.fullmatch(answer):
            raise ValueError(f"'answer' ends in {brief(record['answer'][-40:])}; expected a last line #### NUMBER")
        question = " ".join(text(record, "question").split())
        return Problem(question, one_line(reasoning.split("\n")), answer, key(question))
