"""Memory that arrays give back is used again, and not fetched anew from the system, page by page."""

import os
import platform

import numpy as np
import pytest

from minirl import kernels

resource = pytest.importorskip("resource")
pytestmark = [
    pytest.mark.skipif(
        not kernels.has_native() or platform.libc_ver()[0] != "glibc", reason="only the C kernels ask glibc for it"
    ),
    pytest.mark.skipif("LD_PRELOAD" in os.environ, reason="what is preloaded, a sanitizer say, may replace malloc"),
]
ARRAYS, PAGES = 32, 256  # arrays of 1 MB


def page_faults() -> int:
    """How many pages the system had to hand out while a step's arrays were made and freed."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    arrays = [np.ones(PAGES * 1024, np.float32) for _ in range(ARRAYS)]
    del arrays
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def test_a_second_step_finds_the_memory_of_the_first():
    page_faults()
    assert page_faults() < ARRAYS * PAGES / 10
