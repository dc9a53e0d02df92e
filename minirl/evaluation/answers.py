"""A model's answers to prompts. A folder of the run keeps them, so the same questions are answered only once.

    runs/<name>/answers/rl-3f0c9d41a7b2e658.json

The file's name is a checksum of everything that the answers depend on: weights, prompts, seed, number and length of the
samples, precision, backend, instruction set and versions. (The number of threads changes no bit, so it does not count.)
An evaluation that is repeated reads its file. An evaluation that differs in anything writes another file. The files
hold answers only: the checker judges them again each time. To have the model answer again, delete the folder.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from minirl import kernels
from minirl.generate import Completion, generate
from minirl.model import GPT
from minirl.runs import Run, environment
from minirl.storage.checksums import DamagedError, parse_json
from minirl.storage.files import atomic_write, remove_litter
from minirl.tokenizer import Tokenizer

ANSWERS = "answers"
MODEL_FILES = ("config.json", "model*.safetensors", "tokenizer.json")


class Answer(NamedTuple):
    """What the model wrote after a prompt."""

    text: str
    tokens: int
    """Its length in tokens, with the end token."""
    finished: bool
    """Whether it ended with the end token. Otherwise it was cut off."""


class Attempt(NamedTuple):
    """All answers to one prompt."""

    greedy: Answer
    """The answer of greedy decoding: always the most likely token."""
    samples: list[Answer]
    """Answers sampled at temperature 1."""
    fits: bool
    """Whether the prompt fits into the model's context. If not, the answers are empty."""


@dataclass(frozen=True)
class Settings:
    """How prompts are answered."""

    samples: int
    """Sampled answers per prompt, at temperature 1; the greedy answer comes on top."""
    max_new_tokens: int
    """Longest answer, in tokens."""
    seed: int
    """Seed of the samples."""

    def __post_init__(self) -> None:
        for name, least in (("samples", 0), ("max_new_tokens", 1)):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                raise ValueError(f"Settings: {name} is {value}; expected a whole number, {least} or more")


def answer(model: GPT, tokenizer: Tokenizer, prompts: Sequence[str], settings: Settings) -> list[Attempt]:
    """Answer each prompt. The same settings give the same answers, on any number of threads."""
    context = model.config.context_length
    fitting = [prompt for prompt in prompts if len(tokenizer.encode(prompt)) <= context]
    longest = settings.max_new_tokens
    greedy = map(as_answer, generate(model, tokenizer, fitting, temperature=0.0, max_new_tokens=longest))
    samples = map(
        as_answer,
        generate(
            model, tokenizer, fitting if settings.samples else [], temperature=1.0, max_new_tokens=longest,
            seed=settings.seed, samples=max(settings.samples, 1),
        ),
    )  # fmt: skip
    answered = iter([Attempt(one, list(islice(samples, settings.samples)), True) for one in greedy])
    nothing = Answer("", 0, False)
    kept = set(fitting)
    return [
        next(answered) if prompt in kept else Attempt(nothing, [nothing] * settings.samples, False)
        for prompt in prompts
    ]


def as_answer(completion: Completion) -> Answer:
    """What is kept of a completion."""
    return Answer(completion.text, len(completion.ids), completion.finished)


def kept_answers(
    run: Run, stage: str, prompts: Sequence[str], settings: Settings, tell: Callable[[bool], None] = lambda kept: None
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
        json.dump({"depends_on": dependencies, "attempts": attempts}, file, ensure_ascii=False)
        file.write("\n")
    return attempts


def find_answers(run: Run, stage: str, prompts: Sequence[str], settings: Settings) -> list[Attempt] | None:
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


def depends_on(run: Run, stage: str, prompts: Sequence[str], settings: Settings) -> dict[str, Any]:
    """Everything that the answers depend on."""
    with kernels.using_precision(run.config.precision):
        environment = environment_without_threads()
    return {
        **asdict(settings), "checkpoint": checkpoint_digest(run, stage),
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
            return Attempt(read_answer(greedy, longest), [read_answer(sample, longest) for sample in samples], fits)
    except (TypeError, ValueError):
        pass  # the message below says what was expected
    raise ValueError(f"attempt {number} is not a greedy answer, {settings.samples} samples and whether the prompt fits")


def read_answer(fields: Any, longest: int) -> Answer:
    """One answer of a file, [text, tokens, finished]. Raises ValueError or TypeError where it is anything else."""
    text, tokens, finished = fields
    if not (isinstance(text, str) and type(tokens) is int and isinstance(finished, bool) and 0 <= tokens <= longest):
        raise ValueError("not a text, its length in tokens and whether it is finished")
    text.encode()  # raises where the text is not valid Unicode
    return Answer(text, tokens, finished)


def environment_without_threads() -> dict[str, Any]:
    """What answers may depend on besides model and settings: versions, backend, instruction set, precision."""
    return {name: value for name, value in environment().items() if name != "threads"}


def checkpoint_digest(run: Run, stage: str) -> str:
    """The checksum of a stage's weights, configuration and tokenizer."""
    whole = hashlib.sha256()
    for path in sorted(path for pattern in MODEL_FILES for path in (run.folder / stage).glob(pattern)):
        whole.update(f"{path.name} {digest(path.read_bytes())}\n".encode())
    return whole.hexdigest()


def digest(contents: bytes) -> str:
    """SHA-256, in hexadecimal."""
    return hashlib.sha256(contents).hexdigest()
