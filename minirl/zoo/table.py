"""The results as tables: for the terminal one a stage, for a page of Markdown all stages side by side."""

from collections.abc import Sequence
from itertools import groupby

from minirl.evaluation.markdown import markdown_table
from minirl.runs import STAGE_NAMES, Screen
from minirl.zoo.results import Result, Stage

NOTE = (
    ("tokens", "generated tokens of an answer, in all samples and beams"),
    ("solved", "% of problems, with 95% interval"),
    ("vs votes", "minus a majority of as many plain samples (T 1) as have the same tokens"),
    ("A - B", "how far method A is ahead of B, in points: below 0 the belief is not confirmed"),
    ("*", "a control: the opposite of what is recommended"),
)


def show(stages: Sequence[Stage], title: str, screen: Screen) -> None:
    """Print a table of methods and one of beliefs for each stage, and what the columns mean."""
    for stage in stages:
        header = ["", "method", "tokens", "solved", "vs votes"]
        rows = [[one.method.group, *cells(one)] for one in shown(stage)]
        screen.table(f"After {STAGE_NAMES[stage.stage]}: {title}", header, rows, grouped=True)
    for stage in stages:
        beliefs = [
            [one.contest.belief, "{:.0f}, {:.0f}".format(*one.tokens), one.difference.text(100, "+")]
            for one in stage.verdicts
        ]
        screen.table(f"After {STAGE_NAMES[stage.stage]}: beliefs", ["belief", "tokens A, B", "A - B"], beliefs)
    screen.say("\n" + "\n".join(f"  {name:<9}{meaning}" for name, meaning in NOTE))


def shown(stage: Stage) -> list[Result]:
    """The results that the table has."""
    return [one for one in stage.results if one.method.shown]


def cells(one: Result) -> list[str]:
    """A method's name and numbers."""
    against = "" if one.against is None else one.against.text(100, "+")
    return [one.method.label, f"{one.tokens:.0f}", str(one.solved), against]


def markdown(stages: Sequence[Stage], title: str) -> str:
    """Both tables for a page: the stages' columns side by side."""
    names = [STAGE_NAMES[stage.stage] for stage in stages]
    header = ["", *(f"{name}: {column}" for name in names for column in ("tokens", "solved, %", "vs votes"))]
    rows: list[list[str]] = []
    together = zip(*map(shown, stages), strict=True)
    for group, lines in groupby(together, key=lambda line: line[0].method.group):
        rows.append([f"**{group}**", *("" for _ in header[1:])])
        for line in lines:
            label = line[0].method.label.replace("*", r"\*")
            rows.append([label, *(cell for one in line for cell in cells(one)[1:])])
    beliefs = [
        [line[0].contest.belief, *(one.difference.text(100, "+") for one in line)]
        for line in zip(*(stage.verdicts for stage in stages), strict=True)
    ]
    tables = markdown_table(header, rows), markdown_table(["belief", *(f"after {name}" for name in names)], beliefs)
    return f"{title}.\n\n{tables[0]}\n\n{tables[1]}"
