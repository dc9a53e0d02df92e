"""What a lesson's text needs from the runner: the learner's functions, pictures with words, and the answers to guesses.

my = exercises_of(1)           # my.policy is the learner's function, once it has passed its check
reveal("1.a")                  # the answer to the question that opened the lesson
"""

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from minirl.figure import Figure
from minirl.lessons import parts
from minirl.lessons.c import has_compiler
from minirl.lessons.lesson import LETTERS, Exercise, Lesson, Prediction, find_lesson, find_prediction
from minirl.lessons.names import learners_names, solution_names
from minirl.lessons.progress import FILE, NoFolder, Progress
from minirl.lessons.screen import WIDTH, folded

SPOIL = True  # whether answers are shown to somebody who has not guessed; `run` shows the rest of a lesson without them
INK, SOFT = "#1f2933", "#52606d"
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00")  # Okabe and Ito: told apart by colour-blind readers
INDENT = "      "  # of what stands below the number of a question
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


class Functions:
    """The functions of a lesson's exercises, as attributes.

    Each is the learner's where its check passes. Where it does not, or no longer does, the course's own function stands
    in, so that the text can be read on; this is printed. Where the learner's file has changed, or another exercise has
    passed, they are read again when one of them is next asked for.
    """

    def __init__(self, lesson: Lesson) -> None:
        self._lesson = lesson
        self._place = Path().resolve()
        try:
            self._folder = Progress.open().folder
            here = any((self._place / name).is_file() for name in lesson.files)
            if not here or self._place.name != lesson.name:  # it may be another lesson's
                self._place = self._folder / lesson.name
        except NoFolder:
            self._folder = Path()
        self._looked: tuple[Any, ...] = ()
        self._state: tuple[Any, ...] = ()
        self._said = ""
        self._names: dict[str, Any] = {}
        self._theirs: set[str] = set()
        self.refresh()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        self.refresh()
        if name not in self._names:
            raise AttributeError(f"lesson {self._lesson.number} has no exercise {name!r}")
        return self._names[name]

    def __repr__(self) -> str:
        return f"the functions of lesson {self._lesson.number}: {', '.join(one.name for one in self._lesson.exercises)}"

    def whose(self, *chosen: str) -> str:
        """Whose functions these are: "your", "the course's" or "your and the course's"."""
        self.refresh()
        if self._theirs.isdisjoint(chosen):
            return "your"
        return "the course's" if self._theirs.issuperset(chosen) else "your and the course's"

    def refresh(self) -> None:
        """Read the learner's file again if it has changed, or if other exercises have passed."""
        looked = self._look()
        if looked == self._looked:
            return
        before, self._looked = self._state, looked
        if self._now() == before:
            return
        if before:
            print(f"Your exercises of lesson {self._lesson.number} have changed, so they were read again.")
        self._read()
        self._state, self._looked = self._now(), self._look()

    def _look(self) -> tuple[Any, ...]:
        return tuple(map(_stamp, (*self._files(), self._folder / FILE)))

    def _files(self) -> list[Path]:
        return [self._place / name for name in self._lesson.files]

    def _progress(self) -> Progress:
        return Progress.read(self._folder) if (self._folder / FILE).is_file() else Progress(self._folder)

    def _now(self) -> tuple[Any, ...]:
        """What decides whose function is used: the contents of the file, and what has passed."""
        progress = self._progress()
        passed = tuple(progress.of(exercise).get("passed") for exercise in self._lesson.exercises)
        return tuple(file.read_bytes() if file.is_file() else b"" for file in self._files()), passed

    def _read(self) -> None:
        names = solution_names(self._lesson)
        theirs = {exercise.seam: parts.PARTS.get(exercise.seam) for exercise in self._lesson.exercises}
        progress, mine = self._progress(), learners_names(self._lesson, self._place)
        missing: list[Exercise] = []
        broken: list[Exercise] = []
        without: list[Exercise] = []
        for exercise in self._lesson.exercises:
            file = self._place / exercise.file
            passed = progress.passed(exercise) and file.is_file()
            if passed and exercise.name in mine and parts.passes(progress, exercise, file):
                names[exercise.name] = mine[exercise.name]
                parts.STAND_INS.discard(exercise.seam)
                continue
            uncompiled = exercise.compiled and not has_compiler(exercise.language)
            (without if uncompiled else broken if passed else missing).append(exercise)
            if exercise.seam:
                parts.PARTS[exercise.seam] = theirs[exercise.seam] or names[exercise.name]
                parts.STAND_INS.add(exercise.seam)
        compiler = "C++" if any(exercise.language == "cuda" for exercise in without) else "C"
        said = [
            f"{why} stands in: {', '.join(f'{exercise.number} {exercise.name}' for exercise in exercises)}."
            for exercises, why in (
                (missing, "Not passed yet, so the course's own function"),
                (broken, "Changed since it passed, and `check` finds it wrong, so the course's own function"),
                (without, f"There is no {compiler} compiler here, so a reference in NumPy"),
            )
            if exercises
        ]
        if self._said != "\n".join(said):
            self._said = "\n".join(said)
            print("\n".join(said))
        self._theirs = {exercise.name for exercise in (*missing, *broken, *without)}
        self._names = {name: value for name, value in names.items() if not name.startswith("__")}


def _stamp(file: Path) -> tuple[int, int] | None:
    """When a file was written, and its size; None for a file that does not exist."""
    try:
        about = file.stat()
    except FileNotFoundError:
        return None
    return about.st_mtime_ns, about.st_size


def exercises_of(lesson: int | str) -> Functions:
    """The functions of a lesson's exercises, as attributes, see `Functions`. One more says whose some of them are:
    `my.whose("policy", ...)`, for the texts of a lesson."""
    found = find_lesson(str(lesson))
    parts.LOADED[found.number] = functions = Functions(found)
    return functions


def reveal(number: str) -> None:
    """Print the answer to a question, why it is the answer, and what the learner had guessed."""
    _, prediction = find_prediction(number)
    if hidden(prediction):
        print(f"(You have not guessed {number} yet, so its answer is left out: `predict {number}`.)")
        return
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
    if waiting := [number for number in sections if hidden(find_prediction(number)[1])]:
        print(f"(You have not guessed {', '.join(waiting)} yet, so the answers are left out: `predict {waiting[0]}`.)")
        return
    for number, section in sections.items():
        _, prediction = find_prediction(number)
        guess, said = _guess(prediction), ""
        if guess is None or guess["choice"] != prediction.answer:
            needed.append(section)
        if guess is not None:
            guesses += 1
            wrong = f" Your guess was ({LETTERS[guess['choice']]}): see {section}."
            said = " Your guess was right." if guess["choice"] == prediction.answer else wrong
        print(folded(f"{number}  {prediction.question}"))
        for text in (f"({LETTERS[prediction.answer]}) {prediction.choices[prediction.answer]}.{said}",
                     prediction.because[prediction.answer]):  # fmt: skip
            print(textwrap.fill(text, WIDTH, initial_indent=INDENT, subsequent_indent=INDENT))
        print()
    if not needed:
        print(f"All {len(sections)} right. {then}")
    elif not guesses:
        print(f"Were all of yours right? {then} Otherwise read the sections that you need.")
    else:
        right = len(sections) - len(needed)
        print(
            f"{right} of {len(sections)} right. Read {' and '.join(dict.fromkeys(needed))}; skip the rest if you like."
        )


def hidden(prediction: Prediction) -> bool:
    """Whether the answer is to be left out, as the learner has neither guessed nor seen it."""
    if SPOIL:
        return False
    try:
        progress = Progress.open()
    except NoFolder:
        return False
    return progress.guess(prediction) is None and not progress.seen(prediction)


def _guess(prediction: Prediction) -> dict[str, Any] | None:
    """The learner's guess. The answer is shown now, so a later guess does not count."""
    try:
        return Progress.open().answered(prediction)
    except NoFolder:
        return None
