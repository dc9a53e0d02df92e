"""The course: lessons in which the learner's own functions run the real thing; `python -m minirl.lessons` runs them.

    from minirl.lessons import implements, swapped

    @implements("rl.policy")
    def policy(logits, temperature): ...

    with swapped("rl.policy") as used:
        ...                             # minirl's training, with this policy

The lessons themselves lie in the top folder lessons/; lesson.py says what one consists of.
"""

import importlib
from typing import Any

_HOMES = {
    "COLOURS": "mine",
    "STYLES": "mine",
    "Picture": "mine",
    "Seam": "parts",
    "SwapError": "parts",
    "exercises_of": "mine",
    "implements": "parts",
    "reveal": "mine",
    "self_test": "mine",
    "swapped": "parts",
}

__all__ = [
    "COLOURS",
    "STYLES",
    "Picture",
    "Seam",
    "SwapError",
    "exercises_of",
    "implements",
    "reveal",
    "self_test",
    "swapped",
]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for: each check is a new process, and drawing takes long to load."""
    if name not in _HOMES:
        raise AttributeError(f"module 'minirl.lessons' has no attribute {name!r}; it offers {', '.join(_HOMES)}")
    value = getattr(importlib.import_module(f"minirl.lessons.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
