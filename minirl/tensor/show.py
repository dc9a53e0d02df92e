"""How Tensors and tables of parameters look: as text, and as HTML in a notebook."""

from collections.abc import Iterable, Sequence
from html import escape

import numpy as np

from minirl.tensor.dtypes import DEFAULT_FLOAT, DEFAULT_INTEGER, Array

SHOWN = 16  # rows and columns of numbers in a notebook, at most


def text(x: Array, requires_grad: bool) -> str:
    """Tensor([1., 2.]), with the shape where numbers are left out, and the dtype there and where it is no default."""
    parts = [np.array2string(x, separator=", ", prefix="Tensor(")]
    long = x.size > np.get_printoptions()["threshold"]
    if long:
        parts.append(f"shape={x.shape}")
    if long or (x.dtype not in (DEFAULT_FLOAT, DEFAULT_INTEGER) and x.dtype.kind != "b"):
        parts.append(f"dtype={x.dtype}")
    if requires_grad:
        parts.append("requires_grad=True")
    return f"Tensor({', '.join(parts)})"


def tensor_html(x: Array, requires_grad: bool) -> str:
    """Shape and dtype, and the numbers of up to two axes as a table, shaded by sign and size."""
    about = f"Tensor, shape {x.shape}, {x.dtype}" + (", requires a gradient" if requires_grad else "")
    if x.ndim > 2 or 0 in x.shape:
        return f"<div>{escape(about)}<pre>{escape(np.array2string(x, threshold=100))}</pre></div>"
    table = np.atleast_2d(x)
    cells = table[:SHOWN, :SHOWN]
    finite = np.abs(cells[np.isfinite(cells)].astype(np.float64))
    largest = finite.max(initial=0) or 1.0
    body = [[_cell(value, largest) for value in row] for row in cells]
    if table.shape[1] > SHOWN:
        body = [[*row, "<td>...</td>"] for row in body]
    if table.shape[0] > SHOWN:
        body.append(["<td>...</td>"] * len(body[0]))
    return f"<div>{escape(about)}{_table(body)}</div>"


def parameters_html(title: str, parameters: Iterable[tuple[str, Array]]) -> str:
    """Name, shape, dtype and count of each parameter, and the total."""
    body = [["<th>parameter</th>", "<th>shape</th>", "<th>dtype</th>", "<th>numbers</th>"]]
    total = 0
    for name, x in parameters:
        total += x.size
        body.append([f"<td>{escape(str(part))}</td>" for part in (name, x.shape, x.dtype, f"{x.size:,}")])
    body.append(["<th>total</th>", "<th></th>", "<th></th>", f"<th>{total:,}</th>"])
    return f"<div>{escape(title)}{_table(body)}</div>"


def _table(body: Sequence[Sequence[str]]) -> str:
    return "<table>" + "".join(f"<tr>{''.join(row)}</tr>" for row in body) + "</table>"


def _cell(value: np.generic, largest: float) -> str:
    """One number on a ground of blue (positive) or orange (negative), the stronger the larger it is."""
    number = float(value)
    shown = escape(f"{number:.4g}" if value.dtype.kind == "f" else str(value))
    if not np.isfinite(number):
        return f"<td>{shown}</td>"
    colour = "70, 130, 220" if number > 0 else "230, 140, 50"
    return f'<td style="background: rgba({colour}, {0.5 * abs(number) / largest:.2f})">{shown}</td>'
