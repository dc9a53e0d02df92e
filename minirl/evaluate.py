"""Solve unseen problems with each of a run's models and print the table: python -m minirl.evaluate RUN

Greedy accuracy, pass@k and majority@k (estimate.py says what they are), each with its 95% interval: Wilson's for shares
of problems, by bootstrap over problems for means; and the mean length of the greedy answers. Every model gets the same
problems. They come from the run's seed, so the table can be repeated; --seed draws others. Answers are kept in the
run's folder (answers.py), so that asking twice gives one table.

    python -m minirl.evaluate runs/roger --k 1,4,8 --json roger.json
    python -m minirl.evaluate runs/roger --task arithmetic --split test --limit 200
    python -m minirl.evaluate --compare runs/roger:rl runs/roger:sft
    python -m minirl.evaluate runs/roger --contamination --ngram 13
    python -m minirl.evaluate --audit
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from minirl import flags
from minirl.evaluation import compare, contamination
from minirl.evaluation.answers import environment_without_threads
from minirl.evaluation.model import Model, open_model
from minirl.evaluation.problem_sets import SCIENCE_SPLITS, ProblemSet, own_sets, sets_of
from minirl.evaluation.results import evaluate_sets, show
from minirl.runs import STAGES, Run, Screen
from minirl.storage.files import atomic_write
from minirl.tasks import audit
from minirl.train.texts import training_texts


@dataclass
class Arguments:
    run: Annotated[Path | None, tyro.conf.Positional] = None
    """Folder of a run, such as runs/roger."""
    compare: tuple[str, str] | None = None
    """Compare two runs on the same problems instead, those of the first; a stage may follow a colon: runs/roger:sft."""
    audit: bool = False
    """Try the checkers on answers of which it is known whether they are right; needs no run."""
    contamination: bool = False
    """Look for the problems in what the run was trained on, instead of solving them."""
    task: str | None = None
    """Another task than the run's own: one of those in minirl/tasks."""
    split: str | None = None
    """A split of the task. Default: all that training never looks at."""
    limit: int | None = None
    """The most problems of a split. Default: as many as in the run's own table."""
    samples: int | None = None
    """Samples for each problem. Default: as in the run's own table."""
    k: str | None = None
    """For pass@k and majority@k: numbers up to samples, such as 1,4,8. Default: 1 and samples."""
    stages: tuple[str, ...] = STAGES
    """Models to evaluate: pretrain, sft, rl."""
    max_new_tokens: int | None = None
    """Longest answer, in tokens. Default: as in the run's own table."""
    seed: int | None = None
    """Draws the problems and samples. Default: the run's seed."""
    ngram: int | None = None
    """Words in a row that count as found by --contamination. Default: 13, or fewer (down to 4) for short questions."""
    json: Path | None = None
    """Write all of it to this file, with what came of every problem."""


def main(argv: Sequence[str] | None = None) -> int:
    """The program; returns its exit status."""
    arguments = flags.parse(Arguments, argv, "python -m minirl.evaluate", __doc__)
    screen = Screen()
    try:
        check(arguments)
        if arguments.audit:
            report = audit_checkers(screen)
        elif arguments.compare is not None:
            first, second = map(open_model, arguments.compare)
            report = compare_models(first, second, arguments, screen)
        else:
            run = Run.open(arguments.run or "")
            report = (scan if arguments.contamination else evaluate)(run, arguments, screen)
    except (FileNotFoundError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    if arguments.json is not None:
        with atomic_write(arguments.json) as file:
            json.dump(report, file, indent=2, ensure_ascii=False)
            file.write("\n")
        screen.say(f"written: {arguments.json}")
    return 0


def check(arguments: Arguments) -> None:
    """Raises ValueError for arguments that do not go together."""
    if [arguments.run is not None, arguments.compare is not None, arguments.audit].count(True) != 1:
        raise ValueError("give the folder of a run, such as runs/roger, or --compare and two of them, or --audit alone")
    for name in ("limit", "samples", "max_new_tokens", "ngram"):
        value = getattr(arguments, name)
        if value is not None and value < 1:
            raise ValueError(f"--{name.replace('_', '-')} is {value}; give 1 or more")


# ---- what the program can do; each prints a table and returns what --json writes ----


def evaluate(run: Run, arguments: Arguments, screen: Screen) -> dict[str, Any]:
    """Solve problems with each of the run's models."""
    stages = check_stages(run, arguments.stages)
    sets, ks = chosen_sets(run, arguments), chosen_ks(run, arguments)
    results = evaluate_sets(run, screen, stages, sets, ks)
    show([result.as_json() for result in results], screen)
    detailed = [
        {**result.as_json(), "outcomes": [outcome.as_json() for outcome in result.outcomes]} for result in results
    ]
    return {**origin(run, arguments, screen), "results": detailed}


def compare_models(first: Model, second: Model, arguments: Arguments, screen: Screen) -> dict[str, Any]:
    """Solve the same problems with two models."""
    sets, ks = chosen_sets(first.run, arguments), chosen_ks(first.run, arguments)
    rows = compare.compare(first, second, sets, ks, screen)
    compare.show(first, second, rows, screen)
    about = {"first": str(first), "second": str(second)}
    return {**origin(first.run, arguments, screen), **about, "comparisons": [row.as_json() for row in rows]}


def scan(run: Run, arguments: Arguments, screen: Screen) -> dict[str, Any]:
    """Look for problems in what the run was trained on."""
    sets = {chosen.label: chosen.problems for chosen in chosen_sets(run, arguments)}
    sets.pop(SCIENCE_SPLITS["train"], None)  # all of them were shown, as the table's name for them says
    screen.say(f"reading again what {run.folder} was trained on ...")
    found = contamination.find_overlaps(sets, training_texts(run), arguments.ngram)
    contamination.show(found, screen)
    return {"run": str(run.folder), "contamination": [one.as_json() for one in found]}


def audit_checkers(screen: Screen) -> dict[str, Any]:
    """Count the errors of the checkers, and show each."""
    results = audit.audit()
    screen.table("Errors of the checkers, of right and of wrong answers", *audit.table(results))
    report = []
    for result in results:
        errors = {"false_positives": result.false_positives, "false_negatives": result.false_negatives}
        for kind, cases in errors.items():
            for case in cases:
                screen.say(f"{kind}: {case.text!r}, where {case.problem.answer!r} is right")
        texts = {kind: [[case.problem.answer, case.text] for case in cases] for kind, cases in errors.items()}
        report.append({**result._asdict(), **texts})
    return {"audit": report}


# ---- parts ----


def chosen_seed(run: Run, arguments: Arguments) -> int:
    return run.config.seed if arguments.seed is None else arguments.seed


def chosen_sets(run: Run, arguments: Arguments) -> list[ProblemSet]:
    """The problems that the arguments ask for."""
    problems, seed = arguments.limit or run.config.evaluation.problems, chosen_seed(run, arguments)
    samples = arguments.samples or run.config.evaluation.samples
    if arguments.task is arguments.split is arguments.max_new_tokens is None:
        return own_sets(run, problems=problems, samples=samples, seed=seed)
    return sets_of(
        run, arguments.task, arguments.split, problems=problems, samples=samples, seed=seed,
        max_new_tokens=arguments.max_new_tokens,
    )  # fmt: skip


def chosen_ks(run: Run, arguments: Arguments) -> list[int]:
    """The k of pass@k, in order. Raises ValueError where there are not as many samples."""
    samples = arguments.samples or run.config.evaluation.samples
    words = (arguments.k or f"1,{samples}").split(",")
    if not all(word.strip().isdigit() and 1 <= int(word) <= samples for word in words):
        raise ValueError(f"--k is {arguments.k!r}; give numbers from 1 to --samples, {samples}: 1,{samples}")
    return sorted({int(word) for word in words})


def check_stages(run: Run, wanted: Sequence[str]) -> list[str]:
    """The stages of `wanted` that the run has a checkpoint of, in order."""
    unknown = [stage for stage in wanted if stage not in STAGES]
    if unknown:
        raise ValueError(f"there is no stage {unknown[0]!r}; choose from {', '.join(STAGES)}")
    run.last_stage()
    return [stage for stage in STAGES if stage in wanted and run.state(stage) is not None]


def origin(run: Run, arguments: Arguments, screen: Screen) -> dict[str, Any]:
    """Say where the numbers come from: whatever they depend on besides the weights."""
    seed, environment = chosen_seed(run, arguments), environment_without_threads()
    environment["precision"] = run.config.precision
    hardware = "".join(f", {environment[name]}" for name in ("precision", "backend", "isa") if environment[name])
    screen.say(f"seed {seed}{hardware}; the answers are kept in {run.folder / 'answers'}")
    return {"run": str(run.folder), "seed": seed, "environment": environment}


if __name__ == "__main__":
    sys.exit(main())
