"""Solve unseen problems with each of a run's models and print the table: python -m minirl.evaluate RUN

Greedy accuracy, pass@1, pass@k and majority@k (estimate.py says what they are), each with its 95% interval: by
bootstrap over problems for pass@1, Wilson's for the others. Every model gets the same problems. The problems come from
the run's seed, so the table can be repeated; --seed draws others.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import tyro

from minirl import tasks
from minirl.estimate import Estimate, bootstrap, majority, pass_at_k, wilson
from minirl.generate import Completion, generate
from minirl.model import GPT
from minirl.rl.mdp import final_reward
from minirl.streams import stream_seed
from minirl.tasks import Problem, Task
from minirl.tasks.checker import answer_text, parse_number
from minirl.tasks.science import Science
from minirl.tokenizer import Tokenizer
from minirl.train.run import STAGES, Run
from minirl.train.screen import Screen

SCIENCE_SPLITS = {"train": "science questions", "test": "science paraphrases"}
STAGE_NAMES = {"pretrain": "pretrained", "sft": "SFT", "rl": "RL"}


class Scores(NamedTuple):
    """What a model can do on a list of problems."""

    greedy: Estimate
    pass_at_1: Estimate
    pass_at_k: Estimate
    majority_at_k: Estimate
    k: int
    problems: int


@dataclass
class Arguments:
    run: Annotated[Path, tyro.conf.Positional]
    """Folder of a run, such as runs/roger."""
    problems: int | None = None
    """Problems of each split. Default: as many as the run's own table."""
    samples: int | None = None
    """Samples for each problem. Default: as in the run's own table."""
    stages: tuple[str, ...] = STAGES
    """Models to evaluate: pretrain, sft, rl."""
    seed: int | None = None
    """Draws the problems and samples. Default: the run's seed."""


def main(argv: Sequence[str] | None = None) -> int:
    """The program; returns its exit status."""
    arguments = tyro.cli(Arguments, args=argv, prog="python -m minirl.evaluate", description=__doc__)
    screen = Screen()
    try:
        run = Run.open(arguments.run)
        stages = check_stages(run, arguments.stages)
    except (FileNotFoundError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    config = run.config.evaluation
    results = evaluate_run(
        run,
        screen,
        stages=stages,
        problems=arguments.problems or config.problems,
        samples=arguments.samples or config.samples,
        seed=run.config.seed if arguments.seed is None else arguments.seed,
    )
    show(results, screen)
    return 0


def check_stages(run: Run, wanted: Sequence[str]) -> list[str]:
    """The stages of `wanted` that the run has a checkpoint of, in order."""
    unknown = [stage for stage in wanted if stage not in STAGES]
    if unknown:
        raise ValueError(f"there is no stage {unknown[0]!r}; choose from {', '.join(STAGES)}")
    run.last_stage()
    return [stage for stage in STAGES if stage in wanted and run.state(stage) is not None]


def evaluate_run(
    run: Run, screen: Screen, *, stages: Sequence[str], problems: int, samples: int, seed: int
) -> list[dict[str, Any]]:
    """One entry a stage and split: {"stage", "split", "greedy": {"value", "low", "high"}, ...}."""
    tokenizer, task, science = run.tokenizer(), tasks.get(run.config.task), Science()
    limit = run.config.evaluation.max_new_tokens
    # The problems' seed is apart from every seed of training; the splits share no problem with it anyway.
    sets = {split: task.problems(split, problems, stream_seed(seed, "test problems")) for split in test_splits(task)}
    results = []
    for stage in stages:
        model = run.model(stage)
        for split, chosen in sets.items():
            screen.say(f"evaluating {STAGE_NAMES[stage]} on {len(chosen)} problems of {split} ...")
            scores = evaluate(
                model, tokenizer, task, chosen, samples=samples, max_new_tokens=limit,
                seed=stream_seed(seed, "test samples"),
            )  # fmt: skip
            results.append({"stage": stage, "split": split, **to_json(scores)})
        for split, name in SCIENCE_SPLITS.items():
            chosen = science.problems(split, science.sizes[split])
            estimate = greedy_accuracy(
                model, tokenizer, science, chosen, max_new_tokens=run.config.evaluation.science_tokens
            )
            results.append({"stage": stage, "split": name, "greedy": estimate._asdict(), "problems": len(chosen)})
    return results


def test_splits(task: Task) -> list[str]:
    """The splits for the final table: those that training and tuning never look at."""
    return [split for split in task.splits if split not in ("train", "dev")]


def evaluate(
    model: GPT, tokenizer: Tokenizer, task: Task, problems: Sequence[Problem], *, samples: int, max_new_tokens: int,
    seed: int,
) -> Scores:  # fmt: skip
    """All scores of a model on these problems, from one greedy answer to each and `samples` at temperature 1."""
    prompts = [problem.prompt for problem in problems]
    completions = generate(
        model, tokenizer, prompts, temperature=1.0, max_new_tokens=max_new_tokens, seed=seed, samples=samples
    )
    counts, voted = [], 0
    for problem in problems:
        answers = list(islice(completions, samples))
        right = [is_right(task, problem, answer) for answer in answers]
        counts.append(sum(right))
        winner = majority([vote(answer) for answer in answers])
        voted += winner is not None and right[winner]
    return Scores(
        greedy=greedy_accuracy(model, tokenizer, task, problems, max_new_tokens=max_new_tokens),
        pass_at_1=bootstrap([pass_at_k(count, samples, 1) for count in counts]),
        pass_at_k=wilson(sum(count > 0 for count in counts), len(problems)),
        majority_at_k=wilson(voted, len(problems)),
        k=samples,
        problems=len(problems),
    )


def greedy_accuracy(
    model: GPT, tokenizer: Tokenizer, task: Task, problems: Sequence[Problem], *, max_new_tokens: int
) -> Estimate:
    """The share of problems that the model solves when it always takes the likeliest token."""
    prompts = [problem.prompt for problem in problems]
    completions = generate(model, tokenizer, prompts, temperature=0.0, max_new_tokens=max_new_tokens)
    pairs = zip(problems, completions, strict=True)
    return wilson(sum(is_right(task, problem, completion) for problem, completion in pairs), len(problems))


def is_right(task: Task, problem: Problem, completion: Completion) -> bool:
    """What the reward says too: an answer that was cut off is wrong, for more digits might have followed."""
    return final_reward(task, problem, completion.text, completion.finished) == 1


def vote(completion: Completion) -> Fraction | str | None:
    """What a sample answers, in a form in which equal answers are equal; None where it gives none."""
    answer = answer_text(completion.text) if completion.finished else None
    if not answer:
        return None
    number = parse_number(answer)
    return answer if number is None else number


def to_json(scores: Scores) -> dict[str, Any]:
    """Estimates as {"value", "low", "high"}; the rest as numbers."""
    return {k: v._asdict() if isinstance(v, Estimate) else v for k, v in scores._asdict().items()}


def show(results: Sequence[dict[str, Any]], screen: Screen) -> None:
    """Print the table."""
    header, rows = table(results)
    screen.table("Share of problems solved, % [95% interval]", header, rows)


def table(results: Sequence[dict[str, Any]]) -> tuple[list[str], list[list[str]]]:
    """Header and rows: a split's models under each other."""
    k = next((entry["k"] for entry in results if "k" in entry), 8)
    header = ["problems", "model", "greedy", "pass@1", f"pass@{k}", f"majority@{k}"]
    rows = []
    for split in dict.fromkeys(entry["split"] for entry in results):
        for entry in results:
            if entry["split"] == split:
                cells = [
                    str(Estimate(**entry[name])) if name in entry else ""
                    for name in ("greedy", "pass_at_1", "pass_at_k", "majority_at_k")
                ]
                rows.append([f"{split} (n={entry['problems']})", STAGE_NAMES[entry["stage"]], *cells])
    return header, rows


if __name__ == "__main__":
    sys.exit(main())
