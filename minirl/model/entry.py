"""One tensor of a file of weights, and where its values lie in a parameter of minirl's."""

from dataclasses import dataclass, field

import numpy as np

Array = np.ndarray


@dataclass(frozen=True)
class Entry:
    """One tensor of the file."""

    name: str
    """The tensor's name in the file, without the prefix."""
    shape: tuple[int, ...]
    """Its shape in the file."""
    parameter: str
    """minirl's name."""
    rows: tuple[int, int] | None = None
    """The parameter's rows that it holds, from first to one past the last, or None for all. Entries of one parameter
    follow each other."""
    transposed: bool = False
    """GPT-2's linear layers are stored (inputs, outputs)."""
    order: Array | None = field(default=None, compare=False)
    """For each of these rows of the parameter, the row of the tensor that it is; None: they have the same order."""

    def to_parameter(self, x: Array) -> Array:
        """The tensor as the parameter has it."""
        x = x.T if self.transposed else x
        return x if self.order is None else x[self.order]

    def from_parameter(self, x: Array) -> Array:
        """The tensor, from the whole parameter."""
        x = x if self.rows is None else x[slice(*self.rows)]
        x = x if self.order is None else x[np.argsort(self.order)]
        return x.T if self.transposed else x
