"""Tools by name, as a flag gives them: --tools calculator, or as a control --tools calculator:shuffled."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from minirl.tools.calculator import calculator
from minirl.tools.shuffled import SUFFIX, Shuffled
from minirl.tools.tool import Tool
from minirl.tools.toolbox import Toolbox

if TYPE_CHECKING:
    from minirl.tokenizer import Tokenizer

TOOLS: dict[str, Tool] = {calculator.name: calculator}
SEARCH = "search:"  # before a place: --tools search:docs.index


def toolbox(tokenizer: "Tokenizer", names: Sequence[str]) -> Toolbox | None:
    """A Toolbox of the tools with these names; None for no names. A name may end in ":shuffled" (shuffled.py). Raises
    ValueError for an unknown name, and what Toolbox raises."""
    return Toolbox(tokenizer, [named(name) for name in names]) if names else None


def named(name: str) -> Tool:
    """The tool of this name. Raises ValueError where there is none."""
    known = name.removesuffix(SUFFIX)
    if known.startswith(SEARCH):
        from minirl.tools.search import search_in  # few programs search, and all of them import this

        tool: Tool = search_in(known.removeprefix(SEARCH))
    elif known in TOOLS:
        tool = TOOLS[known]
    else:
        raise ValueError(f"no tool is called {known!r}; there are {', '.join(sorted(TOOLS))} and {SEARCH}PLACE")
    return tool if known == name else Shuffled(tool)
