"""From runs to tables: the outcome of each variant over its seeds, as Markdown."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from minirl.controls.jobs import Job, seconds
from minirl.controls.variants import Group
from minirl.evaluation.markdown import markdown_table
from minirl.evaluation.problem_sets import SCIENCE_SPLITS, headline_split
from minirl.evaluation.results import evaluate_run
from minirl.runs import Run, Screen

END_SHARE = 0.1  # of the steps, over which reward and entropy at the end are means


class Outcome(NamedTuple):
    """The measures of one run."""

    greedy: float
    """Share of the problems solved by greedy decoding."""
    sampled: float
    """pass@k."""
    science: float
    """Share of the science questions that are answered correctly; SFT showed all of them."""
    reward: float
    """Mean reward of the last episodes of RL; NaN without RL."""
    entropy: float
    """Mean entropy of the policy in the last episodes of RL, in nats per token; NaN without RL."""
    seconds: float
    """Seconds of SFT and RL together, with the base's part."""


FORMATS = (("{:.1f}", 100), ("{:.1f}", 100), ("{:.1f}", 100), ("{:.1f}", 100), ("{:.3f}", 1), ("{:.0f}", 1))


def outcome(run: Run, stage: str, problems: int) -> Outcome:
    """The measures of a run's model after a stage, on `problems` problems of the headline's test split."""
    samples = run.config.evaluation.samples
    results = evaluate_run(
        run, Screen(quiet=True), stages=[stage], problems=problems, samples=samples, seed=run.config.seed
    )
    scores = {entry["split"]: entry for entry in results}
    chosen = scores[headline_split(results) or ""]
    records = run.records(stage="rl") if stage == "rl" else []
    last = records[-max(1, round(END_SHARE * len(records))) :]

    def at_the_end(measure: str) -> float:
        return float(np.mean([record[measure] for record in last])) if last else float("nan")

    return Outcome(
        greedy=chosen["greedy"]["value"],
        sampled=chosen[f"pass@{samples}"]["value"],
        science=scores[SCIENCE_SPLITS["train"]]["greedy"]["value"],
        reward=at_the_end("reward"),
        entropy=at_the_end("entropy"),
        seconds=seconds(run, "sft") + (seconds(run, "rl") if stage == "rl" else 0.0),
    )


def group_table(group: Group, bases: Sequence[Run], steps: int, problems: int) -> str:
    """The table of a group: a row for the SFT model and one for each variant, with mean and range over the bases."""
    config = bases[0].config
    rows = [["after SFT, where all begin", *cells([outcome(base, "sft", problems) for base in bases])]]
    for variant in group.variants:
        jobs = [Job(base, variant, steps) for base in bases]
        done = [outcome(job.run(), job.stage, problems) for job in jobs if job.done]
        missing = f" ({len(done)} of {len(bases)} seeds)" if len(done) < len(bases) else ""
        rows.append([variant.label + missing, *cells(done)])
    names, episodes = ", ".join(base.folder.name for base in bases), config.rl.prompts * config.rl.samples
    note = (
        f"Mean (lowest to highest) of {names}, after {steps} steps of {episodes} episodes, on {problems} problems of "
        f"{headline_split(bases[0].results() or [])}."
    )
    measures = ["greedy, %", f"pass@{config.evaluation.samples}, %", "science, %", "reward, %", "entropy", "seconds"]
    return f"{note}\n\n{markdown_table([group.varies, *measures], rows)}"


def cells(outcomes: Sequence[Outcome]) -> list[str]:
    """Mean and range of each measure; a dash without values."""
    return [
        cell([scale * getattr(outcome, name) for outcome in outcomes], form)
        for name, (form, scale) in zip(Outcome._fields, FORMATS, strict=True)
    ]


def cell(values: Sequence[float], form: str) -> str:
    """The mean over the seeds with its range, or – where there is no number."""
    known = [value for value in values if not np.isnan(value)]
    if not known:
        return "–"
    mean = form.format(np.mean(known))
    return mean if len(known) == 1 else f"{mean} ({form.format(min(known))} to {form.format(max(known))})"
