"""How many threads the kernels start with."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
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
    kernels.sample(large, np.zeros(len(large)))  # its threads wait for each other in the middle
    kernels.set_threads(2)
    ids = tokenizer.encode_batch(texts)
    return product, len(ids), kernels.get_threads()

before = work(0)
with multiprocessing.get_context("fork").Pool(2) as pool:
    after = pool.map_async(work, range(4)).get(60)
print(all(a[:2] == before[:2] for a in after), {a[2] for a in after})
"""


OWN_RUNTIME = kernels.has_native() and kernels.runtime.lib.minirl_has_openmp() == 2  # csrc/openmp.c
needs_fork = pytest.mark.skipif(not hasattr(os, "fork") or not kernels.has_openmp(), reason="needs fork and threads")


@needs_fork
def test_a_fork_of_a_process_that_used_threads_computes_the_same():
    """Threads are not copied by fork; a region that waited for its parent's would hang for ever.

    Our own runtime (csrc/openmp.c) starts new ones. With the compiler's, a fork computes with one thread.
    """
    done = subprocess.run([sys.executable, "-c", FORKED], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.split("\n")[0] in ("True {2}", "True {1}"), done.stdout + done.stderr


FORKED_MEANWHILE = """
import os, signal, threading
import numpy as np
from minirl import kernels

kernels.use("native")  # NumPy's own threads do not survive this
kernels.set_threads(2)
large, stop = np.ones((300, 300), np.float32), threading.Event()

def compute():
    while not stop.is_set():
        kernels.matmul(large, large)

other = threading.Thread(target=compute)
other.start()
ends = []
for _ in range(20):
    child = os.fork()
    if child == 0:
        signal.alarm(30)  # a hang ends the child, and with it the test
        os._exit(0 if kernels.matmul(large, large)[0, 0] == 300 else 1)
    ends.append(os.waitpid(child, 0)[1])
stop.set()
other.join()
print(ends == [0] * 20)
"""


@pytest.mark.skipif(not OWN_RUNTIME, reason="a compiler's own OpenMP may hang in such a fork")
def test_a_fork_computes_while_another_thread_of_its_parent_is_in_a_kernel():
    done = subprocess.run([sys.executable, "-c", FORKED_MEANWHILE], capture_output=True, text=True, timeout=120)
    assert done.stdout.split() == ["True"], done.stdout + done.stderr


@pytest.mark.skipif(not kernels.has_native(), reason="the C kernels are not built")
def test_callers_at_once_and_more_threads_than_cores_change_no_bit():
    """Regions of all kinds: static and dynamic loops, barriers, sums of parts; two of them at a time."""
    rng = np.random.default_rng(0)
    x, q = rng.standard_normal((500, 300)).astype(np.float32), rng.standard_normal((3, 90, 4, 16)).astype(np.float32)
    k, table = (
        rng.standard_normal((3, 700, 4, 16)).astype(np.float32),
        rng.standard_normal((40, 3000)).astype(np.float32),
    )
    lengths, numbers = np.array([700, 3, 300], np.int32), rng.random(40)

    def everything(_: int) -> list[np.ndarray]:
        return [
            kernels.matmul(x, x, transpose_b=True), kernels.softmax(x), *kernels.attention(q, q, q),
            kernels.attention_decode(q[:, 0], k, k, lengths), *kernels.sample(table, numbers, top_k=20, top_p=0.9),
            np.array(kernels.sum_squares([x, table])), kernels.matmul(x[:3], x, transpose_b=True),
        ]  # fmt: skip

    before = kernels.get_threads()
    try:
        kernels.set_threads(1)
        expected = everything(0)
        for threads in (2, 3, 7):
            kernels.set_threads(threads)
            with ThreadPoolExecutor(2) as pool:
                for found in pool.map(everything, range(6)):
                    for got, wanted in zip(found, expected, strict=True):
                        np.testing.assert_array_equal(got, wanted)
    finally:
        kernels.set_threads(before)
