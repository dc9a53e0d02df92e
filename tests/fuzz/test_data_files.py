"""Damaged files of published datasets: refused with one line that names the file, or read and make sense."""

import json
import random
from pathlib import Path

import pytest
from made_up import aqua, gsm8k, instructions, qasc, strategyqa, svamp
from mutations import damaged_bytes, damaged_value, to_bytes

from minirl import tasks
from minirl.tasks.published import Published
from minirl.tasks.records import DataError

FILES = {
    "gsm8k": ("test.jsonl", gsm8k("at home", 4)),
    "svamp": ("SVAMP.json", svamp(4)),
    "aqua": ("test.json", aqua("Now", 4)),
    "strategyqa": ("dev.json", strategyqa("of late", 4)),
    "arc-easy": ("arc-easy-train.json", instructions(4)),
    "qasc": ("qasc-dev.jsonl", qasc(4)),
}


def as_file(name: str, records: list[dict]) -> bytes:
    if name in ("svamp", "strategyqa", "arc-easy"):
        return json.dumps(records, indent=1).encode()
    return b"".join(to_bytes(record) + b"\n" for record in records)


def check(name: str, data: bytes, folder: Path) -> bool:
    """Whether the file was refused."""
    task = tasks.get(name)
    assert isinstance(task, Published)
    path = folder / (task.dataset or name) / FILES[name][0]
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    try:
        problems = task.listed("test")
    except DataError as error:
        said = str(error)
        assert str(path) in said and len(said) - len(str(path)) < 2000 and "\n" not in said, said
        return True
    for problem in problems:
        assert task.checker.check(problem, problem.completion)
        assert (problem.prompt + problem.completion).encode().count(b"\n") == 2
    return False


def fuzz(folder: Path, seeds: range) -> None:
    refused = 0
    for seed in seeds:
        rng = random.Random(seed)
        name = list(FILES)[seed % len(FILES)]
        records = FILES[name][1]
        if seed % 3:
            place = rng.randrange(len(records))
            changed = [damaged_value(record, rng) if i == place else record for i, record in enumerate(records)]
            data = as_file(name, changed)
        else:
            data = damaged_bytes(as_file(name, records), rng)
        try:
            refused += check(name, data, folder)
        except BaseException:
            print(f"seed {seed}")
            raise
    assert 0.3 < refused / len(seeds) < 0.98  # most damage is damage, and some files are still whole


def test_damaged_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINIRL_DATA_DIR", str(tmp_path))
    fuzz(tmp_path, range(800))


@pytest.mark.slow
def test_many_damaged_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINIRL_DATA_DIR", str(tmp_path))
    fuzz(tmp_path, range(10_000, 100_000))
