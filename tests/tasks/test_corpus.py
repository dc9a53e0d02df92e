"""Pretraining documents: what is in them, in which shares, with which loss weights."""

import re
from collections import Counter
from functools import cache

import pytest

from minirl import tasks
from minirl.tasks.corpus import FULL, KINDS, OPERANDS, QUESTION, STEPS, Document, pretraining_documents, results
from minirl.tasks.science import Science
from minirl.tasks.task import END
from minirl.tasks.word_problems import ROGER, number_split
from minirl.tasks.words import MEN, WOMEN

FACT = re.compile(r"(\d+) ([-+*/]) (\d+) = (\d+)\.")


def text(document: Document) -> str:
    return "".join(piece for piece, _ in document)


def kind(document: Document) -> str:
    whole = text(document)
    marks = (
        ("\nNumbers: ", "recap"),
        ("\nAgain: ", "retell"),
        ("\nCopy: ", "repeat"),
        ("\nReasoning: ", "science"),
        (": ", "chain"),
        (" = ", "sums"),
    )
    return next(name for mark, name in marks if mark in whole)


@cache
def documents() -> list[Document]:
    return list(pretraining_documents(tasks.get("word_problems"), 6000, seed=5))


def of(name: str) -> list[Document]:
    return [document for document in documents() if kind(document) == name]


def test_kinds_come_in_their_shares() -> None:
    for name, share in KINDS.items():
        assert len(of(name)) / len(documents()) == pytest.approx(share, abs=0.03)  # 4.7 standard deviations at most
    assert {kind(d) for d in pretraining_documents(tasks.get("word_problems"), 50, kinds={"sums": 1.0})} == {"sums"}


def test_every_document_ends_and_has_its_weights() -> None:
    for document in documents():
        *pieces, end = document
        assert end == (END, FULL) and END not in text(pieces)
        if kind(document) in ("recap", "repeat", "retell", "science"):
            calculated = [STEPS, FULL] * (len(pieces) // 2 - 1)  # after a recap
            assert [weight for _, weight in pieces] == [QUESTION, FULL, *calculated]
            assert not calculated or kind(document) == "recap"
            assert pieces[0][0].startswith("Q: ") and re.search(r"[?.]\n$", pieces[0][0])
        else:
            given = [OPERANDS, FULL] if kind(document) == "sums" else [STEPS, FULL]
            calculated = pieces if kind(document) == "sums" else pieces[1:-1]
            assert [weight for _, weight in calculated] == given * (len(calculated) // 2)
            assert all(" = " in piece for piece, _ in calculated[1::2]) and "=" not in text(calculated[::2])
            if kind(document) == "chain":
                assert (pieces[0][1], pieces[-1][1]) == (OPERANDS, FULL)


def test_recaps_name_the_numbers_in_order_and_calculate_with_two_of_them() -> None:
    calculations = Counter()
    for document in of("recap"):
        question, recap = (piece for piece, _ in document[:2])
        numbers = re.findall(r"\d+", question)
        assert numbers == re.findall(r"\d+", recap)
        facts = re.findall(r" (\d+) ([-+*/]) (\d+) = (\d+)(?: [a-z ]+)?\.", text(document[2:]))
        calculations[len(facts)] += 1
        for a, sign, b, result in facts:
            assert not Counter([a, b]) - Counter(numbers if len(numbers) > 1 else numbers * 2)
            assert results(int(a), int(b))[sign] == int(result)
    assert set(calculations) == {0, 1, 2} and calculations[2] > sum(calculations.values()) / 2


def test_recaps_name_people_and_nouns_as_the_question_does() -> None:
    afterwards = Counter()
    for document in of("recap"):
        question, recap, *rest = (piece for piece, _ in document)
        mentions = recap.removeprefix("Numbers: ").removesuffix(".").split(", ")
        assert mentions[0] == question.split()[1]
        assert all(part in question.replace(" more ", " ") for one in mentions for part in one.split(" of "))
        nouns = re.findall(r"= \d+ ([a-z ]+)\.", "".join(rest))
        assert all(noun in question for noun in nouns), document
        afterwards[bool(nouns)] += 1
    assert min(afterwards.values()) > sum(afterwards.values()) / 5


def test_a_problem_says_what_it_mentions() -> None:
    assert ROGER.mentions() == ["Roger", "5 tennis balls", "2 cans of 3"] and ROGER.counted == "tennis balls"
    other = tasks.get("arithmetic").problems("train", 1)[0]
    assert other.mentions() == re.findall(r"\d+", other.question) and other.counted == ""


def test_sums_are_right_and_small() -> None:
    lengths, signs = Counter(), Counter()
    for document in of("sums"):
        facts = FACT.findall(text(document))
        lengths[len(facts)] += 1
        for a, sign, b, result in facts:
            signs[sign] += 1
            x, y = int(a), int(b)
            assert {"+": x + y, "-": x - y, "*": x * y, "/": x / y}[sign] == int(result)
            assert min(x, y, int(result)) >= 1 and max(x, y, int(result)) <= 50
        assert text(document) == "".join(" {} {} {} = {}.".format(*fact) for fact in facts) + END
    assert set(lengths) == {3, 4, 5, 6}
    assert min(signs.values()) > sum(signs.values()) / 8


def test_a_copy_is_a_copy() -> None:
    for document in of("repeat"):
        question, copy = (piece.split(": ", 1)[1].strip() for piece, _ in document[:2])
        assert copy == question


def test_a_question_is_told_again_in_other_words_with_the_same_people_things_and_numbers() -> None:
    stories = {name for name in re.findall(r"[A-Z][a-z]+", " ".join(MEN.split() + WOMEN.split()))}
    for document in of("retell"):
        question, again = (piece.split(": ", 1)[1].strip() for piece, _ in document[:2])
        assert again != question
        assert sorted(re.findall(r"\d+", question)) == sorted(re.findall(r"\d+", again))
        assert stories & set(question.split()) >= stories & set(again.split()) != set()


def test_chains_use_the_numbers_given_and_end_in_the_answer() -> None:
    used_again = crossed = 0
    for document in of("chain"):
        numbers, rest = text(document).removesuffix(END).split(":", 1)
        steps, answer = rest.split("\nAnswer: ")
        facts = FACT.findall(steps)
        left = Counter(map(int, numbers.split(",")))
        given = Counter(left)
        for a, sign, b, result in facts:
            x, y, total = int(a), int(b), int(result)
            assert {"+": x + y, "-": x - y, "*": x * y, "/": x / y}[sign] == total and 1 <= total <= 50
            for value in (x, y):
                assert left[value] or given[value], f"{value} is neither given nor a result: {text(document)}"
                left[value] -= bool(left[value])
            left[total] += 1
            given[total] += 1
        assert +left == Counter([int(answer)]), text(document)  # all is used up, and the answer is the last result
        assert facts[-1][3] == answer
        used_again += len(facts) == 2 and len(numbers.split(",")) == 2
        crossed += len(facts) > 1 and facts[1][0] != facts[0][3]
    assert used_again > 20 and crossed > 100


def test_no_solved_word_problem_and_none_of_another_split() -> None:
    stories = {
        "share": r" shares (\d+) [a-z ]+ equally among (\d+) friends\. How",
        "gets": r" has (\d+) [a-z ]+\. S?[Hh]e gets (\d+) more\. How",
    }
    for document in of("recap") + of("retell"):
        assert "Answer" not in text(document)
        for story, pattern in stories.items():
            if found := re.search(pattern, document[0][0]):
                assert number_split(story, (int(found[1]), int(found[2]))) == "train"


def test_science_is_asked_in_its_own_words_some_of_them_missing() -> None:
    asked = {problem.completion: [] for ways in Science().facts for problem in ways}
    for ways in Science().facts:
        asked[ways[0].completion] += [problem.question for problem in ways]
    whole = 0
    for document in of("science"):
        question, completion = document[0][0].removeprefix("Q: ").strip(), document[1][0].removeprefix("Reasoning:")
        ways = asked[completion + END]
        whole += question in ways
        assert any(longest(way) in question and in_order(question[:-1].split(), way[:-1].split()) for way in ways)
    assert 0.3 < whole / len(of("science")) < 0.5


def longest(question: str) -> str:
    return max(question[:-1].split(), key=len)


def in_order(some: list[str], words: list[str]) -> bool:
    """Whether the words contain these, in their order."""
    left = iter(words)
    return all(word in left for word in some)


def test_all_science_is_read_equally_often() -> None:
    read = Counter(document[1][0] for document in of("science"))
    assert len(read) == len(Science().facts) and max(read.values()) - min(read.values()) <= 1


def test_paraphrases_are_never_read() -> None:
    science = Science()
    held_out = {
        problem.question for split in ("dev", "test") for problem in science.problems(split, science.size(split))
    }
    assert not [document for document in of("science") if document[0][0][3:-1] in held_out]


def test_same_seed_same_documents() -> None:
    task = tasks.get("word_problems")
    assert list(pretraining_documents(task, 100, 1)) == list(pretraining_documents(task, 100, 1))
    assert list(pretraining_documents(task, 100, 1)) != list(pretraining_documents(task, 100, 2))


@pytest.mark.parametrize("name", ["arithmetic", "countdown"])
def test_other_tasks_can_be_read_about(name: str) -> None:
    assert {kind(document) for document in pretraining_documents(tasks.get(name), 300)} == set(KINDS)


def test_unknown_kind() -> None:
    with pytest.raises(ValueError, match="poems"):
        next(pretraining_documents(tasks.get("word_problems"), 1, kinds={"poems": 1.0}))
