"""Project Gutenberg's files: the book without the header, the licence and the notes of those who typed it.

The book stands between two lines. They have changed over the years: "*** START OF THIS PROJECT GUTENBERG EBOOK" and,
since 2022, "*** START OF THE PROJECT GUTENBERG EBOOK"; before 2003 the header ended in "*END*THE SMALL PRINT". Some
files indent the lines, or end with "End of the Project Gutenberg EBook of ..." before the last one.
"""

import re

START = re.compile(
    r"^[ \t]*(?:\*{3} ?START OF (?:THE|THIS) PROJECT GUTENBERG E(?:BOOK|TEXT)[^\n]*|"
    r"\*END\*? ?THE SMALL PRINT[^\n]*|\*{3}START\*{2}THE SMALL PRINT[^\n]*?END\*[^\n]*)\n",
    re.IGNORECASE | re.MULTILINE,
)
END = re.compile(
    r"^[ \t]*(?:\*{3} ?END OF (?:THE|THIS) PROJECT GUTENBERG|\*{3} ?START: FULL LICENSE|"
    r"End of (?:the |this )?Project Gutenberg(?:'s|’s)? |END OF (?:THE|THIS) PROJECT GUTENBERG)",
    re.IGNORECASE | re.MULTILINE,
)
# At the beginning of the book: who made the file, in a paragraph of its own.
CREDITS = re.compile(
    r"\A\s*(?:\[?(?:Produced|E-?text prepared|This e-?text was|Transcribed|Prepared|Scanned|HTML version|Updated|"
    r"Proofread)\b[^\n]*(?:\n[^\n]+)*\n\s*\n\s*)+",
    re.IGNORECASE,
)
NOTE = re.compile(
    r"\[?\s*(?:Transcriber|Etext transcriber|Illustration)['’]?s?['’]?(?: note)?s?\b[^\]\n]*(?:\n[^\]\n]+)*\]",
    re.IGNORECASE,
)
ILLUSTRATION = re.compile(r"\[Illustration[^\]]{0,400}\]", re.IGNORECASE)


def strip_gutenberg(text: str) -> str:
    """The book in a file of Project Gutenberg; any other text as it is."""
    if "PROJECT GUTENBERG" not in text[:20000].upper():
        return text
    starts = list(START.finditer(text, 0, max(60000, len(text) // 10)))
    if starts:
        text = text[starts[-1].end() :]
    end = END.search(text, len(text) // 10)
    if end:
        text = text[: end.start()]
    if not starts and not end:
        return text
    text = ILLUSTRATION.sub("", NOTE.sub("", text))
    return CREDITS.sub("", text).strip() + "\n"
