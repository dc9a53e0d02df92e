"""How many threads the kernels start with."""

import os
import subprocess
import sys

import pytest

from minirl import kernels
from minirl.kernels import threads


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    monkeypatch.delenv("MINIRL_THREADS", raising=False)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)


@pytest.mark.parametrize(
    "files",
    [
        lambda quota: {"cpu.max": f"{quota} 100000"},
        lambda quota: {
            "cpu/cpu.cfs_quota_us": "-1\n" if quota == "max" else f"{quota}\n",
            "cpu/cpu.cfs_period_us": "100000\n",
        },
    ],
    ids=["version 2", "version 1"],
)
def test_available_cores_respect_a_container_quota(monkeypatch, tmp_path, files):
    monkeypatch.setattr(threads, "CGROUP", tmp_path)
    (tmp_path / "cpu").mkdir()
    without_groups = threads.available_cores()
    assert 1 <= without_groups <= (os.cpu_count() or 1)
    for quota, expected in [("max", without_groups), (100000, 1), (50000, 1)]:
        for name, text in files(quota).items():
            (tmp_path / name).write_text(text)
        assert threads.available_cores() == expected


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


FORKED = """
import multiprocessing, signal, sys
import numpy as np
from minirl import kernels
from minirl.tokenizer import Tokenizer

kernels.set_threads(2)
large = np.ones((512, 512), np.float32)
texts = ["some words of a text " * 200] * 50
tokenizer = Tokenizer.train(texts, 300)

def work(_):
    signal.alarm(30)  # a hang ends the child, and with it the test
    product = kernels.matmul(large, large)[0, 0], kernels.softmax(large)[0, 0] * 512
    kernels.set_threads(2)
    ids = tokenizer.encode_batch(texts)
    return product, len(ids), kernels.get_threads()

before = work(0)
with multiprocessing.get_context("fork").Pool(2) as pool:
    after = pool.map_async(work, range(4)).get(60)
print(all(a[:2] == before[:2] for a in after), {a[2] for a in after})
"""


@pytest.mark.skipif(not hasattr(os, "fork") or not kernels.has_openmp(), reason="needs fork and threads")
def test_a_fork_of_a_process_that_used_threads_goes_on_with_one():
    """OpenMP's threads are not copied by fork; a region that waited for them would hang for ever."""
    done = subprocess.run([sys.executable, "-c", FORKED], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.split("\n")[0] == "True {1}", done.stdout + done.stderr
