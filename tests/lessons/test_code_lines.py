"""Long calls are broken where Python allows it, and mean the same afterwards."""

import ast

from minirl.lessons.code_lines import laid_out


def test_long_calls_are_broken_after_commas_and_mean_the_same():
    value = {(b"a, 'b", "it's, \\"): [i / 7 for i in range(20)], (b"(", "]"): "x, " * 30}
    code = f"    found = f({value!r}, {list(range(60))!r})"
    lines = laid_out(code).split("\n")
    assert len(lines) > 5 and lines[0].startswith("    found = f(") and lines[1].startswith("        ")
    assert [line for line in lines if len(line) > 80] == [line for line in lines if "x, x, x" in line]
    assert ast.dump(ast.parse(code.strip())) == ast.dump(ast.parse("\n".join(lines).strip()))


def test_short_lines_and_lines_without_a_comma_in_brackets_stay_whole():
    code = "    a, b = 1, 2\n    f(" + "x" * 90 + ")\n    " + "a, " * 40 + "b = c"
    assert laid_out(code) == code
