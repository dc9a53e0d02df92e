"""The report at the end of every run, written as report.md and as report.html: what is in it, and in which order.

What a newcomer needs comes first: what was trained, the reward, our running example before and after RL, the results.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from minirl.evaluation import forgetting_of_run, markdown, page
from minirl.evaluation.content import (
    Block,
    Code,
    Columns,
    Interval,
    Items,
    Line,
    Plot,
    Section,
    Table,
    Verbatim,
    paragraph,
    row,
)
from minirl.evaluation.problem_sets import REWORDED, SCIENCE_SPLITS
from minirl.evaluation.results import legend, table
from minirl.evaluation.running_example import before_and_after, in_other_words
from minirl.evaluation.summary import lead, training
from minirl.runs import CONFIG, PLOTS, SAMPLES, STAGE_NAMES, Run, curves
from minirl.runs.table import INTERVAL
from minirl.storage.files import atomic_write

REPORT, PAGE = "report.md", "report.html"
HEADLINE = "reward"  # the plot of the first screen

Samples = Sequence[Mapping[str, Any]]
Results = Sequence[Mapping[str, Any]]


def write_report(run: Run) -> Path:
    """Draw the curves and write report.md and report.html; returns the path of report.md."""
    drawn = [
        Plot(f"{PLOTS}/{one.path.name}", one.png, one.description) for one in curves.draw([run], run.folder / PLOTS)
    ]
    report = contents(run, drawn)
    for name, text in ((REPORT, markdown.render(report)), (PAGE, page.render(report))):
        with atomic_write(run.folder / name) as file:
            file.write(text)
    return run.folder / REPORT


def contents(run: Run, plots: Sequence[Plot]) -> Section:
    """The whole report."""
    results, samples = run.results() or [], run.records(SAMPLES)
    first = [plot for plot in plots if plot.file == f"{PLOTS}/{HEADLINE}.png"]
    others = [plot for plot in plots if plot not in first]
    example = before_and_after(run, samples)
    beside = [Columns([first, example])] if first and example else [*first, *example]
    return Section(
        run.folder.name,
        [
            lead(run, results),
            *beside,
            accuracy(results),
            *forgetting_of_run.section(run),
            Section("How it was trained", training(run, results)),
            *how_to_read(results),
            *in_other_words(run, samples, results),
            *(
                [Section("More curves" if first else "Curves", [Columns([[plot] for plot in others])])]
                if others
                else []
            ),
            Section("The same prompt after every stage", after_stages(samples)),
            Section("Episodes of reinforcement learning", episodes(samples)),
            Section("Time", [times(run)]),
            Section("Configuration", [Verbatim(json.dumps(run.read_json(CONFIG), indent=2), "json")]),
        ],
    )


def accuracy(results: Results) -> Section:
    """The table of results."""
    if not results:
        return Section("Problems solved", [paragraph("Not evaluated yet.")])
    header, rows = table(results)
    cells = [[number(cell) for cell in cells] for cells in rows]
    return Section("Problems solved", [Table("In percent, with 95% intervals", header, cells, grouped=True)])


def number(cell: str) -> Line:
    """A cell of the table: a text, or a number and its interval."""
    found = INTERVAL.search(cell)
    return (cell,) if found is None else (cell[: found.start()], Interval(found[0].strip()))


def how_to_read(results: Results) -> list[Section]:
    """What the rows and columns of the table are."""
    if not results:
        return []
    columns: list[Line] = [(Code(name), f": {meaning}") for name, meaning in legend(table(results)[0]).items()]
    splits = {entry["split"] for entry in results}
    meanings = {
        "test": "problems that do not occur in training",
        "unseen": "neither the numbers nor the pair of person and object ever occurs in training",
        REWORDED: "our running example in 20 wordings that training does not show",
        SCIENCE_SPLITS["train"]: "SFT shows every one of them, in these words",
        SCIENCE_SPLITS["test"]: "the same facts asked for in words that training does not show",
    }
    sets: list[Line] = [(Code(split), f": {text}") for split, text in meanings.items() if split in splits]
    intervals = (
        "The intervals are Wilson's for shares of problems, and bootstrap over problems for means. They say how much a "
        "number would change with other problems, not with another training run."
    )
    return [Section("How to read the table", [Items([*columns, *sets]), paragraph(intervals)])]


def after_stages(samples: Samples) -> list[Block]:
    """Each example question once, and below it the greedy answer after every stage."""
    answers: dict[str, list[list[Block]]] = {}
    for sample in samples:
        if sample["kind"] == "stage":
            label = paragraph(f"After {STAGE_NAMES[sample['stage']]}:")
            answers.setdefault(sample["question"], []).append(
                [label, Verbatim(beginning(sample["prompt"]) + sample["completion"])]
            )
    return [Section(question, [Columns(said)]) for question, said in answers.items()] or [paragraph("None yet.")]


def beginning(prompt: str) -> str:
    """The last word of a prompt, where the answer goes on with its line; nothing where it begins a message."""
    return prompt.rpartition("\n")[2]


def episodes(samples: Samples) -> list[Block]:
    """A right and a wrong episode of an early, a middle and a late step."""
    steps: dict[int, list[Mapping[str, Any]]] = {}
    for sample in samples:
        if sample["kind"] == "episode":
            steps.setdefault(sample["step"], []).append(sample)
    if not steps:
        return [paragraph("None yet.")]
    pairs = [step for step, kept in steps.items() if len({bool(sample["reward"]) for sample in kept}) == 2]
    of = pairs or list(steps)
    chosen = sorted({of[0], of[len(of) // 2], of[-1]})
    how = (
        f"Of {len(steps)} steps, evenly spaced, samples.jsonl keeps one right and one wrong episode, where there are "
        "both. Here are an early, a middle and a late step, so half of the episodes "
        "shown are wrong whatever the mean reward is."
    )
    if not pairs:
        how = f"In none of the {len(steps)} steps that samples.jsonl keeps were there both right and wrong episodes."
    shown = [Section(f"Step {step}", [Columns([episode(kept) for kept in steps[step]])]) for step in chosen]
    return [paragraph(how), *shown]


def episode(sample: Mapping[str, Any]) -> list[Block]:
    """One episode, labelled right or wrong."""
    label = "Right" if sample["reward"] else "Wrong"
    return [
        paragraph(f"{label}, reward {sample['reward']:g} (the right answer is {sample['answer']}):"),
        Verbatim(sample["prompt"] + sample["completion"]),
    ]


def times(run: Run) -> Table:
    """A table of the seconds that each stage took."""
    seconds: dict[str, float] = {}
    for record in run.records():
        seconds[record["stage"]] = record["seconds"]
    rows = [row(stage, f"{value:.1f}") for stage, value in [*seconds.items(), ("all", sum(seconds.values()))]]
    return Table("Seconds that each stage took", ["stage", "seconds"], rows)
