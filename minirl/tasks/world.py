"""A made-up world: people with made-up names, and facts about them that nobody can know by heart.

    Miran has a job as baker.   Miran lives in the town Tobaton.   The best friend of Miran is Sefu.

Every world is drawn anew, with other people and other facts. A name belongs to one split: whoever is asked about in a
test has never occurred in training. So the answer to "Where does Miran live?" has to be read.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from minirl.tasks.task import split_of

SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in "aeiou"]
LAST = ("", "l", "n", "r", "s")  # letters of a name
KNOWN = 6  # facts about a person
ENDINGS = ("ton", "burg", "dale", "ham", "wick", "ford")


class Attribute(NamedTuple):
    """What can be said about a person: how facts say it, how questions ask for it, and which values there are."""

    facts: Sequence[str]
    questions: Sequence[str]
    values: Sequence[str]


def listed(words: str) -> tuple[str, ...]:
    """The words between commas."""
    return tuple(word.strip() for word in words.split(","))


ATTRIBUTES = {
    "job": Attribute(
        ("The job of {n} is {v}.", "{n} has a job as {v}."),
        ("What is the job of {n}?", "Which job does {n} have?", "What does {n} do for a living?"),
        listed("baker, teacher, farmer, nurse, painter, pilot, tailor, miner, judge, cook, sailor, writer, guard"),
    ),
    "town": Attribute(
        ("{n} lives in the town {v}.", "The home of {n} is in {v}."),
        ("Where does {n} live?", "In which town does {n} live?", "Where is the home of {n}?"),
        (),
    ),
    "friend": Attribute(
        ("The best friend of {n} is {v}.", "{n} has a best friend, {v}."),
        ("Who is the best friend of {n}?", "What is the name of the best friend of {n}?", "Whom does {n} like best?"),
        (),
    ),
    "pet": Attribute(
        ("The pet of {n} is a {v}.", "{n} has a {v} as a pet."),
        ("Which pet does {n} have?", "What is the pet of {n}?", "Which animal does {n} keep?"),
        listed("dog, cat, parrot, rabbit, hamster, turtle, goat, pony, snake, duck, goose, lizard, mouse, pigeon"),
    ),
    "food": Attribute(
        ("The favourite food of {n} is {v}.", "{n} likes {v} more than any other food."),
        ("What is the favourite food of {n}?", "Which food does {n} like?", "What does {n} eat most often?"),
        listed("soup, rice, pasta, fish, cheese, bread, salad, beans, pancakes, dumplings, stew, noodles, pizza"),
    ),
    "drink": Attribute(
        ("The favourite drink of {n} is {v}.", "{n} likes to drink {v}."),
        ("What does {n} like to drink?", "What is the favourite drink of {n}?", "What is in the cup of {n}?"),
        listed("tea, coffee, milk, cocoa, lemonade, water, cider, juice, broth, punch, soda, tonic"),
    ),
    "colour": Attribute(
        ("The favourite colour of {n} is {v}.", "{n} likes the colour {v}."),
        ("What is the favourite colour of {n}?", "Which colour does {n} like?", "How does {n} paint the walls?"),
        listed("red, blue, green, yellow, purple, orange, black, white, pink, brown, grey, silver"),
    ),
    "instrument": Attribute(
        ("{n} plays the {v}.", "{n} plays an instrument, the {v}."),
        ("What does {n} play?", "Which instrument does {n} play?", "On what does {n} make music?"),
        listed("piano, violin, flute, drum, guitar, harp, trumpet, organ, cello, horn, banjo, oboe"),
    ),
    "sport": Attribute(
        ("The sport of {n} is {v}.", "{n} has {v} as a sport."),
        ("What is the sport of {n}?", "Which sport does {n} do?", "What does {n} train in?"),
        listed("tennis, rowing, boxing, chess, golf, judo, skiing, running, fencing, cycling, hockey, rugby"),
    ),
    "birthday": Attribute(
        ("The birthday of {n} is in {v}.", "{n} has a birthday in {v}."),
        ("When is the birthday of {n}?", "In which month is the birthday of {n}?", "When was {n} born?"),
        listed("January, February, March, April, May, June, July, August, September, October, November, December"),
    ),
    "language": Attribute(
        ("{n} speaks {v}.", "The language of {n} is {v}."),
        ("Which language does {n} speak?", "What is the language of {n}?", "In what does {n} talk?"),
        listed("Greek, Danish, Hindi, Polish, Arabic, French, Turkish, Dutch, Welsh, Korean, Latin, Czech"),
    ),
    "vehicle": Attribute(
        ("{n} drives a {v}.", "The vehicle of {n} is a {v}."),
        ("What does {n} drive?", "What is the vehicle of {n}?", "How does {n} get around?"),
        listed("truck, van, tractor, bus, taxi, scooter, jeep, cart, boat, train, sledge, wagon"),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Fact:
    """One thing about one person, as a sentence."""

    person: str
    attribute: str
    value: str
    text: str


class World:
    """So many people of a split, each with facts about `KNOWN` of the attributes, in the order of the people."""

    def __init__(self, rng: random.Random, split: str, people: int) -> None:
        self.people = names(rng, split, people)
        values = {name: attribute.values for name, attribute in ATTRIBUTES.items()}
        values["friend"] = self.people
        values["town"] = [name[:4] + rng.choice(ENDINGS) for name in names(rng, split, people)]
        self.facts: list[Fact] = []
        for person in self.people:
            for name in rng.sample(list(ATTRIBUTES), KNOWN):
                value = rng.choice(values[name])
                while value == person:
                    value = rng.choice(values[name])
                text = rng.choice(ATTRIBUTES[name].facts).format(n=person, v=value)
                self.facts.append(Fact(person, name, value, text))

    @property
    def texts(self) -> list[str]:
        """The facts as sentences."""
        return [fact.text for fact in self.facts]

    def changed(self, fact: Fact, rng: random.Random) -> Fact:
        """The fact with another value, which another fact of this world gives to the same attribute."""
        values = {other.value for other in self.facts if other.attribute == fact.attribute}
        value = rng.choice(sorted(values - {fact.value, fact.person}))
        return Fact(fact.person, fact.attribute, value, fact.text.replace(fact.value, value))


def names(rng: random.Random, split: str, n: int) -> list[str]:
    """`n` different made-up names that belong to the split."""
    found: dict[str, None] = {}
    while len(found) < n:
        name = (rng.choice(SYLLABLES) + rng.choice(SYLLABLES) + rng.choice(LAST)).capitalize()
        if split_of(name) == split:
            found[name] = None
    return list(found)


def question(fact: Fact, rng: random.Random) -> str:
    """A question that the fact answers. It is made from the person and the attribute, never from the value."""
    return asked(fact.person, fact.attribute, rng)


def told(person: str, attribute: str, value: str | None) -> str:
    """The reasoning before an answer: what was asked for, in the same words each time, then the value. None: no fact
    says it. Whether one does is then decided at the place of the value, after person and attribute were written down.
    """
    return f"The {attribute} of {person} is {value or 'not said'}."


def asked(person: str, attribute: str, rng: random.Random) -> str:
    """One of the ways to ask for an attribute of a person."""
    return rng.choice(ATTRIBUTES[attribute].questions).format(n=person)
