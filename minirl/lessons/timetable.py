"""The minutes in a teacher's plans: the page names lessons, and their minutes come from lesson.toml.

A plan is a table between two marks. In each row, the last cell but one lists lessons, and the last is their minutes:

    <!-- minutes: begin -->
    | day | lessons | minutes |
    |---|---|---:|
    | Monday | 0, 0b, 1 | 160 |
    <!-- minutes: end -->
"""

import re

from minirl.lessons.lesson import lessons

PLAN = re.compile(r"(<!-- minutes: begin -->\n)(.*?)(<!-- minutes: end -->)", re.DOTALL)
ROW = re.compile(r"^(\|.*\| *)(\w+(?:, *\w+)*) *\|[ \d,]*\|$", re.MULTILINE)


def filled(page: str) -> str:
    """The page with the minutes of its plans put in.

    A row that names a lesson which does not exist yet keeps the minutes that it has.
    """
    return PLAN.sub(lambda plan: plan[1] + ROW.sub(_row, plan[2]) + plan[3], page)


def _row(row: re.Match[str]) -> str:
    known, named = lessons(), row[2].replace(" ", "").split(",")
    if not known.keys() >= set(named):
        return row[0]
    return f"{row[1]}{row[2]} | {sum(known[number].minutes for number in named):,} |"
