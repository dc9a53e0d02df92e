"""Text to better text, in this order. Each step is a function of the text alone; `mend` says which of them changed
it."""

from collections.abc import Callable

from minirl.corpus.mending.encoding import mend_characters, mend_encoding
from minirl.corpus.mending.gutenberg import strip_gutenberg
from minirl.corpus.mending.lines import drop_boilerplate, tidy, unwrap

STEPS: dict[str, Callable[[str], str]] = {
    "encoding": mend_encoding,
    "characters": mend_characters,
    "gutenberg": strip_gutenberg,
    "unwrapping": unwrap,
    "boilerplate": drop_boilerplate,
    "spaces": tidy,
}


def mend(text: str, without: frozenset[str] = frozenset()) -> tuple[str, list[str]]:
    """The mended text, and the steps that changed it."""
    changed = []
    for name, step in STEPS.items():
        if name not in without:
            mended = step(text)
            if mended != text:
                changed.append(name)
                text = mended
    return text, changed
