"""The benchmark: the roofline's arithmetic, the fairness of the comparison, its outputs. No test looks at a time."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from minirl import kernels
from minirl.bench import case, report, runner
from minirl.bench import kernels as bench
from minirl.bench.__main__ import NAMES
from minirl.bench.__main__ import main as benchmarks
from minirl.bench.sizes import QUICK, TRAINING
from minirl.kernels import peak

PEAKS = peak.Peaks(fma=100e9, fma_bf16=200e9, bandwidth=10e9, source="C kernels")


def result(seconds: dict[str, float], flops: float = 0.0, size: float = 1e9, group: str = "norm") -> runner.Result:
    return runner.Result(group, "a case", flops, size, False, seconds)


class TestRoofline:
    def test_memory_bounds_what_does_little_arithmetic(self) -> None:
        assert PEAKS.floor(1e9, 1e9) == (0.1, "bandwidth")

    def test_arithmetic_bounds_what_reuses_its_operands(self) -> None:
        assert PEAKS.floor(1e12, 1e9) == (10.0, "fma")
        assert PEAKS.floor(1e12, 1e9, bf16=True) == (5.0, "fma")

    def test_the_higher_of_two_measurements_counts(self) -> None:
        other = peak.Peaks(fma=90e9, fma_bf16=250e9, bandwidth=11e9, source="C kernels")
        assert PEAKS.best(other) == peak.Peaks(100e9, 250e9, 11e9, "C kernels")

    def test_a_result_is_compared_with_its_ceiling_and_its_peers(self) -> None:
        measured = result({"minirl": 0.2, "numpy": 1.0})
        assert measured.fraction(PEAKS) == pytest.approx(0.5)
        assert measured.fraction(PEAKS, "numpy") == pytest.approx(0.1)
        assert measured.ratio("numpy") == pytest.approx(5)
        assert measured.ratio("torch") is None


class TestRunner:
    def test_contenders_take_turns_with_the_operands(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(runner, "PAUSE", 0)
        monkeypatch.setattr(runner, "SAMPLE", 1e-4)
        monkeypatch.setattr(case, "cache_bytes", lambda: 100)
        seen: dict[str, list[int]] = {"ours": [], "numpy": []}
        x = np.zeros(25, np.float32)
        measured = runner.measure(
            case.Case(
                group="g",
                name="n",
                operands=(x,),
                kernel=lambda x: seen["ours"].append(id(x)),
                numpy=lambda x: seen["numpy"].append(id(x)),
                bytes=x.nbytes,
                cold=True,
            ),
            repeats=3,
        )
        assert set(measured.seconds) >= {"numpy"} and all(seconds > 0 for seconds in measured.seconds.values())
        turns = seen["numpy"]
        assert len(set(turns)) == 4, "100 bytes of cache, four times over, are four operands of 100 bytes"
        assert turns[4:8] == turns[:4] and turns[0] == id(x)

    def test_each_side_runs_on_its_own_backend(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(runner, "PAUSE", 0)
        monkeypatch.setattr(runner, "SAMPLE", 1e-4)
        used: set[str] = set()
        x = np.zeros(25, np.float32)
        before = kernels.backend()
        runner.measure(case.Case("g", "n", (x,), lambda x: used.add(kernels.backend()), x.nbytes), repeats=1)
        assert kernels.backend() == before
        assert used == ({"native", "reference"} if kernels.has_native() else {"reference"})


@pytest.mark.parametrize("group", bench.GROUPS)
def test_every_contender_computes_the_same(group: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A comparison with software that does something else would mean nothing."""
    monkeypatch.setattr(case, "cache_bytes", lambda: 0)
    outcomes: dict[str, list[list[np.ndarray]]] = {"minirl": [], "numpy": [], "torch": []}
    for contender, found in outcomes.items():
        for made in bench.GROUPS[group](QUICK):  # anew for each contender, since some write into their operands
            contenders = runner._contenders(made)
            if contender in contenders:
                with kernels.using(kernels.backend()):
                    prepare, call = contenders[contender]
                    prepare()
                    found.append([*arrays(call()), *made.operands])
    tolerance = 2e-2 if "bf16" in group else 1e-4
    for ours, numpys in zip(outcomes["minirl"], outcomes["numpy"], strict=False):
        for got, expected in zip(ours, numpys, strict=True):
            assert close(got, expected, tolerance)
    if group in ("sampling", "optimizer", "embedding"):
        return  # PyTorch draws by other means, keeps its own state, and adds into its own table
    for torchs, numpys in zip(outcomes["torch"], outcomes["numpy"], strict=False):
        for got in torchs:
            assert any(close(candidate, expected, tolerance) for expected in numpys for candidate in layouts(got))


def arrays(value: object) -> list[np.ndarray]:
    """The arrays in what a contender returned."""
    if isinstance(value, tuple | list):
        return [array for part in value for array in arrays(part)]
    if hasattr(value, "detach"):  # a tensor
        return [value.detach().float().numpy()]
    return [] if value is None else [np.asarray(value, np.float32)]


def layouts(x: np.ndarray) -> list[np.ndarray]:
    """PyTorch's attention has (B, H, T, D) where ours has (B, T, H, D); its decoding likewise."""
    return [x, x.swapaxes(1, 2)] if x.ndim == 4 else [x]


def close(got: np.ndarray, expected: np.ndarray, tolerance: float) -> bool:
    if got.shape != expected.shape:
        return False
    largest = float(np.abs(expected).max(initial=1e-6))
    return bool(np.allclose(got, expected, rtol=tolerance, atol=tolerance * largest))


class TestProgram:
    def test_a_group_is_chosen_by_the_beginning_of_its_name(self) -> None:
        assert runner.chosen("", bench.GROUPS) == list(bench.GROUPS)
        found = runner.chosen("attention, matmul", bench.GROUPS)
        assert found == ["matmul", "matmul bf16", "matmul few rows", "matmul few rows bf16", "attention"]
        with pytest.raises(ValueError, match="no group begins with 'atention'; did you mean attention"):
            runner.chosen("atention", bench.GROUPS)

    def test_it_prints_a_table_and_writes_json_and_a_picture(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(runner, "PAUSE", 0)
        monkeypatch.setattr(runner, "SAMPLE", 1e-4)
        monkeypatch.setattr(case, "cache_bytes", lambda: 0)
        monkeypatch.setattr(peak, "measure", lambda: PEAKS)
        before = kernels.backend(), kernels.get_threads()
        data, picture = tmp_path / "bench.json", tmp_path / "bench.png"
        flags = ["--only", "softmax,rope", "--quick", "--repeats", "1", "--json", str(data), "--plot", str(picture)]
        bench.main([*flags, "--threads", str(before[1])])
        printed = " ".join(capsys.readouterr().out.split())
        assert (kernels.backend(), kernels.get_threads()) == before
        for wanted in ("100 GFLOP/s in float32, 200 GFLOP/s in bfloat16, 10.0 GB/s", "log-softmax backward", "RoPE"):
            assert wanted in printed
        written = json.loads(data.read_text(encoding="utf-8"))
        assert [row["name"].split("  ")[0] for row in written["results"]][-1] == "RoPE"
        row = written["results"][0]
        lead = "minirl" if kernels.has_native() else "numpy"
        assert row["fraction_of_peak"][lead] == pytest.approx(row["bytes"] / PEAKS.bandwidth / row["seconds"][lead])
        assert written["peaks"]["bandwidth"] == PEAKS.bandwidth
        assert picture.read_bytes().startswith(b"\x89PNG")

    @pytest.mark.parametrize("width", [80, 200])
    def test_the_table_fits_and_loses_nothing(self, width: int, capsys: pytest.CaptureFixture[str]) -> None:
        """At 80 columns a name stands above its numbers; at 200 there is room for both."""
        name = "forward + backward  16 x 12 x 1024 x 64"
        results = [replace(result({"minirl": 0.0123, "numpy": 0.0234, "torch": 0.0345}), name=name)]
        report.print_table(Console(width=width), report.table(results, PEAKS))
        lines = capsys.readouterr().out.splitlines()
        assert max(map(len, lines)) <= width
        (above,) = [number for number, line in enumerate(lines) if name in line]
        row = " ".join(lines[above : above + 2])
        assert all(wanted in row for wanted in ("12.3 ms", "23.4 ms", "34.5 ms", "1.90", "2.80"))
        assert ("12.3 ms" in lines[above]) == (width == 200)
        header = next(line for line in lines if "minirl" in line and "NumPy" in line)
        assert all(column in header for column in ("case", "rate", "of peak", "PyTorch"))

    def test_the_summary_has_geometric_means(self) -> None:
        results = [result({"minirl": 0.1, "numpy": 0.4, "torch": 0.1}), result({"minirl": 0.2, "numpy": 0.2})]
        assert report.summary(results, PEAKS) == [
            "norm: 2.00 x NumPy (least 1.00), 1.00 x PyTorch (least 1.00), 71% of peak"
        ]

    @pytest.mark.parametrize(
        ("seconds", "text"), [(2.5, "2.50 s"), (0.0123456, "12.3 ms"), (0.4567, "457 ms"), (3.2e-7, "0.32 µs")]
    )
    def test_times_have_three_digits_and_a_fitting_unit(self, seconds: float, text: str) -> None:
        assert report.seconds_text(seconds) == text

    def test_an_unknown_benchmark_is_refused(self) -> None:
        done = subprocess.run([sys.executable, "-m", "minirl.bench", "sorting"], capture_output=True, text=True)
        assert done.returncode == 2
        assert "there is no benchmark 'sorting'; choose one of kernels" in done.stderr

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (["--only", "atention"], "no group begins with 'atention'; did you mean attention?"),
            (["train", "--only", "big"], "no group begins with 'big'; there are 124M, small, memory"),
            (["--threads", "999"], "more threads than cores are many times slower; give 1 to"),
            (["generate", "--threads", "-1"], "--threads is -1"),
            (["tokenizer", "--threads", "999"], "--threads is 999"),
        ],
    )
    def test_a_value_that_cannot_be_used_is_one_line(
        self, words: list[str], message: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert benchmarks(words) == 2
        error = capsys.readouterr().err
        assert message in error and error.count("\n") == 1

    def test_help_lists_the_benchmarks(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as stopped:
            benchmarks(["--help"])
        shown = capsys.readouterr().out
        assert stopped.value.code == 0 and all(f"\n  {name} " in shown for name in NAMES) and "--only" in shown

    def test_quick_says_that_its_figures_mean_nothing(self, monkeypatch, capsys) -> None:  # type: ignore[no-untyped-def]
        monkeypatch.setattr(runner, "PAUSE", 0)
        monkeypatch.setattr(runner, "SAMPLE", 1e-4)
        monkeypatch.setattr(peak, "measure", lambda: PEAKS)
        bench.main(["--quick", "--only", "rope", "--repeats", "1", "--threads", str(kernels.get_threads())])
        shown = capsys.readouterr().out
        assert "no time or ratio here means anything" in " ".join(shown.split()) and "Geometric means" not in shown

    def test_the_training_shapes_are_gpt2s(self) -> None:
        assert (TRAINING.C, TRAINING.F, TRAINING.H, TRAINING.V) == (768, 3072, 12, 50257)
