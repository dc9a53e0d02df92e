"""What `kernels` offers: backends behind one name, documented alike, and settings from the environment."""

import inspect
import os
import subprocess
import sys

import pytest
from calls import BACKENDS

from minirl import kernels


def test_unknown_backends_and_instruction_sets():
    with pytest.raises(ValueError, match="there is no backend 'gpu'"):
        kernels.use("gpu")
    with pytest.raises(ValueError, match="instruction set 'sse9' is not in this build; this CPU can run portable"):
        kernels.set_isa("sse9")
    with pytest.raises(ValueError, match="there is no precision 'float16'; choose 'float32', 'tf32' or 'bfloat16'"):
        kernels.set_precision("float16")
    with pytest.raises(ValueError, match="set_threads: 0"):
        kernels.set_threads(0)


def test_using_restores_the_backend_after_an_error():
    before = kernels.backend()
    with pytest.raises(ZeroDivisionError), kernels.using("reference"):
        assert kernels.backend() == "reference"
        raise ZeroDivisionError
    assert kernels.backend() == before


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("operation", kernels.OPERATIONS)
def test_every_operation_is_documented_under_every_backend(backend, operation):
    with kernels.using(backend):
        function = getattr(kernels, operation)
    assert len(function.__doc__) > 20
    try:
        signature = inspect.signature(function)
    except ValueError:  # an older NumPy's function, which states its signature in the text
        assert function.__doc__.lstrip().startswith(f"{operation}(")
    else:
        kinds = {parameter.kind for parameter in signature.parameters.values()}
        assert kinds - {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}, "parameters have names"


@pytest.mark.skipif(not kernels.has_native(), reason="the C kernels are not built")
@pytest.mark.parametrize("operation", kernels.OPERATIONS)
def test_both_backends_take_and_explain_the_same(operation):
    functions = []
    for backend in BACKENDS:
        with kernels.using(backend):
            functions.append(getattr(kernels, operation))
    one, other = functions
    assert one.__doc__ == other.__doc__
    assert one is other or inspect.signature(one) == inspect.signature(other)


def test_each_backend_is_in_use_when_it_should_be():
    if kernels.has_native():
        with kernels.using("native"):
            assert kernels.softmax.__module__ == "minirl.kernels.softmax.native"
            assert kernels.sigmoid.__module__ == "minirl.kernels.activation.reference", (
                "what C lacks is the reference's"
            )
    with kernels.using("reference"):
        assert kernels.softmax.__module__ == "minirl.kernels.softmax.reference"


# ---- the environment ----

PROGRAM = """
import minirl
from minirl import kernels
print(kernels.environment_problems())
print(kernels.backend() in ("native", "reference"), kernels.get_threads() >= 1, kernels.precision())
try:
    kernels.check_environment()
except kernels.SettingError as error:
    print(error)
for call in (lambda: minirl.Tensor([1.0]) + 1, lambda: kernels.use("reference"), lambda: kernels.softmax(None)):
    try:
        call()
    except ValueError as error:
        print(type(error).__name__)
"""


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("MINIRL_BACKEND", "gpu", "MINIRL_BACKEND=gpu: there is no backend 'gpu'; choose"),
        (
            "MINIRL_ISA",
            "avx3",
            "MINIRL_ISA=avx3: instruction set 'avx3' is not in this build; this CPU can run portable",
        ),
        ("MINIRL_THREADS", "abc", "MINIRL_THREADS='abc' is not a number of threads; use 1 or more, or unset it"),
        ("MINIRL_PRECISION", "float8", "MINIRL_PRECISION=float8: there is no precision 'float8'; choose"),
    ],
)
def test_a_setting_that_cannot_be_used_stops_what_computes_and_nothing_else(variable, value, message):
    """Importing works, so that the doctor can speak; then every kernel refuses, in one line."""
    if not kernels.has_native() and variable in ("MINIRL_ISA", "MINIRL_THREADS"):
        pytest.skip("needs the C kernels")
    environment = {**os.environ, variable: value}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True)
    problems, state, raised, *refused = done.stdout.splitlines()
    assert problems[2:].startswith(message)
    assert state == "True True float32"
    assert raised.startswith(message)
    assert refused == ["SettingError"] * 3


def test_a_good_environment_has_no_problems():
    kernels.check_environment()
    assert kernels.environment_problems() == []


@pytest.mark.skipif(not kernels.has_native(), reason="needs C kernels")
@pytest.mark.parametrize(("pairs", "expected"), [(2.0, "avx512bf16"), (0.5, "avx512")])
def test_pairs_of_bfloat16_are_used_where_they_are_faster(monkeypatch, pairs, expected):
    """Some processors multiply them twice as fast as floats, others half as fast."""
    from minirl.kernels import runtime

    class Processor:
        def minirl_isa_supported(self, index):
            return runtime._isa_names[index] in ("portable", "avx2", "avx512", "avx512bf16")

        def __getattr__(self, name):
            return getattr(library, name)

    library, before = runtime.lib, kernels.isa()
    rates = {library.kernel_peak_fma: 1.0, library.kernel_peak_fma_bf16: pairs}
    monkeypatch.setattr(runtime, "lib", Processor())
    monkeypatch.setattr(runtime, "_rate", lambda peak: rates[peak])
    monkeypatch.setattr(runtime, "_isa_names", ["portable", "avx2", "avx512", "avx512bf16", "amx"])
    monkeypatch.setattr(runtime, "set_isa", lambda name: None)
    assert runtime.fastest_isa.__wrapped__() == expected
    assert kernels.isa() == before
