"""The table of results: every model of a run on every set of problems."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from minirl.evaluation.estimate import Estimate
from minirl.evaluation.model import Model
from minirl.evaluation.problem_sets import ProblemSet, own_sets
from minirl.evaluation.score import CHOSEN, DRAWN, SURE, TOKENS, Outcome, is_share, scores
from minirl.runs import STAGE_NAMES, Run, Screen


class Result(NamedTuple):
    """A model on a set of problems."""

    stage: str
    split: str
    outcomes: list[Outcome]
    scores: dict[str, Estimate]

    def as_json(self) -> dict[str, Any]:
        """{"stage", "split", "problems", "too_long", "greedy": {"value", "low", "high"}, "pass@8": {...}, ...}"""
        too_long = sum(not outcome.attempt.fits for outcome in self.outcomes)
        about = {"stage": self.stage, "split": self.split, "problems": len(self.outcomes), "too_long": too_long}
        return {**about, **{name: estimate._asdict() for name, estimate in self.scores.items()}}


def evaluate_run(
    run: Run, screen: Screen, *, stages: Sequence[str], problems: int, samples: int, seed: int
) -> list[dict[str, Any]]:
    """The run's final table, one entry a stage and split, as Result.as_json gives it."""
    sets = own_sets(run, problems=problems, samples=samples, seed=seed)
    return [result.as_json() for result in evaluate_sets(run, screen, stages, sets, sorted({1, samples}))]


def evaluate_sets(
    run: Run, screen: Screen, stages: Sequence[str], sets: Sequence[ProblemSet], ks: Sequence[int]
) -> list[Result]:
    """Each stage's model on each set."""
    results = []
    for note in filter(None, (chosen.note for chosen in sets)):
        screen.say(note)
    for stage in stages:
        for chosen in sets:
            outcomes = Model(run, stage).solve(chosen, screen)
            results.append(Result(stage, chosen.label, outcomes, scores(outcomes, ks, chosen.settings)))
    return results


def show(results: Sequence[dict[str, Any]], screen: Screen) -> None:
    """Print the table with its legend, and how many problems were too long for the model."""
    header, rows = table(results)
    screen.table("Problems solved, in %, with 95% intervals", header, rows, grouped=True)
    screen.say("\n" + "\n".join(f"  {name:<8}{meaning}" for name, meaning in legend(header).items()))
    header, rows = table([entry for entry in results if any(map(chooses, entry))], of=chooses)
    if rows:
        screen.table("One answer chosen among k samples, in %, with 95% intervals", header, rows, grouped=True)
        screen.say("\n" + "\n".join(f"  {name:<14}{meaning}" for name, meaning in legend(header).items()))
    for split, too_long in {entry["split"]: entry.get("too_long", 0) for entry in results}.items():
        if too_long:
            screen.say(f"{too_long} problems of {split} are longer than the model's context and count as not solved.")


def legend(header: Sequence[str]) -> dict[str, str]:
    """What the measures of the table mean."""
    meanings = {
        "greedy": "decoding always takes the most likely token",
        "beam@": "the best hypothesis of a search with k beams",
        "steps@": "the best of k beams of sentences, led by arithmetic",
        "pass@": "at least one of k samples is right",
        "maj@": "the most frequent answer of k samples is right",
        TOKENS: "mean length of the greedy answers, in tokens",
        "weighted@": "the most frequent answer, each sample counting as its probability",
        "arithmetic@": "the most frequent answer of the samples whose equations all hold",
        "likeliest@": "the sample with the highest log-probability",
        "soundest@": "the sample with the fewest false equations, of equal ones the likeliest",
        "adaptive@": f"the most frequent answer so far, once it is {SURE:.0%} sure to stay so",
        DRAWN: "mean number of samples that this takes",
    }
    return {
        name + "k" * name.endswith("@"): text
        for name, text in meanings.items() if any(column.startswith(name) for column in header)
    }  # fmt: skip


def chooses(name: str) -> bool:
    """Whether a measure belongs to the second table, on ways to choose among samples."""
    return name.startswith((*CHOSEN, "adaptive@", DRAWN))


def table(
    results: Sequence[Mapping[str, Any]], of: Callable[[str], bool] = lambda name: not chooses(name)
) -> tuple[list[str], list[list[str]]]:
    """Header and rows: one row per split and model, one column per measure. of: which measures."""
    names = list(dict.fromkeys(name for entry in results for name in entry if isinstance(entry[name], dict)))
    names = list(filter(of, names))
    names.sort(key=lambda name: name == TOKENS)  # the last column
    rows = []
    for split in dict.fromkeys(entry["split"] for entry in results):
        for entry in results:
            if entry["split"] == split:
                cells = [
                    Estimate(**entry[name]).text(100 if is_share(name) else 1) if name in entry else ""
                    for name in names
                ]
                rows.append([f"{split} (n={entry['problems']})", STAGE_NAMES[entry["stage"]], *cells])
    return ["problems", "model", *(name.replace("majority", "maj") for name in names)], rows
