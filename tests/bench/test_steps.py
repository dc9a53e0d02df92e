"""The table of the steps of a matrix product: every contender is timed on every size."""

import pytest

from minirl import kernels
from minirl.bench import steps


@pytest.mark.skipif(not kernels.has_native(), reason="the C kernels are not built")
def test_the_table_has_every_step_beside_the_kernel_and_numpy(capsys, monkeypatch):
    monkeypatch.setattr(steps.peak, "SECONDS", 0.0)
    before = kernels.get_threads()
    steps.main(["--sizes", "5", "16", "--repeats", "2"])
    shown = capsys.readouterr().out
    assert all(name in shown for name in ("1 naive", "7 threads", "kernels.matmul", "NumPy"))
    assert set(steps.measure(5, 1)) == set(steps.CONTENDERS) and min(steps.measure(5, 1).values()) > 0
    assert kernels.get_threads() == before
