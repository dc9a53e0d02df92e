"""The doctor's report and its advice. Peaks are made up here, except where the machine is really measured."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from minirl import doctor, kernels
from minirl.kernels import peak

PEAKS = peak.Peaks(fma=200e9, fma_bf16=400e9, bandwidth=40e9, source="C kernels")
HEALTHY = doctor.Facts(
    minirl="0.1.0",
    python="3.12.1 (/usr/bin/python3)",
    numpy="2.0.0",
    cffi="1.17.0",
    system="Linux",
    cpu="Some CPU",
    cpu_flags=frozenset({"avx2", "avx512f", "avx512_bf16"}),
    cores=4,
    usable_cores=4,
    cpu_quota=None,
    memory_total=16 << 30,
    memory_free=8 << 30,
    load=0.1,
    compiler="/usr/bin/cc: cc 14",
    built_with="Clang 18.1.3",
    python_headers=True,
    backend="native",
    native=True,
    native_problem=None,
    isas={"portable": True, "avx2": True, "avx512": True, "avx512bf16": True},
    isa="avx512bf16",
    isa_forced=None,
    isa_fastest="avx512bf16",
    openmp=True,
    threads=4,
)


def test_a_healthy_machine_needs_no_advice() -> None:
    assert doctor.advice(HEALTHY) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            {"backend": "reference", "native": False, "native_problem": "there is no C compiler", "isas": {}},
            "there is no C compiler",
        ),
        ({"backend": "reference"}, "MINIRL_BACKEND=reference is set"),
        ({"isa": "avx2", "isa_forced": "avx2"}, "can run the faster avx512bf16; MINIRL_ISA=avx2 forces it"),
        (
            {"isas": {"portable": True}, "isa": "portable", "isa_fastest": "portable"},
            "This CPU has avx2, avx512, avx512bf16",
        ),
        (
            {
                "cpu_flags": HEALTHY.cpu_flags | {"amx_bf16"},
                "isas": {**HEALTHY.isas, "amx": False},
                "amx_refusal": "the host keeps AMX switched off",
            },
            "has AMX, which multiplies bfloat16 many times faster, but the host keeps AMX switched off.",
        ),
        ({"openmp": False, "threads": 1}, "one of 4 cores, because they were built without OpenMP"),
        ({"threads": 1}, "use 1 of 4 cores"),
        ({"threads": 64}, "64 threads share 4 usable cores"),
    ],
)
def test_each_trouble_gets_one_line_of_advice(change: dict[str, Any], expected: str) -> None:
    (line,) = doctor.advice(replace(HEALTHY, **change))
    assert expected in line


def test_the_openmp_advice_names_this_systems_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.sys, "platform", "darwin")
    assert "brew install libomp" in doctor.openmp_package()
    monkeypatch.setattr(doctor.sys, "platform", "linux")
    assert "apt-get install gcc" in doctor.openmp_package()


def test_the_report_holds_what_a_bug_report_needs() -> None:
    text = "\n".join(f"{name}: {value}" for name, value in doctor.rows(HEALTHY, PEAKS))
    numbers = ("200 GFLOP/s", "400 GFLOP/s", "40.0 GB/s")
    for wanted in ("3.12.1", "Some CPU", "4 usable of 4", "cc 14", "Clang 18.1.3", "avx512bf16", *numbers):
        assert wanted in text
    without = replace(HEALTHY, native=False, backend="reference", openmp=False, isas={}, isa=None, compiler=None)
    text = "\n".join(f"{name}: {value}" for name, value in doctor.rows(without, replace(PEAKS, fma_bf16=None)))
    for wanted in ("compiler found now: none", "none: no C kernels", "NumPy: no C kernels", "no bfloat16 instructions"):
        assert wanted in text


def test_the_report_says_why_bfloat16_pairs_are_not_used() -> None:
    text = dict(doctor.rows(replace(HEALTHY, isa="avx512", isa_fastest="avx512"), PEAKS))["instruction set in use"]
    assert text == "avx512: bfloat16 pairs are slower here than floats"


def test_a_slow_peak_has_decimals_instead_of_a_zero() -> None:
    slow = peak.Peaks(fma=0.48e9, fma_bf16=1.25e9, bandwidth=0.031e9, source="C kernels")
    text = "\n".join(f"{name}: {value}" for name, value in doctor.rows(HEALTHY, slow))
    for wanted in ("peak (4 threads): 0.48 GFLOP/s", "1.2 GFLOP/s", "0.031 GB/s"):
        assert wanted in text


@pytest.mark.skipif(not kernels.has_native() or not kernels.has_openmp(), reason="needs C kernels with threads")
def test_threads_that_wait_for_each_other_do_not_become_the_peak(monkeypatch: pytest.MonkeyPatch) -> None:
    """On this machine of made-up time every call of several threads waits 30 ms, and an iteration takes 100 ns."""
    now, threads = 0.0, kernels.get_threads()

    class BusyMachine:
        def kernel_peak_fma(self, iterations: int) -> float:
            nonlocal now
            now += 1e-7 * iterations + (0.03 if kernels.get_threads() > 1 else 0)
            return 100.0 * iterations

        def kernel_peak_read(self, address: object, size: int) -> None:
            nonlocal now
            now += 0.01

        kernel_peak_fma_bf16 = kernel_peak_fma

        def __getattr__(self, name: str) -> Any:
            return getattr(library, name)

    library = kernels.runtime.lib
    monkeypatch.setattr(kernels.runtime, "lib", BusyMachine())
    monkeypatch.setattr(peak, "clock", lambda: lambda: now)
    monkeypatch.setattr(peak, "_memory_block", lambda: np.ones(8, np.float32))
    monkeypatch.setattr(peak, "SECONDS", 0.02)
    kernels.set_threads(2)
    try:
        found = peak.measure().fma
        assert kernels.get_threads() == 2
    finally:
        kernels.set_threads(threads)
    assert found > 0.2e9  # of 1e9 without any waiting; 8192 iterations a call would give 0.03e9


@pytest.mark.parametrize("backend", ["native", "reference"])
def test_the_peak_of_arithmetic_fills_no_memory(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if backend == "native" and not kernels.has_native():
        pytest.skip("needs the C kernels")
    monkeypatch.setattr(kernels, "has_native", lambda: backend == "native")
    monkeypatch.setattr(peak, "SECONDS", 0.02)
    monkeypatch.setattr(peak, "_memory_block", lambda: pytest.fail("a block of memory was filled"))
    assert peak.fma() > 1e8
    with pytest.raises(pytest.fail.Exception):
        peak.measure()


def test_it_examines_this_machine(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peak, "SECONDS", 0.02)
    doctor.main(["--json"])
    found = json.loads(capsys.readouterr().out)
    assert found["backend"] == kernels.backend()
    assert found["isa"] == kernels.isa()
    assert 1 <= found["usable_cores"] <= found["cores"]
    assert found["peaks"]["fma"] > 1e8 and found["peaks"]["bandwidth"] > 1e8
    assert isinstance(found["fix"], list) and found["load"] >= 0
    assert not found["native"] or found["built_with"].lower().startswith(("gcc", "clang", "apple"))


def test_nothing_is_concluded_from_a_busy_machine() -> None:
    assert doctor.doubts(HEALTHY, PEAKS, PEAKS) is None
    assert doctor.verdict(HEALTHY, None) == ["nothing: minirl runs as fast as this machine can"]
    doubt = doctor.doubts(replace(HEALTHY, load=5.0), PEAKS, PEAKS)
    assert doubt is not None and "load 5.0 on 4 usable cores" in doubt
    (line,) = doctor.verdict(HEALTHY, doubt)
    assert "cannot be trusted now" in line and "nothing" not in line


@pytest.mark.parametrize("change", [{"fma": 100e9}, {"bandwidth": 10e9}])
def test_nothing_is_concluded_from_measurements_that_disagree(change: dict[str, float]) -> None:
    doubt = doctor.doubts(HEALTHY, PEAKS, replace(PEAKS, **change))
    assert doubt is not None and "differ by a factor of" in doubt
    assert doctor.doubts(HEALTHY, replace(PEAKS, fma=190e9), PEAKS) is None


def test_a_setting_that_is_not_understood_is_named_first() -> None:
    problem = "MINIRL_ISA=avx3: there is no such instruction set. Change or unset MINIRL_ISA."
    assert doctor.advice(replace(HEALTHY, bad_settings=(problem,)))[0] == problem


def test_the_doctor_does_not_send_you_to_the_doctor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "has_native", lambda: False)
    found = doctor.examine()
    assert found.native_problem is not None and "minirl.doctor" not in found.native_problem


def test_piped_output_is_plain_text(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peak, "measure", lambda: PEAKS)
    doctor.main([])
    printed = capsys.readouterr().out
    assert printed.isascii() and "float32 peak" in printed and "What to fix:\n- " in printed


def test_without_c_kernels_peaks_come_from_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peak, "SECONDS", 0.02)
    monkeypatch.setattr(kernels, "runtime", None)
    found = peak.measure()
    assert found.source == "NumPy" and found.fma_bf16 is None and found.fma > 1e8 and found.bandwidth > 1e8
