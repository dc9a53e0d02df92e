"""Tools by name, as a flag gives them: --tools calculator."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from minirl.tools.calculator import calculator
from minirl.tools.tool import Tool
from minirl.tools.toolbox import Toolbox

if TYPE_CHECKING:
    from minirl.tokenizer import Tokenizer

TOOLS: dict[str, Tool] = {calculator.name: calculator}


def toolbox(tokenizer: "Tokenizer", names: Sequence[str]) -> Toolbox | None:
    """A Toolbox of the tools with these names; None for no names. Raises ValueError for an unknown name, and what
    Toolbox raises."""
    for name in names:
        if name not in TOOLS:
            raise ValueError(f"no tool is called {name!r}; there are {', '.join(sorted(TOOLS))}")
    return Toolbox(tokenizer, [TOOLS[name] for name in names]) if names else None
