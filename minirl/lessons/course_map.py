"""The map of the course: which lesson builds on which, as a picture and as a table, from the files lesson.toml.

    python -m minirl.lessons build      # draws docs/figures/course.svg, and writes the table into lessons/README.md

A lesson stands to the right of everything that it needs. An arrow that follows from others is left out: lesson 14 needs
3, and has it by way of 9. The picture is text, so that it is the same on every machine and a test can compare it.
"""

import textwrap
from collections.abc import Mapping
from html import escape
from itertools import pairwise

from minirl.lessons.lesson import Lesson
from minirl.lessons.tracks import TRACKS, letters

FILE = "docs/figures/course.svg"
WIDE, HIGH = 150, 54  # a box
ACROSS, DOWN = 200, 68  # from one box to the next
GAP = 16  # what a long arrow takes between two boxes
BEND = 28
MARGIN, LEGEND = 16, 40
LINE = 21  # characters of a title in one line
INK, SOFT, PAPER, BOX = "#1f2933", "#52606d", "#ffffff", "#eef2f6"
ALT = (
    "Map of the course: a box for each lesson, and an arrow from each lesson to those that build on it. The table "
    "below says the same in words."
)

Point = tuple[str, str]  # a lesson's number and "", or where its arrow to another lesson crosses a column


def columns(course: Mapping[str, Lesson]) -> dict[str, int]:
    """How far to the right each lesson stands: one further than the farthest that it needs."""
    found: dict[str, int] = {}
    while len(found) < len(course):
        for number, lesson in course.items():
            if number not in found and all(need in found for need in lesson.needs):
                found[number] = max((found[need] + 1 for need in lesson.needs), default=0)
    return found


def before(course: Mapping[str, Lesson], number: str) -> set[str]:
    """All lessons that come before one, directly or through others."""
    return {number for need in course[number].needs for number in {need} | before(course, need)}


def arrows(course: Mapping[str, Lesson]) -> list[tuple[str, str]]:
    """(lesson, a lesson that builds on it), without the arrows that follow from others."""
    return [
        (need, number)
        for number, lesson in course.items()
        for need in lesson.needs
        if not any(need in before(course, other) for other in lesson.needs if other != need)
    ]


def ways(course: Mapping[str, Lesson]) -> list[list[Point]]:
    """Each arrow as the points that it goes through: a lesson, a gap in each column between, and the other lesson."""
    column = columns(course)
    return [
        [(one, ""), *(((one, f"{other} {between}")) for between in range(column[one] + 1, column[other])), (other, "")]
        for one, other in arrows(course)
    ]


def places(course: Mapping[str, Lesson]) -> dict[Point, tuple[int, int]]:
    """The upper left corner of each lesson's box, and of the gaps through which long arrows go. In its column, each
    stands as near as it can to what leads to it."""
    column = columns(course)
    paths = ways(course)
    at = {(number, ""): column[number] for number in course}
    at |= {point: column[path[0][0]] + step for path in paths for step, point in enumerate(path) if point[1]}
    earlier: dict[Point, list[Point]] = {point: [] for point in at}
    for path in paths:
        for one, other in pairwise(path):
            earlier[other].append(one)
    found: dict[Point, tuple[int, int]] = {}
    for index in range(max(at.values()) + 1):
        here = [point for point, where in at.items() if where == index]
        wish = {p: sum(found[e][1] for e in earlier[p]) / len(earlier[p]) if earlier[p] else 0.0 for p in here}
        y = LEGEND + MARGIN
        for point in sorted(here, key=wish.__getitem__):  # of equal wishes, the order of the course
            found[point] = MARGIN + ACROSS * index, y
            y += GAP if point[1] else DOWN
    return found


def course_map(course: Mapping[str, Lesson]) -> str:
    """The picture, as SVG."""
    at = places(course)
    width = max(x for x, _ in at.values()) + WIDE + MARGIN
    height = max(y + (GAP if point[1] else HIGH) for point, (_, y) in at.items()) + MARGIN
    told = ", ".join(f"{track.letter} {name}" for name, track in TRACKS.items())
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'role="img" aria-labelledby="title" font-family="sans-serif">',
        f'<title id="title">{escape(ALT)}</title>',
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        f'<path d="M0 0L8 4L0 8z" fill="{SOFT}"/></marker></defs>',
        f'<rect width="{width}" height="{height}" fill="{PAPER}"/>',
        f'<text x="{MARGIN}" y="{MARGIN + 12}" font-size="13" fill="{INK}">Tracks: {escape(told)}. An arrow leads to '
        "what builds on a lesson.</text>",
    ]
    for path in ways(course):
        lines.append(arrow([(*at[point], GAP if point[1] else HIGH) for point in path]))
    for number, lesson in course.items():
        lines += box(lesson, *at[number, ""], letters(number))
    return "\n".join([*lines, "</svg>"]) + "\n"


def arrow(stops: list[tuple[int, int, int]]) -> str:
    """A line through boxes and gaps, each as (x, y, height): it leaves the first at its right, crosses the gaps, and
    ends at the left of the last."""
    (x, y, high), *others = stops
    line, x, y = f"M{x + WIDE} {y + high // 2}", x + WIDE, y + high // 2
    for u, v, high in others:
        line += f"C{x + BEND} {y} {u - BEND} {v + high // 2} {u - 2} {v + high // 2}"
        x, y = u - 2, v + high // 2
        if (u, v, high) != stops[-1]:
            x = u + WIDE
            line += f"H{x}"
    return f'<path d="{line}" fill="none" stroke="{SOFT}" stroke-width="1.4" marker-end="url(#tip)"/>'


def box(lesson: Lesson, x: int, y: int, tracks: str) -> list[str]:
    """One lesson: its number, its tracks, and its title in at most two lines."""
    first, *rest = textwrap.wrap(lesson.title, LINE, break_long_words=False, break_on_hyphens=False)
    if rest:
        rest = textwrap.wrap(" ".join(rest), LINE, max_lines=1, placeholder="…")
    return [
        f'<rect x="{x}" y="{y}" width="{WIDE}" height="{HIGH}" rx="6" fill="{BOX}" stroke="{INK}"/>',
        f'<text x="{x + 8}" y="{y + 16}" font-size="13" font-weight="bold" fill="{INK}">{escape(lesson.number)}</text>',
        f'<text x="{x + WIDE - 8}" y="{y + 16}" font-size="11" text-anchor="end" fill="{SOFT}">{tracks}</text>',
        *(
            f'<text x="{x + 8}" y="{y + 31 + 14 * index}" font-size="11.5" fill="{INK}">{escape(text)}</text>'
            for index, text in enumerate([first, *rest])
        ),
    ]


def map_table(course: Mapping[str, Lesson]) -> str:
    """The map as a table in Markdown: what each lesson needs, what builds on it, and its tracks."""
    rows = ["| | lesson | needs | leads to | tracks |", "|---:|---|---|---|---|"]
    for number, lesson in course.items():
        later = [other.number for other in course.values() if number in other.needs]
        names = [name for name, track in TRACKS.items() if number in track.numbers]
        cells = (number, lesson.title, ", ".join(lesson.needs), ", ".join(later), ", ".join(names))
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"
