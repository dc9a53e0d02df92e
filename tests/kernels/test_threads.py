"""How many threads the kernels start with."""

import os
import subprocess
import sys

import pytest

from minirl.kernels import threads


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    monkeypatch.delenv("MINIRL_THREADS", raising=False)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)


def test_available_cores_respect_a_container_quota(monkeypatch, tmp_path):
    quota = tmp_path / "cpu.max"
    monkeypatch.setattr(threads, "CGROUP_QUOTA", quota)
    quota.write_text("max 100000")
    unlimited = threads.available_cores()
    assert 1 <= unlimited <= (os.cpu_count() or 1)
    quota.write_text("100000 100000")
    assert threads.available_cores() == 1
    quota.write_text("50000 100000")
    assert threads.available_cores() == 1
    quota.unlink()
    assert threads.available_cores() == unlimited


def test_minirl_threads_comes_before_omp_num_threads(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3,2")
    assert threads.default_threads() == 3
    monkeypatch.setenv("MINIRL_THREADS", "5")
    assert threads.default_threads() == 5


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5"])
def test_a_variable_without_a_number_is_refused(monkeypatch, text):
    monkeypatch.setenv("MINIRL_THREADS", text)
    with pytest.raises(ValueError, match=f"MINIRL_THREADS='{text}' is not a number of threads"):
        threads.default_threads()


def test_the_variable_reaches_the_kernels():
    program = "from minirl import kernels; print(kernels.get_threads(), kernels.has_native())"
    environment = {**os.environ, "MINIRL_THREADS": "3"}
    printed = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    ).stdout.split()
    assert printed in (["3", "True"], ["1", "False"]) or printed[0] == "1"  # 1 where OpenMP is missing
