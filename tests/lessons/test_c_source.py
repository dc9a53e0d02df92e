"""C files as lists of pieces: functions are found, compared, replaced and hashed without a parser."""

from pathlib import Path

import numpy as np
import pytest

from minirl.lessons.c.messages import explained
from minirl.lessons.c.prototype import read_prototype, read_prototypes
from minirl.lessons.c.source import functions, meaning_of, reached, same, sentence, source_of, spliced
from minirl.lessons.progress import code_hash

TEXT = """\
/* A file. */
#include <string.h>
#define SIZE \\
    3

typedef struct { int a, b; } Pair;
static const char *text = "}{ ); /* no comment */"; // )
int table[2] = {1, 2};

/* { helps } */
static int twice(int x) { return 2 * x; }

float alone(const float *x) { return x[0]; }

void both(float *c, int n) {
    for (int i = 0; i < n; i++) { c[i] = twice(i); } // }
}
"""


def test_functions_are_found_between_all_else() -> None:
    found = functions(TEXT)
    assert list(found) == ["twice", "alone", "both"]
    assert TEXT[found["twice"].start : found["twice"].end] == "static int twice(int x) { return 2 * x; }"
    assert reached(TEXT, "both") == {"both", "twice"}


def test_the_source_of_a_function_ends_with_its_brace(tmp_path: Path) -> None:
    (tmp_path / "a.c").write_text(TEXT)
    assert source_of(tmp_path / "a.c", "both").endswith("// }\n}")
    with pytest.raises(LookupError, match="does not define nothing"):
        source_of(tmp_path / "a.c", "nothing")


def test_comments_and_spaces_are_no_change() -> None:
    other = TEXT.replace("return 2 * x", "/* new */ return  2*x")
    assert same(TEXT, other, "twice") and not same(TEXT, TEXT.replace("2 * x", "3 * x"), "twice")


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        ("2 * x", "3 * x", True),
        ("#define SIZE", "#define SIZES", True),
        ("x[0]", "x[1]", False),
        ("A file", "B", False),
    ],
)
def test_a_hash_covers_what_a_function_needs(tmp_path: Path, old: str, new: str, changes: bool) -> None:
    """`both` calls `twice` and may use the macro; `alone` and comments are nothing to it."""
    (tmp_path / "a.c").write_text(TEXT)
    (tmp_path / "b.c").write_text(TEXT.replace(old, new))
    assert (code_hash(tmp_path / "a.c", "both") != code_hash(tmp_path / "b.c", "both")) == changes
    assert (meaning_of(TEXT, "both") != meaning_of(TEXT.replace(old, new), "both")) == changes


def test_a_mistake_takes_the_place_of_the_function() -> None:
    mixed = spliced(TEXT, "/* A mistake. */\n#define MORE 1\nstatic int twice(int x) { return MORE + x; }\n")
    assert "2 * x" not in mixed and mixed.index("#define MORE") < mixed.index("MORE + x") < mixed.index("alone")
    assert list(functions(mixed)) == ["twice", "alone", "both"]
    assert list(functions(spliced(TEXT, "int new(void) { return 1; }"))) == ["twice", "alone", "both", "new"]


def test_the_sentence_of_a_mistake_is_its_first_comment() -> None:
    assert sentence("/* One\n * two. */\nint x; /* three */") == "One two."
    assert sentence("int x; /* three */") == ""


def test_an_unfinished_file_is_read_all_the_same() -> None:
    text = "int one(void) { return 1; }\nint two(void) { if (1) {"
    assert list(functions(text)) == ["one", "two"] and functions(text)["two"].end == len(text)


def test_prototypes_are_read() -> None:
    one = read_prototype("void f(const float *a, int32_t *restrict b, int64_t n, double x);")
    assert [(p.name, p.pointer, p.writes) for p in one.parameters] == [
        ("a", True, False), ("b", True, True), ("n", False, False), ("x", False, False)]  # fmt: skip
    assert one.parameters[1].dtype == np.int32
    assert one.text == "void f(const float *a, int32_t *b, int64_t n, double x);"
    assert [p.name for p in read_prototypes("int f(void); float g(float x);")] == ["f", "g"]
    with pytest.raises(ValueError, match="is not a parameter"):
        read_prototype("void f(char *a);")
    with pytest.raises(ValueError, match="returns"):
        read_prototype("char f(int a);")


def test_the_first_message_of_a_compiler_is_explained() -> None:
    said = "exercises.c: In function 'f':\nexercises.c:2:3: error: 'sum' undeclared (first use in this function)\n"
    words = explained(said, "void f(void) {\n  sum = 1;\n}", "exercises.c")
    assert "line 2: 'sum' undeclared" in words and "\n    sum = 1;\n" in words and "Nothing has this name here" in words
    said = "exercises.c:1:9: error: unused variable 'x' [-Werror=unused-variable]\n"
    assert "a warning that counts as an error" in explained(said, "void f(void) { int x; }", "exercises.c")
    assert "undefined reference" in explained("ld: undefined reference to `g'", "", "exercises.c")
