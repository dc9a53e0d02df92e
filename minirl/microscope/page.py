"""The microscope: a trace as one HTML file that holds all it needs, and asks no network for anything.

page.html is the page, with places such as {{tokens}} to be filled in; shared.css and shared.js are what the page of
minirl.serve has too. What the model or the question says is text: escaped where it stands in the page, and with no
"<" at all where it stands in the data that the script reads.
"""

import html
import json
import re
from collections.abc import Mapping
from importlib import resources
from typing import Any

from minirl.console import printable
from minirl.microscope.moment import Moment, TraceData, signed, visible


def page(trace: TraceData) -> str:
    """The page's text."""
    parts = {
        "title": escape(f"{trace.problem.question[:60]} | minirl"),
        "question": escape(trace.problem.question),
        "about": about(trace),
        "facts": facts(trace),
        "note": note(trace),
        "tokens": tokens(trace),
        "data": as_script(data(trace)),
        "shared_css": source("shared.css"),
        "shared_js": source("shared.js"),
    }
    return fill(source("page.html"), parts)


def source(name: str) -> str:
    """One of the files beside this one that pages are made of."""
    return (resources.files("minirl.microscope") / name).read_text(encoding="utf-8").rstrip("\n")


def fill(template: str, parts: Mapping[str, str]) -> str:
    """The template with `parts["name"]` in each place {{name}}; what is filled in is not searched for places again."""
    return re.sub(r"\{\{(\w+)\}\}", lambda place: parts[place[1]], template)


def escape(text: str) -> str:
    """Text as HTML."""
    return html.escape(printable(text), quote=True)


def as_script(contents: Any) -> str:
    """JSON that cannot end the script element it stands in."""
    text = json.dumps(contents, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def data(trace: TraceData) -> list[dict[str, Any]]:
    """What the panel shows, one entry an action."""
    return [
        {
            "t": moment.t,
            "action": visible(moment.action),
            "bars": [[visible(word), probability, taken] for word, probability, taken in moment.bars()],
            "probability": moment.probability,
            "logProb": moment.log_prob,
            "rank": moment.rank + 1,
            "entropy": moment.entropy,
            "reward": None if trace.reward is None else moment.reward,
            "return": trace.reward,
            "value": moment.value,
            "advantage": trace.advantage_of(moment),
            "pull": trace.pull(moment),
            "gradient": trace.gradient(moment),
        }
        for moment in trace.moments
    ]


def about(trace: TraceData) -> str:
    """Where the episode comes from."""
    if trace.origin is None:
        return ""
    told = "".join(f"<span>{escape(name)} <b>{escape(value)}</b></span>" for name, value in trace.origin.facts())
    return told + (f"<span>{escape(trace.origin.chosen)}</span>" if trace.origin.chosen else "")


def facts(trace: TraceData) -> str:
    """The episode's own numbers."""
    n = len(trace.chosen)
    told = [
        ("reward", number(trace.reward, "g"), "of the last action"),
        ("advantage", number(trace.advantage, "+.2f"), trace.kind.replace("_", " ")),
        ("actions", str(n), "ended by itself" if trace.finished else "cut off"),
        ("log-probability", signed(f"{trace.log_prob:.2f}"), "nats, of the whole episode"),
        ("entropy", f"{sum(m.entropy for m in trace.chosen) / n:.2f}", "nats a token, mean"),
    ]
    cells = [
        f"<div class=fact><dt>{name}</dt><dd>{escape(value)}</dd><dd class=hint>{escape(hint)}</dd></div>"
        for name, value, hint in told
    ]
    if trace.rewards is not None and len(trace.rewards) > 1:
        dots = "".join(f'<i class="{"right" if reward else "wrong"}"></i>' for reward in trace.rewards)
        cells.append(
            f"<div class=fact><dt>episodes of this prompt</dt><dd class=dots>{dots}</dd>"
            f"<dd class=hint>{trace.right()}; this is the first</dd></div>"
        )
    return "".join(cells)


def note(trace: TraceData) -> str:
    """Why the episode teaches nothing, or what is not known."""
    return "" if trace.advantage else f"<p class=note>{escape(trace.gradient())}</p>"


def number(value: float | None, form: str) -> str:
    """A formatted number, or the word unknown."""
    return "unknown" if value is None else signed(f"{value:{form}}")


def tokens(trace: TraceData) -> str:
    """The whole text, one element a token."""
    given = "".join(f'<span class="token given">{shown(word)}</span>' for word in trace.prompt)
    taken = "".join(
        f'<span class="token action{classes(moment)}" tabindex=0 data-t={moment.t}>'
        f"{shown(moment.text) or '<u>·</u>'}</span>"
        for moment in trace.moments
    )
    return given + taken


def classes(moment: Moment) -> str:
    """How a token looks beside others: calls and results have colours of their own."""
    return (" forced" if moment.forced else "") + ("" if moment.kind == "said" else f" {moment.kind}")


def shown(word: str) -> str:
    """A token's text as it stands in a text; a line break also has a sign."""
    return escape(word).replace("\n", "<u>↵</u>\n")
