"""What Python's exceptions mean, in the words of somebody who sees them for the first time.

An exception says where a program broke, in the words of whoever wrote Python or NumPy. The mistake behind it is often
one of a few: a forgotten `keepdims`, a pair of brackets too many, a function without `return`. MEANINGS names these.
"""

import re
from collections.abc import Callable, Sequence

import numpy as np

from minirl.lessons.compare import counted

VALUE = ("data", "grad", "push", "parents")  # what a Value of lesson 2 has
NONE = (
    "Something in this line is None. A function without a `return` gives None, and so do `list.append` and "
    "`list.sort`, which change their list and return nothing."
)
EXPONENT = (
    "e to the power of 710 is too large for any floating-point number. Subtract the largest exponent from all of them "
    "first, so that the largest is 0."
)

POWER = "In Python, ^ is no power: it compares the bits of two whole numbers. The square of x is x**2, or x * x."


def operands(sign: str, left: str, right: str) -> str:
    """What two types that do not go together have most likely to do with each other."""
    types = {left, right}
    if sign == "^":
        return POWER
    if "NoneType" in types:
        return NONE
    if types & {"function", "method", "builtin_function_or_method"}:
        return "A function is not a number. Call it: a name with brackets after it, f(x), is what the function returns."
    if "Value" in types:
        return "A Value and a number meet here. Calculate with numbers: take the `.data` or the `.grad` of the Value."
    if types & {"list", "tuple"}:
        return "Lists and tuples do not calculate. Make an array, np.array(x), or go through the numbers one by one."
    return ""


def attribute(kind: str, name: str) -> str:
    """What an object without this attribute most likely is."""
    if kind == "NoneType":
        return NONE
    if kind in ("float", "int", "float64", "numpy.float64") and name in VALUE:
        return (
            f"A plain number has no `.{name}`; a Value has one. Either a number was given where a Value is needed, or "
            "two Values were multiplied or added where their `.data` should be."
        )
    if kind == "tuple" and name in ("append", "extend", "insert"):
        return "A tuple never changes. Make a new one: (1, 2) + (3,) is (1, 2, 3)."
    if kind in ("list", "tuple") and name in VALUE:
        return f"This is a {kind} of Values, and each of them has its own `.{name}`. Go through them with `for`."
    if kind == "list" and hasattr(np.ndarray, name) and hasattr(np, name):
        return f"This is a list, and only arrays have `.{name}`. NumPy's own functions take both: np.{name}(x)."
    return ""


def given(name: str, takes: str, got: str) -> str:
    """A call with the wrong number of arguments."""
    if "." in name:
        takes, got = str(int(takes) - 1), str(int(got) - 1)
    arguments = "argument" if takes == "1" else "arguments"
    return f"`{name.rpartition('.')[2]}` takes {takes} {arguments} and gets {got} here. Look at what describes it."


def not_alike(one: str, other: str) -> str:
    """Two arrays whose shapes do not go together."""
    counts = [re.fullmatch(r"\((\d+),\)", shape) for shape in (one, other)]
    if counts[0] and counts[1]:
        return (
            f"Two arrays meet here, of {counted(int(counts[0][1]))} and of {counted(int(counts[1][1]))}. They have to "
            "be of the same length. Are these the two that you mean, or is an index one too high or too low?"
        )
    return (
        f"Arrays of the shapes {one} and {other} meet here. NumPy compares their axes from the right: two sizes must "
        "be equal, or one of them must be 1. If one array is a sum or a mean along an axis, `keepdims=True` leaves "
        "this axis there, with size 1."
    )


def last_index(index: str, size: str) -> str:
    """An index behind the end of an axis."""
    if size == "0":
        return EMPTY
    if size == "1":
        return "Indices begin with 0. The last index is 0."
    return f"Indices begin with 0. The last of {size} has index {int(size) - 1}, or -1 for short."


EMPTY = "This array is empty. A slice x[:t] ends before place t, so it is empty for t = 0; x[: t + 1] includes place t."

MEANINGS: tuple[tuple[str, str | Callable[..., str]], ...] = (
    (
        r"ValueError: .*could not be broadcast together with shapes (\([\d,]*\)) (\([\d,]*\))",
        not_alike,
    ),
    (
        r"ValueError: matmul: .* mismatch in its core dimension .*\(size (\d+) is different from (\d+)\)",
        "A matrix product @ needs factors of the shapes (M, K) and (K, N), and here the two inner sizes are {1} and "
        "{0}. Write down the shapes of both factors: is one of them to be transposed, x.T, or do they change places?",
    ),
    (
        r"ValueError: all the input array",
        "np.concatenate joins arrays that differ along one axis at most. To make one long vector of arrays of any "
        "shapes, flatten each of them first, with x.ravel().",
    ),
    (
        r"ValueError: setting an array element with a sequence",
        "These arrays have different shapes, so no single array can hold them. Go through the list one by one, or "
        "flatten each with x.ravel() and join them with np.concatenate.",
    ),
    (
        r"TypeError: Axis must be specified when shapes of a and weights differ",
        "Say along which axis the average goes. In a list of arrays, axis=0 goes from one array to the next.",
    ),
    (
        r"TypeError: cannot pickle 'generator' object",
        "Round brackets around `... for ...` make a generator, which computes nothing yet. Square brackets make a "
        "list.",
    ),
    (
        r"IndexError: shape mismatch: indexing arrays",
        "Rows and columns are named in pairs: the first row with the first column, and so on. So both lists must be "
        "of the same length.",
    ),
    (
        r"ValueError: The truth value of an array",
        "`if`, `and`, `or` and `not` ask for a single yes or no, and an array holds many. "
        "np.where(condition, this, that) chooses for each number.",
    ),
    (
        r"ValueError: could not broadcast input array from shape (\([\d,]*\)) into shape (\([\d,]*\))",
        "An array of shape {0} is put into a place of shape {1}. Was the array that you fill made in another size?",
    ),
    (r"ValueError: (?:zero-size array|attempt to get arg\w+ of an empty)", EMPTY),
    (
        r"IndexError: index (-?\d+) is out of bounds for axis \d+ with size (\d+)",
        last_index,
    ),
    (
        r"IndexError: tuple index out of range",
        "Indices begin with 0. The last of n has index n - 1. A shape has one number for each axis: an array with a "
        "single axis has no x.shape[1].",
    ),
    (r"IndexError: (?:list|string) index out of range", "Indices begin with 0. The last of n has index n - 1."),
    (r"IndexError: pop from empty list", "There is nothing left to take out. Ask first: `while waiting:` ends there."),
    (r"IndexError: too many indices", "This array has fewer axes than there are indices in the brackets."),
    (
        r"(?:IndexError: only integers|TypeError: (?:list|tuple) indices must be integers)",
        "An index is a whole number, int(...). A list of lists is asked twice, x[i][j]; x[i, j] is for arrays.",
    ),
    (r"AttributeError: '([\w.]+)' object has no attribute '(\w+)'", attribute),
    (r"TypeError: (?:cannot unpack non-iterable )?'?NoneType'? object", NONE),
    (r"TypeError: ufunc 'bitwise_xor' not supported", POWER),
    (r"TypeError: unsupported operand type\(s\) for (.+?): '([\w.]+)' and '([\w.]+)'", operands),
    (
        r"TypeError: can only concatenate list",
        "A list can only be joined to a list: [1, 2] + [3].",
    ),
    (
        r"TypeError: can only concatenate tuple",
        "A tuple can only be joined to a tuple. (3) is the number 3 in brackets; (3,), with a comma, is a tuple.",
    ),
    (
        r"TypeError: can't multiply sequence by non-int",
        "`*` does not multiply the numbers of two lists. Make arrays, np.array(x) * np.array(y), or go through both "
        "with zip.",
    ),
    (
        r"TypeError: '?(\w+)'? object is not iterable",
        "A tuple or a list is needed here. (a) is a itself; (a,), with a comma, is a tuple that holds a.",
    ),
    (
        r"TypeError: '(\w+)' object is not callable",
        "Brackets after a name call it, and a {0} is no function. Either the brackets are too much, as in "
        "v.parents(), or a {0} was given where a function is wanted: `lambda v: v.parents` makes one.",
    ),
    (
        r"TypeError: must be real number, not (\w+)",
        "Functions of the module math take one plain number. Of a Value, take its `.data`. For arrays, NumPy has "
        "functions of the same names.",
    ),
    (
        r"TypeError: only (?:length-1|0-dimensional|size-1) arrays can be converted",
        "float(...) and the functions of the module math take one number, and this array has several. NumPy has "
        "functions of the same names for whole arrays.",
    ),
    (
        r"TypeError: (\w+)\(\) missing \d+ required positional arguments?: (.+)",
        "`{0}` also needs {1}. Look at the line that begins with `def {0}`.",
    ),
    (r"TypeError: ([\w.]+)\(\) takes (\d+) positional arguments? but (\d+) (?:was|were) given", given),
    (
        r"NameError: (?:cannot access )?free variable '(\w+)'",
        "The inner function has run before `{0}` was made. Hand over the function itself, `push`. With brackets, "
        "`push()`, it runs at once.",
    ),
    (
        r"UnboundLocalError: .*variable '(\w+)'",
        "`{0}` gets its first value further down, or in a branch that was not taken here. Give it one before this "
        "line.",
    ),
    (
        r"NameError: name '(\w+)' is not defined",
        "Nothing is called `{0}` here. Is it spelled differently above, or missing among the function's arguments? A "
        "module has to be imported at the top of the file.",
    ),
    (
        r"RecursionError",
        "A function calls itself again and again. Either nothing stops it, or it does so once for each of thousands of "
        "steps; Python allows about 1,000 calls inside each other.",
    ),
    (r"OverflowError: math range error|OverflowError: \(34", EXPONENT),
    (r"ZeroDivisionError", "In this input, what you divide by is 0."),
    (
        r"KeyError: (.*)",
        "The dictionary has no entry {0}. Are its names spelled in another way? In a dictionary that you fill "
        "yourself, an entry needs a first value before it can be read or added to.",
    ),
    (r"MemoryError", "Something grows without end: a list in a loop that never stops, or an array of a huge shape."),
    (
        r"ValueError: (?:too many values to unpack|not enough values to unpack)",
        "There is another number of names left of the `=` than of values right of it.",
    ),
)


# What gives nan or inf, by the words of NumPy's warning.
BIRTHS = (
    (r"invalid value encountered in (?:\w+ )?divide", "0 / 0 and inf / inf are nan"),
    (r"invalid value encountered in (?:\w+ )?subtract", "inf - inf is nan"),
    (r"invalid value encountered in (?:\w+ )?add", "inf + (-inf) is nan"),
    (r"invalid value encountered in (?:\w+ )?multiply", "0 times inf is nan"),
    (r"invalid value encountered in sqrt", "the root of a negative number is nan"),
    (r"invalid value encountered in log", "the logarithm of a negative number is nan"),
    (r"invalid value encountered", "an operation with inf, or one that has no result, is nan"),
    (r"divide by zero encountered in log", "the logarithm of 0 is -inf"),
    (r"divide by zero", "a number divided by 0 is inf"),
    (r"overflow encountered in exp", "the exponential of more than 709 is inf"),
    (r"overflow", "a number became too large, which is inf"),
)


def not_finite(kind: str, warned: Sequence[str]) -> str:
    """Where nan or inf in a result comes from. kind: "nan" or "inf". warned: NumPy's warnings, as in `Outcome`."""
    causes = [warning for warning in warned if kind == "inf" or "invalid value" in warning]
    place, _, message = (causes or [""])[0].rpartition(": ")
    said = next((words for pattern, words in BIRTHS if re.match(pattern, message)), "")
    if kind == "inf":
        known = said or "a number divided by 0, the logarithm of 0, and the exponential of more than 709 are infinite"
        opening = 'inf means "infinite"'
    else:
        known = said or "0 / 0, inf - inf, 0 times inf, and the root or logarithm of a negative number are nan"
        opening = 'nan means "not a number", and whatever is computed with nan is nan too'
    return f"{opening}. It first arises in {place}: {known}." if place else f"{opening}: {known}."


def known(error: str) -> str:
    """The pattern in MEANINGS that an exception matches; empty for one that is not in the list."""
    return next((pattern for pattern, _ in MEANINGS if re.match(pattern, error)), "")


def meaning(error: str) -> str:
    """What an exception, as "ValueError: ...", most likely means; empty for one that is not in the list."""
    for pattern, words in MEANINGS:
        if found := re.match(pattern, error):
            return words(*found.groups()) if callable(words) else words.format(*found.groups())
    return ""
