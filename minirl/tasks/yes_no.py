"""Reading yes or no.

    yes   Yes   YES   yes.   Yes!   "yes"   true        and the same for no and false

Only a single word is an answer. "Yes and no", "not yes" and "yes/no" say both or neither, and "yes, but" takes back
what it says. A checker that accepted more would have to judge words, and a model could then win rewards by trickery.
"""

import re

from minirl.tasks.task import Checker, Problem, answer_text, same_reading

_YES_NO = re.compile(r"""["'“‘]?(?:(?P<yes>yes|true)|no|false)["'”’]?[.!]?["'”’]?""", re.ASCII | re.IGNORECASE)


def parse_yes_no(text: str) -> bool | None:
    """True for yes, False for no, None for anything else."""
    match = _YES_NO.fullmatch(text.strip())
    return None if match is None else match["yes"] is not None


class YesNoChecker(Checker):
    """The answer is right when it says yes where the problem does, and no where the problem does."""

    def check(self, problem: Problem, text: str) -> bool:
        """Whether `text` answers `problem`. Raises ValueError where the problem's own answer is neither yes nor no."""
        right = parse_yes_no(problem.answer)
        if right is None:
            raise ValueError(f"the answer of problem {problem.key!r} is {problem.answer!r}, which is not yes or no")
        answer = answer_text(text)
        return answer is not None and parse_yes_no(answer) == right

    def same_answer(self, problem: Problem, first: str, second: str) -> bool:
        """Whether both say yes, or both say no."""
        return same_reading(lambda answer: [] if (said := parse_yes_no(answer)) is None else [said], first, second)
