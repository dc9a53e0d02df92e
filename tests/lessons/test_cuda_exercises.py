"""Exercises in CUDA: what a kernel does wrong comes back as a sentence, its accesses are counted, and it does minirl's
work."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from minirl import kernels
from minirl.lessons.c import CompileError, compile_cuda, has_compiler, trace, traced
from minirl.lessons.c.kernel import Kernel, load_kernels, watched_kernels
from minirl.lessons.c.prototype import read_prototypes
from minirl.lessons.c.trace import SHARED
from minirl.lessons.isolate import run_check
from minirl.lessons.lesson import find_exercise, find_lesson
from minirl.lessons.names import names_of, solution_names
from minirl.lessons.parts import SwapError, swapped
from minirl.lessons.unusable import Unusable

pytestmark = pytest.mark.skipif(not has_compiler("cuda"), reason="there is no C++ compiler, or this is not Linux")

HEAD = "void f(int64 n, const float *x, float *y);"
X = np.arange(40, dtype=np.float32)
LESSON = find_lesson("22")


def text(body: str) -> str:
    heading = 'typedef long long int64;\nextern "C" __global__ void f(int64 n, const float *x, float *y) {'
    return f"{heading}\n    const int i = threadIdx.x;\n{body}\n}}\n"


def run(body: str, orders: tuple[int, ...] = (0,), block: int = 40) -> list[np.ndarray]:
    """y after f(40, X, y) with one block of threads, in each order, in the program for checks."""
    f = watched_kernels(text(body), read_prototypes(HEAD), "exercises.cu")["f"]
    results = []
    for f.order in orders:
        results.append(np.full(40, np.nan, np.float32))
        f(1, block, 40, X, results[-1])
    assert f.program.sanitized
    return results


def test_what_is_right_comes_back_in_every_order() -> None:
    for y in run("if (i < n) y[i] = 2 * x[i];", (0, 1, 2, 3), block=64):
        np.testing.assert_array_equal(y, 2 * X)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("y[i + 1] = x[i];", ["writes y[40] in line 4", "has y[0] to y[39]"]),
        ("y[i] = x[i - 1];", ["reads x[-1] in line 4"]),
        ("__shared__ float held[8]; held[i] = x[i]; y[i] = held[i];", ["in line 4", "outside of the array"]),
        ("if (i < 32) __shfl_xor_sync(0xffffffffu, 1, 1); else __syncthreads(); y[i] = 1;\n"
         "if (i == 0) __shfl_xor_sync(3u, 1, 1);", ["cannot go on", "that never come"]),
        ("if (i < 16) y[i] = __shfl_xor_sync(0xffffffffu, x[i], 1);", ["cannot go on", "shuffle"]),
        ("((float *)x)[i] = 7; y[i] = n;", ["changes `x`, which is there only to be read"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_explained(body: str, says: list[str]) -> None:
    with pytest.raises(Unusable) as error:
        run(body)
    assert all(words in str(error.value) for words in says), str(error.value)


def test_a_missing_barrier_shows_in_some_order() -> None:
    """Each thread reads what the thread before it has written. Without a barrier that is there in the first order."""
    exchange = "__shared__ float held[40]; held[i] = x[i]; {} y[i] = i ? held[i - 1] : n;"
    for barrier, expected in (("__syncthreads();", [True, True]), ("", [True, False])):
        results = run(exchange.format(barrier), (0, 1, 2, 3))
        right = [np.array_equal(y, [40, *X[:-1]]) for y in results]
        assert right[:2] == expected and all(right) == bool(barrier)


@pytest.mark.parametrize(
    ("body", "says"),
    [("y[i] = z[i] + n;", "Nothing has this name here"), ("float sum; y[i] = sum + x[n];", "begin with 0")],
)
def test_what_does_not_compile_is_explained(body: str, says: str) -> None:
    with pytest.raises(CompileError) as error:
        watched_kernels(text(body), read_prototypes(HEAD), "exercises.cu")
    assert "exercises.cu does not compile: line 4" in str(error.value) and says in str(error.value)


# ---- traces ----


def kernel(body: str) -> Kernel:
    return load_kernels(text(body), read_prototypes(HEAD))["f"]


def test_every_access_is_counted_with_its_warp() -> None:
    seen = traced(kernel("for (int j = i; j < n; j += 32) y[j] = x[j / 2];"), 1, 32, 40, X, X.copy())
    assert (seen.count("x"), seen.count("y"), seen.count("y", writes=True)) == (40, 0, 40)
    first, second = seen.by_warp("x")
    assert first == [4 * (lane // 2) for lane in range(32)] and second == [4 * (16 + lane // 2) for lane in range(8)]
    np.testing.assert_array_equal(seen.times("x", 40), [2] * 20 + [0] * 20)


def test_shared_memory_and_blocks_are_told_apart() -> None:
    body = "__shared__ float held[32]; held[i] = x[i]; __syncthreads(); y[blockIdx.x] = held[0]; (void)n;"
    seen = traced(kernel(body), 2, 32, 40, X, X.copy())
    assert (seen.count("x"), seen.count(SHARED), seen.count(SHARED, writes=True)) == (64, 64, 64)
    assert seen.times("x", 40, block=1).sum() == 32 == len(seen.by_warp("y", writes=True)[0])


def test_a_trace_that_cannot_go_on_says_so(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="ended before it was done"):
        traced(kernel("if (i < 16) y[i] = n + __shfl_xor_sync(0xffffffffu, x[i], 1);"), 1, 32, 40, X, X.copy())
    assert "never come" in capfd.readouterr().err


def test_a_trace_does_not_count_as_a_call_at_a_seam() -> None:
    silu = solution_names(LESSON)["silu"]
    assert trace(silu, X).count("x") == 40
    np.testing.assert_allclose(silu(X), X / (1 + np.exp(-X)), rtol=1e-6)


# ---- the lesson ----


def test_a_kernel_that_is_not_written_is_named(tmp_path: Path) -> None:
    file = tmp_path / "exercises.cu"
    shutil.copyfile(LESSON.folder / "exercises.cu", file)
    result = run_check(find_exercise("22.3")[1], file, 1)
    assert result.verdict == "fail" and "`rms_norm` is not written yet" in result.text
    shutil.copyfile(LESSON.folder / "solution.cu", file)
    assert run_check(find_exercise("22.3")[1], file, 1).verdict == "pass"


def test_without_a_compiler_a_check_is_inconclusive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "/nonexistent")
    file = tmp_path / "exercises.cu"
    shutil.copyfile(LESSON.folder / "solution.cu", file)
    result = run_check(find_exercise("22.1")[1], file, 1)
    assert result.verdict == "inconclusive" and "written in CUDA" in result.text and "g++" in result.text
    np.testing.assert_allclose(solution_names(LESSON)["silu"](X), X / (1 + np.exp(-X)), rtol=1e-6)


@pytest.fixture
def course(monkeypatch: pytest.MonkeyPatch) -> None:
    """The course's kernels at the seams, and the backend "cuda" on the CPU."""
    monkeypatch.setenv("MINIRL_CUDA_SHIM", "1")
    names_of(LESSON, find_exercise("22.1")[1], LESSON.folder / "solution.cu")  # marks them as the learner's


FORMS = {
    "plain": {},
    "transposed": {"transpose_b": True},
    "with everything": {"bias": True, "activation": "gelu_tanh", "preactivation": True, "residual": True},
    "added": {"out": True, "accumulate": True},
}


@pytest.mark.parametrize("form", FORMS)
def test_the_products_of_minirl_come_from_the_learners_kernel(form: str, course: None) -> None:
    rng, (B, M, K, N) = np.random.default_rng(0), (2, 3, 5, 4)
    a, b = rng.normal(size=(B, M, K)).astype(np.float32), rng.normal(size=(B, K, N)).astype(np.float32)
    shapes = {"bias": (N,), "preactivation": (B, M, N), "residual": (B, M, N), "out": (B, M, N)}
    made = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    if "transpose_b" in FORMS[form]:
        b = np.ascontiguousarray(b.swapaxes(1, 2))

    def results(place: object) -> list[np.ndarray]:
        options = {name: place(made[name].copy()) if name in made else value for name, value in FORMS[form].items()}
        c = kernels.matmul(place(a), place(b), **options)
        return [kernels.fetch(x) for x in (c, options.get("preactivation", c))]

    with kernels.using("reference"):
        expected = results(lambda x: x)
    with kernels.using("cuda"):
        from minirl.kernels.device import device

        with swapped("cuda.matmul", force=True) as used:
            got = results(device)
    assert used["cuda.matmul"].calls == B and used["cuda.matmul"].total == 1
    for one, other in zip(got, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_a_wrong_kernel_stops_the_run(course: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    wrong = (LESSON.folder / "solution.cu").read_text(encoding="utf-8").replace("sum / C + eps", "sum / LANES + eps")
    file = tmp_path / "exercises.cu"
    file.write_text(wrong, encoding="utf-8")
    names_of(LESSON, find_exercise("22.3")[1], file)
    expected = pytest.raises(SwapError, match=r"differs from minirl's")
    with kernels.using("cuda"), expected, swapped("cuda.rms_norm", force=True):
        kernels.rms_norm(np.ones((2, 5), np.float32), np.ones(5, np.float32))


@pytest.mark.skipif(shutil.which("nvcc") is None, reason="nvcc is not in PATH")
@pytest.mark.slow
def test_nvidias_compiler_takes_the_solution(tmp_path: Path) -> None:
    from minirl.kernels.device.compilers import compile_with_nvcc

    source = (LESSON.folder / "solution.cu").read_text(encoding="utf-8")
    compile_with_nvcc(source, "sm_80", tmp_path / "solution.cubin")
    assert (tmp_path / "solution.cubin").stat().st_size > 1000


def test_kernels_are_compiled_from_a_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINIRL_CUDA_SHIM", "1")
    f, y = compile_cuda(text("if (i < n) y[i] = 2 * x[i];"), HEAD).f, np.zeros(40, np.float32)
    f(1, 64, 40, X, y)
    np.testing.assert_array_equal(y, 2 * X)
