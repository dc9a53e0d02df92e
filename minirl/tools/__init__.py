"""Tools: what a model can call while it writes, such as a calculator.

Read tool.py (what a tool is), calculator.py (one of them), toolbox.py (how a call becomes a result in the text) and
transcript.py (telling apart what was said, called and returned). docs/reasoning.md shows how to add a tool.
"""

from minirl.tools.calculator import calculator
from minirl.tools.named import TOOLS, toolbox
from minirl.tools.shuffled import Shuffled
from minirl.tools.tool import Tool, ToolError
from minirl.tools.toolbox import MARKS, Toolbox, Turn
from minirl.tools.transcript import Kind, Piece, pieces, said, shown, tagged, transcript, whole_text

__all__ = [
    "MARKS",
    "TOOLS",
    "Kind",
    "Piece",
    "Shuffled",
    "Tool",
    "ToolError",
    "Toolbox",
    "Turn",
    "calculator",
    "pieces",
    "said",
    "shown",
    "tagged",
    "toolbox",
    "transcript",
    "whole_text",
]
