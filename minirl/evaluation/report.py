"""report.md: what was trained, how well it does, curves, episodes, configuration: written at the end of every run."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from minirl.evaluation.results import table
from minirl.runs import CONFIG, SAMPLES, STAGE_NAMES, Run, curves
from minirl.storage.files import atomic_write

METHODS = {"reinforce": "REINFORCE", "expert_iteration": "expert iteration"}


def write_report(run: Run) -> Path:
    """Draw the curves and write report.md; the path of the latter."""
    images = curves.draw([run], run.folder / "plots")
    results = run.results() or []
    samples = run.records(SAMPLES)
    parts = [
        f"# {run.folder.name}",
        summary(run, results),
        "## Problems solved\n\n" + accuracy(results),
        "## Time\n\n" + times(run),
        "## Curves\n\n" + "\n\n".join(f"![{path.stem}](plots/{path.name})" for path in images),
        "## The same prompt after every stage\n\n" + after_stages(samples),
        "## Episodes of reinforcement learning\n\n" + episodes(samples),
        "## Configuration\n\n" + configuration(run),
    ]
    path = run.folder / "report.md"
    with atomic_write(path) as file:
        file.write("\n\n".join(parts) + "\n")
    return path


def summary(run: Run, results: Sequence[dict[str, Any]]) -> str:
    """Two lines on what this is and what came out."""
    model = run.config.model
    taught = {
        "pretrain": f"pretrained on text for {run.config.task}",
        "sft": f"fine-tuned on {run.config.sft.demonstrations} demonstrations",
        "rl": f"then taught by {METHODS[run.config.rl.method]} with a 0/1 reward on the final answer",
    }
    text = (
        f"A transformer of {model.n_layer} layers and width {model.d_model}, "
        f"{', '.join(taught[stage] for stage in run.stages)}. Seed {run.config.seed}."
    )
    base = run.read_json(CONFIG).get("base")
    if base is not None:
        text += f" Its stages up to {base['stage']} are those of {base['run']}."
    unseen = {entry["stage"]: entry for entry in results if entry["split"] == test_split(results)}
    if "sft" in unseen and "rl" in unseen:
        before, after = (100 * unseen[stage]["greedy"]["value"] for stage in ("sft", "rl"))
        text += f"\n\n**Greedy accuracy on {test_split(results)}: {before:.1f}% after SFT, {after:.1f}% after RL.**"
    return text


def test_split(results: Sequence[dict[str, Any]]) -> str | None:
    """The split of the headline: unseen where there is one."""
    splits = [entry["split"] for entry in results]
    return "unseen" if "unseen" in splits else next(iter(splits), None)


def accuracy(results: Sequence[dict[str, Any]]) -> str:
    if not results:
        return "Not evaluated yet."
    header, rows = table(results)
    note = (
        "Percent, with 95% intervals: Wilson's for shares of problems, by bootstrap over problems for means. `tokens` "
        "is the mean length of the greedy answers. "
        "`test` holds new problems. In `unseen`, neither the numbers nor the pair of person and object ever occurs in "
        "training. The science questions were all in the training mix, in these words; their paraphrases were not."
    )
    return markdown_table(header, rows) + "\n\n" + note


def times(run: Run) -> str:
    """Seconds in each stage."""
    rows: list[list[str]] = []
    for record in run.records("metrics.jsonl"):
        if rows and rows[-1][0] == record["stage"]:
            rows.pop()
        rows.append([record["stage"], f"{record['seconds']:.1f}"])
    rows.append(["all", f"{sum(float(seconds) for _, seconds in rows):.1f}"])
    return markdown_table(["stage", "seconds"], rows)


def after_stages(samples: Sequence[dict[str, Any]]) -> str:
    parts = []
    for sample in samples:
        if sample["kind"] == "stage":
            parts.append(f"After {STAGE_NAMES[sample['stage']]}:\n\n{quote(sample['prompt'], sample['completion'])}")
    return "\n\n".join(parts) or "None yet."


def episodes(samples: Sequence[dict[str, Any]], most: int = 6) -> str:
    """A few episodes, evenly from the first to the last that were kept."""
    kept = [sample for sample in samples if sample["kind"] == "episode"]
    chosen = kept if len(kept) <= most else [kept[i * (len(kept) - 1) // (most - 1)] for i in range(most)]
    return (
        "\n\n".join(
            f"Step {s['step']}, reward {s['reward']:g}:\n\n{quote(s['prompt'], s['completion'])}" for s in chosen
        )
        or "None yet."
    )


def configuration(run: Run) -> str:
    contents = json.loads((run.folder / CONFIG).read_text(encoding="utf-8"))
    return f"```json\n{json.dumps(contents, indent=2)}\n```"


def quote(prompt: str, completion: str) -> str:
    return f"```\n{prompt}{completion}\n```"


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    align = ["---"] + ["---:"] * (len(header) - 1)
    return "\n".join("| " + " | ".join(row) + " |" for row in [header, align, *rows])
