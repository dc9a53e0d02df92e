"""The science questions: enough of them, well formed, each with its paraphrases where they are held out."""

import itertools
import json
import re
from collections import Counter

import pytest

from minirl import tasks
from minirl.storage import shipped
from minirl.tasks.checker import words
from minirl.tasks.science import Science

TOPICS = {"astronomy", "physics", "chemistry", "biology", "earth science", "computers"}
LINES = shipped("data/science/questions.jsonl").read_text(encoding="utf-8").splitlines()
ENTRIES = [json.loads(line) for line in LINES]


def test_there_are_enough_in_every_topic() -> None:
    assert len(ENTRIES) >= 300
    counts = Counter(entry["topic"] for entry in ENTRIES)
    assert set(counts) == TOPICS and min(counts.values()) >= 50


def test_entries_are_well_formed() -> None:
    for entry in ENTRIES:
        assert set(entry) == {"topic", "question", "reasoning", "answer", "variants", "paraphrases"}
        assert entry["question"].endswith("?") and entry["question"][0].isupper()
        assert 1 <= entry["reasoning"].count(". ") + 1 <= 2 and entry["reasoning"].endswith(".")
        assert entry["reasoning"][0].isupper() and not entry["answer"].endswith(".")
        assert 4 <= len(entry["reasoning"].split()) <= 20, entry
        assert 1 <= len(entry["answer"].split()) <= 10, entry
        for text in entry.values():
            assert "".join(text).isascii() and "\n" not in "".join(text) and "  " not in "".join(text)


def test_reasoning_opens_with_the_subject_of_the_question() -> None:
    for entry in ENTRIES:
        first = words(entry["reasoning"])[0]
        assert any(word[:4] == first[:4] for word in words(entry["question"])), entry


def test_no_question_comes_twice() -> None:
    asked = [
        " ".join(words(question))
        for entry in ENTRIES
        for question in (entry["question"], *entry["variants"], *entry["paraphrases"])
    ]
    assert [question for question, count in Counter(asked).items() if count > 1] == []
    reasonings = Counter(entry["reasoning"] for entry in ENTRIES)
    assert max(reasonings.values()) == 1


def test_the_question_of_the_notes() -> None:
    entry = next(entry for entry in ENTRIES if entry["question"] == "What is the Milky Way?")
    assert entry["reasoning"].startswith("The Milky Way is the galaxy")


def test_a_tenth_has_paraphrases_held_out_for_the_test() -> None:
    science = Science()
    answers = {" ".join(words(q)): e["question"] for e in ENTRIES for q in e["paraphrases"]}
    tested = Counter(answers[problem.key] for problem in science.problems("test", science.sizes["test"]))
    assert len(tested) >= len(ENTRIES) / 10 and set(tested.values()) == {2}
    tuned = {answers[problem.key] for problem in science.problems("dev", science.sizes["dev"])}
    assert tuned and not tuned & set(tested)


def test_splits_share_no_wording_but_each_fact_is_in_train() -> None:
    science = Science()
    keys = {
        split: {problem.key for problem in science.problems(split, science.sizes[split])} for split in science.splits
    }
    keys["variants"] = {problem.key for ways in science.facts for problem in ways[1:]}
    for one, other in itertools.combinations(keys, 2):
        assert not keys[one] & keys[other]
    known = {problem.reasoning for problem in science.problems("train", science.sizes["train"])}
    assert len(known) == len(ENTRIES) == len(science.facts)
    assert {problem.reasoning for problem in science.problems("test", science.sizes["test"])} <= known


def test_the_checker_accepts_each_answer_and_no_other() -> None:
    science = tasks.get("science")
    problems = science.problems("train", len(ENTRIES))
    for problem, next_problem in itertools.pairwise(problems):
        assert science.checker.check(problem, problem.completion)
        if words(problem.answer) != words(next_problem.answer):
            assert not science.checker.check(problem, next_problem.completion)


def test_problems_are_drawn_without_repeats_in_an_order_by_seed() -> None:
    science = Science()
    assert science.problems("train", 40, seed=1) == science.problems("train", len(ENTRIES), seed=1)[:40]
    assert science.problems("train", 40, seed=1) != science.problems("train", 40, seed=2)
    assert len({problem.key for problem in science.problems("train", len(ENTRIES))}) == len(ENTRIES)
    with pytest.raises(ValueError, match=f"{len(ENTRIES)} problems"):
        science.problems("train", len(ENTRIES) + 1)
    with pytest.raises(ValueError, match="paraphrases"):
        science.problems("paraphrases", 1)


def test_variants_are_sentences() -> None:
    for entry in ENTRIES:
        for question in entry["variants"] + entry["paraphrases"]:
            assert re.fullmatch(r"[A-Z][^.?]*[.?]", question), question
