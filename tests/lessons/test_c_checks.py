"""A function in C under watch: whatever it does wrong comes back as a sentence, and the next call works."""

import numpy as np
import pytest

from minirl.lessons.c import CompileError, compile_c, empty, has_compiler
from minirl.lessons.c import call as calling
from minirl.lessons.c.call import Watched, watched
from minirl.lessons.c.face import Face
from minirl.lessons.c.prototype import read_prototypes
from minirl.lessons.unusable import Unusable

pytestmark = pytest.mark.skipif(not has_compiler(), reason="there is no C compiler")

HEAD = "void f(const float *a, float *c, int n);"
A = np.arange(5, dtype=np.float32)


def run(body: str, sanitize: bool = True, n: int = 5) -> np.ndarray:
    """c after f(a, c, 5) with this body, in the program for checks."""
    text = f"void f(const float *a, float *c, int n) {{\n{body}\n}}\n"
    functions = watched(text, read_prototypes(HEAD), "exercises.c", False)
    c = empty(5)
    functions["f"](A, c, n)
    assert functions["f"].program.sanitized or not sanitize
    return c


@pytest.fixture
def without_sanitizers(monkeypatch: pytest.MonkeyPatch) -> None:
    def build(*args, sanitize):
        if sanitize:
            raise CompileError("no sanitizers here")
        return real(*args, sanitize=False)

    real = calling.checked_program
    monkeypatch.setattr(calling, "checked_program", build)


def test_what_is_right_comes_back() -> None:
    assert (run("for (int i = 0; i < n; i++) c[i] = 2 * a[i];") == 2 * A).all()
    assert np.isnan(run("c[0] = 1;")[1:]).all()


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("for (int i = 0; i <= n; i++) c[i] = 1;", ["writes c[5] in line 2", "has c[0] to c[4]"]),
        ("c[0] = a[-1];", ["reads a[-1] in line 2"]),
        ("c[0] = *(volatile int *)0;", ["line 2"]),
        ("c[0] = 5 / (n - 5);", ["divided by 0"]),
        ("c[0] = 2000000000 + n * 100000000;", ["too large for an int"]),
        ("float *p = malloc(20); c[0] = 1; p[0] = 1; c[0] = p[0];", ["20 bytes that it does not free"]),
        ("float *p = malloc(20); free(p); free(p);", ["frees the same memory twice"]),
        ("float *p = malloc(20); p[5] = 1; c[0] = p[5]; free(p);", ["outside of memory from malloc in line 2"]),
        ("((float *)a)[1] = 7;", ["changes `a`, which is there only to be read"]),
    ],
)
def test_what_is_wrong_is_explained(body: str, says: list[str]) -> None:
    with pytest.raises(Unusable) as error:
        run(body)
    assert all(words in str(error.value) for words in says), str(error.value)


def test_guard_bands_alone_find_what_is_written_outside(without_sanitizers: None) -> None:
    assert (run("for (int i = 0; i < n; i++) c[i] = a[i];", sanitize=False) == A).all()
    for body, place in (("c[5] = 1;", r"c\[5\]"), ("c[-1] = 1;", r"c\[-1\]"), ("c[700] = 1;", r"c\[700\]")):
        with pytest.raises(Unusable, match=f"writes {place}"):
            run(body, sanitize=False)
    assert np.isnan(run("c[0] = a[5];", sanitize=False)[0])  # what is read from a band shows
    with pytest.raises(Unusable, match=r"crashed .*segmentation fault"):
        run("*(volatile int *)0 = 1;", sanitize=False)


def test_an_endless_loop_ends_and_says_where(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calling, "CALL_SECONDS", 1.0)
    monkeypatch.setattr(calling, "IDLE", 0.0)  # also on a machine that is too busy to run it
    with pytest.raises(Unusable, match="did not return within 1 seconds"):
        run("volatile int i = 0; while (i < n) { c[0] = 1; }")


def test_the_call_after_a_crash_works() -> None:
    program = Watched("void f(const float *a, float *c, int n) { c[n] = 1; }", read_prototypes(HEAD), "e.c", False)
    with pytest.raises(Unusable):
        program.call(0, (A, empty(5), 5))
    c = empty(5)
    program.call(0, (A, c, 2))
    assert c[2] == 1
    program.close()


def test_memory_is_counted_at_its_peak() -> None:
    text = "int g(int n) { char *p = malloc(n), *q = malloc(n); free(p); free(q); q = malloc(n); free(q); return 3; }"
    g = watched(text, read_prototypes("int g(int n);"), "exercises.c", False)["g"]
    assert g(1000) == 3 and 2000 <= g.peak_bytes < 2200
    g(64000)
    assert 128000 <= g.peak_bytes < 129000


def test_arguments_that_c_could_not_take_are_refused() -> None:
    f = compile_c("void f(const float *a, float *c, int n) { c[0] = a[0]; }", HEAD).f
    for arguments, error, says in (
        ((A, empty(5)), TypeError, "takes 3 arguments"),
        ((A.astype(np.float64), empty(5), 5), TypeError, "a is a float64 array; expected an array of float32"),
        ((np.zeros((4, 4), np.float32).T, empty(5), 5), ValueError, "a is not C-contiguous"),
        ((A, 3.0, 5), TypeError, "c is a float; expected an array"),
    ):
        with pytest.raises(error, match=says):
            f(*arguments)
    fixed = empty(5)
    fixed.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        f(A, fixed, 5)


def test_an_edited_text_is_another_library() -> None:
    """A loader that knows a name hands out the old library; so the name changes with the text."""
    assert [compile_c(f"int g(void) {{ return {n}; }}", "int g(void);").g() for n in (1, 2, 1)] == [1, 2, 1]


def test_another_heading_is_an_error_of_the_compiler() -> None:
    with pytest.raises(
        CompileError, match=r"conflicting types for 'f'.*\n.*\nThe exercise fixes the parameters of `f`"
    ):
        compile_c("void f(const double *a, float *c, int n) { c[0] = a[0]; }", HEAD)


def test_an_array_as_long_as_an_argument_says_is_refused() -> None:
    """It would be memory that no gate counts."""
    heading = "void f(const float *a, float *c, int n)"
    with pytest.raises(CompileError, match=r"(?s)variable length array.*Give it a constant size"):
        compile_c(f"{heading} {{ float own[n]; own[0] = a[0]; c[0] = own[0]; }}", HEAD)
    compile_c(f"enum {{ N = 5 }}; {heading} {{ float own[N]; own[0] = a[n - n]; c[0] = own[0]; }}", HEAD)


def test_a_face_makes_a_function_of_python() -> None:
    face = Face(lambda f, a, n: f(a, n), reference=lambda a, n: a + n)
    made = face.around(max, __import__("pathlib").Path("exercises.c"))
    assert made(3, 4) == 4 and made.raw is max and made.__name__ == "max"
    assert face.standing_in("g")(3, 4) == 7 and not hasattr(face.standing_in("g"), "raw")
