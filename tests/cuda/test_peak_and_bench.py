"""What the GPU can do at most, and the benchmarks on it: they run, on what they say, and give no times here."""

import json

import pytest

from minirl import kernels
from minirl.bench import generate, runner, train
from minirl.bench import kernels as bench
from minirl.bench.kernels import GROUPS
from minirl.kernels import peak


def test_ceilings_are_measured_there():
    peaks = peak.measure()
    assert peaks.source == "CUDA kernels"
    assert peaks.fma > 0 and peaks.bandwidth > 0 and (peaks.fma_bf16 or 0) > 0


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr(runner, "PAUSE", 0)
    monkeypatch.setattr(runner, "SAMPLE", 1e-6)


def test_every_kernel_is_timed_there(short, tmp_path):
    path = tmp_path / "found.json"
    assert bench.main(["--quick", "--backend", "cuda", "--repeats", "1", "--threads", "1", "--json", str(path)]) == 0
    found = json.loads(path.read_text())
    assert {result["group"] for result in found["results"]} == set(GROUPS)
    assert all(set(result["seconds"]) <= {"minirl", "torch"} for result in found["results"])
    assert kernels.backend() == "cuda"


@pytest.mark.parametrize("program", [train, generate])
def test_whole_models_are_timed_there(program, short, tmp_path):
    path = tmp_path / "found.json"
    only = ["--only", "small" if program is train else "llama,rows"]
    assert program.main(["--quick", "--backend", "cuda", "--repeats", "1", "--json", str(path), *only]) == 0
    results = json.loads(path.read_text())["results"]
    assert results
    assert all(set(result["seconds"]) <= {"minirl", "torch", "torch compiled"} for result in results)
