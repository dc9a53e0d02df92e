"""Are two results the same? And if not, where do they differ, and by how much more than rounding can explain?

Whatever is exact is compared exactly: whole numbers, truth values, text, shapes, types. Floating-point numbers may
differ by rounding. How much rounding may do is not one constant for everything: it follows from the number format, from
the length of the sums and from the size of the terms. A `Bound` states these, with the reason in words.

Where many results are right, such as the orders in which a graph can be sorted, a check compares a `Verdict` instead.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Bound:
    """Allowed distance = factor * terms * (spacing of numbers near 1 in this format) * max(scale, |expected|)."""

    terms: float = 1
    """How many roundings can add up, for example the length of a sum."""
    scale: float = 0.0
    """The size of the largest term that goes into a result, where results may be smaller than their terms."""
    factor: float = 4
    """How much worse than the estimate a correct program may be: the order of its operations is its own."""
    reason: str = "a few roundings"
    """Why so much is allowed, in words."""

    epsilon: float = 0.0
    """The spacing of numbers near 1 in the format that was computed in; 0: in the format of the result."""

    def allowed(self, expected: Any, epsilon: float) -> Any:
        """The allowed distance of each number from its expected value."""
        relative = self.factor * self.terms * (self.epsilon or epsilon)
        size = np.where(np.isfinite(expected), np.abs(expected), 0.0)  # nothing but infinity is near infinity
        return relative * np.maximum(self.scale, size) if relative else np.zeros(np.shape(expected))


RESULT = "the result"
SINGULAR = (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("s", ""))  # endings of a plural and of its singular
TELLING = 1e-3  # from this share of a number on, its printed digits show the distance, and no rounding explains it
EXACT = Bound(factor=0, reason="the result is exact")
BoundOf = Bound | Callable[..., Bound]  # the same for all cases, or computed from the case


@dataclass(frozen=True)
class Difference:
    """Where a result differs from the expected one."""

    kind: str
    """"form" (missing, or another type, shape or dtype) or "value"."""
    text: str
    """What is different, as a sentence."""
    mask: Any = None
    """For arrays: which elements are wrong."""
    formats: tuple[str, str] = ("", "")
    """Where an array has another dtype: the one that it has, and the expected one."""


@dataclass(frozen=True)
class Verdict:
    """What is wrong with a result, where many results are right. Two verdicts of the same kind are equal."""

    kind: str = ""
    """The kind of fault in a word or two; empty where nothing is wrong."""
    text: str = ""
    """The fault as a sentence."""


def difference(got: Any, expected: Any, bound: Bound, at: str = RESULT) -> Difference | None:
    """The first difference between two results, nested tuples, lists and dicts included; None where they agree."""
    if isinstance(expected, Verdict):
        return None if got.kind == expected.kind else Difference("value", got.text)
    if expected is None or isinstance(expected, str | bool | np.bool_):
        return _exact(got, expected, at)
    if got is None:
        if at == RESULT:
            return Difference("form", f"{at} is None. Is there a `return` on every path through the function?")
        return Difference("form", f"{at} is None; expected {brief(expected)}")
    if isinstance(expected, np.ndarray):
        return _array(got, expected, bound, at)
    if isinstance(expected, Real):
        return _number(got, expected, bound, at)
    if isinstance(expected, dict):
        if not isinstance(got, dict) or got.keys() != expected.keys():
            return Difference("form", f"{at} is {brief(got)}; expected a dict with the keys {sorted(expected)}")
        inner = ((difference(got[key], expected[key], bound, f"{at}[{key!r}]")) for key in expected)
        return next((found for found in inner if found), None)
    if isinstance(expected, tuple | list):
        return _sequence(got, expected, bound, at)
    return None if bool(got == expected) else Difference("value", f"{at} is {brief(got)}; expected {brief(expected)}")


def _exact(got: Any, expected: Any, at: str) -> Difference | None:
    same_type = (
        isinstance(got, bool | np.bool_) if isinstance(expected, bool | np.bool_) else type(got) is type(expected)
    )
    if not same_type:
        wanted = "None" if expected is None else f"a {type(expected).__name__}"
        return Difference("form", f"{at} is {brief(got)}, {kind_of(got)}; expected {wanted}")
    return None if got == expected else Difference("value", f"{at} is {brief(got)}; expected {brief(expected)}")


def _number(got: Any, expected: Any, bound: Bound, at: str) -> Difference | None:
    if isinstance(got, np.ndarray) and got.shape == ():
        got = got[()]
    if isinstance(got, bool | np.bool_) or not isinstance(got, Real):
        return Difference("form", f"{at} is {brief(got)}, {kind_of(got)}; expected a number")
    if isinstance(expected, Integral):
        if not isinstance(got, Integral) and got != int(expected):
            return Difference("value", f"{at} is {brief(got)}; expected the whole number {expected}")
        return None if got == expected else Difference("value", f"{at} is {brief(got)}; expected {expected}")
    narrow = np.float32 if isinstance(got, np.float32) else np.float64
    allowed = float(bound.allowed(float(expected), float(np.finfo(narrow).eps)))
    if _close(float(got), float(expected), allowed):
        return None
    return Difference("value", f"{at} is {_distance(float(got), float(expected), allowed, bound)}")


def _close(got: float, expected: float, allowed: float) -> bool:
    return got == expected or (np.isnan(got) and np.isnan(expected)) or abs(got - expected) <= allowed


def _distance(got: float, expected: float, allowed: float, bound: Bound) -> str:
    found, wanted = told_apart(got, expected)
    if not np.isfinite(got) or not np.isfinite(expected):
        return f"{found}; expected {wanted}"
    if abs(got - expected) > max(TELLING * max(abs(got), abs(expected)), 100 * allowed):
        return f"{found}; expected {wanted}"
    return (
        f"{found}; expected {wanted}. They are {abs(got - expected):.2g} apart, and {allowed:.1g} is allowed "
        f"({bound.reason})"
    )


def told_apart(got: float, expected: float) -> tuple[str, str]:
    """Two different numbers as text: in six digits, or in as many more as it takes until they look different."""
    for digits in range(6, 18):
        found, wanted = f"{got:.{digits}g}", f"{expected:.{digits}g}"
        if found != wanted:
            break
    return found, wanted


def _array(got: Any, expected: np.ndarray, bound: Bound, at: str) -> Difference | None:
    if expected.ndim == 0 and isinstance(got, np.generic):  # NumPy gives single numbers where sums leave no axis
        got = np.asarray(got)
    if not isinstance(got, np.ndarray):
        makes = "; np.array(...) makes one" if lists_of_shape(got, expected.shape) else ""
        return Difference("form", f"{at} is {brief(got)}, {kind_of(got)}; expected a NumPy array of shape "
                          f"{expected.shape}{makes}")  # fmt: skip
    if got.shape != expected.shape:
        return Difference("form", f"{at} has shape {got.shape}; expected {expected.shape}")
    if got.dtype != expected.dtype:
        kind = "bool" if expected.dtype == bool else f"np.{expected.dtype}"  # not every NumPy has np.bool
        words = f"{at} has dtype {got.dtype}; expected {expected.dtype}, which .astype({kind}) makes of it"
        return Difference("form", words, formats=(str(got.dtype), str(expected.dtype)))
    if expected.dtype.kind != "f":
        wrong = got != expected
    else:
        with np.errstate(invalid="ignore"):  # a NaN of some bit patterns warns when it is converted
            allowed = bound.allowed(expected.astype(np.float64), float(np.finfo(expected.dtype).eps))
            near = np.abs(got.astype(np.float64) - expected) <= allowed
        wrong = ~(near | (got == expected) | (np.isnan(got) & np.isnan(expected)))
    if not wrong.any():
        return None
    index = tuple(int(i) for i in np.argwhere(wrong)[0])
    place = f"{at}[{', '.join(map(str, index))}]" if index else at
    many = int(wrong.sum())
    count = f" {many} of {wrong.size} numbers {'is' if many == 1 else 'are'} wrong." if wrong.size > 1 else ""
    if expected.dtype.kind == "f":
        far = _distance(
            float(got[index]), float(expected[index]), float(np.broadcast_to(allowed, wrong.shape)[index]), bound
        )
    else:
        far = f"{brief(got[index])}; expected {expected[index]}"
    return Difference("value", f"{place} is {far}.{count}", wrong)


def widened(found: Difference, given: Any) -> str:
    """The text of a difference; for a float64 result of float32 inputs also where float64 usually comes from."""
    if found.formats != ("float64", "float32") or not holds_format(given, np.dtype(np.float32)):
        return found.text
    return (
        f"{found.text}. The input is float32 as well. np.zeros, np.ones and np.eye make float64, and what meets it "
        "becomes float64; np.zeros_like(x), or np.zeros(shape, x.dtype), makes an array in the format of x"
    )


def holds_format(value: Any, kind: np.dtype) -> bool:
    """Whether an array of this dtype is among the values, inside tuples, lists and dicts too."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, tuple | list):
        return any(holds_format(member, kind) for member in value)
    return isinstance(value, np.ndarray) and value.dtype == kind


def _sequence(got: Any, expected: Any, bound: Bound, at: str) -> Difference | None:
    kind = "tuple" if isinstance(expected, tuple) else "list"
    if not isinstance(got, tuple if kind == "tuple" else list):
        return Difference("form", f"{at} is {brief(got)}, {kind_of(got)}; expected a {kind}")
    if len(got) != len(expected):
        return Difference("value", f"{at} has {counted(len(got))}, {brief(got)}; expected {counted(len(expected))}, "
                          f"{brief(expected)}")  # fmt: skip
    for index, (one, other) in enumerate(zip(got, expected, strict=True)):
        if found := difference(one, other, bound, f"{at}[{index}]"):
            return found
    return None


def lists_of_shape(value: Any, shape: tuple[int, ...]) -> bool:
    """Whether a value is made of lists or tuples as an array of this shape would be."""
    if not shape or not isinstance(value, list | tuple):
        return not shape
    return len(value) == shape[0] and all(
        one.shape == shape[1:] if isinstance(one, np.ndarray | np.generic) else lists_of_shape(one, shape[1:])
        for one in value
    )


def kind_of(value: Any) -> str:
    """What a value is, with the article: "a list", "an array"."""
    name = "array" if isinstance(value, np.ndarray) else type(value).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def counted(n: float, what: str = "elements") -> str:
    """A number of things: "1 element", "2,000 readings of the model". what: the plural."""
    head, rest = re.match(r"(.*?)((?: of | that ).*)?$", what).groups("")  # type: ignore[union-attr]
    for plural, singular in SINGULAR if n == 1 else ():
        if head.endswith(plural):
            head = head.removesuffix(plural) + singular
            break
    return f"{n:,.0f} {head}{rest}"


def named(text: str, names: Sequence[str]) -> str:
    """The text of a difference with names for the elements of the result: "the result[0] is 1" becomes "the next state
    is 1"."""

    def name(found: re.Match[str]) -> str:
        index = int(found[1])
        return names[index] if index < len(names) else found[0]

    return re.sub(rf"^{RESULT}\[(\d+)\]", name, text)


def brief(value: Any, longest: int = 160) -> str:
    """A value as text, shortened."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return f"{value:.6g}"
    text = " ".join(repr(value).split())
    return text if len(text) <= longest else text[: longest - 3] + "..."


def literal(value: Any) -> str:
    """A value as Python code that a learner can paste; arrays as np.array(...)."""
    if isinstance(value, np.ndarray):
        kind = f", {'bool' if value.dtype == bool else f'np.{value.dtype.name}'}"
        if value.size == 0:
            return f"np.zeros({value.shape}{'' if value.dtype == np.float64 else kind})"
        return f"np.array({value.tolist()}{'' if value.dtype.name in ('float64', 'int64', 'bool') else kind})"
    if isinstance(value, np.generic):
        return repr(value.item())
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {literal(member)}" for key, member in value.items()) + "}"
    return repr(value)
