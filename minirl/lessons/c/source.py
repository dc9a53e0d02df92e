"""A C file as a list of its pieces: functions, declarations, lines for the preprocessor. Enough of C to find them, and
of CUDA, whose kernels look like functions.

The runner shows single functions, puts a known mistake in the place of one, and asks whether one has changed since it
passed. For that it has to know where a function begins and ends, which takes no parser: outside of comments and
strings, a function is a heading with round brackets, and then everything up to the closing brace.
"""

import re
from dataclasses import dataclass
from pathlib import Path

SUFFIXES = {"c": ".c", "cuda": ".cu"}  # the languages that are compiled, and how their files' names end
TOKEN = re.compile(
    r"""(?P<comment>/\*.*?\*/|//[^\n]*)          # a comment
      | (?P<line>^[ \t]*\#(?:\\\n|[^\n])*)      # a line for the preprocessor, with its continuations
      | (?P<text>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
      | (?P<name>[A-Za-z_]\w*)
      | (?P<sign>[^\s\w])
      | (?P<number>\d[\w.]*)""",
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True)
class Piece:
    """A function, a declaration, or a line for the preprocessor."""

    name: str
    """Of a function that is defined here; empty for the others."""
    start: int
    end: int
    """Its place in the text; comments before it are left out."""
    words: tuple[str, ...]
    """The tokens without comments: two pieces with the same tokens compile to the same."""


def pieces(text: str) -> list[Piece]:
    """The pieces of a C file in order. What follows the last complete piece, as in a file with a brace too few, is one
    more."""
    found: list[Piece] = []
    start, words, name = -1, list[str](), ""
    round_, braces, function = 0, 0, False
    end = 0

    def close() -> None:
        nonlocal start, words, name, function
        if words:
            found.append(Piece(name if function else "", start, end, tuple(words)))
        start, words, name, function = -1, [], "", False

    for token in TOKEN.finditer(text):
        kind, word = token.lastgroup, token[0]
        if kind == "comment":
            continue
        if kind == "line" and not words:
            start, end, words = token.start(), token.end(), [" ".join(word.split())]
            close()
            continue
        start = token.start() if start < 0 else start
        end = token.end()
        if word == "(":
            if round_ == braces == 0 and words and words[-1].isidentifier():
                name = words[-1]
            round_ += 1
        elif word == ")":
            round_ = max(round_ - 1, 0)
        elif word == "{":
            if braces == 0:
                function = bool(words) and words[-1] == ")"
            braces += 1
        elif word == "}":
            braces = max(braces - 1, 0)
        words.append(word)
        if braces == round_ == 0 and (word == ";" or (word == "}" and function)):
            close()
    close()
    return found


def functions(text: str) -> dict[str, Piece]:
    """The functions that a C file defines, by name."""
    return {piece.name: piece for piece in pieces(text) if piece.name}


def source_of(path: Path, name: str) -> str:
    """The source of one function in a C file. Raises LookupError where it is not defined."""
    text = path.read_text(encoding="utf-8")
    piece = functions(text).get(name)
    if piece is None:
        raise LookupError(f"{path} does not define {name}")
    return text[piece.start : piece.end]


def same(text: str, other: str, name: str) -> bool:
    """Whether the function `name` has the same tokens in two files; False where one of them lacks it."""
    mine, theirs = functions(text).get(name), functions(other).get(name)
    return mine is not None and theirs is not None and mine.words == theirs.words


def spliced(text: str, other: str) -> str:
    """`text` with each function that `other` defines too replaced by the one in `other`; what else `other` holds stands
    where its first function comes in."""
    new = functions(other)
    extra = [other[piece.start : piece.end] for piece in pieces(other) if piece.name not in functions(text)]
    made, at = [], 0
    for piece in pieces(text):
        if piece.name in new:
            here = new.pop(piece.name)
            made += [text[at : piece.start], *(f"{one}\n" for one in extra), other[here.start : here.end]]
            at, extra = piece.end, []
    return "".join([*made, text[at:], *(f"\n{one}" for one in extra)])


def reached(text: str, name: str) -> set[str]:
    """The functions of the file that `name` needs: itself, and those that it mentions, directly or through others."""
    defined, found, waiting = functions(text), {name}, {name}
    while waiting:
        piece = defined.get(waiting.pop())
        more = ({word for word in piece.words if word in defined} if piece else set()) - found
        found |= more
        waiting |= more
    return found


def meaning_of(text: str, name: str) -> str:
    """All that decides what the function does, without comments: the function, those that it needs, and everything that
    is no function."""
    kept = reached(text, name)
    return "\n".join(" ".join(piece.words) for piece in pieces(text) if not piece.name or piece.name in kept)


def sentence(text: str) -> str:
    """The first comment of a C file, as one paragraph."""
    found = re.match(r"\s*/\*(.*?)\*/", text, re.DOTALL)
    return " ".join(re.sub(r"^\s*\*", "", found[1], flags=re.MULTILINE).split()) if found else ""
