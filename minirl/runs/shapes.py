"""The shapes of a run's files, and reading them: a file that somebody edited may hold anything that JSON can say."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, TypedDict

import numpy as np

from minirl.console import printable
from minirl.storage.checksums import DamagedError, parse_json
from minirl.storage.shape import ShapeError, checked
from minirl.storage.strict_json import brief

Stage = Literal["pretrain", "sft", "rl"]
NUMBERS = (int, float)
LARGEST = 1e30  # of a measure; curves are drawn in float64, and sums of their squares must fit


class Environment(TypedDict, total=False):
    """What a run's numbers may depend on besides its settings."""

    versions: dict[str, str | None]
    machine: str
    backend: str
    isa: str | None
    precision: str
    replaced: list[str]
    since: str


class Branch(TypedDict):
    """The run and the stage that another run branches off from."""

    run: str
    stage: Stage


class Origin(Branch, total=False):
    """Where a run branches off."""

    environment: Environment
    model: bool


class Settings(TypedDict):
    """What config.json must hold."""

    config: dict[str, Any]


class Contents(Settings, total=False):
    """config.json. The settings are checked by `from_json`."""

    base: Origin
    environment: Environment
    environments: list[Environment]


class Cursor(TypedDict):
    """Where the loader of batches stands."""

    chunk: int
    batch: int


class State(TypedDict):
    """state.json."""

    stage: Stage
    step: int
    done: bool
    seconds: float
    logs: dict[str, int]
    dropout: dict[str, Any]
    cursor: Cursor


class Interval(TypedDict):
    """A measure with its 95% interval."""

    value: float
    low: float
    high: float


class Solved(TypedDict):
    """What every entry of results.json must hold."""

    stage: Stage
    split: str
    problems: int
    greedy: Interval


class Entry(Solved, total=False):
    """One entry of results.json; other measures are Intervals too."""

    too_long: int


class Said(TypedDict):
    """What every line about a stage in samples.jsonl must hold."""

    kind: Literal["stage"]
    stage: Stage
    question: str
    prompt: str
    completion: str


class StageSample(Said, total=False):
    """A line of samples.jsonl: what the model says after a stage."""

    finished: bool


class Episode(TypedDict):
    """What every episode in samples.jsonl must hold."""

    kind: Literal["episode"]
    step: int
    prompt: str
    completion: str
    answer: str
    reward: float


class EpisodeSample(Episode, total=False):
    """A line of samples.jsonl: an episode."""

    actions: list[str]
    log_probs: list[float]


class PretrainingSample(TypedDict):
    """A line of samples.jsonl: how the model goes on while it is pretrained."""

    kind: Literal["sample"]
    stage: Stage
    step: int
    title: str
    prompt: str
    completion: str


class Sample(TypedDict):
    """What every line of samples.jsonl must hold."""

    kind: Literal["stage", "episode", "sample"]


SAMPLE_KINDS = {"stage": StageSample, "episode": EpisodeSample, "sample": PretrainingSample}


def read(kind: Any, data: bytes, where: Path | str) -> Any:
    """The JSON of a file, where it has this shape. Raises DamagedError naming the file and the field."""
    return shaped(kind, parse_json(data, where), where)


def shaped(kind: Any, value: Any, where: Path | str) -> Any:
    """`value` where it has this shape. Raises DamagedError."""
    try:
        return checked(kind, value)
    except ShapeError as error:
        raise DamagedError(f"{where} is damaged: {error}") from None


def read_state(path: Path) -> dict[str, Any]:
    """state.json. Raises DamagedError."""
    state: dict[str, Any] = read(State, path.read_bytes(), path)
    numbers = {"step": state["step"], "seconds": state["seconds"]}
    numbers |= {f"cursor.{name}": state["cursor"][name] for name in ("chunk", "batch")}
    numbers |= {f"logs.{name}": number for name, number in state["logs"].items()}
    for name, number in numbers.items():
        if not 0 <= number < 2**63:
            raise DamagedError(f"{path} is damaged: {name} is {brief(number)}; expected a number from 0 to 2**63 - 1")
    try:
        np.random.default_rng(0).bit_generator.state = state["dropout"]
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise DamagedError(f"{path} is damaged: dropout is no state of a random generator ({error})") from None
    return state


def read_results(path: Path) -> list[dict[str, Any]]:
    """results.json. Raises DamagedError."""
    entries: list[dict[str, Any]] = read(list[Entry], path.read_bytes(), path)
    measures = {name for entry in entries for name, value in entry.items() if isinstance(value, dict)}
    for number, entry in enumerate(entries):
        for name in measures & entry.keys():
            shaped(Interval, entry[name], f"{path}, entry {number}, {printable(name)},")
            if len(entry[name]) != len(Interval.__required_keys__):
                raise DamagedError(
                    f"{path}, entry {number}, is damaged: {printable(name)} has more fields than an interval"
                )
    return entries


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The records of metrics.jsonl or samples.jsonl. Raises DamagedError naming the line.

    A last line without its end is still being written, or never was: it is none.
    """
    check = check_sample if path.name == "samples.jsonl" else check_measures
    if path.exists():
        with open(path, "rb") as file:
            for number, line in enumerate(file, start=1):
                if line.endswith(b"\n"):
                    where = f"{path}, line {number},"
                    record = parse_json(line, where)
                    check(record, where)
                    yield record


def check_measures(record: Any, where: str) -> None:
    """A stage, perhaps a step, and numbers. There are thousands of these lines, so this is fast."""
    if not isinstance(record, dict):
        raise DamagedError(f"{where} is damaged: it is {brief(record)}; expected an object {{...}}")
    for name, value in record.items():
        if type(value) not in NUMBERS:
            if name != "stage" or not isinstance(value, str):
                expected = "a text" if name == "stage" else "a number"
                raise DamagedError(f"{where} is damaged: {name} is {brief(value)}; expected {expected}")
        elif value > LARGEST or value < -LARGEST:
            raise DamagedError(f"{where} is damaged: {name} is {brief(value)}; expected at most {LARGEST:g}")
    for name, kind in (("stage", str), ("seconds", NUMBERS)):
        if not isinstance(record.get(name), kind):
            raise DamagedError(f"{where} is damaged: {name} is {'no text' if name in record else 'missing'}")
    if type(record.get("step", 1)) is not int:
        raise DamagedError(f"{where} is damaged: step is {record['step']}; expected a whole number")


def check_sample(record: Any, where: str) -> None:
    """One of the kinds of samples."""
    kind = shaped(Sample, record, where)["kind"]
    shaped(SAMPLE_KINDS[kind], record, where)
