"""Tools: what a model can call while it writes, such as a calculator.

Read tool.py (what a tool is), calculator.py (one of them), toolbox.py (how a call becomes a result in the text) and
transcript.py (telling apart what was said, called and returned). docs/reasoning.md shows how to add a tool.
"""

from minirl.tools.calculator import calculator
from minirl.tools.tool import Tool, ToolError
from minirl.tools.toolbox import Toolbox, Turn
from minirl.tools.transcript import Piece, pieces, said, transcript

TOOLS: dict[str, Tool] = {calculator.name: calculator}

__all__ = ["TOOLS", "Piece", "Tool", "ToolError", "Toolbox", "Turn", "calculator", "pieces", "said", "transcript"]
