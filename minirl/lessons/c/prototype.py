"""Prototypes such as "void add(const float *x, float *y, int n);", read into what is needed to call the function."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

KINDS: dict[str, np.dtype[Any]] = {  # a type of C: what NumPy calls it, and whether it is a whole number
    "float": np.dtype(np.float32),
    "double": np.dtype(np.float64),
    "int": np.dtype(np.int32),
    "int32_t": np.dtype(np.int32),
    "int64_t": np.dtype(np.int64),
    "int64": np.dtype(np.int64),  # as minirl's kernels for the GPU call it
    "uint16_t": np.dtype(np.uint16),
    "uint8_t": np.dtype(np.uint8),
}
PROTOTYPE = re.compile(r"\s*(\w+)\s+(\w+)\s*\(([^()]*)\)\s*")
PARAMETER = re.compile(r"(const\s+)?(\w+)\s*(\*?)\s*(?:restrict\s+)?(\w+)")


@dataclass(frozen=True)
class Parameter:
    """One parameter of a function in C."""

    name: str
    kind: str
    pointer: bool
    writes: bool
    """Whether the function may write there: a pointer without const."""

    @property
    def dtype(self) -> np.dtype:
        """What NumPy calls its type."""
        return KINDS[self.kind]


@dataclass(frozen=True)
class Prototype:
    """The heading of a function in C."""

    returns: str
    name: str
    parameters: tuple[Parameter, ...]

    @property
    def text(self) -> str:
        """The prototype as C."""
        words = (
            f"{'const ' if one.pointer and not one.writes else ''}{one.kind} {'*' if one.pointer else ''}{one.name}"
            for one in self.parameters
        )
        return f"{self.returns} {self.name}({', '.join(words) or 'void'});"


def read_prototype(text: str) -> Prototype:
    """The prototype that a text holds. Raises ValueError for what is none, or has types that are not in KINDS."""
    found = PROTOTYPE.fullmatch(text.strip().rstrip(";"))
    if found is None:
        raise ValueError(f"{text!r} is not a prototype such as 'void add(const float *x, float *y, int n);'")
    returns, name, inside = found.groups()
    parameters = []
    for part in inside.split(",") if inside.strip() not in ("", "void") else []:
        one = PARAMETER.fullmatch(part.strip())
        if one is None or one[2] not in KINDS:
            raise ValueError(f"{text!r}: {part.strip()!r} is not a parameter of a type among {', '.join(KINDS)}")
        parameters.append(Parameter(one[4], one[2], bool(one[3]), bool(one[3]) and not one[1]))
    if returns != "void" and returns not in KINDS:
        raise ValueError(f"{text!r} returns {returns}; expected void or one of {', '.join(KINDS)}")
    return Prototype(returns, name, tuple(parameters))


def read_prototypes(text: str) -> list[Prototype]:
    """The prototypes that a text holds, each ended by a semicolon."""
    return [read_prototype(part) for part in text.split(";") if part.strip()]
