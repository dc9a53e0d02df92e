"""JSON of a known shape: the shape is written as Python types, and a value that differs is named by its place.

    class Point(TypedDict):
        x: float
        names: list[str]

    checked(Point, {"x": 1, "names": ["a", 2]})       # ShapeError: names[1] is 2; expected a text

Files that people edit may hold anything that JSON can say, so whoever reads one checks it first.
"""

import types
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

from minirl.storage.strict_json import brief

LARGEST = 1e300  # a whole number beyond this is none that a float holds

PLAIN: dict[Any, tuple[type | tuple[type, ...], str]] = {
    str: (str, "a text"),
    bool: (bool, "true or false"),
    int: (int, "a whole number"),
    float: ((int, float), "a number"),
    type(None): (type(None), "null"),
    list: (list, "a list"),
    dict: (dict, "an object {...}"),
}


class ShapeError(ValueError):
    """A value of another shape than expected; the message names its place, the value and what was expected."""


def checked(kind: Any, value: Any, place: str = "") -> Any:
    """`value` where it has the shape `kind`. Raises ShapeError.

    kind: str, bool, int, float, None, Any, Literal, X | Y, list[X], tuple[X, ...] (a list), dict[str, X] or a
    TypedDict. A value may have more keys than those that its TypedDict names.
    """
    if kind is Any:
        return value
    origin, members = get_origin(kind), get_args(kind)
    if origin is Literal:
        if not isinstance(value, str | int) or value not in members:
            raise ShapeError(f"{place} is {brief(value)}; expected one of {', '.join(map(str, members))}")
    elif origin in (Union, types.UnionType):
        alternatives(members, value, place)
    elif is_typeddict(kind):
        fields(kind, plain(dict, value, place), place)
    elif origin in (list, tuple):
        for number, item in enumerate(plain(list, value, place)):
            checked(members[0], item, f"{place}[{number}]")
    elif origin is dict:
        for name, item in plain(dict, value, place).items():
            checked(members[1], item, below(place, name))
    else:
        plain(kind, value, place)
    return value


def plain(kind: Any, value: Any, place: str) -> Any:
    """`value` where it is of one of the PLAIN kinds. JSON's true is no number, though Python's True is."""
    expected, words = PLAIN[kind]
    if not isinstance(value, expected) or (isinstance(value, bool) and kind is not bool):
        raise ShapeError(f"{place or 'it'} is {brief(value)}; expected {words}")
    if kind is float and isinstance(value, int) and abs(value) > LARGEST:
        raise ShapeError(f"{place or 'it'} is {brief(value)}; expected a number that a float holds")
    return value


def alternatives(kinds: tuple[Any, ...], value: Any, place: str) -> None:
    """Raise ShapeError unless the value has one of these shapes."""
    for kind in kinds:
        try:
            checked(kind, value, place)
            return
        except ShapeError as error:
            told = error
    raise told


def fields(kind: Any, value: Mapping[str, Any], place: str) -> None:
    """The keys that a TypedDict names: those it requires must be there."""
    hints, required = hints_of(kind)
    for name in hints:
        if name in value:
            checked(hints[name], value[name], below(place, name))
        elif name in required:
            raise ShapeError(f"{below(place, name)} is missing")


@cache
def hints_of(kind: Any) -> tuple[dict[str, Any], frozenset[str]]:
    """The fields of a TypedDict with their types, and which are required."""
    return get_type_hints(kind), kind.__required_keys__


def below(place: str, name: str) -> str:
    """The name of a field inside a place: config.rl.steps."""
    return f"{place}.{name}" if place else name
