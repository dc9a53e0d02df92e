"""A tool whose results are shuffled among its calls: the control that shows whether a model uses what comes back.

    python -m minirl.evaluate runs/calculator --tools calculator:shuffled

Each call is answered with the result of another call, of this row or of one beside it. A model that only looks as if it
calculated with the tool, because it knew the results anyway, would solve as many problems as before.
"""

from random import Random

from minirl.tools.tool import Tool, ToolError

SUFFIX = ":shuffled"  # after the name of a tool: --tools calculator:shuffled


class Shuffled:
    """`tool` with the results of other calls. It remembers, so that the same argument gets the same result again.

    Its first call is an error, as there is no other result yet.
    """

    def __init__(self, tool: Tool) -> None:
        self.tool, self.name = tool, tool.name
        self.given: dict[str, str] = {}
        self.results: list[str] = []

    def call(self, argument: str) -> str:
        """The result of another call, one that differs from this call's own. Raises ToolError where there is none yet,
        and what the tool itself raises."""
        if argument not in self.given:
            own = self.tool.call(argument)
            others = [result for result in self.results if result != own]
            self.results.append(own)
            if not others:
                raise ToolError("no other result yet")
            self.given[argument] = Random(argument).choice(others)
        return self.given[argument]
