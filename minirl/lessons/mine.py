"""What a lesson's text needs from the runner: the learner's functions, pictures with words, and the answers to guesses.

my = exercises_of(1)           # my.policy is the learner's function, once it has passed its check
reveal("1.a")                  # the answer to the question that opened the lesson
"""

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from minirl.figure import Figure
from minirl.lessons import parts
from minirl.lessons.lesson import LETTERS, Exercise, Prediction, find_lesson, find_prediction, namespace
from minirl.lessons.progress import NoFolder, Progress

INK, SOFT = "#1f2933", "#52606d"
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00")  # Okabe and Ito: told apart by colour-blind readers
STYLES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))  # and a line style each, for printouts


class Picture(Figure):
    """A figure with its description in words, for readers who cannot see it and for search."""

    def __init__(self, alt: str, width: float = 7.0, height: float = 3.0) -> None:
        """alt: what the figure shows, in one or two sentences. width, height: in inches."""
        super().__init__(figsize=(width, height), dpi=90, layout="constrained", facecolor="white")
        self.alt = " ".join(alt.split())

    def __repr__(self) -> str:
        return f"Figure: {self.alt}"

    def _repr_png_(self) -> Any:
        return self.png(), {"alt": self.alt}  # Jupyter takes an image alone, or with what is to be known about it


def exercises_of(lesson: int | str) -> SimpleNamespace:
    """The functions of a lesson's exercises, as attributes.

    Each is the learner's where its check passes. Where it does not, or no longer does, the course's own function stands
    in, so that the text can be read on; this is printed. One attribute is no exercise: `my.whose("policy", ...)` says
    whose functions these are, "your", "the course's" or "your and the course's", for the texts of a lesson.
    """
    found = find_lesson(str(lesson))
    names = namespace(found.folder / "solution.py")
    theirs = {exercise.seam: parts.PARTS.get(exercise.seam) for exercise in found.exercises}
    file = Path("exercises.py").resolve()
    try:
        progress = Progress.open()
        if not file.is_file():
            file = progress.folder / found.name / "exercises.py"
    except NoFolder:
        progress = Progress(Path())
    mine = defined(file, names)
    missing: list[Exercise] = []
    broken: list[Exercise] = []
    for exercise in found.exercises:
        passed = progress.passed(exercise) and file.is_file()
        if passed and exercise.name in mine and parts.passes(progress, exercise, file):
            names[exercise.name] = mine[exercise.name]
            parts.STAND_INS.discard(exercise.seam)
            continue
        (broken if passed else missing).append(exercise)
        if exercise.seam:
            parts.PARTS[exercise.seam] = theirs[exercise.seam] or names[exercise.name]
            parts.STAND_INS.add(exercise.seam)
    for exercises, why in (
        (missing, "Not passed yet"),
        (broken, "Changed since it passed, and `check` finds it wrong"),
    ):
        if exercises:
            numbers = ", ".join(f"{exercise.number} {exercise.name}" for exercise in exercises)
            print(f"{why}, so the course's own function stands in: {numbers}.")
    theirs_now = {exercise.name for exercise in (*missing, *broken)}

    def whose(*chosen: str) -> str:
        if theirs_now.isdisjoint(chosen):
            return "your"
        return "the course's" if theirs_now.issuperset(chosen) else "your and the course's"

    public = {name: value for name, value in names.items() if not name.startswith("__")}
    return SimpleNamespace(**public, whose=whose)


def defined(file: Path, otherwise: dict[str, Any]) -> dict[str, Any]:
    """What the learner's file defines; the course's names, with a note, for a file that is missing or does not run."""
    if not file.is_file():
        return {}
    try:
        return namespace(file)
    except Exception as error:
        print(f"{file.name} does not run ({type(error).__name__}: {error}).")
        return {}


def reveal(number: str) -> None:
    """Print the answer to a question, why it is the answer, and what the learner had guessed."""
    _, prediction = find_prediction(number)
    guess = _guess(prediction)
    print(f"{prediction.question}\n")
    print(f"Answer: ({LETTERS[prediction.answer]}) {prediction.choices[prediction.answer]}")
    print(prediction.because[prediction.answer])
    if guess is None:
        print(f"\nYou stored no guess. Next time, `predict {number}` before you read on.")
    elif guess["choice"] == prediction.answer:
        print(f"\nYour guess was right, and you were {guess['sure']}% sure.")
    else:
        choice = guess["choice"]
        words = prediction.choices[choice].rstrip(".")
        print(f"\nYour guess was ({LETTERS[choice]}) {words}, and you were {guess['sure']}% sure.")
        print(prediction.because[choice])


def self_test(sections: Mapping[str, str], then: str) -> None:
    """Print the answers to several questions, and which sections of the lesson the learner needs.

    sections: question -> the section that explains it, such as {"0b.a": "section 1"}. then: what to do when all are
    right.
    """
    guesses, needed = 0, []
    for number, section in sections.items():
        _, prediction = find_prediction(number)
        guess, said = _guess(prediction), ""
        if guess is None or guess["choice"] != prediction.answer:
            needed.append(section)
        if guess is not None:
            guesses += 1
            wrong = f" Your guess was ({LETTERS[guess['choice']]}): see {section}."
            said = " Your guess was right." if guess["choice"] == prediction.answer else wrong
        print(f"{number}  {prediction.question}")
        print(f"      ({LETTERS[prediction.answer]}) {prediction.choices[prediction.answer]}.{said}")
        print(f"      {prediction.because[prediction.answer]}\n")
    if not needed:
        print(f"All {len(sections)} right. {then}")
    elif not guesses:
        print(f"Were all of yours right? {then} Otherwise read the sections that you need.")
    else:
        right = len(sections) - len(needed)
        print(
            f"{right} of {len(sections)} right. Read {' and '.join(dict.fromkeys(needed))}; skip the rest if you like."
        )


def _guess(prediction: Prediction) -> dict[str, Any] | None:
    """The learner's guess. The answer is shown now, so a later guess does not count."""
    try:
        return Progress.open().answered(prediction)
    except NoFolder:
        return None
