"""report.md, written at the end of every run: what was trained, how well it does, curves, episodes, configuration."""

import json
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from minirl.console import printable
from minirl.evaluation.problem_sets import SCIENCE_SPLITS
from minirl.evaluation.results import legend, table
from minirl.runs import CONFIG, PLOTS, SAMPLES, STAGE_NAMES, Run, curves
from minirl.runs.config import learns_nothing
from minirl.runs.environment import difference
from minirl.storage.files import atomic_write

REPORT = "report.md"
METHODS = {"reinforce": "REINFORCE", "expert_iteration": "expert iteration"}


def write_report(run: Run) -> Path:
    """Draw the curves and write report.md; returns its path."""
    images = curves.draw([run], run.folder / PLOTS)
    results = run.results() or []
    samples = run.records(SAMPLES)
    parts = [
        f"# {escaped(run.folder.name)}",
        summary(run, results),
        "## Problems solved\n\n" + accuracy(run, results),
        "## Time\n\n" + times(run),
        "## Curves\n\n" + "\n\n".join(f"![{path.stem}](plots/{path.name})" for path in images),
        "## The same prompt after every stage\n\n" + after_stages(samples),
        "## Episodes of reinforcement learning\n\n" + episodes(samples),
        "## Configuration\n\n" + configuration(run),
    ]
    path = run.folder / REPORT
    with atomic_write(path) as file:
        file.write("\n\n".join(parts) + "\n")
    return path


def summary(run: Run, results: Sequence[dict[str, Any]]) -> str:
    """A paragraph on what was trained, and one on what reinforcement learning changed."""
    model = run.config.model
    taught = {
        "pretrain": f"pretrained on text for {run.config.task}",
        "sft": f"fine-tuned on {run.config.sft.demonstrations} demonstrations",
        "rl": f"then trained by {METHODS[run.config.rl.method]}: reward 1 for a correct final answer, else 0",
    }
    text = (
        f"A transformer of {model.n_layer} layers and width {model.d_model}, "
        f"{', '.join(taught[stage] for stage in run.stages)}. Seed {run.config.seed}."
    )
    base = run.read_json(CONFIG).get("base")
    if base is not None:
        text += f" Its stages up to {base['stage']} were copied from {escaped(base['run'])}."
    text += other_machines(run, base or {})
    if learns_nothing(run.config):
        text += " Its pretraining is so short that it learns nothing: it only checks that everything works."
    changes = changes_by_rl(results)
    if changes:
        text += f"\n\n**Greedy accuracy after SFT and after RL:** {', '.join(changes)}."
    return text


def other_machines(run: Run, base: Mapping[str, Any]) -> str:
    """A sentence for each time that the run, or its base, went on with another backend, instruction set or version."""
    known = [base["environment"]] if "environment" in base else []
    text = ""
    for before, now in pairwise([*known, *run.environments()]):
        differs = difference(before, now)
        if differs is not None:
            since = now.get("since", "the copied stages")
            text += f" After {since}, other bits than on the first machine: {differs[1]} instead of {differs[0]}."
    return text


def changes_by_rl(results: Sequence[dict[str, Any]]) -> list[str]:
    """Of every split the accuracy before and after RL, the headline's split first: "unseen 62.2% → 93.8%"."""
    greedy = {(entry["split"], entry["stage"]): 100 * entry["greedy"]["value"] for entry in results}
    splits = sorted(dict.fromkeys(entry["split"] for entry in results), key=lambda split: split != test_split(results))
    return [
        f"{split} {greedy[split, 'sft']:.1f}% → {greedy[split, 'rl']:.1f}%"
        for split in splits if {(split, "sft"), (split, "rl")} <= set(greedy)
    ]  # fmt: skip


def test_split(results: Sequence[dict[str, Any]]) -> str | None:
    """The split of the headline: unseen where there is one."""
    splits = [entry["split"] for entry in results]
    return "unseen" if "unseen" in splits else next(iter(splits), None)


def accuracy(run: Run, results: Sequence[dict[str, Any]]) -> str:
    """The table of results, and what its rows and columns are."""
    if not results:
        return "Not evaluated yet."
    header, rows = table(results)
    columns = "\n".join(f"- `{name}`: {meaning}" for name, meaning in legend(header).items())
    splits = {entry["split"] for entry in results}
    notes = {
        "test": "`test` holds problems that do not occur in training.",
        "unseen": "In `unseen`, neither the numbers nor the pair of person and object ever occurs in training.",
        SCIENCE_SPLITS["train"]: "SFT shows every one of the science questions, in these words.",
        SCIENCE_SPLITS["test"]: "The science paraphrases ask for the same facts in words that training does not show.",
    }
    about = " ".join(text for split, text in notes.items() if split in splits)
    intervals = (
        "In percent, with 95% intervals: Wilson's for shares of problems, bootstrap over problems for means. The "
        "intervals say how much a number would change with other problems, not with another training run."
    )
    return f"{markdown_table(header, rows)}\n\n{columns}\n\n{about}\n\n{intervals}"


def times(run: Run) -> str:
    """A table of the seconds that each stage took."""
    rows: list[list[str]] = []
    for record in run.records("metrics.jsonl"):
        if rows and rows[-1][0] == record["stage"]:
            rows.pop()
        rows.append([record["stage"], f"{record['seconds']:.1f}"])
    rows.append(["all", f"{sum(float(seconds) for _, seconds in rows):.1f}"])
    return markdown_table(["stage", "seconds"], rows)


def after_stages(samples: Sequence[dict[str, Any]]) -> str:
    """Each example question once, and below it the greedy answer after every stage."""
    answers: dict[str, list[str]] = {}
    for sample in samples:
        if sample["kind"] == "stage":
            text = f"After {STAGE_NAMES[sample['stage']]}:\n\n{quote('Reasoning:' + sample['completion'])}"
            answers.setdefault(sample["question"], []).append(text)
    return (
        "\n\n".join(f"### {escaped(question)}\n\n" + "\n\n".join(texts) for question, texts in answers.items())
        or "None yet."
    )


def episodes(samples: Sequence[dict[str, Any]]) -> str:
    """A right and a wrong episode of an early, a middle and a late step."""
    steps: dict[int, list[dict[str, Any]]] = {}
    for sample in samples:
        if sample["kind"] == "episode":
            steps.setdefault(sample["step"], []).append(sample)
    if not steps:
        return "None yet."
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
    return "\n\n".join([how, *(f"### Step {step}\n\n" + "\n\n".join(map(episode, steps[step])) for step in chosen)])


def episode(sample: dict[str, Any]) -> str:
    """One episode, labelled right or wrong."""
    label = "Right" if sample["reward"] else "Wrong"
    return (
        f"{label}, reward {sample['reward']:g} (the right answer is {escaped(sample['answer'])}):\n\n"
        f"{quote(sample['prompt'] + sample['completion'])}"
    )


def configuration(run: Run) -> str:
    """config.json."""
    return quote(json.dumps(run.read_json(CONFIG), indent=2), "json")


def quote(text: str, language: str = "") -> str:
    """A block of text in Markdown, as it is, whatever the text holds."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text}\n{fence}"


def escaped(text: str) -> str:
    """A text for a line of Markdown: no sign of it is read as Markdown or HTML, and it stays on its line."""
    return re.sub(r"[\\`*_\[\]<>&#|$~]", r"\\\g<0>", " ".join(printable(text).split()))


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown: the first column on the left, numbers on the right."""
    align = ["---"] + ["---:"] * (len(header) - 1)
    lines = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in (header, align, *rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
