"""Open book: what the search is asked, what stands in the prompt, and which answer is right then."""

import random
import re
import subprocess
import sys
from functools import lru_cache
from itertools import islice

import pytest

from minirl.retrieval import Index
from minirl.tasks import get
from minirl.tasks.corpus import pretraining_documents
from minirl.tasks.open_book import NOTHING, UNKNOWN, BookProblem, OpenBook, problem
from minirl.tasks.world import ATTRIBUTES, World, asked, names

TASK = OpenBook()
WORLD_ARMS = ("test", "gold", "missing", "changed", "closed")
SCIENCE_ARMS = ("science-found", "science-gold", "science-missing", "science-closed")
FORMS = {
    attribute: [re.compile(re.escape(form).replace(r"\{n\}", "(?P<n>[A-Z][a-z]+)").replace(r"\{v\}", "(?P<v>\\w+)"))
                for form in ATTRIBUTES[attribute].facts]
    for attribute in ATTRIBUTES
}  # fmt: skip


@lru_cache
def made(split: str, n: int = 60, seed: int = 3) -> list[BookProblem]:
    found = TASK.problems(split, n, seed)
    assert all(isinstance(one, BookProblem) for one in found)
    return found  # type: ignore[return-value]


def read(prompt: str) -> str:
    """The answer of a perfect reader, who knows how facts and questions of the world are worded, and nothing else."""
    first, _, rest = prompt.partition("\n")
    question = rest.removeprefix("Q: ").removesuffix("\nReasoning:")
    for fact in re.split(r" ?\d+\. (?=[A-Z])", first.removeprefix("Facts:"))[1:]:
        for attribute, forms in FORMS.items():
            for form in forms:
                match = form.fullmatch(fact)
                if match and question in [ask.format(n=match["n"]) for ask in ATTRIBUTES[attribute].questions]:
                    return match["v"]
    return UNKNOWN


# ---- queries ----


@pytest.mark.parametrize("split", ["train", "dev", *WORLD_ARMS, *SCIENCE_ARMS, "science-changed"])
def test_the_search_is_asked_the_question_and_nothing_else(split: str, monkeypatch: pytest.MonkeyPatch) -> None:
    queries = []
    rank = Index.rank

    def spy(index: Index, query: str, n: int = 5):  # type: ignore[no-untyped-def]
        queries.append(query)
        return rank(index, query, n)

    monkeypatch.setattr(Index, "rank", spy)
    problems = TASK.problems(split, 40, 8)
    assert set(queries) <= {one.question for one in problems} and bool(queries) != split.endswith("closed")


def test_the_answer_changes_nothing_that_is_found() -> None:
    """The fact of `changed` says something else than the one of `gold`; the facts beside it are the same."""
    for gold, changed, missing in zip(*map(made, ("gold", "changed", "missing")), strict=True):
        assert gold.question == changed.question == missing.question
        assert set(gold.facts) - {gold.fact} == set(changed.facts) - {changed.fact}
        assert set(gold.facts) - {gold.fact} <= set(missing.facts)


# ---- facts ----


def test_all_splits_ask_the_same_questions() -> None:
    assert len({tuple(one.question for one in made(split)) for split in WORLD_ARMS}) == 1
    assert len({tuple(one.question for one in made(split)) for split in SCIENCE_ARMS}) == 1


def test_gold_is_there_at_any_place() -> None:
    for split, most in (("gold", 5), ("science-gold", 3)):
        problems = made(split, 200)
        places = [one.facts.index(one.fact) for one in problems]
        assert all(len(one.facts) <= most for one in problems)
        assert min(places.count(place) for place in range(most)) > 200 / most / 2


def test_what_the_search_finds_is_in_its_order_and_mostly_right() -> None:
    for split, share in (("test", 0.75), ("science-found", 0.9)):
        problems = made(split, 200)
        found = [one.fact in one.facts for one in problems]
        assert share < sum(found) / len(found) < 1  # sometimes the search fails, and the answer stays what it is
        assert UNKNOWN not in {one.answer for one in problems}


def test_the_gold_removed_gives_unknown() -> None:
    for present, absent in (("gold", "missing"), ("science-gold", "science-missing")):
        for gold, missing in zip(made(present), made(absent), strict=True):
            assert gold.fact not in missing.facts and missing.facts
            assert missing.answer == UNKNOWN != gold.answer
            assert missing.reasoning.endswith(("is not said.", NOTHING)) and not gold.reasoning.endswith("not said.")


def test_a_changed_fact_changes_the_answer() -> None:
    for gold, changed in zip(made("gold"), made("changed"), strict=True):
        assert changed.answer != gold.answer and changed.fact in changed.facts
        assert changed.answer in changed.reasoning and changed.answer in changed.fact
        assert gold.fact not in changed.facts
    known = {one.question: one for one in made("science-closed", 105)}
    for changed in made("science-changed"):
        gold = known[changed.question]
        assert changed.answer != gold.answer and changed.reasoning == changed.fact in changed.facts
        assert gold.fact not in changed.facts


def test_a_perfect_reader_follows_the_facts() -> None:
    """So the prompts can be answered, in one way only."""
    for split in ("gold", "missing", "changed"):
        assert all(read(one.prompt) == one.answer for one in made(split, 200)), split
    right = [read(one.prompt) == one.answer for one in made("test", 200)]
    there = [one.fact in one.facts for one in made("test", 200)]
    assert right == there
    assert all(read(one.prompt) == UNKNOWN for one in made("closed"))


def test_training_has_its_shares() -> None:
    problems = made("train", 800)
    worlds = [one for one in problems if one.question not in asked_in_science()]
    assert len(worlds) / 800 == pytest.approx(0.5, abs=0.06)
    for some in (worlds, [one for one in problems if one not in worlds]):
        assert sum(one.answer == UNKNOWN for one in some) / len(some) == pytest.approx(0.2, abs=0.06)
    assert all(read(one.prompt) == one.answer for one in worlds)
    assert sum(one.key.startswith("changed") for one in problems) > 30


def asked_in_science() -> set[str]:
    """The questions of training that are about no made-up person."""
    people = re.compile("|".join(form.replace("{n}", "[A-Z][a-z]+").replace("?", r"\?")
                                 for attribute in ATTRIBUTES.values() for form in attribute.questions))  # fmt: skip
    return {one.question for one in made("train", 800) if not people.fullmatch(one.question)}


# ---- what training reads ----


def test_no_fact_of_the_test_is_in_training_text() -> None:
    """Neither a sentence nor a person."""
    texts = ["".join(piece for piece, _ in document) for document in pretraining_documents(TASK, 300, 1)]
    texts += [one.prompt + one.completion for one in made("train", 800)]
    whole = "\n".join(texts)
    words = set(re.findall(r"\w+", whole))
    for split in ("test", "dev"):
        world = World(random.Random(5), split, 300)
        assert not words & set(world.people)
        assert not any(fact.text in whole for fact in world.facts)
    paraphrases = {one.question for one in made("science-closed", 105)}
    assert not any(question in whole for question in paraphrases)


def test_pretraining_reads_answers_only_from_facts() -> None:
    for document in islice(pretraining_documents(TASK, 300, 2, {"practice": 1.0}), 300):
        text = "".join(piece for piece, _ in document)
        assert document[-1][0].endswith("<|end|>") and {weight for _, weight in document} == {0.1, 1.0}
        if text.startswith("Q: "):  # science by heart
            continue
        if "\nCopy: " in text:
            assert re.fullmatch(r"Facts: (.*)\nCopy: \1<\|end\|>", text)
            continue
        given = text.partition("\n")[0]
        for reasoning, answer in re.findall(r"Reasoning: (.*)\nAnswer: (.*?)<\|end\|>", text):
            person = re.fullmatch(r"The \w+ of \w+ is (.+)\.", reasoning)
            if answer == UNKNOWN:
                assert reasoning.endswith(NOTHING) or (person and person[1] == "not said")
            elif person and person[1] == answer:
                assert re.search(rf"\b{answer}\b", given)
            else:
                assert reasoning in given


def test_names_belong_to_one_split() -> None:
    drawn = {split: set(names(random.Random(1), split, 250)) for split in ("train", "dev", "test")}
    assert not drawn["train"] & drawn["test"] and not drawn["train"] & drawn["dev"] and not drawn["dev"] & drawn["test"]


def test_questions_are_made_without_the_value() -> None:
    world = World(random.Random(2), "train", 30)
    for fact in world.facts:
        other = World(random.Random(2), "train", 30).changed(fact, random.Random(0))
        assert other.value != fact.value and other.value in other.text and fact.person in other.text
        assert asked(fact.person, fact.attribute, random.Random(4)) == asked(
            other.person, other.attribute, random.Random(4)
        )


# ---- prompts ----


def test_facts_stand_before_the_question_and_given_ones_take_their_place() -> None:
    one = problem("Who?", "gold", ["It was Ann.", "It\nrained."], "It was Ann.", "Ann")
    assert one.prompt == "Facts: 1. It was Ann. 2. It rained.\nQ: Who?\nReasoning:"
    assert TASK.prompt(one, "facts", facts=["It was Bob."]) == "Facts: 1. It was Bob.\nQ: Who?\nReasoning:"
    assert TASK.prompt(one) == one.prompt and TASK.prompt(one, "direct").endswith("\nAnswer:")
    assert problem("Who?", "closed", [], "It was Ann.", "Ann").prompt == "Q: Who?\nReasoning:"


def test_a_task_without_practice_says_so() -> None:
    with pytest.raises(NotImplementedError, match="arithmetic"):
        get("arithmetic").practice(iter(()), random.Random(0))


def test_the_answer_is_unknown_only_as_an_answer() -> None:
    (missing,) = made("missing", 1)
    check = TASK.checker.check
    assert check(missing, " No fact says this.\nAnswer: Unknown.<|end|>")
    assert not check(missing, " unknown") and not check(missing, "\nAnswer: not unknown")


def test_the_tasks_are_imported_without_the_search() -> None:
    """Every program imports all tasks, and few of them search."""
    program = (
        "import sys, minirl.tasks, minirl.tools; print([m for m in sys.modules if m.startswith('minirl.retrieval')])"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout.strip() == "[]"
