"""Benchmarks that are stopped: what was done is told, kept and written."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from minirl import kernels
from minirl.bench import kernels as bench
from minirl.bench import runner, tokenizer
from minirl.bench.progress import Progress
from minirl.console import INTERRUPTED
from minirl.kernels import peak

PEAKS = peak.Peaks(fma=100e9, fma_bf16=None, bandwidth=10e9, source="C kernels")


def stopping_at(case: int) -> Any:
    """A measurement that is interrupted at its case number `case`, from 0 on."""
    seen: list[Any] = []

    def measure(given: Any, *rest: Any) -> runner.Result:
        seen.append(given)
        if len(seen) > case:
            raise KeyboardInterrupt
        return runner.Result(given.group, given.name, 0.0, 1e6, False, {"minirl": 0.25, "numpy": 0.5})

    return measure


def test_ctrl_c_keeps_what_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(peak, "measure", lambda: PEAKS)
    monkeypatch.setattr(runner, "measure", stopping_at(2))
    path = tmp_path / "bench.json"
    flags = ["--quick", "--only", "softmax", "--json", str(path), "--threads", str(kernels.get_threads())]
    assert bench.main(flags) == INTERRUPTED
    shown = capsys.readouterr()
    assert "Stopped by Ctrl-C. Kept: 2 cases." in shown.err
    assert shown.out.count("minirl 250 ms, NumPy 500 ms (2.00 x)") == 2, "a line for each case"
    results = json.loads(path.read_text(encoding="utf-8"))["results"]
    assert len(results) == 2 and shown.out.count(results[1]["name"]) == 2, "in its own line and in the table"


def test_a_case_is_saved_before_the_next_begins() -> None:
    saved: list[list[int]] = []

    def measure(case: int) -> int:
        assert saved == [list(range(done + 1)) for done in range(case)]
        return case

    found = Progress().each(range(3), measure, str, str, lambda results: saved.append(list(results)))
    assert found == [0, 1, 2] and len(saved) == 3


def test_after_ctrl_c_no_other_case_begins(capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(case: int) -> int:
        raise KeyboardInterrupt

    progress = Progress()
    assert progress.status == 0
    assert progress.each([1], interrupted, str, str) == [] and progress.status == INTERRUPTED
    assert progress.each([1, 2], lambda case: pytest.fail("measured"), str, str) == []
    assert "0 cases" in capsys.readouterr().err


def test_turns_that_are_stopped_keep_the_rows_that_were_timed(capsys: pytest.CaptureFixture[str]) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    rows, progress = [tokenizer.Row(name, call, 1) for name, call in (("a", int), ("b", stop), ("c", int))], Progress()
    tokenizer.take_turns(rows, 5, progress)
    assert [row.name for row in rows] == ["a"] and progress.interrupted
    assert "a: " in capsys.readouterr().out


KILLED = """
import os
from minirl.bench.progress import Progress
Progress().each([1, 2], lambda case: case if case == 1 else os._exit(3), str, "case {} is done".format)
"""


def test_a_line_reaches_a_file_before_the_process_is_killed(tmp_path: Path) -> None:
    with open(tmp_path / "log", "w", encoding="utf-8") as log:
        done = subprocess.run([sys.executable, "-c", KILLED], stdout=log)
    assert done.returncode == 3
    assert (tmp_path / "log").read_text(encoding="utf-8") == "case 1 is done\n"
