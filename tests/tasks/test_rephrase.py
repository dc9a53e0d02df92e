"""Wordings in other words: the same numbers, another sentence, and none of the held-out rewordings."""

import random
import re
from collections import Counter

import pytest

from minirl.tasks import get
from minirl.tasks.rephrase import outcomes, rephrase, rephrasings
from minirl.tasks.rewordings import QUESTIONS, frame, held_out_frames
from minirl.tasks.stories import STORIES
from minirl.tasks.word_problems import WordProblem

WORDINGS = [(story.name, wording) for story in STORIES for wording in story.wordings]


def many(wording: str, n: int = 400) -> list[str]:
    rng = random.Random(wording)
    return [rephrase(wording, rng) for _ in range(n)]


@pytest.mark.parametrize(("story", "wording"), WORDINGS)
def test_all_that_the_rules_can_make_is_known(story: str, wording: str) -> None:
    known = rephrasings(wording)
    assert wording in known and known.issuperset(many(wording))


def test_each_way_to_decide_is_taken_once() -> None:
    def rule(story: str, question: str, rng: random.Random) -> tuple[str, str]:
        if rng.random() < 0.5:
            return story + rng.choice("abc"), question
        return story, question + rng.choice(("", "?"))

    made = list(outcomes(rule, "s", "q"))
    assert len(made) == 5 and set(made) == {("sa", "q"), ("sb", "q"), ("sc", "q"), ("s", "q"), ("s", "q?")}


@pytest.mark.parametrize(("story", "wording"), WORDINGS)
def test_the_numbers_and_people_stay(story: str, wording: str) -> None:
    def numbers(text: str) -> list[str]:
        return sorted(re.findall(r"\{([a-d])[ }]", text))

    for other in rephrasings(wording):
        assert numbers(other) == numbers(wording), other
        assert other.startswith("{name} ") and ("{other}" in other) == ("{other}" in wording), other


@pytest.mark.parametrize(("story", "wording"), WORDINGS)
def test_it_is_punctuated_as_english_is(story: str, wording: str) -> None:
    for other in rephrasings(wording):
        assert re.fullmatch(r"(?:[A-Z{][^.?]*\. )+(?:How|In how) [^.?]*\?", other), other
        assert not re.search(r"  | [.,]|\band and\b|\b(\w+) \1\b", other), other


@pytest.mark.parametrize(("story", "wording"), WORDINGS)
def test_nobody_has_and_had_in_one_sentence(story: str, wording: str) -> None:
    """Apart from the wordings that do: "He had 17 dollars" after a present."""
    for other in rephrasings(wording):
        for sentence in other.split(". ")[:-1]:
            assert not re.search(r"\b(has|gets|buys|finds)\b.*\b(had|got|bought|found|lost|gave)\b", sentence), other


def test_there_are_many_ways() -> None:
    forms = {story: len(set(many(wording))) for story, wording in WORDINGS}
    assert forms["packs more"] > 100 and forms["gives"] > 30 and sum(n > 1 for n in forms.values()) >= 20


def test_the_rules_change_something() -> None:
    text = next(story.wordings[0] for story in STORIES if story.name == "packs more")
    found = Counter(many(text, 2000))
    assert found[text] < 200
    for words in (
        "had", " and ", "of {c thing}", "There are", "{b} {packs}", "{b} more {packs}", "got", "found", "{name} have",
        "in all", "is that", "already", "then", "A friend gave {him}", "{c} in each",
    ):  # fmt: skip
        assert any(words in other for other in found), words


def test_training_shows_none_of_the_rewordings() -> None:
    """Not with other names, things or numbers either."""
    problems = get("word_problems").problems("train", 6000, 1)
    seen = {frame(text) for p in problems if isinstance(p, WordProblem) for text in (p.question, p.other_words)}
    assert len(seen) > 500 and not seen & held_out_frames()
    assert all(frame(question) in held_out_frames() for question in QUESTIONS)


def test_without_the_check_training_would_show_some() -> None:
    fillings = {
        "a thing": "5 books", "b pack": "2 packs", "c thing": "3 books", "things": "books", "packs": "packs",
        "pack": "pack", "name": "Tom", "he": "he", "He": "He", "him": "him", "a": 5, "b": 2, "c": 3,
    }  # fmt: skip
    wordings = next(story for story in STORIES if story.name == "packs more").wordings
    told = {
        re.sub(r"\{([^}]*)\}", lambda hole: str(fillings[hole[1]]), other) for w in wordings for other in many(w, 2000)
    }
    assert {frame(text) for text in told} & held_out_frames()


def test_a_frame_has_no_names_things_or_numbers() -> None:
    asked = "How many tennis balls does he have now?"
    assert (
        frame(f"Roger has 5 tennis balls. He buys 2 cans. {asked}") == "_ has _. _ buys _. How many _ does _ have now?"
    )
    assert frame("Roger has 5 tennis balls.") == frame("Mia has 41 peaches.") != frame("Mia had 41 peaches.")


def test_only_training_is_told_in_other_words() -> None:
    task = get("word_problems")
    for split in ("dev", "test", "unseen"):
        frames = Counter(frame(problem.question) for problem in task.problems(split, 1500))
        assert len(frames) <= len(WORDINGS) < len({frame(p.question) for p in task.problems("train", 1500)})
