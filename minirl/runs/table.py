"""Tables as plain text that fit into any window: at 80 columns no word is cut off.

A cell may be an estimate with its interval, "93.8 [91.4, 95.6]". Where the window is wide the interval stands beside
the number. Where it is narrow it stands below:

                  greedy                              greedy      pass@1
    test (n=500)                        test (n=500)
      SFT         93.8 [91.4, 95.6]       SFT           93.8        88.1
                                                   91.4–95.6   86.0–90.0

Where even that is too wide the columns go into several tables below each other.
"""

import re
from collections.abc import Sequence

Row = Sequence[str]

GAP = "  "  # between columns
INTERVAL = re.compile(r" \[(\S+), (\S+)\]$")


def layout(header: Row, rows: Sequence[Row], width: int, grouped: bool = False) -> list[str]:
    """The lines of a table, none longer than `width` as far as its first column leaves room for another.

    The first column is flush left, the others flush right. A cell may have several lines. grouped: rows with the same
    first cell follow it, indented, and the second column is then flush left too.
    """
    if grouped:
        header, rows = group(header, rows)
    for cells in (rows, [[below(cell) for cell in row] for row in rows]):
        columns = widths([header, *cells])
        if total(columns) <= width:
            return draw([header, *cells], columns)
    blocks: list[list[int]] = [[]]  # of the columns after the first
    for number in range(1, len(header)):
        if blocks[-1] and total([columns[at] for at in (0, *blocks[-1], number)]) > width:
            blocks.append([])
        blocks[-1].append(number)
    lines: list[str] = []
    for block in blocks:
        chosen = [0, *block]
        part = [[row[at] for at in chosen] for row in (header, *cells)]
        lines += [*([""] if lines else []), *draw(part, [columns[at] for at in chosen])]
    return lines


def group(header: Row, rows: Sequence[Row]) -> tuple[list[str], list[list[str]]]:
    """The table without its first column, whose cells become rows of their own."""
    grouped: list[list[str]] = []
    before = None
    for name, label, *cells in rows:
        if name != before:
            grouped.append([name, *("" for _ in cells)])
            before = name
        grouped.append([f"  {label}", *cells])
    return ["", *header[2:]], grouped


def below(cell: str) -> str:
    """The cell with its interval on a second line: "93.8" and "91.4–95.6"; "-19.4 to 2.0" where there are signs."""
    return INTERVAL.sub(lambda found: "\n" + (" to " if found[0].count("-") + found[0].count("+") else "–").join(
        found.groups()), cell)  # fmt: skip


def is_title(row: Row) -> bool:
    """Whether a row is the name of a group: it may run on over the other columns, which are empty."""
    return len(row) > 1 and not any(row[1:])


def widths(rows: Sequence[Row]) -> list[int]:
    """Of each column the longest line."""
    counted = [row for row in rows if not is_title(row)]
    return [max(len(line) for cell in column for line in cell.split("\n")) for column in zip(*counted, strict=True)]


def total(columns: Sequence[int]) -> int:
    """The width of a table with columns of these widths."""
    return sum(columns) + len(GAP) * (len(columns) - 1)


def draw(rows: Sequence[Row], columns: Sequence[int]) -> list[str]:
    """Header, a rule, rows. Several lines of a cell stand below each other; the header's end at the rule."""
    lines = []
    for number, row in enumerate(rows):
        if is_title(row):
            lines.append(row[0])
            continue
        split = [cell.split("\n") for cell in row]
        height = max(map(len, split))
        for at in range(height):
            parts = []
            for column, (cell, size) in enumerate(zip(split, columns, strict=True)):
                place = at - (height - len(cell) if number == 0 else 0)
                text = cell[place] if 0 <= place < len(cell) else ""
                parts.append(text.ljust(size) if column == 0 else text.rjust(size))
            lines.append(GAP.join(parts).rstrip())
        if number == 0:
            lines.append("─" * total(columns))
    return lines
