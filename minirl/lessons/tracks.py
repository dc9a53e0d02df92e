"""Ways through the course: the tracks, each with a reason and an order."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from minirl.lessons.lesson import Lesson, NotFound, lessons

PLACE = re.compile(r"(<!-- tracks: begin -->\n).*?(<!-- tracks: end -->)", re.DOTALL)


class Track(NamedTuple):
    """A way through the course."""

    letter: str
    """What marks its lessons on the map."""
    numbers: tuple[str, ...]
    says: str
    """What it is, as the end of a sentence that begins with its name."""


TRACKS: Mapping[str, Track] = MappingProxyType(
    {
        "weekend": Track(
            "W",
            ("0", "0b", "1", "2", "3", "8", "9", "11", "12", "14"),
            "the whole idea, from an empty model to one that reasons, and nothing beside it",
        ),
        "systems": Track(
            "S",
            ("0", "0b", "2", "3", "4", "5", "1", "8", "6", "7", "9", "10", "20", "22"),
            "the machine: how products, attention, tokens and steps of training become fast",
        ),
        "RL": Track(
            "R",
            ("0", "0b", "1", "2", "3", "8", "9", "11", "12", "13", "14", "15", "18", "19", "capstone"),
            "learning from rewards, and whether to believe a result",
        ),
    }
)


def track_named(name: str) -> str:
    """The name of a track, as this module spells it. Raises NotFound for a name that is none."""
    found = next((known for known in TRACKS if known.lower() == name.lower()), None)
    if found is None:
        raise NotFound(f"there is no track {name!r}; there are {', '.join(TRACKS)}")
    return found


def of_track(name: str) -> list[Lesson]:
    """The lessons of a track, in its order. Raises NotFound for a name that is none."""
    return [lessons()[number] for number in TRACKS[track_named(name)].numbers if number in lessons()]


def letters(number: str) -> str:
    """The letters of the tracks that a lesson belongs to, such as "WR"."""
    return "".join(track.letter for track in TRACKS.values() if number in track.numbers)


def minutes(some: Sequence[Lesson]) -> int:
    """What these lessons take together."""
    return sum(lesson.minutes for lesson in some)


def with_tracks(page: str) -> str:
    """A page with the table of tracks between its two marks."""
    return PLACE.sub(lambda found: found[1] + tracks_table() + found[2], page)


def tracks_table() -> str:
    """The tracks as a table in Markdown, from the lessons themselves."""
    rows = ["| track | lessons | hours | |", "|---|---|---:|---|"]
    for name, track in TRACKS.items():
        some = of_track(name)
        rows.append(
            f"| **{name}** ({track.letter}) | {', '.join(lesson.number for lesson in some)} | "
            f"{minutes(some) / 60:.0f} | {track.says} |"
        )
    rest = [lesson for number, lesson in lessons().items() if not letters(number)]
    if rest:
        told = ", ".join(lesson.number for lesson in rest)
        rows.append(f"| beside them | {told} | {minutes(rest) / 60:.0f} | what one does with a trained model |")
    return "\n".join(rows) + "\n"
