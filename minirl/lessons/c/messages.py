"""What compilers and sanitizers say, for somebody who reads it for the first time.

A compiler's first message is the one to read: what follows often comes of the same mistake. So the first alone is
shown, with its line, and with what it most likely means.
"""

import re
from collections.abc import Mapping
from pathlib import Path

FOUND = re.compile(r"^([^\s:]+):(\d+):(?:\d+:)? (?:fatal )?(error|warning): (.*)$", re.MULTILINE)
OPTION = re.compile(r" \[-W[^\]]*\]$")

MEANINGS: tuple[tuple[str, str], ...] = (
    (
        r"conflicting types for '(\w+)'|conflicting declaration of C function '\w+ (\w+)\(",
        "The exercise fixes the parameters of `{0}` and their types, in their order: the check calls it in this way. "
        "Bring the heading back as it was; `reset` has it too.",
    ),
    (
        r"expected '?[;,)}].*(?:before|at end)|expected ';'",
        "Something is missing here, or at the end of the line above: a semicolon or a bracket.",
    ),
    (
        r"expected declaration or statement at end of input|expected '}'",
        "A closing brace is missing somewhere above.",
    ),
    (
        r"expected identifier or '\(' before '(?:for|if|while|return|\})'|expected identifier or '\('",
        "This stands outside of every function. Most likely a brace was closed too early, above.",
    ),
    (
        r"'(\w+)' undeclared|use of undeclared identifier '(\w+)'|'(\w+)' was not declared in this scope",
        "Nothing has this name here. In C a variable is declared with its type before it is used, `int i`, and it "
        "lives up to the end of its block.",
    ),
    (
        r"implicit declaration of function|call to undeclared",
        "C knows a function only below the line that declares it. Is its name spelled differently, is it defined "
        "further down, or is an `#include` missing? (`memset` needs <string.h>, `expf` needs <math.h>.)",
    ),
    (
        r"variable length array",
        "The size of this array is known only when the program runs. It would lie on the stack, which is small, and a "
        "large one ends the program. Give it a constant size, a number or a name from an `enum`, or do without it.",
    ),
    (
        r"unused variable|set but not used",
        "This variable is never used. Either it is left over, or the line that should use it has another name in it.",
    ),
    (
        r"control reaches end|non-void function does not return|no return statement",
        "The function promises a result, and one way through it has no `return`.",
    ),
    (
        r"assignment of read-only location|read-only variable is not assignable|discards ['‘]const",
        "What the prototype calls `const` is only there to be read. The function may write to the other arrays.",
    ),
    (
        r"comparison of integer expressions of different signedness",
        "One of the two numbers has no sign (size_t, unsigned). Count with int or int64_t on both sides.",
    ),
    (
        r"subscripted value is neither array nor pointer|subscripted value is not an array",
        "Only arrays and pointers have elements in square brackets. A matrix is one long array here: element (i, j) "
        "of a matrix with N columns is c[i * N + j].",
    ),
    (
        r"array subscript is not an integer|invalid operands to binary",
        "These two types do not go together in this operation. Is a pointer used where one of its elements, a[i], "
        "should be?",
    ),
    (
        r"maybe-uninitialized|uninitialized",
        "This variable is read before it has a value. In C it does not begin with 0: write `float sum = 0;`.",
    ),
    (
        r"too (?:few|many) arguments",
        "The function is called with another number of arguments than it has parameters.",
    ),
    (
        r"misleading-indentation|does not guard",
        "Without braces, `for` and `if` rule over one statement alone, however the lines below are indented. Put "
        "braces around all that belongs to it.",
    ),
    (
        r"suggest parentheses|precedence",
        "Brackets would make clear what belongs together here.",
    ),
    (
        r"incompatible pointer type|makes (?:pointer|integer) from|incompatible (?:integer|pointer)",
        "A pointer and another type meet here: `a` is the address of the whole array, a[i] one number in it, and a + "
        "i the address of this number.",
    ),
    (
        r"redefinition of '(\w+)'|redeclaration of '(\w+)'",
        "The name is defined twice. A second `int i` in the same block is one too many, and so is a second function "
        "of the same name.",
    ),
    (
        r"No such file|file not found",
        "The compiler has no file of this name. The C library's are <stdlib.h>, <string.h>, <math.h> and <stdint.h>.",
    ),
    (
        r"multiple definition of [`']main|duplicate symbol.*main",
        "Leave out `main`: the check calls your function itself.",
    ),
    (
        r"undefined reference to [`'](\w+)|undefined symbol",
        "The function is declared, but nowhere defined. Is it there, and spelled in this way?",
    ),
    (
        r"invalid (?:controlling predicate|increment|controlling)|for statement|"
        r"not enough perfectly nested loops|must be a for loop",
        "`#pragma omp parallel for` stands right above a `for` whose number of rounds is known before it begins.",
    ),
)


def explained(said: str, text: str, name: str) -> str:
    """What a compiler said about the file `name` with this text, for a learner: the line, the message, the meaning."""
    found = next((one for one in FOUND.finditer(said) if Path(one[1]).name == name), None)
    if found is None:
        meaning_ = meaning(said)
        last = "\n".join(f"    {line}" for line in said.strip().splitlines()[-4:])
        return f"{name} does not compile. The compiler says:\n{last}" + (f"\n{meaning_}" if meaning_ else "")
    number, message = int(found[2]), OPTION.sub("", found[4])
    kind = "" if found[3] == "error" and "-Werror" not in found[4] else ", a warning that counts as an error here"
    words = f"{name} does not compile: line {number}: {message}{kind}\n    {line_of(text, number)}"
    return f"{words}\n{meaning(found[4])}".rstrip()


def meaning(message: str) -> str:
    """What a message of a compiler most likely means; empty for one that is not in the list."""
    plain = message.replace("‘", "'").replace("’", "'")
    for pattern, words in MEANINGS:
        if found := re.search(pattern, plain):
            return words.format(*(group for group in found.groups() if group))
    return ""


def line_of(text: str, number: int) -> str:
    """A line of the file without the spaces around it; empty where there is none."""
    lines = text.splitlines()
    return lines[number - 1].strip() if 0 < number <= len(lines) else ""


# ---- what happens while the program runs ----

OUTSIDE = re.compile(
    r"minirl: (\w+) (-?\d+) (\d+)"
)  # written by the driver: the array, the index, the number of elements
ACCESS = re.compile(r"\b(READ|WRITE) of size (\d+)")
RUNTIME = re.compile(r"^([^\s:]+):(\d+):\d+: runtime error: (.*)$", re.MULTILINE)

UNDEFINED: tuple[tuple[str, str], ...] = (
    (
        r"signed integer overflow",
        "The product or sum is too large for an int, which ends at 2,147,483,647. Compute places in large arrays "
        "with int64_t or size_t.",
    ),
    (
        r"division by zero",
        "A whole number is divided by 0 here.",
    ),
    (
        r"misaligned address",
        "An aligned vector is loaded or stored at an address that is not a multiple of its size. Arrays may begin "
        "anywhere: use a type with less alignment, or the unaligned load.",
    ),
    (
        r"index -?\d+ out of bounds",
        "This is outside of the array that is declared here.",
    ),
    (
        r"null pointer",
        "The pointer is NULL. malloc returns NULL where there is no memory.",
    ),
    (
        r"shift exponent",
        "A number is shifted by more places than it has, or by a negative number.",
    ),
    (
        r"outside the range of representable",
        "This floating-point number does not fit into the whole number that it is converted to.",
    ),
    (
        r"applying .* offset|pointer index expression",
        "This address is far outside of every array.",
    ),
)
KINDS: tuple[tuple[str, str], ...] = (
    ("heap-use-after-free", "uses memory after free"),
    ("attempting double-free", "frees the same memory twice"),
    ("attempting free on address which was not", "frees something that malloc did not give"),
    ("stack-buffer-overflow", "reads or writes outside of an array on the stack, a local variable"),
    ("dynamic-stack-buffer-overflow", "reads or writes outside of an array on the stack, a local variable"),
    ("global-buffer-overflow", "reads or writes outside of a static array"),
    (
        "stack-overflow",
        "needs more memory on the stack than there is: a local array is too large, or a function calls itself "
        "without end",
    ),
    ("heap-buffer-overflow", "reads or writes outside of memory from malloc"),
    ("rss limit", "asked for too much memory"),
    ("use-after-poison", "reads or writes outside of an array"),
    (
        "SEGV",
        "reads or writes at an address where there is no memory: far outside of an array, or through a NULL pointer",
    ),
    ("FPE", "divides a whole number by 0"),
    ("ILL", "ran an instruction that this processor does not have"),
)


KERNEL = re.compile(r"^minirl kernel: (.*)$", re.MULTILINE)  # what the shim says of a kernel that it ended


def crashed(function: str, report: str, status: int, text: str, name: str, counts: Mapping[str, int]) -> str:
    """Why the program with the learner's function ended: one paragraph.

    report: what it wrote last. status: its exit status, negative for a signal. counts: the elements of each array.
    """
    if found := RUNTIME.search(report):
        words = next((words for pattern, words in UNDEFINED if re.search(pattern, found[3])), "")
        at = place(text, name, int(found[2]))
        return f"`{function}` does something that C does not define{at}: {found[3]}. {words}".rstrip()
    if found := KERNEL.search(report):
        return stopped(function, found[1])
    at = place(text, name, frame(report, name))
    if outside := OUTSIDE.search(report):
        access = ACCESS.search(report)
        verb = {"READ": "reads", "WRITE": "writes"}.get(access[1] if access else "", "touches")
        return beyond(function, verb, outside[1], int(outside[2]), int(outside[3]), at)
    what = next((words for kind, words in KINDS if kind in report), "")
    if what:
        return f"`{function}` {what}{at}. The check ran it in a process of its own: nothing else is hurt."
    end = f"signal {-status}" if status < 0 else f"exit status {status}"
    return (
        f"`{function}` crashed{at} ({SIGNALS.get(-status, end)}). Most often a loop runs too far, so that the function "
        "writes outside of its arrays. The check ran it in a process of its own: nothing else is hurt."
    )


def stopped(function: str, said: str) -> str:
    """Why the shim has ended a kernel. The place is left out where it depends on the order of the threads."""
    if "for threads that never come" in said:
        return (
            f"`{function}` cannot go on: some of its threads wait for others that never come. A barrier is for all "
            "threads of a block, and a shuffle for all lanes in its mask. Is there one inside of an `if`, or behind a "
            "`return`, that only some of them reach?"
        )
    if "which has finished or" in said or "in different warp operations" in said:
        return (
            f"`{function}` cannot go on: lanes of a warp wait in a shuffle for lanes that are elsewhere, or have left. "
            "All lanes that the mask names have to make the same exchange. Is there a shuffle inside of an `if`, or in "
            "a loop that some lanes leave earlier?"
        )
    return f"`{function}` was ended: {said}."


SIGNALS = {
    4: "an illegal instruction",
    6: "it was aborted",
    7: "a bus error",
    8: "a division by 0",
    9: "it was killed, which happens where memory runs out",
    11: "a segmentation fault",
}


def beyond(function: str, verb: str, array: str, index: int, count: int, at: str) -> str:
    """A sentence about a place outside of an array."""
    last = f"{array}[0] to {array}[{count - 1}]" if count > 1 else f"{array}[0] alone" if count else "no element"
    return f"`{function}` {verb} {array}[{index}]{at}. That is outside: here `{array}` has {last}."


def frame(report: str, name: str) -> int:
    """The first line of the learner's file that a sanitizer names; 0 where it names none."""
    found = re.search(rf"\b{re.escape(name)}:(\d+)", report)
    return int(found[1]) if found else 0


def place(text: str, name: str, number: int) -> str:
    """A line of the file as a part of a sentence; empty for line 0."""
    return f" in line {number}, `{line_of(text, number)}`" if number else ""
