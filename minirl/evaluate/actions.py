"""What the program can do: evaluate, compare, look for contamination, audit the checkers.

Each action prints its table and returns what --json writes.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from minirl import kernels, tasks
from minirl.evaluate.arguments import Arguments
from minirl.evaluation import compare, contamination, faults, multiple_choice
from minirl.evaluation.answers import ANSWERS, Settings, environment_without_threads
from minirl.evaluation.asking import asking
from minirl.evaluation.model import Model, stages_of
from minirl.evaluation.multiple_choice import choose, has_options
from minirl.evaluation.problem_sets import SCIENCE_SPLITS, ProblemSet, own_sets, sets_of
from minirl.evaluation.results import evaluate_sets, show
from minirl.evaluation.retellings import Retellings
from minirl.evaluation.unknown import show_unknown
from minirl.generate import Sampling
from minirl.runs import STAGE_NAMES, Run, Screen
from minirl.tasks import ROGER, Problem, WordProblems, audit
from minirl.train.texts import training_texts

EXAMPLE = "Roger"  # the set that holds our running example alone


def evaluate(run: Run, arguments: Arguments, screen: Screen) -> dict[str, Any]:
    """Solve problems with each of the run's models."""
    stages = stages_of(run, arguments.stages)
    sets, ks = chosen_sets(run, arguments), chosen_ks(run, arguments)
    results = evaluate_sets(run, screen, stages, sets, ks)
    show([result.as_json() for result in results], screen)
    about_unknown = show_unknown(results, screen)
    detailed = [
        {**result.as_json(), "outcomes": [outcome.as_json() for outcome in result.outcomes]} for result in results
    ]
    found = {"unknown": about_unknown} if about_unknown else {}
    return {**origin(run, arguments, screen), "results": detailed, **found}


def chooses_options(arguments: Arguments) -> bool:
    """Whether the likeliest option is chosen, and nothing written. Raises ValueError for an unknown task."""
    return not arguments.written and arguments.task is not None and has_options(tasks.get(arguments.task))


def choose_options(run: Run, arguments: Arguments, screen: Screen) -> dict[str, Any]:
    """Choose the likeliest option of each question with each of the run's models."""
    results = []
    sets = chosen_sets(run, arguments)
    for note in filter(None, (one.note for one in sets)):
        screen.say(note)
    for stage in stages_of(run, arguments.stages):
        with kernels.using_precision(run.config.precision):
            model, tokenizer = run.model(stage), run.tokenizer()
            for one in sets:
                screen.say(f"after {STAGE_NAMES[stage]}: reading {len(one.problems)} questions of {one.label} ...")
                results.append(multiple_choice.Result(stage, one.label, choose(model, tokenizer, one.problems)))
    multiple_choice.show(results, screen)
    environment = environment_without_threads()
    return {"run": str(run.folder), "environment": environment, "choices": [result.as_json() for result in results]}


def compare_models(first: Model, second: Model, arguments: Arguments, screen: Screen) -> dict[str, Any]:
    """Solve the same problems with two models and compare them problem by problem."""
    sets, ks = chosen_sets(first.run, arguments), chosen_ks(first.run, arguments)
    rows = compare.compare(first, second, sets, ks, screen)
    compare.show(first, second, rows, screen)
    about = {"first": str(first), "second": str(second)}
    return {**origin(first.run, arguments, screen), **about, "comparisons": [row.as_json() for row in rows]}


def scan(run: Run, arguments: Arguments, screen: Screen) -> dict[str, Any]:
    """Look for problems in the run's training text."""
    chosen = chosen_sets(run, arguments)
    for note in filter(None, (one.note for one in chosen)):
        screen.say(note)
    sets: dict[str, Sequence[Problem]] = {one.label: one.problems for one in chosen}
    sets.pop(SCIENCE_SPLITS["train"], None)  # training shows all of these questions, and says so
    screen.say(f"generating the training text of {run.folder} again ...")
    texts, example = training_texts(run), Retellings(ROGER)
    with_example = run.config.task == WordProblems.name
    if with_example:
        sets[EXAMPLE], texts = [ROGER], example.watch(texts)
    found = contamination.find_overlaps(sets, texts, arguments.ngram)
    contamination.show(found, screen)
    report: dict[str, Any] = {"run": str(run.folder), "contamination": [one.as_json() for one in found]}
    if with_example:
        screen.say(f"\nOur running example: {example.summary(found[-1])}")
        report["running_example"] = example.as_json()
    return report


def split_faults(run: Run, arguments: Arguments, screen: Screen) -> dict[str, Any]:
    """Solve problems greedily with each of the run's models, and count the unsolved ones by their first fault."""
    counted = []
    for stage in stages_of(run, arguments.stages):
        with kernels.using_precision(run.config.precision):
            model, tokenizer = run.model(stage), run.tokenizer()
            for chosen in chosen_sets(run, arguments):
                found = faults.count_faults(model, tokenizer, chosen)
                counted.append({"stage": stage, "split": chosen.label, **found})
    faults.show(counted, screen)
    return {**origin(run, arguments, screen), "faults": counted}


def audit_checkers(screen: Screen) -> dict[str, Any]:
    """Count the errors of the checkers on answers known to be right or wrong, and show each error."""
    results = audit.audit()
    screen.table("Errors of the answer checkers", *audit.table(results))
    screen.say("\n  false positive  a wrong answer that the checker accepts")
    screen.say("  false negative  a right answer that the checker refuses")
    screen.say(f"\n{audit.summary(results)}")
    report = []
    for result in results:
        errors = {"false_positives": result.false_positives, "false_negatives": result.false_negatives}
        for kind, cases in errors.items():
            for case in cases:
                screen.say(f"{kind.replace('_', ' ')[:-1]}: {case.text!r}; the right answer is {case.problem.answer!r}")
        texts = {kind: [[case.problem.answer, case.text] for case in cases] for kind, cases in errors.items()}
        report.append({**result._asdict(), **texts})
    return {"audit": report}


# ---- parts ----


def chosen_seed(run: Run, arguments: Arguments) -> int:
    """The seed of problems and samples: --seed, or else the run's."""
    return run.config.seed if arguments.seed is None else arguments.seed


def chosen_sets(run: Run, arguments: Arguments) -> list[ProblemSet]:
    """The problems that the arguments ask for."""
    problems, seed = arguments.limit or run.config.evaluation.problems, chosen_seed(run, arguments)
    samples = arguments.samples or run.config.evaluation.samples
    if arguments.task is arguments.split is arguments.max_new_tokens is None:
        sets = own_sets(run, problems=problems, samples=samples, seed=seed)
    else:
        sets = sets_of(
            run, arguments.task, arguments.split, problems=problems, samples=samples, seed=seed,
            max_new_tokens=arguments.max_new_tokens,
        )  # fmt: skip
    form, lookup = asking(arguments.facts, arguments.top, arguments.form, run.form)
    decoded = [decoding(one.settings, arguments) for one in sets]
    shots = arguments.shots if arguments.shots is not None else run.shots if form == run.form else 0
    asked = [replace(settings, form=form, lookup=lookup, shots=shots) for settings in decoded]
    return [one._replace(settings=settings) for one, settings in zip(sets, asked, strict=True)]


def decoding(settings: Settings, arguments: Arguments) -> Settings:
    """The settings with the decoding that the arguments ask for. What only samples need is left out where none are
    drawn, so that the answers that are kept already can be used."""
    searching = arguments.searching
    if arguments.tools is not None:
        settings = replace(settings, tools=arguments.tools)
    settings = replace(settings, beam=searching.rule(), by_steps=searching.by_steps)
    if settings.samples or searching.by_steps:
        settings = replace(settings, sampling=Sampling(**arguments.drawing.settings()))
    return replace(settings, log_probs=arguments.choose and settings.samples > 0)


def chosen_ks(run: Run, arguments: Arguments) -> list[int]:
    """The k of pass@k, in order. Raises ValueError for a k above the number of samples."""
    samples = arguments.samples or run.config.evaluation.samples
    words = (arguments.k or f"1,{samples}").split(",")
    if not all(word.strip().isdigit() and 1 <= int(word) <= samples for word in words):
        raise ValueError(f"--k is {arguments.k!r}; give numbers from 1 to --samples, {samples}: 1,{samples}")
    return sorted({int(word) for word in words})


def origin(run: Run, arguments: Arguments, screen: Screen) -> dict[str, Any]:
    """Say what the numbers depend on besides the weights: seed, precision, backend, instruction set."""
    seed, environment = chosen_seed(run, arguments), environment_without_threads()
    environment["precision"] = run.config.precision
    hardware = "".join(f", {environment[name]}" for name in ("precision", "backend", "isa") if environment[name])
    screen.say(f"seed {seed}{hardware}; the answers are kept in {run.folder / ANSWERS}")
    return {"run": str(run.folder), "seed": seed, "environment": environment}
