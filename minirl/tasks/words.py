"""The people and the things that word problems are about."""

from dataclasses import dataclass, replace
from random import Random

MEN = """
Roger Tom Ben Sam Max Leo Jack Adam Paul Raj John Luke Eric Ivan Omar Hugo Noah Liam Alan Carl Dan Finn Greg Henry Jim
Kofi Peter Ravi Tim Bob
"""
WOMEN = """
Anna Mia Emma Lily Sara Kate Nora Ella Zoe Lucy Rosa Jane Amy Eva Ida Julia Lena Maya Nina Olga Ruth Tina Vera Alice
Clara Grace Helen Iris Mei Joy
"""


@dataclass(frozen=True)
class Person:
    """A person of the stories, with the pronouns to go with the name."""

    name: str
    he: str  # "he" or "she"
    his: str

    @property
    def him(self) -> str:
        """The pronoun as an object: "him" or "her"."""
        return "him" if self.he == "he" else "her"


@dataclass(frozen=True)
class Thing:
    """Something that is counted. `pack`: the container it is sold or kept in. `kind` decides which stories it fits."""

    one: str
    many: str
    pack: str
    kind: str

    def described(self, adjective: str) -> "Thing":
        """The same with an adjective: pens become new pens."""
        return replace(self, one=f"{adjective} {self.one}", many=f"{adjective} {self.many}")

    def packed(self, container: str) -> "Thing":
        """The same in another container: buttons in bags become buttons in jars."""
        return replace(self, pack=container)


def plural(noun: str) -> str:
    """The noun in its plural: a box becomes boxes, a can cans."""
    return noun + ("es" if noun.endswith("x") else "s")


PEOPLE = [Person(name, "he", "his") for name in MEN.split()] + [Person(name, "she", "her") for name in WOMEN.split()]

_KINDS = {  # kind, pack: the things, as one/many where many is not one + "s", with _ for a space
    ("fruit", "bag"): "apple orange pear plum lemon peach/peaches mango/mangoes banana",
    ("baked", "box"): "cookie muffin cake pie roll bagel",
    ("garden", "basket"): "rose tulip carrot bean onion potato/potatoes",
    ("toy", "box"): "marble toy_car doll kite puzzle robot block",
    ("paper", "pack"): "book card sticker stamp pencil pen crayon notebook map photo",
    ("small", "bag"): "coin shell stone button bead key badge candle cup hat",
    ("ball", "can"): "tennis_ball",
    ("dollar", ""): "dollar",
    ("page", ""): "page",
}

CONTAINERS = {  # kind: what such things may come in besides their pack, in training alone
    "fruit": "crate basket net", "baked": "tray tin bag", "garden": "sack crate bag", "toy": "case bag chest",
    "paper": "pile case folder", "small": "jar tin packet",
}  # fmt: skip
ADJECTIVES = {  # kind: what such things may be, in training alone
    "fruit": "ripe sweet fresh", "baked": "fresh sweet tasty", "garden": "fresh nice pretty", "toy": "new old nice",
    "paper": "new old nice", "small": "new old pretty", "ball": "new old good",
}  # fmt: skip
PACKED, DESCRIBED = 0.5, 0.25  # the shares of the training problems that have another container, or an adjective


def _things() -> list[Thing]:
    things = []
    for (kind, pack), words in _KINDS.items():
        for word in words.split():
            one, _, many = word.replace("_", " ").partition("/")
            things.append(Thing(one, many or one + "s", pack, kind))
    return things


def varied(thing: Thing, rng: Random, adjectives: bool = True) -> Thing:
    """A thing as training tells of it: as it is, in another container, with an adjective, or both. Whoever reads only
    of bags and boxes does not learn to copy a rare word, such as "cans", and takes every noun for one word.

    adjectives: whether it may have one.
    """
    if thing.kind in ADJECTIVES and rng.random() < DESCRIBED and adjectives:
        thing = thing.described(rng.choice(ADJECTIVES[thing.kind].split()))
    if thing.kind in CONTAINERS and rng.random() < PACKED:
        thing = thing.packed(rng.choice(CONTAINERS[thing.kind].split()))
    return thing


THINGS = _things()
