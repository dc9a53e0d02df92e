"""Write csrc/bpe_unicode.h: which characters are letters, numbers and spaces, as the `regex` library sees them.

    python csrc/generate_unicode_tables.py

The splitter in bpe_split.c must agree with the patterns it stands for on every code point, so the tables are asked of
`regex` itself. Run this again when a new version of `regex` brings a new version of Unicode.

The layout is a two-stage table. Code points come in blocks of 256 and most blocks are alike (no letters at all, or
nothing else), so each distinct block is stored once, two bits a character, and an index says which one a code point's
block is.
"""

from pathlib import Path

import regex

LETTER, NUMBER, SPACE = 1, 2, 3
BLOCK = 256


def character_classes() -> list[int]:
    """The class of each code point; 0 is everything else, surrogates and unassigned ones included."""
    everything = "".join(map(chr, range(0x110000)))
    classes = [0] * len(everything)
    for pattern, kind in ((r"\p{L}+", LETTER), (r"\p{N}+", NUMBER), (r"\s+", SPACE)):
        for match in regex.finditer(pattern, everything):
            classes[match.start() : match.end()] = [kind] * (match.end() - match.start())
    return classes


def array(declaration: str, values: list[int], width: int = 24) -> list[str]:
    """C source of a constant array."""
    rows = [", ".join(map(str, values[start : start + width])) for start in range(0, len(values), width)]
    return [f"static const uint8_t {declaration} = {{", *(f"    {row}," for row in rows), "};", ""]


def main() -> None:
    classes = character_classes()
    while not any(classes[-BLOCK:]):  # the empty end of the code space needs no index
        del classes[-BLOCK:]
    distinct: dict[tuple[int, ...], int] = {}
    index = [
        distinct.setdefault(tuple(classes[start : start + BLOCK]), len(distinct))
        for start in range(0, len(classes), BLOCK)
    ]
    if len(distinct) > 256:
        raise OverflowError(f"{len(distinct)} distinct blocks do not fit the one-byte index; make it two bytes wide")
    packed = [
        block[i] | block[i + 1] << 2 | block[i + 2] << 4 | block[i + 3] << 6
        for block in distinct
        for i in range(0, BLOCK, 4)
    ]
    lines = [
        "/* Made by generate_unicode_tables.py; do not edit. Classes: 0 other, 1 letter, 2 number, 3 space. */",
        "#include <stdint.h>",
        "",
        f"#define UNICODE_END {len(classes):#x}  /* code points from here on are class 0 */",
        "",
        *array("ascii_classes[128]", classes[:128], 32),
        *array(f"unicode_index[{len(index)}]", index),
        *array(f"unicode_blocks[{len(packed)}]", packed),
    ]
    Path(__file__).with_name("bpe_unicode.h").write_text("\n".join(lines[:-1]) + "\n")


if __name__ == "__main__":
    main()
