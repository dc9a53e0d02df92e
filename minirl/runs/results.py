"""The results table of a run as an object that shows itself, in a terminal and in a notebook."""

import html
from collections.abc import Mapping, Sequence
from typing import Any

from minirl.runs.folder import STAGE_NAMES

TOKENS = "tokens"  # the one measure that is no share


class Results:
    """Every stage's model on every set of problems.

    `entries` holds the numbers: {"stage", "split", "problems", "greedy": {"value", "low", "high"}, ...} each.
    """

    def __init__(self, entries: Sequence[Mapping[str, Any]]) -> None:
        self.entries = list(entries)
        names = dict.fromkeys(name for entry in self.entries for name in entry if isinstance(entry[name], dict))
        self.measures = sorted(names, key=lambda name: name == TOKENS)
        self.splits = list(dict.fromkeys(entry["split"] for entry in self.entries))

    def headline(self) -> tuple[str, dict[str, float]]:
        """The most telling split, `unseen` where there is one, and on it the greedy accuracy after each stage, in %."""
        split = "unseen" if "unseen" in self.splits else next(iter(self.splits), "")
        found = [entry for entry in self.entries if entry["split"] == split and "greedy" in entry]
        return split, {entry["stage"]: 100 * entry["greedy"]["value"] for entry in found}

    def __repr__(self) -> str:
        """Fits into 80 columns: a split's models under its name, intervals in whole percents."""
        rows = [["", *self.measures]]
        for split, entries in self._by_split():
            rows.append([f"{split} (n={entries[0]['problems']})"])
            rows += [[_stage(entry), *self._cells(entry, "{value:.1f} [{low:.0f}, {high:.0f}]")] for entry in entries]
        full = [row for row in rows if len(row) > 1]
        widths = [max(map(len, column)) for column in zip(*full, strict=True)]
        lines = ["Problems solved, in % [95% interval]"]
        for first, *cells in rows:
            numbers = (f"  {cell:>{width}}" for cell, width in zip(cells, widths[1:], strict=False))
            lines.append(f"{first:<{widths[0]}}{''.join(numbers)}".rstrip())
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{html.escape(name)}</th>" for name in ("problems", "n", "model", *self.measures))
        rows = [
            [split, str(entry["problems"]), _stage(entry), *self._cells(entry, "{value:.1f} [{low:.1f}, {high:.1f}]")]
            for split, entries in self._by_split()
            for entry in entries
        ]
        body = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
        caption = "Problems solved, in % [95% interval]"
        return f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    def _by_split(self) -> list[tuple[str, list[Mapping[str, Any]]]]:
        return [(split, [entry for entry in self.entries if entry["split"] == split]) for split in self.splits]

    def _cells(self, entry: Mapping[str, Any], form: str) -> list[str]:
        """Text for every measure; empty where the entry does not have it."""
        cells = []
        for name in self.measures:
            scale, form_here = (1, "{value:.1f}") if name == TOKENS else (100, form)
            estimate = {key: scale * number for key, number in entry.get(name, {}).items()}
            cells.append(form_here.format(**estimate) if estimate else "")
        return cells


def _stage(entry: Mapping[str, Any]) -> str:
    return STAGE_NAMES.get(entry["stage"], entry["stage"])
