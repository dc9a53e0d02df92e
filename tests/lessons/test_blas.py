"""NumPy's products use as many threads as a race allows, and afterwards as many as before."""

import time

import numpy as np
import pytest

from minirl.lessons.blas import blas_threads, openblas
from minirl.lessons.race import race

found = openblas()
needs_openblas = pytest.mark.skipif(found is None, reason="NumPy computes with another library here")


@needs_openblas
def test_threads_are_set_and_brought_back() -> None:
    assert found is not None
    before = found[0]()
    with pytest.raises(RuntimeError), blas_threads(1) as arranged:
        assert arranged and found[0]() == 1
        raise RuntimeError
    assert found[0]() == before


@needs_openblas
def test_a_race_for_one_thread_runs_numpy_on_one() -> None:
    assert found is not None
    seen = set()

    def product() -> None:
        seen.add(found[0]())
        np.ones((8, 8), np.float32) @ np.ones((8, 8), np.float32)
        time.sleep(0.002)

    race({"NumPy": product}, 0.01)
    assert seen == {1}
