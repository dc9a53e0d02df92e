"""Long calls on several lines: broken after commas inside brackets, so that Python still takes them when pasted."""

WIDTH = 80  # columns
DEEPER = 4  # spaces that a continued line is indented further
BRACKETS = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}


def laid_out(code: str, width: int = WIDTH) -> str:
    """The code with its long lines broken after commas inside brackets; a long line without such a comma stays long."""
    return "\n".join(piece for line in code.split("\n") for piece in broken(line, width))


def broken(line: str, width: int) -> list[str]:
    """One line as several, none wider than `width` where the commas allow it."""
    margin = " " * (len(line) - len(line.lstrip()) + DEEPER)
    pieces, rest, places = [], line, commas(line)
    done = 0  # characters of the line that stand in `pieces`
    while len(rest) > width:
        shift = len(rest) - (len(line) - done)  # what the margin adds
        ends = [place - done + shift for place in places if place > done]
        if not ends:
            break
        end = max([end for end in ends if end <= width], default=ends[0])
        pieces.append(rest[:end])
        done += end - shift + 1  # and the space after the comma
        rest = margin + line[done:]
    return [*pieces, rest]


def commas(line: str) -> list[int]:
    """The places after the commas inside brackets and outside of strings."""
    found, depth, quote, escaped = [], 0, "", False
    for place, character in enumerate(line):
        if quote:
            if character == quote and not escaped:
                quote = ""
            escaped = character == "\\" and not escaped
        elif character in "'\"":
            quote = character
        elif depth and line[place : place + 2] == ", ":
            found.append(place + 1)
        depth += 0 if quote else BRACKETS.get(character, 0)
    return found
