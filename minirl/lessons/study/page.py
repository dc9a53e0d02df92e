"""The page of a study: the learner's report with its numbers filled in, and every other number traced to a file.

A report says {mean} where the mean belongs. A number that is typed by hand is held against everything that the ledger
knows: the plan, the settings, the values of the runs, and what follows from them. One that matches nothing is untraced.
Code in backquotes is left alone.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from minirl.lessons.study.picture import PICTURE
from minirl.lessons.study.score import blind_interval, interval_score, skill
from minirl.lessons.study.seal import SHORT

REPORT, PAGE = "report.md", "page.md"
T = {3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 7: 2.447, 8: 2.365, 9: 2.306, 10: 2.262}  # Student's, for 95%, by runs
PERCENT = 95  # of the interval over runs
FIELD = re.compile(r"\{(\w+)\}")
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
NUMBER = re.compile(r"(?<![\w.])[-−]?\d+(?:,\d{3})*(?:\.\d+)?")
YOURS = "(your words)"  # what a report has where the learner has not written yet
LONGEST = 700  # words of one page


def mean_interval(values: Sequence[float]) -> tuple[float, float, float]:
    """The mean over 3 to 10 runs, and its 95% interval by Student's t: (mean, low, high)."""
    mean = math.fsum(values) / len(values)
    reach = T[len(values)] * float(np.std(values, ddof=1)) / math.sqrt(len(values))
    return mean, mean - reach, mean + reach


def facts(entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the ledger's entries say of the newest seal: numbers, texts, and lists of them. Raises ValueError where a
    run is missing."""
    sealed = next(entry for entry in reversed(entries) if entry["what"] == "seal")
    runs = [entry for entry in entries if entry["what"] == "run" and entry["seal"] == sealed["seal"]]
    plan = sealed["plan"]
    if len(runs) < plan["runs"]:
        raise ValueError(f"{len(runs)} of {plan['runs']} runs are done: `python -m minirl.lessons study run`")
    values = [entry["value"] for entry in runs]
    mean, low, high = mean_interval(values)
    predicted = plan["low"], plan["high"], plan["sure"]
    blind = blind_interval(plan["least"], plan["most"], plan["sure"])
    return {
        **{name: plan[name] for name in ("question", "measure", "because", "no_if", "low", "high", "sure", "runs")},
        "seal": sealed["seal"][:SHORT],
        "sealed": sealed["time"],
        "first_run": runs[0]["time"],
        "pilots": sum(entry["what"] == "try" for entry in entries),
        "pilot_values": [entry["value"] for entry in entries if entry["what"] == "try"],
        "predictions": sum(entry["what"] == "seal" for entry in entries),
        "earlier": earlier(entries),
        "seeds": [entry["seed"] for entry in runs],
        "values": values,
        "mean": mean,
        "mean_low": low,
        "mean_high": high,
        "percent": PERCENT,
        "lowest": min(values),
        "highest": max(values),
        "hit": verdict(plan["low"], plan["high"], mean),
        "missed_by": max(plan["low"] - mean, mean - plan["high"], 0.0),
        "score": interval_score(*predicted, mean),
        "blind": interval_score(*blind, plan["sure"], mean),
        "skill": skill(*predicted, plan["least"], plan["most"], mean),
        "settings": sealed["jobs"],
        "range": [plan["least"], plan["most"]],
    }


def earlier(entries: Sequence[Mapping[str, Any]]) -> str:
    """The predictions that were sealed before the newest one, and how many runs each had: "1 to 9, with 3 runs"."""
    *before, _ = [entry for entry in entries if entry["what"] == "seal"]
    runs = Counter(entry["seal"] for entry in entries if entry["what"] == "run")
    told = [f"{one['plan']['low']} to {one['plan']['high']}, with {runs[one['seal']]} runs" for one in before]
    return "; ".join(told) or "none"


def verdict(low: float, high: float, mean: float) -> str:
    """Where the mean lies, in words."""
    if mean < low:
        return "below the predicted interval"
    return "above the predicted interval" if mean > high else "inside the predicted interval"


def filled(report: str, known: Mapping[str, Any]) -> str:
    """The report with its fields filled in. Raises ValueError for a field that does not exist."""

    def fact(field: re.Match[str]) -> str:
        if field[1] in DRAWN:
            return DRAWN[field[1]](known)
        if field[1] not in known:
            raise ValueError(f"the report asks for {field[0]}; there are {', '.join(sorted([*known, *DRAWN]))}")
        return written(known[field[1]])

    return FIELD.sub(fact, report)


def written(value: Any) -> str:
    """A fact as the page shows it: numbers that are not whole with one decimal, or two where they are below 1."""
    if isinstance(value, list):
        return ", ".join(map(written, value))
    if isinstance(value, float) and not value.is_integer():
        return f"{value:.2f}" if abs(value) < 1 else f"{value:.1f}"
    return str(int(value)) if isinstance(value, float) else str(value)


def table(known: Mapping[str, Any]) -> str:
    """Every run of the study, as a table in Markdown."""
    rows = [f"| {seed} | {written(value)} |" for seed, value in zip(known["seeds"], known["values"], strict=True)]
    return "\n".join(["| seed | value |", "|---:|---:|", *rows])


def picture(known: Mapping[str, Any]) -> str:
    """The link to the picture of the page."""
    return f"![each run, the mean with its interval, and the prediction]({PICTURE})"


DRAWN = {"table": table, "picture": picture}


def numbers(value: Any) -> Iterator[float]:
    """All numbers in plain data; those in texts too, so that the question may be quoted."""
    if isinstance(value, Mapping):
        for one in value.values():
            yield from numbers(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from numbers(one)
    elif isinstance(value, str):
        yield from (number(found) for found in NUMBER.findall(value))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield float(value)


def number(text: str) -> float:
    """The number that a text such as "1,200" or "−3.5" writes."""
    return float(text.replace(",", "").replace("−", "-"))


def untraced(page: str, known: Sequence[float]) -> list[str]:
    """The numbers of a page that no known number explains, as the page writes them, in its order.

    A known number explains one that is written with d decimals if the two differ by at most half a unit of the last
    decimal, 0.5 / 10^d. Signs are left aside, as a page may say "3.2 worse" of -3.2. Whatever stands in backquotes is
    left out.
    """
    bare = CODE.sub(" ", page)
    found = []
    for text in NUMBER.findall(bare):
        decimals = len(text.partition(".")[2])
        allowed = 0.5 / 10**decimals + 1e-9
        if not any(abs(abs(number(text)) - abs(one)) <= allowed for one in known):
            found.append(text)
    return found


def page_faults(report: str, page: str, known: Mapping[str, Any]) -> list[str]:
    """What a page lacks, a sentence each."""
    found = []
    if YOURS in report:
        found.append(f"{report.count(YOURS)} places still say {YOURS}")
    if "{table}" not in report:
        found.append("the table with every run is missing: write {table} where it belongs")
    if wild := untraced(page, list(numbers(known))):
        found.append(f"numbers that no file explains: {', '.join(wild)}. Commands and settings stand in backquotes")
    if (words := len(CODE.sub(" ", page).split())) > LONGEST:
        found.append(f"it has {words} words; a page has at most {LONGEST}")
    return found
