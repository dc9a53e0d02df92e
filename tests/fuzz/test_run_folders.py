"""Edited run folders: whatever a person writes into the files of a run, with checksums made right again, is either
read or refused in one line that names the file.

The mutations come from a fixed seed, so a failure repeats; its message shows the seed of the mutation.
"""

import copy
import json
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from minirl.evaluation import report
from minirl.runs import CONFIG, METRICS, RESULTS, SAMPLES, STAGES, STATE, Run, Screen, curves
from minirl.storage.checksums import digest, read_sums, write_sums
from minirl.train import program
from minirl.train.rewind import rewind

FILES = (CONFIG, METRICS, SAMPLES, RESULTS, f"rl/{STATE}", f"sft/{STATE}")
DEEP = "[" * 100_000 + "]" * 100_000
VALUES: list[Any] = [
    None, True, False, 0, 1, -1, 3, 2**31, -(2**63), 10**30, 10**400, 0.5, -0.0, 1e30, 1e308, float("nan"),
    float("inf"), "", "rl", "\ud800", "\x1b[31m", "a/b", "../..", "x" * 1000, "1", "🎾", [], [1], {}, {"": None},
    [[]], {"value": 1},
]  # fmt: skip
RAW: list[Callable[[bytes], bytes]] = [
    lambda data: b"\xef\xbb\xbf" + data,
    lambda data: data.decode().encode("utf-16"),
    lambda data: data.replace(b'"', b'"\xff', 1),
    lambda data: data.replace(b'": ', b'": ' + DEEP.encode() + b', "x": ', 1),
    lambda data: data.replace(b":", b":" + b"9" * 5000 + b', "x":', 1),
    lambda data: DEEP.encode() + b"\n",
    lambda data: data[: len(data) // 2] + b"\n",
    lambda data: b"",
    lambda data: b"\0" * 100 + b"\n",
    lambda data: data.replace(b"\n", b"\r\n"),
    lambda data: data.replace(b"\n", b""),
]


def places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value within a value, itself included."""
    yield way
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in inner:
        yield from places(item, (*way, name))


def changed(value: Any, choose: random.Random) -> Any:
    """The value with one or two of its parts replaced, removed or added."""
    value = copy.deepcopy(value)
    for _ in range(choose.choice((1, 1, 2))):
        way = choose.choice(list(places(value)))
        if not way:
            if choose.random() < 0.1:
                return choose.choice(VALUES)
            continue
        *above, last = way
        inside = value
        for name in above:
            inside = inside[name]
        kind = choose.random()
        if kind < 0.7:
            inside[last] = choose.choice(VALUES)
        elif kind < 0.9:
            del inside[last]
        elif isinstance(inside, dict):
            inside[choose.choice(["", "new", "\x1b[31m", "\ud800"])] = choose.choice(VALUES)
    return value


def edit(path: Path, choose: random.Random) -> None:
    """Edit a file, and write its checksum."""
    data = path.read_bytes()
    if choose.random() < 0.15:
        data = choose.choice(RAW)(data)
    elif path.suffix == ".jsonl":
        lines = data.splitlines(keepends=True)
        number = choose.randrange(len(lines))
        lines[number] = (json.dumps(changed(json.loads(lines[number]), choose)) + "\n").encode()
        data = b"".join(lines)
    else:
        data = json.dumps(changed(json.loads(data), choose)).encode()
    path.write_bytes(data)
    if path.suffix == ".json":
        write_sums(path.parent, read_sums(path.parent) | {path.name: digest(path)})


def look(folder: Path) -> None:
    """All that the programs read of a run."""
    run = Run.open(folder)
    actions: list[Callable[[], object]] = [
        lambda: repr(run),
        run._repr_html_,
        run.environments,
        *(lambda stage=stage: run.state(stage) for stage in STAGES),
        run.last_stage,
        lambda: repr(run.table()) + run.table()._repr_html_(),
        lambda: curves.drawable([run], curves.NAMES),
        lambda: report.write_report(run),
        lambda: rewind(run, Screen(quiet=True)),
    ]
    failed = None
    for action in actions:
        try:
            action()
        except (OSError, ValueError) as error:
            failed = failed or error
    if failed is not None:
        raise failed


def attempt(original: Path, tmp_path: Path, seed: int) -> str | None:
    """Edit a copy of a run and look at it. Returns the message, if it is refused."""
    choose = random.Random(seed)
    folder = tmp_path / str(seed)
    shutil.copytree(original, folder)
    for name in choose.sample(FILES, choose.choice((1, 1, 2))):
        edit(folder / name, choose)
    try:
        look(folder)
    except (OSError, ValueError) as error:
        message = str(error)
        assert "\n" not in message and len(message) < 1000, (seed, message)
        assert str(folder) in message or "no task is called" in message, (seed, repr(error))
        return message
    except BaseException as error:
        raise AssertionError(f"seed {seed}: {error!r}") from error
    finally:
        shutil.rmtree(folder)
    return None


@pytest.fixture
def original(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small copy of a run, whose curves are computed but not drawn."""
    monkeypatch.setattr(curves.Figure, "save", lambda *_: b"a PNG with its size at byte 16")
    monkeypatch.setattr(curves, "figure", lambda drawn: curves.Figure())
    folder = tmp_path / "original"
    shutil.copytree(run.folder, folder, ignore=shutil.ignore_patterns("plots", "answers", "previous"))
    return folder


def test_edited_runs_are_read_or_refused_in_one_line(original: Path, tmp_path: Path) -> None:
    messages = [attempt(original, tmp_path, seed) for seed in range(100)]
    assert sum(message is not None for message in messages) > 60  # the edits reach what is checked


@pytest.mark.slow
def test_many_more_edited_runs(original: Path, tmp_path: Path) -> None:
    for seed in range(1000, 6000):
        attempt(original, tmp_path, seed)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"seed": "0"}, "seed is '0'; expected a whole number"),
        ({"seed": True}, "seed is True; expected a whole number"),
        ({"seed": -1}, "--seed is -1; give 0 or more"),
        ({"model": None}, "model is None; expected an object"),
        ({"model": {"n_layer": 1.5}}, "model.n_layer is 1.5; expected a whole number"),
        ({"model": {"n_head": 0}}, "--model"),
        ({"precision": "float16"}, "precision is 'float16'; expected one of float32, tf32, bfloat16"),
        ({"sft": {"learning_rate": float("nan")}}, "--sft.learning-rate is nan; give a finite number"),
        ({"sft": {"learning_rate": 10**400}}, "sft.learning_rate is a whole number of more than 20 digits"),
        ({"rl": {"steps": 10**30}}, "--rl.steps is a number of 31 digits"),
        ({"rl": {"advantage": "x"}}, "RLConfig: advantage is 'x'"),
        ({"task": "nothing"}, "--task is 'nothing'; choose one of"),
        ({"horizon": 1}, "knows no setting horizon"),
    ],
)
def test_settings_that_cannot_be(
    change: dict, said: str, original: Path, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    """Resuming names the file and the setting."""
    contents = json.loads((original / CONFIG).read_text())
    for name, value in change.items():
        inner = contents["config"].get(name)
        contents["config"][name] = {**inner, **value} if isinstance(value, dict) else value
    (original / CONFIG).write_text(json.dumps(contents))
    write_sums(original, read_sums(original) | {CONFIG: digest(original / CONFIG)})
    assert program.main(["--resume", str(original)]) == 1
    printed = capsys.readouterr().err
    assert f"{original / CONFIG}" in printed and said in printed and printed.count("\n") == 1
