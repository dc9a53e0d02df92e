"""The report: what was read, what each step changed, what each rule removed, with samples to judge the rules by."""

from collections.abc import Mapping, Sequence
from typing import Any

from minirl.evaluation.markdown import markdown_table


def markdown(manifest: Mapping[str, Any], samples: Mapping[str, Sequence[Sequence[str]]]) -> str:
    """The report as a page of Markdown."""
    lines = ["# What this corpus holds", ""]
    for header, rows in tables(manifest):
        lines += [markdown_table(header, rows, numbers=False), ""]
    if manifest["tests_not_looked_for"]:
        names = " ".join(manifest["tests_not_looked_for"])
        lines += [f"**Not looked for**, because their files are not here: the test problems of {names}. "
                  f"`python -m minirl.data fetch {names}` brings them.", ""]  # fmt: skip
    if manifest["unreadable"]:
        lines += ["## What could not be read", "", *(f"- {line}" for line in manifest["unreadable"]), ""]
    lines += ["## Samples of what was removed", ""]
    for rule, listed in samples.items():
        lines += [f"### {rule}", ""]
        for name, reason, text in listed:
            lines += [f"- {name}: {reason}", "", f"      {' '.join(text.split())}", ""]
    return "\n".join(lines).rstrip() + "\n"


def tables(manifest: Mapping[str, Any]) -> list[tuple[list[str], list[list[str]]]]:
    """Headers and rows: sources, what was mended and removed, what is left."""
    sources = [
        [source["path"], f"{source['bytes']:,}", f"{source['documents']:,}",
         f"{source['kept']:,} of {source['pieces']:,}", source["licence"]]
        for source in manifest["sources"]
    ]  # fmt: skip
    pieces = sum(source["pieces"] for source in manifest["sources"])
    changed = [[f"mended: {step}", f"{n:,} documents", ""] for step, n in manifest["mended"].items()]
    removed = [
        [f"removed: {rule}", f"{what['pieces']:,} pieces", f"{what['pieces'] / max(pieces, 1):.1%}"]
        for rule, what in manifest["removed"].items()
    ]
    splits = [
        [split, f"{what['documents']:,}", f"{what['bytes']:,}", f"{what['tokens']:,}",
         f"{what['bytes'] / max(what['tokens'], 1):.2f}"]
        for split, what in manifest["splits"].items()
    ]  # fmt: skip
    return [
        (["source", "bytes", "documents", "pieces kept", "licence"], sources),
        (["step", "how many", "of all pieces"], changed + removed),
        (["split", "documents", "bytes", "tokens", "bytes a token"], splits),
    ]
