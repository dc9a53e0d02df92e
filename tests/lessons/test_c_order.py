"""The order in which a function in C takes its steps shows, although the results are the same."""

from typing import Any

import numpy as np
import pytest

from minirl.lessons.c import compile_c, has_compiler
from minirl.lessons.lesson import lessons

pytestmark = pytest.mark.skipif(not has_compiler(), reason="there is no C compiler here")

BLOCKED = """
void blocked(const float *a, const float *b, float *c, int M, int K, int N) {{
    for (int i = 0; i < M * N; i++) c[i] = 0;
    for (int k0 = {k_first}; k0 >= 0 && k0 < K; k0 += {k_step})
        for (int j0 = {j_first}; j0 >= 0 && j0 < N; j0 += {j_step})
            for (int i = 0; i < M; i++)
                for (int k = k0; k < K && k < k0 + {steps}; k++)
                    for (int j = j0; j < N && j < j0 + {columns}; j++) c[i * N + j] += a[i * K + k] * b[k * N + j];
}}
"""


def missing(steps: int, columns: int, back: bool = False) -> str:
    """Which blocks the check of exercise 4.4 misses in a product with blocks of this size."""
    ends = {"k_first": f"(K - 1) / {steps} * {steps}", "j_first": f"(N - 1) / {columns} * {columns}"}
    starts = ends if back else {"k_first": "0", "j_first": "0"}
    turn = -1 if back else 1
    text = BLOCKED.format(steps=steps, columns=columns, k_step=turn * steps, j_step=turn * columns, **starts)
    raw = compile_c(text, "void blocked(const float *a, const float *b, float *c, int M, int K, int N);").blocked
    a, b, c = np.ones((3, 40), np.float32), np.ones((40, 50), np.float32), np.empty((3, 50), np.float32)
    raw(a, b, c, 3, 40, 50)
    assert (c == 40).all()

    def function() -> None: ...

    vars(function).update(raw=raw)
    function.__name__ = "blocked"
    order: Any = lessons()["4"].module("checks").without_blocks
    return str(order(function))


@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize("size", [(32, 128), (8, 2048), (256, 16), (2048, 1000)])
def test_blocks_of_any_size_and_direction_are_seen(size: tuple[int, int], back: bool) -> None:
    assert missing(*size, back=back) == ""


def test_blocks_that_are_missing_are_named() -> None:
    assert missing(5000, 128) == missing(5000, 5000) == "blocked__no_blocks"
    assert missing(32, 5000) == "blocked__whole_rows"


@pytest.mark.parametrize(("sums", "mistake"), [(1, "few_sums"), (4, "few_sums"), (7, "few_sums"), (8, ""), (16, "")])
def test_sums_are_counted(sums: int, mistake: str) -> None:
    checks: Any = lessons()["5"].module("checks")
    width = checks.LANES

    def dot(x: np.ndarray, y: np.ndarray) -> float:
        whole = len(x) // (sums * width) * sums * width
        parts = np.zeros(sums * width, np.float32)
        for products in (x[:whole] * y[:whole]).reshape(-1, sums * width):
            parts += products
        total = np.float32(0)
        for number in (*parts, *(x[whole:] * y[whole:])):
            total += number
        return float(total)

    assert checks.few_sums(dot) == (f"dot__{mistake}" if mistake else "")
    assert checks.few_sums(lambda x, y: float(np.cumsum(x * y, dtype=np.float32)[-1])) == "dot__plain_loop"
