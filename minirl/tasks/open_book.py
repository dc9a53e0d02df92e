r"""Open book: the answer stands among the facts of the prompt, or it is unknown.

    Facts: 1. Miran has a job as baker. 2. The job of Sefu is pilot. 3. Miran speaks Greek.
    Q: What is the job of Miran?
    Reasoning: The job of Miran is baker.
    Answer: baker<|end|>

A search (minirl/retrieval) puts the facts there: the best by BM25 for the question, and for nothing but the question.
Half of the problems are about a made-up world (world.py), where nothing can be known by heart. The other half are the
science questions, where each fact is a question with its reasoning; there a model also has a memory.

In training the right fact stands at a random place among wrong ones that the same search found. In a fifth of the
problems it is missing, and the right answer is `unknown`. In half of the science problems the fact is changed: it says
what the fact of another question says. It then contradicts what the model knows by heart, and the right answer follows
the fact. RAFT (Zhang et al. 2024) trains with distractors and missing facts in this way.

The test splits ask the same questions in different ways, the first half about a new world, the others with paraphrases
of the science questions, which training never shows:

    closed            no facts: what is known by heart
    gold              the right fact at a random place among wrong ones
    test              the first facts that the search finds, in its order, whether the right one is among them or not
    missing           the right fact is taken out; the answer is unknown
    changed           the right fact says something else, and so does the answer
    science-closed, science-gold, science-found, science-missing, science-changed
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from minirl.tasks.checker import TextChecker
from minirl.tasks.prompt import Conversation, Form, in_form
from minirl.tasks.science import Science, entries, with_words_missing
from minirl.tasks.task import Problem, Task
from minirl.tasks.world import ATTRIBUTES, World, asked, question, told
from minirl.tokenizer.special import END

if TYPE_CHECKING:
    from minirl.retrieval import Index

Arm = Literal["closed", "gold", "found", "missing", "changed"]
Document = list[tuple[str, float]]
Asked = tuple[str, str, str]  # a question, the reasoning and the answer

UNKNOWN, NOTHING = "unknown", "No fact says this."
MISSING, CHANGED = 0.2, 0.5  # shares of the training problems; the second of those about science
WORLD_FACTS, SCIENCE_FACTS = 5, 3  # in a prompt; those of science are longer
PEOPLE = {"train": 24, "dev": 24}  # of a world; in a test 300
TEST_PEOPLE, PER_WORLD = 300, 24  # questions about one small world
CLOSED, SEVERAL, COPIES = 0.15, 0.55, 0.15  # shares of the documents of practice
MIXED = 0.5  # of the science facts there have words of others in their question
SCIENCE, UNANSWERED = 0.5, 0.3  # of those with several questions: about science; of their questions: without an answer
GIVEN, FULL = 0.1, 1.0  # loss weights: facts and questions can hardly be predicted
WHOLE = 1 / 3  # of the science questions keep all of their words


@dataclass(frozen=True)
class BookProblem(Problem):
    """A problem with facts before its question."""

    facts: tuple[str, ...] = ()
    fact: str = ""
    """What answers the question, whether it is among `facts` or not."""

    @property
    def closed(self) -> str:
        """The prompt without the facts."""
        return f"Q: {self.question}\nReasoning:"

    @property
    def prompt(self) -> str:
        return in_form(self.closed, "facts", facts=self.facts) if self.facts else self.closed


class OpenBook(Task):
    """Questions with facts, half about made-up worlds, half about science."""

    name = "open_book"
    splits = (
        "train", "dev", "test", "closed", "gold", "missing", "changed",
        "science-found", "science-closed", "science-gold", "science-missing", "science-changed",
    )  # fmt: skip
    checker = TextChecker()
    documents = {"practice": 1.0}  # noqa: RUF012 (nobody changes it)

    def problems(self, split: str, n: int, seed: int = 0) -> list[Problem]:
        self.require_split(split)
        rng = random.Random(f"{split} {seed}")
        if split in ("train", "dev"):
            worlds, science = world_problems(split, None, rng), science_problems(split, None, rng)
            return [next(rng.choice((worlds, science))) for _ in range(n)]
        arm: Arm = {"test": "found"}.get(split, split.removeprefix("science-"))  # type: ignore[assignment]
        same = random.Random(f"test {seed}")  # the same world and questions for all arms
        made = science_problems("test", arm, same) if split.startswith("science") else world_problems("test", arm, same)
        return [next(made) for _ in range(n)]

    def prompt(
        self,
        problem: Problem,
        form: Form = "reasoning",
        *,
        facts: Sequence[str] = (),
        tools: Sequence[str] = (),
        shots: Sequence[Problem] = (),
    ) -> str | Conversation:
        """Facts that are given take the place of the problem's own."""
        if form == "facts" and isinstance(problem, BookProblem):
            return in_form(problem.closed, form, facts=facts)
        return super().prompt(problem, form, facts=facts, tools=tools, shots=shots)

    def practice(self, problems: Iterator[Problem], rng: random.Random) -> Document:
        """A few facts and several questions about them, or science without facts, or the facts of a problem twice, or a
        problem with its solution."""
        drawn = rng.random()
        if drawn < CLOSED:
            known = next(science_problems("train", "closed", rng))
            return [(f"Q: {known.question}\n", GIVEN), (f"Reasoning:{known.completion}", FULL)]
        if drawn < CLOSED + SEVERAL:
            return several(*(some_science(rng) if rng.random() < SCIENCE else some_people(rng)))
        one = next(problems)
        given, _, _ = one.prompt.rpartition("Reasoning:")
        if drawn < CLOSED + SEVERAL + COPIES:
            text = given.partition("\n")[0]
            return [(f"{text}\n", GIVEN), (f"Copy: {text.partition(' ')[2]}{END}", FULL)]
        return [(given, GIVEN), (f"Reasoning:{one.completion}", FULL)]


def several(facts: Sequence[str], questions: Sequence[Asked]) -> Document:
    """A document of facts and several questions, each with its reasoning and answer."""
    document = [(f"Facts: {' '.join(f'{k}. {fact}' for k, fact in enumerate(facts, 1))}\n", GIVEN)]
    for number, (asked_for, reasoning, answer) in enumerate(questions):
        begin = "\n" if number else ""
        document += [(f"{begin}Q: {asked_for}\n", GIVEN), (f"Reasoning: {reasoning}\nAnswer: {answer}{END}", FULL)]
    return document


# ---- which facts ----


def searchable(texts: Sequence[str]) -> "Index":
    """An index of these texts."""
    from minirl.retrieval import Index  # every program imports the tasks, and few of them search

    return Index.from_texts(texts)


def shown(index: "Index", asked_for: str, right: int, text: str, arm: Arm, most: int, rng: random.Random) -> list[str]:
    """The facts of a prompt. asked_for: the question; the search knows nothing else. right: the number of the fact that
    answers it, which says `text` here."""
    from minirl.retrieval.index import SearchError

    try:
        found: list[int] = index.rank(asked_for, most + 1)[0].tolist()
    except SearchError:  # a question that lost its words may have none that the index knows
        found = rng.sample(range(len(index)), most + 1)
    if arm == "found":
        return [index.hit(number).text for number in found[:most]]
    wrong = [index.hit(number).text for number in found if number != right]
    if arm == "missing":
        return wrong[:most]
    facts = wrong[: most - 1]
    facts.insert(rng.randint(0, len(facts)), text)
    return facts


def training_arm(rng: random.Random, changed: float) -> Arm:
    """What becomes of the right fact in a training problem."""
    drawn = rng.random()
    return "missing" if drawn < MISSING else "changed" if drawn < MISSING + changed else "gold"


def problem(asked_for: str, arm: Arm, facts: Sequence[str], reasoning: str, answer: str, fact: str = "") -> BookProblem:
    """The problem of an arm, with the right answer there."""
    if arm == "missing":
        answer = UNKNOWN
    return BookProblem(asked_for, reasoning, answer, f"{arm}: {asked_for} {' '.join(facts)}", tuple(facts), fact)


# ---- the made-up world ----


def world_problems(split: str, arm: Arm | None, rng: random.Random) -> Iterator[BookProblem]:
    """Problems about worlds of a split, without end; without an arm as in training."""
    testing = arm is not None
    while True:
        world = World(rng, split, TEST_PEOPLE if testing else PEOPLE[split])
        index = searchable(world.texts)
        for number in rng.sample(range(len(world.facts)), len(world.facts) if testing else PER_WORLD):
            fact, inner = world.facts[number], random.Random(rng.getrandbits(64))
            how = arm or training_arm(inner, 0)
            asked_for = question(fact, inner)
            if how == "changed":
                fact = world.changed(fact, inner)
            most = WORLD_FACTS if testing else inner.randint(2, WORLD_FACTS)
            facts = [] if how == "closed" else shown(index, asked_for, number, fact.text, how, most, inner)
            said = told(fact.person, fact.attribute, None if how == "missing" else fact.value)
            yield problem(asked_for, how, facts, said, fact.value, fact.text)


def some_people(rng: random.Random) -> tuple[list[str], list[Asked]]:
    """A few facts about a few people, and questions about these people; some have no answer among the facts."""
    world = World(rng, "train", rng.randint(2, 4))
    facts = rng.sample(world.facts, rng.choice((1, 2, 2, 3, 4, 5, 6, 8)))
    questions: list[Asked] = []
    for _ in range(rng.randint(2, 5)):
        one = rng.choice(facts)
        person, attribute = one.person, one.attribute
        if rng.random() < UNANSWERED:
            person, attribute = rng.choice(world.people), rng.choice(list(ATTRIBUTES))
        known = [fact for fact in facts if (fact.person, fact.attribute) == (person, attribute)]
        value = known[0].value if known else None
        questions.append((asked(person, attribute, rng), told(person, attribute, value), value or UNKNOWN))
    return [fact.text for fact in facts], questions


# ---- science ----


@lru_cache(maxsize=1)
def science_book() -> tuple[Science, "Index"]:
    """The science questions, and the index of their facts."""
    texts = [f"{entry['question']} {entry['reasoning']}" for entry in entries()]
    return Science(), searchable(texts)


def science_problems(split: str, arm: Arm | None, rng: random.Random) -> Iterator[BookProblem]:
    """Science problems, without end, in rounds; without an arm as in training."""
    science, index = science_book()
    ways_to_ask = list(enumerate(science.facts))
    if split != "train":  # paraphrases, each with the number of its fact
        numbers = {(ways[0].reasoning, ways[0].answer): number for number, ways in enumerate(science.facts)}
        ways_to_ask = [(numbers[one.reasoning, one.answer], [one]) for one in science.listed(split)]
    while True:
        rng.shuffle(ways_to_ask)
        for number, ways in ways_to_ask:
            inner = random.Random(rng.getrandbits(64))
            one = inner.choice(ways)
            if split == "train" and inner.random() > WHOLE:
                one = with_words_missing(one, inner)
            how = arm or training_arm(inner, CHANGED)
            if how == "changed":
                one = with_another_fact(one, science, inner)
            text = f"{science.facts[number][0].question} {one.reasoning}"
            most = SCIENCE_FACTS if arm else inner.randint(2, SCIENCE_FACTS)
            facts = [] if how == "closed" else shown(index, one.question, number, text, how, most, inner)
            said = recalled(science.facts[number][0].question, None if how == "missing" else one.reasoning)
            yield problem(one.question, how, facts, said, one.answer, text)


def recalled(question: str, reasoning: str | None) -> str:
    """The reasoning about a science question: first the question as its fact asks it, then what the fact says. None: no
    fact says it. As with people (`world.told`), whether one does is decided after the key was written down."""
    return f"{question} {reasoning or NOTHING}"


def with_another_fact(one: Problem, science: Science, rng: random.Random) -> Problem:
    """The problem, but its fact says what the fact of another question says."""
    while True:
        other = rng.choice(science.facts)[0]
        if other.answer != one.answer:
            return replace(one, reasoning=other.reasoning, answer=other.answer)


def some_science(rng: random.Random) -> tuple[list[str], list[Asked]]:
    """A few science facts, and questions; some have no answer among the facts, and some facts are changed."""
    science, _ = science_book()
    ways, told = rng.sample(science.facts, rng.randint(1, 3)), []
    for known in ways:
        one = with_another_fact(known[0], science, rng) if rng.random() < CHANGED else known[0]
        told.append(with_other_words(one, science, rng) if rng.random() < MIXED else one)
    questions: list[Asked] = []
    for _ in range(rng.randint(1, 3)):
        number = rng.randrange(len(told))
        fact, there = told[number], True
        asked_for = fact if fact.question != ways[number][0].question else rng.choice(ways[number])
        if rng.random() < UNANSWERED and (other := rng.choice(science.facts)) not in ways:
            fact, asked_for, there = other[0], rng.choice(other), False
        said = recalled(fact.question, fact.reasoning if there else None)
        questions.append((with_words_missing(asked_for, rng).question, said, fact.answer if there else UNKNOWN))
    return [f"{one.question} {one.reasoning}" for one in told], questions


def with_other_words(one: Problem, science: Science, rng: random.Random) -> Problem:
    """The problem, but one or two of the longer words of its question are words of other questions. Nobody knows such a
    question by heart. Its fact can only be found by the words that both have."""
    words, mark = one.question[:-1].split(), one.question[-1]
    places = [place for place, word in enumerate(words) if place and len(word) > 3]
    for place in rng.sample(places, min(rng.randint(1, 2), len(places))):
        words[place] = rng.choice([word for word in rng.choice(science.facts)[0].question[:-1].split()[1:] if word])
    return replace(one, question=" ".join(words) + mark)
