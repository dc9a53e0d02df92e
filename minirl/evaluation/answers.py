"""A model's answers to prompts. A folder of the run keeps them, so the same questions are answered only once.

    runs/<name>/answers/rl-3f0c9d41a7b2e658.json

The file's name is a checksum of everything that the answers depend on: weights, prompts, seed, number and length of the
samples, precision, backend, instruction set and versions. (The number of threads changes no bit, so it does not count.)
An evaluation that is repeated reads its file. An evaluation that differs in anything writes another file. The files
hold answers only: the checker judges them again each time. To have the model answer again, delete the folder.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from functools import lru_cache, partial
from itertools import compress, islice
from pathlib import Path
from typing import Any, NamedTuple

from minirl import kernels
from minirl.generate import (
    Beams,
    Completion,
    Hypothesis,
    Prompt,
    Sampling,
    beam_search,
    encode_prompt,
    generate,
    step_beams,
)
from minirl.generate.temperature import show_temperature
from minirl.model import GPT
from minirl.runs import Run, environment
from minirl.storage.checksums import DamagedError, parse_json
from minirl.storage.files import atomic_write, remove_litter
from minirl.tasks.prompt import FORMS, Form, judged
from minirl.tasks.task import Problem, Task
from minirl.tokenizer import Tokenizer
from minirl.tools import toolbox

ANSWERS = "answers"
USUAL = Sampling()
DRAWN = [field.name for field in fields(Sampling) if field.name != "max_new_tokens"]


class Answer(NamedTuple):
    """What the model wrote after a prompt."""

    text: str
    tokens: int
    """Its length in tokens, with the end token, without the results of tools."""
    finished: bool
    """Whether it ended with the end token. Otherwise it was cut off."""
    log_prob: float | None = None
    """Its log-probability; None where the settings do not ask for it."""
    spent: int | None = None
    """How many tokens the search for it generated in all; None for an answer that no search found."""


class Attempt(NamedTuple):
    """All answers to one prompt."""

    greedy: Answer
    """The answer of greedy decoding, which always takes the most likely token, or of beam search."""
    samples: list[Answer]
    """Sampled answers."""
    fits: bool
    """Whether the prompt fits into the model's context. If not, the answers are empty."""


@dataclass(frozen=True)
class Settings:
    """How prompts are answered."""

    samples: int
    """Sampled answers per prompt; the greedy answer comes on top."""
    max_new_tokens: int
    """Longest answer, in tokens."""
    seed: int
    """Seed of the samples."""
    sampling: Sampling = USUAL
    """How they are drawn: by default at temperature 1 from the model's own distribution. Its max_new_tokens is not
    used."""
    beam: Beams | None = None
    """The beam search that takes the place of greedy decoding. Its max_new_tokens is not used."""
    by_steps: bool = False
    """Whether the search goes from sentence to sentence, led by arithmetic; its sentences are drawn as samples are."""
    log_probs: bool = False
    """Whether each answer comes with its log-probability."""
    tools: tuple[str, ...] = ()
    """What the model may call, by name; see `minirl.tools.TOOLS`."""
    form: Form = "reasoning"
    """The form of the prompts; see minirl/tasks/prompt.py."""
    shots: int = 0
    """Worked examples in front of each question, where the form is few_shot or chat."""
    lookup: Callable[[str], Sequence[str]] | None = field(default=None, compare=False, repr=False)
    """Gives the facts for a question, where the form is facts; `minirl.retrieval.lookup` has one."""

    def __post_init__(self) -> None:
        if self.form not in FORMS:
            raise ValueError(f"Settings: form is {self.form!r}; expected one of {', '.join(FORMS)}")
        if (self.form == "facts") != (self.lookup is not None):
            raise ValueError(f"Settings: form is {self.form}; the form facts, and no other, needs facts: give --facts")
        if self.form == "tools" and not self.tools:
            raise ValueError("Settings: the form tools names the tools, and there are none; give --tools calculator")
        if self.shots and self.form not in ("few_shot", "chat"):
            raise ValueError(f"Settings: shots is {self.shots}, and {self.form} shows none; use few_shot or chat")
        if self.form == "few_shot" and not self.shots:
            raise ValueError("Settings: the form few_shot shows worked examples, and there are none; give --shots 4")
        for name, least in (("samples", 0), ("max_new_tokens", 1), ("shots", 0)):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                raise ValueError(f"Settings: {name} is {value}; expected a whole number, {least} or more")

    @property
    def first(self) -> str:
        """The measure of the one answer that is not sampled: greedy, or beam@4."""
        return "greedy" if self.beam is None else f"{'steps' if self.by_steps else 'beam'}@{self.beam.width}"

    def draw(self) -> dict[str, Any]:
        """How samples are drawn, as `generate` takes it."""
        return {name: getattr(self.sampling, name) for name in DRAWN}

    def as_json(self) -> dict[str, Any]:
        """What the answers depend on. A setting that is as usual is left out, so that it may be added in a later
        version of minirl without another name for the answers that exist."""
        said: dict[str, Any] = {"samples": self.samples, "max_new_tokens": self.max_new_tokens, "seed": self.seed}
        unusual = {name: value for name, value in self.draw().items() if value != getattr(USUAL, name)}
        if "temperature" in unusual:
            unusual["temperature"] = show_temperature(self.sampling.temperature)
        if self.beam is not None:
            beam = self.beam
            unusual["search"] = [beam.width, *(["steps"] if self.by_steps else [beam.penalty, beam.alpha])]
        called: dict[str, Any] = {"tools": list(self.tools)} if self.tools else {}
        if self.form != "reasoning":
            called["form"] = self.form
        if self.shots:
            called["shots"] = self.shots
        return said | unusual | ({"log_probs": True} if self.log_probs else {}) | called


def answer(model: GPT, tokenizer: Tokenizer, prompts: Sequence[Prompt], settings: Settings) -> list[Attempt]:
    """Answer each prompt. The same settings give the same answers, on any number of threads."""
    context, tools = model.config.context_length, toolbox(tokenizer, settings.tools)
    fits = [len(encode_prompt(tokenizer, prompt)) <= context for prompt in prompts]
    fitting = list(compress(prompts, fits))
    longest = settings.max_new_tokens
    kept_as = partial(as_answer, log_probs=settings.log_probs, form=settings.form)
    first: Iterator[Completion] = generate(
        model, tokenizer, fitting, temperature=0.0, max_new_tokens=longest, tools=tools
    )
    if settings.beam is not None:
        rule = settings.beam
        if settings.by_steps:
            found = step_beams(
                model, tokenizer, fitting, width=rule.width, branches=rule.width, max_new_tokens=longest,
                seed=settings.seed, tools=tools, **settings.draw(),
            )  # fmt: skip
        else:
            found = beam_search(
                model, tokenizer, fitting, width=rule.width, penalty=rule.penalty, alpha=rule.alpha,
                max_new_tokens=longest, tools=tools,
            )  # fmt: skip
        first = (hypotheses[0] for hypotheses in found)
    greedy = map(kept_as, first)
    samples = map(
        kept_as,
        generate(
            model, tokenizer, fitting if settings.samples else [], max_new_tokens=longest,
            seed=settings.seed, samples=max(settings.samples, 1), tools=tools, **settings.draw(),
        ),
    )  # fmt: skip
    answered = iter([Attempt(one, list(islice(samples, settings.samples)), True) for one in greedy])
    nothing = Answer("", 0, False, 0.0 if settings.log_probs else None)
    none_found = nothing if settings.beam is None else nothing._replace(spent=0)
    return [next(answered) if fit else Attempt(none_found, [nothing] * settings.samples, False) for fit in fits]


def asked(task: Task, problems: Sequence[Problem], settings: Settings) -> list[Prompt]:
    """The prompts of these problems, in the form of the settings."""
    shown = settings.tools if settings.form == "tools" else ()
    look, shots = settings.lookup or (lambda question: ()), task.shots(settings.shots)
    return [
        task.prompt(problem, settings.form, facts=look(problem.question), tools=shown, shots=shots)
        for problem in problems
    ]


def as_answer(completion: Completion, log_probs: bool = False, form: Form = "reasoning") -> Answer:
    """What is kept of a completion: the text as a checker reads it."""
    log_prob = completion.log_prob if log_probs else None
    spent = completion.spent if isinstance(completion, Hypothesis) else None
    sampled = int((~completion.forced).sum())
    return Answer(judged(completion.text, form), sampled, completion.finished, log_prob, spent)


def kept_answers(
    run: Run,
    stage: str,
    prompts: Sequence[Prompt],
    settings: Settings,
    tell: Callable[[bool], None] = lambda kept: None,
) -> list[Attempt]:
    """The answers of the model after a stage of the run, in the run's precision: `answer` makes them the first time,
    later they are read from the file. Raises DamagedError for a file that holds anything else than these answers.

    tell: is first called with whether the answers are only read.
    """
    dependencies = depends_on(run, stage, prompts, settings)
    path = kept_in(run, stage, dependencies)
    tell(path.exists())
    if path.exists():
        return read_answers(path, dependencies, len(prompts), settings)
    remove_litter(run.folder / ANSWERS)
    with kernels.using_precision(run.config.precision):
        attempts = answer(*_loaded(run, stage, dependencies["checkpoint"]), prompts, settings)
    with atomic_write(path) as file:
        written = [as_written(attempt) for attempt in attempts]
        json.dump({"depends_on": dependencies, "attempts": written}, file, ensure_ascii=False)
        file.write("\n")
    return attempts


def as_written(attempt: Attempt) -> list[Any]:
    """An attempt as a file holds it; of an answer's fields, None is left out."""
    greedy, *samples = ([x for x in one if x is not None] for one in (attempt.greedy, *attempt.samples))
    return [greedy, samples, attempt.fits]


def find_answers(run: Run, stage: str, prompts: Sequence[Prompt], settings: Settings) -> list[Attempt] | None:
    """The answers that `kept_answers` gives, where they are kept already; otherwise None. Raises DamagedError."""
    dependencies = depends_on(run, stage, prompts, settings)
    path = kept_in(run, stage, dependencies)
    return read_answers(path, dependencies, len(prompts), settings) if path.exists() else None


@lru_cache(maxsize=1)  # one model answers several sets of problems
def _loaded(run: Run, stage: str, checkpoint: str) -> tuple[GPT, Tokenizer]:
    """The model and tokenizer whose files have the checksum `checkpoint`."""
    return run.model(stage), run.tokenizer()


def kept_in(run: Run, stage: str, dependencies: dict[str, Any]) -> Path:
    """The file for the answers that depend on `dependencies`, whether it exists or not."""
    return run.folder / ANSWERS / f"{stage}-{digest(json.dumps(dependencies, sort_keys=True).encode())[:16]}.json"


def depends_on(run: Run, stage: str, prompts: Sequence[Prompt], settings: Settings) -> dict[str, Any]:
    """Everything that the answers depend on."""
    with kernels.using_precision(run.config.precision):
        environment = environment_without_threads()
    return {
        **settings.as_json(), "checkpoint": checkpoint_digest(run, stage),
        "prompts": digest(json.dumps(list(prompts)).encode()), "environment": environment,
    }  # fmt: skip


def read_answers(path: Path, dependencies: dict[str, Any], prompts: int, settings: Settings) -> list[Attempt]:
    """The answers in a file, one attempt per prompt. Raises DamagedError where it holds anything else."""
    try:
        kept = parse_json(path.read_bytes(), path)
        if not isinstance(kept, dict) or kept.get("depends_on") != dependencies:
            raise ValueError("it does not hold the answers that its name promises")
        attempts = kept.get("attempts")
        if not isinstance(attempts, list) or len(attempts) != prompts:
            raise ValueError(f"it does not hold {prompts} attempts, one per prompt")
        return [read_attempt(fields, number, settings) for number, fields in enumerate(attempts)]
    except (ValueError, RecursionError) as error:  # JSON may be nested too deeply
        problem = str(error).removeprefix(f"{path} is damaged: ")
        raise DamagedError(f"{path} is damaged: {problem}; delete it, and the model answers again") from None


def read_attempt(fields: Any, number: int, settings: Settings) -> Attempt:
    """One attempt of a file, [greedy answer, [sample, ...], fits]. Raises ValueError where it is anything else."""
    try:
        greedy, samples, fits = fields
        if isinstance(fits, bool) and len(samples) == settings.samples:
            longest = settings.max_new_tokens
            read = partial(read_answer, longest=longest, log_probs=settings.log_probs)
            return Attempt(read(greedy, searched=settings.beam is not None), list(map(read, samples)), fits)
    except (TypeError, ValueError):
        pass  # the message below says what was expected
    raise ValueError(f"attempt {number} is not a greedy answer, {settings.samples} samples and whether the prompt fits")


def read_answer(fields: Any, longest: int, log_probs: bool = False, searched: bool = False) -> Answer:
    """One answer of a file, [text, tokens, finished], with log_probs also its log-probability, and of a search what it
    spent. Raises ValueError or TypeError where it is anything else."""
    text, tokens, finished, *rest = fields
    spent = rest.pop() if searched and rest else None
    if len(rest) != log_probs or not all(isinstance(x, int | float) and x <= 0 for x in rest):
        raise ValueError("not the log-probabilities that were asked for")
    if searched and not (type(spent) is int and spent >= 0):
        raise ValueError("not the number of tokens that the search generated")
    if not (isinstance(text, str) and type(tokens) is int and isinstance(finished, bool) and 0 <= tokens <= longest):
        raise ValueError("not a text, its length in tokens and whether it is finished")
    text.encode()  # raises where the text is not valid Unicode
    return Answer(text, tokens, finished, float(rest[0]) if log_probs else None, spent)


def environment_without_threads() -> dict[str, Any]:
    """What answers may depend on besides model and settings: versions, backend, instruction set, precision."""
    return {name: value for name, value in environment().items() if name != "threads"}


def checkpoint_digest(run: Run, stage: str) -> str:
    """The checksum of a stage's weights, configuration and tokenizer."""
    whole = hashlib.sha256()
    for path in run.checkpoint_files(stage):
        whole.update(f"{path.name} {digest(path.read_bytes())}\n".encode())
    return whole.hexdigest()


def digest(contents: bytes) -> str:
    """SHA-256, in hexadecimal."""
    return hashlib.sha256(contents).hexdigest()
