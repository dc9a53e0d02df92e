"""report.md: what was trained, how well it does, curves, episodes, configuration: written at the end of every run, and
again by python -m minirl.report RUN"""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from minirl import plot
from minirl.checksums import DamagedError
from minirl.evaluate import STAGE_NAMES, table
from minirl.files import atomic_write
from minirl.train.run import CONFIG, RESULTS, SAMPLES, Run

METHODS = {"reinforce": "REINFORCE", "expert_iteration": "expert iteration"}


@dataclass
class Arguments:
    run: Annotated[Path, tyro.conf.Positional]
    """Folder of a run, such as runs/roger."""


def main(argv: Sequence[str] | None = None) -> int:
    """The program; returns its exit status."""
    arguments = tyro.cli(Arguments, args=argv, prog="python -m minirl.report", description=__doc__)
    try:
        print(write_report(Run.open(arguments.run)))
    except (FileNotFoundError, DamagedError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def write_report(run: Run) -> Path:
    """Draw the curves and write report.md; the path of the latter."""
    images = plot.draw([run], run.folder / "plots")
    results = run.read_json(RESULTS) or []
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
    hard = {entry["stage"]: entry for entry in results if entry["split"] == test_split(results)}
    if "sft" in hard and "rl" in hard:
        before, after = (100 * hard[stage]["greedy"]["value"] for stage in ("sft", "rl"))
        text += f"\n\n**Greedy accuracy on {test_split(results)}: {before:.1f}% after SFT, {after:.1f}% after RL.**"
    return text


def test_split(results: Sequence[dict[str, Any]]) -> str | None:
    """The split of the headline: hard where there is one."""
    splits = [entry["split"] for entry in results]
    return "hard" if "hard" in splits else next(iter(splits), None)


def accuracy(results: Sequence[dict[str, Any]]) -> str:
    if not results:
        return "Not evaluated yet."
    header, rows = table(results)
    note = (
        "Percent, with 95% intervals: Wilson's for shares of problems, by bootstrap over problems for means. `tokens` "
        "is the mean length of the greedy answers. "
        "`test` holds new problems; in `hard`, operands and the pairs of name and object are new too. The science "
        "questions were all in the training mix, in these words; their paraphrases were not."
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


if __name__ == "__main__":
    sys.exit(main())
