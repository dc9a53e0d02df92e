"""The scan for our running example finds its story in every wording, and nothing else."""

import pytest

from minirl.evaluation.contamination import find_overlaps
from minirl.evaluation.retellings import Retellings
from minirl.tasks import ROGER, WordProblems
from minirl.tasks.stories import STORIES
from minirl.tasks.word_problems import WordProblem

TOLD = [
    ROGER.question,
    ROGER.retold(),
    ROGER.prompt + ROGER.completion,
    f"Q: {ROGER.question}\nNumbers: 5, 2, 3.<|end|>",
    "Kate has 5 toy cars. She buys 2 more boxes of toy cars. Each box has 3 toy cars. How many toy cars does she have "
    "now?",
    "kate has 5 apples and gets 2 bags with 3 apples each, how many apples does she have in all",
]
OTHERS = [
    ROGER.question.replace("5", "6"),
    ROGER.question.replace("3", "33"),
    ROGER.question.replace("5", "3").replace("has 3 tennis balls. How", "has 5 tennis balls. How"),
    "Roger has 5 tennis balls, got 2 more and gave 3 away. How many tennis balls are left?",
    "5, 2, 3: 2 * 3 = 6. 5 + 6 = 11.",
    "",
]


@pytest.mark.parametrize("text", TOLD)
def test_every_wording_about_anybody_and_anything_is_found(text: str) -> None:
    assert Retellings(ROGER).told_in(text)


@pytest.mark.parametrize("text", OTHERS)
def test_other_numbers_and_other_stories_are_not(text: str) -> None:
    assert not Retellings(ROGER).told_in(text)


def test_it_is_the_problem_with_the_same_key() -> None:
    """For problems of every story: found in a text if and only if the text is about the same key."""
    drawn = [problem for problem in WordProblems().problems("train", 1200) if isinstance(problem, WordProblem)]
    by_story = {problem.story: problem for problem in drawn}
    assert len(by_story) == len(STORIES)
    scans = {story: Retellings(problem) for story, problem in by_story.items()}
    for problem in drawn:
        same = problem.key == by_story[problem.story].key
        assert scans[problem.story].told_in(problem.question) == same, problem.question
        assert scans[problem.story].told_in(problem.retold()) == same, problem.retold()


def test_texts_are_counted_by_their_source_and_handed_on() -> None:
    scan = Retellings(ROGER)
    texts = [("one", OTHERS[0]), ("one", TOLD[0]), ("two", OTHERS[1]), ("one", TOLD[1])]
    assert list(scan.watch(iter(texts))) == texts
    assert scan.texts == {"one": 3, "two": 1} and scan.found == {"one": 2, "two": 0}
    assert scan.as_json() == {"key": "packs more 5 2 3", "texts": scan.texts, "found": scan.found}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nothing", "Its question has 15 13-grams; 0 of them occur in the training text (0.0%), not all."),
        (
            "She buys 2 more cans of tennis balls. Each can has 3 tennis balls.",
            "15 13-grams; 1 of them occur in the training text (6.7%), not all.",
        ),
        (ROGER.question, "1 of 1 training texts tell its story, 'packs more', with its numbers 5, 2 and 3. Its"),
        (ROGER.question, "15 13-grams; 15 of them occur in the training text (100.0%)."),
    ],
)
def test_the_summary_says_how_many_ngrams_of_the_question_were_found(text: str, words: str) -> None:
    scan = Retellings(ROGER)
    (own,) = find_overlaps({"Roger": [ROGER]}, scan.watch([("here", text)]))
    assert words in scan.summary(own)


def test_the_share_of_ngrams_counts_each_once() -> None:
    (found,) = find_overlaps({"x": [ROGER, ROGER]}, [("here", ROGER.question), ("there", "")])
    assert found.share(["here"]) == 1 and found.share(["there"]) == 0
    assert found.as_json()["found"]["there"] == {"any": 0, "all": 0, "grams": 0}
