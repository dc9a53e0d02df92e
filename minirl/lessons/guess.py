"""The command `predict`, and how the runner asks a person something."""

import sys
from collections.abc import Callable

import tyro

from minirl.lessons.lesson import LETTERS, find_prediction
from minirl.lessons.progress import Progress
from minirl.lessons.screen import Screen


def predict(
    number: tyro.conf.Positional[str], choice: tyro.conf.Positional[str] = "", *, sure: int = -1, plain: bool = False
) -> int:
    """Store a guess before you read the answer, and how sure you are of it. The first guess counts.

    Args:
        number: The question, such as 1.a.
        choice: The letter of your guess; asked for where it is not given.
        sure: How sure you are, as a percentage; asked for where it is not given.
        plain: No colours and boxes.
    """
    progress, (_, question), view = Progress.open(), find_prediction(number), Screen(plain)
    letters = LETTERS[: len(question.choices)]
    if before := progress.guess(question):
        stored = f"Your guess is stored: ({LETTERS[before['choice']]}), {before['sure']}% sure."
        more = " The first guess is the one that counts, so it stays: a wrong one teaches as much." if choice else ""
        view.say(f"{stored}{more} The lesson has the answer.")
        return 0
    view.say(question.question)
    for letter, text in zip(letters, question.choices, strict=True):
        view.say(f"  ({letter}) {text}")

    def chosen(word: str) -> int:
        if (letter := word.lower().strip("(). ")) not in [*letters]:
            raise ValueError(f"{word!r} is no choice of {question.number}; choose one of {', '.join(letters)}")
        return letters.index(letter)

    def percentage(word: str) -> int:
        number = word.removesuffix("%").strip()
        if not (number.isascii() and number.isdigit() and int(number) <= 100):
            raise ValueError(f"{word!r} does not say how sure you are; give a whole number from 0 to 100, such as 70")
        return int(number)

    least = round(100 / len(letters))
    guess = asked(view, f"Your guess ({', '.join(letters)}): ", chosen, choice)
    how = f"How sure are you, in percent ({least} is a blind guess, 100 is certain)? "
    if progress.guessed(question, guess, asked(view, how, percentage, "" if sure == -1 else str(sure))).get("late"):
        view.say("Stored. The lesson has shown you this answer already, so this guess is left out of your score.")
    else:
        view.say("Stored. The lesson has the answer, and `progress` shows how good your guesses were.")
    return 0


def asked(view: Screen, text: str, take: Callable[[str], int], given: str = "") -> int:
    """What `take` makes of the answer to a question; a person who gives one that it refuses is asked again.

    given: the answer from the command line, if there is one. Raises ValueError where it is refused and nobody is there.
    """
    while True:
        answer = given or ask(text)
        try:
            return take(answer)
        except ValueError as error:
            if given and not sys.stdin.isatty():
                raise
            view.say(f"{error}.")
            given = ""


def ask(text: str, instead: str = "give the choice and --sure on the command line") -> str:
    """A line from the terminal. Raises ValueError where nobody can answer. instead: what to do then."""
    try:
        return input(text).strip()
    except EOFError:
        raise ValueError(f"nobody answers here: {instead}") from None
