"""Preferences of people, as they were published. `python -m minirl.data fetch preferences` downloads them.

PandaLM   999 pairs of answers to 170 instructions, each judged by three people (Wang et al. 2023)
LLMBar    100 pairs to 100 instructions; "natural": one answer follows the instruction, checked by people (Zeng et
          al. 2023)
"""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

from minirl.data.published import find
from minirl.preferences.pair import Pair
from minirl.tasks.records import DataError, Record, field, records, text

DATASET = "preferences"
PANDALM, LLMBAR = "pandalm-testset-v1.json", "llmbar-natural.json"
PEOPLE = ("annotator1", "annotator2", "annotator3")


def pandalm() -> list[Pair]:
    """The 999 pairs; the vote of two of the three people decides. An instruction with its input is a group: all six of
    its pairs compare the same few answers.

    Raises FileNotFoundError naming the command that brings the file, DataError for one that is damaged."""
    return _read(PANDALM, _pandalm)


def llmbar() -> list[Pair]:
    """The 100 natural pairs. Raises as `pandalm` does."""
    return _read(LLMBAR, _llmbar)


def instruction(words: str, given: str = "") -> str:
    """An instruction, with its input if it has any, as a prompt."""
    return f"Instruction: {words.strip()}\n" + (f"Input: {given.strip()}\n" if given.strip() else "") + "Response:"


def _read(name: str, pair: Callable[[Record], Pair]) -> list[Pair]:
    path, found = find(DATASET, name), []
    for line, record in records(path):
        try:
            found.append(pair(record))
        except ValueError as error:
            raise DataError(f"{path}, line {line}: {error}") from error
    if not found:
        raise DataError(f"{path} holds no records")
    return found


def _pandalm(record: Record) -> Pair:
    votes = Counter(field(record, name) for name in PEOPLE)
    verdict, count = votes.most_common(1)[0]
    if verdict not in (0, 1, 2) or count < 2:
        raise ValueError(f"the three people say {dict(votes)}; expected 0, 1 or 2 from two of them")
    first, second = (f" {_answer(record[name])}" for name in ("response1", "response2"))
    asked, given = (text(record, name, empty=True) for name in ("instruction", "input"))  # one has an input alone
    prompt = instruction(asked, given)
    chosen, rejected = (second, first) if verdict == 2 else (first, second)
    return Pair(prompt, chosen, rejected, tie=verdict == 0, group=f"{asked}\n{given}")


def _answer(value: Any) -> str:
    """An answer; four of the file's are the JSON value true, and stand for that word."""
    return value.strip() if isinstance(value, str) else json.dumps(value)


def _llmbar(record: Record) -> Pair:
    label = str(field(record, "label"))
    if label not in ("1", "2"):
        raise ValueError(f"the label is {label!r}; expected 1 or 2")
    answers = [f" {text(record, name).strip()}" for name in ("output_1", "output_2")]
    chosen, rejected = answers if label == "1" else answers[::-1]
    return Pair(instruction(text(record, "input")), chosen, rejected)
