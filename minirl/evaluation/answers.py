"""A model's answers to prompts, and a folder of a run that keeps them: what was answered once is never made again.

    runs/<name>/answers/rl-3f0c9d41a7b2e658.json

The name is a checksum of all that answers depend on: weights, prompts, seed, how many samples and how long, precision,
backend, instruction set, versions; not the number of threads, which changes no bit. So the same evaluation reads the
same answers from the file, and whatever differs makes another file beside it. Only answers are kept. Whether they are
right is decided anew each time, by the checker of the day. To have them made anew, delete the folder.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any, NamedTuple

from minirl import kernels
from minirl.generate import Completion, generate
from minirl.model import GPT
from minirl.runs import Run, environment
from minirl.storage.files import atomic_write
from minirl.tokenizer import Tokenizer

ANSWERS = "answers"
MODEL_FILES = ("config.json", "model*.safetensors", "tokenizer.json")


class Answer(NamedTuple):
    """What the model wrote after a prompt."""

    text: str
    tokens: int
    """Its length, the end token included."""
    finished: bool
    """Whether it ended with the end token; else it was cut off."""


class Attempt(NamedTuple):
    """All answers to one prompt."""

    greedy: Answer
    """The likeliest token, always."""
    samples: list[Answer]
    """At temperature 1."""
    fits: bool
    """Whether the prompt fits into the model's context. A longer one cannot be answered: its answers are empty."""


@dataclass(frozen=True)
class Settings:
    """How prompts are answered."""

    samples: int
    """Answers at temperature 1 for each prompt; there is always one greedy answer too."""
    max_new_tokens: int
    """Longest answer, tokens."""
    seed: int
    """Of the samples."""


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
    return Answer(completion.text, len(completion.ids), completion.finished)


def kept_answers(run: Run, stage: str, prompts: Sequence[str], settings: Settings) -> list[Attempt]:
    """What `answer` gives for the model after a stage of the run, in the run's precision: read where it is kept, else
    made and kept. Raises ValueError for a file that does not hold what its name says."""
    with kernels.using_precision(run.config.precision):
        depends_on = {
            **asdict(settings), "checkpoint": checkpoint_digest(run, stage),
            "prompts": digest(json.dumps(list(prompts)).encode()), "environment": environment_without_threads(),
        }  # fmt: skip
        name = f"{stage}-{digest(json.dumps(depends_on, sort_keys=True).encode())[:16]}.json"
        path = run.folder / ANSWERS / name
        if path.is_file():
            kept = json.loads(path.read_text(encoding="utf-8"))
            if kept["depends_on"] != depends_on or len(kept["attempts"]) != len(prompts):
                raise ValueError(f"{path} does not hold the answers that its name promises; delete it")
            return [read_attempt(*fields) for fields in kept["attempts"]]
        attempts = answer(run.model(stage), run.tokenizer(), prompts, settings)
    with atomic_write(path) as file:
        json.dump({"depends_on": depends_on, "attempts": attempts}, file, ensure_ascii=False)
        file.write("\n")
    return attempts


def read_attempt(greedy: list[Any], samples: list[list[Any]], fits: bool) -> Attempt:
    return Attempt(Answer(*greedy), [Answer(*sample) for sample in samples], fits)


def environment_without_threads() -> dict[str, Any]:
    """What answers may depend on besides model and settings."""
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
