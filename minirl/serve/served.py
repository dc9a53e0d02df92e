"""What a server offers: the stages of a run or one model, and an engine for each stage that somebody has asked for.

A stage is loaded once, by the first request for it. Its engine has a fixed number of slots and a KV cache of fixed
size, so memory does not grow with the number of clients.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from minirl.evaluation.asking import reader_of_answers
from minirl.generate import Engine, Sampling, end_tokens, known_tokens
from minirl.model import GPT
from minirl.model.cache import cache_bytes
from minirl.model.config import GPTConfig
from minirl.retrieval.lookup import Lookup
from minirl.runs import STAGE_NAMES, STAGES, ModelFolder, Run
from minirl.serve.errors import ApiError
from minirl.serve.job import Job
from minirl.serve.worker import Worker, Works
from minirl.tasks import Task
from minirl.tools import MARKS, TOOLS

CACHE_BYTES = 2 << 30  # where slots of the whole context need more, there are fewer of them
EXAMPLES = 8


@dataclass
class Limits:
    """What a server is willing to do at once."""

    slots: int = 32
    """Answers that are computed at once."""
    queue: int = 64
    """Answers that may wait for a slot; a request that would make it more is refused with 429."""
    context: int | None = None
    """Tokens of a prompt and its answer; the model's own where it is None."""
    samples: int = 32
    top: int = 20
    stop: int = 4
    facts: int = 20
    body: int = 1 << 20


@dataclass
class Stage:
    """One stage's model, loaded when it is asked for."""

    name: str
    model: GPT | None = None
    works: Works | None = None
    outstanding: int = 0  # rows that were accepted and are not over
    loading: asyncio.Lock = field(default_factory=asyncio.Lock)


class Served:
    """A run or a model, as the server offers it. Raises what `open_run` and `Run.tokenizer` raise."""

    def __init__(
        self, run: Run, limits: Limits, *, tools: Sequence[str] | None = None, lookup: Lookup | None = None,
        place: str | None = None, dtype: str = "float32",
    ) -> None:  # fmt: skip
        """tools: what may be called by default; None: the tools of the run's task. lookup, place: where facts are
        looked up, and its name. dtype: float32 or bfloat16, the type of the weights."""
        self.run, self.limits, self.lookup, self.place, self.dtype = run, limits, lookup, place, dtype
        self.tokenizer = run.tokenizer()
        path = run.path if isinstance(run, ModelFolder) else run.folder
        self.name = Path(path).resolve().name or "model"
        self.is_run = not isinstance(run, ModelFolder)
        self.stages = {name: Stage(name) for name in run.chosen_stages(STAGES)}
        self.default = run.last_stage()
        self.task: Task | None = run.task() if self.is_run else None
        marks = all(mark in self.tokenizer.special_tokens for mark in MARKS)
        own = tuple(self.task.tools if self.task is not None else ()) if tools is None else tuple(tools)
        self.default_tools = list(own) if marks else []
        self.tools = list(dict.fromkeys([*self.default_tools, *TOOLS])) if marks else []
        self.checker = reader_of_answers(run)
        self.worker = Worker()
        self.longest_token = max(len(self.tokenizer.token_bytes(i)) for i in range(len(self.tokenizer)))  # bytes
        self.config: GPTConfig | None = None

    @cached_property
    def examples(self) -> list[dict[str, str]]:
        """Some problems of the run's task; none where its data is not here."""
        try:
            problems = self.task.problems("dev", EXAMPLES) if self.task is not None else []
        except (OSError, ValueError):
            return []
        return [{"question": problem.question, "answer": problem.answer} for problem in problems]

    # ---- stages ----

    def stage_of(self, name: str | None) -> Stage:
        """The stage of this name, the latest by default. Raises ApiError where there is none."""
        stage = self.stages.get(self.default if name is None else name)
        if stage is None:
            raise ApiError(404, f"there is no stage {name!r}; there are {', '.join(self.stages)}", "stage")
        return stage

    def stage_by_model(self, name: str) -> Stage:
        """The stage that OpenAI's clients call by this model name: roger, or roger/sft."""
        short = name.removeprefix(self.name)
        if name == self.name:
            return self.stages[self.default]
        if name.startswith(f"{self.name}/") and short[1:] in self.stages:
            return self.stages[short[1:]]
        raise ApiError(
            404,
            f"there is no model {name[:100]!r}; there are {', '.join(self.model_names)}",
            "model",
            "model_not_found",
        )

    @property
    def model_names(self) -> list[str]:
        """The names for OpenAI's clients: the latest stage by the run's name, each stage with its own."""
        return [self.name, *(f"{self.name}/{stage}" for stage in self.stages if self.is_run)]

    async def loaded(self, stage: Stage) -> Works:
        """The stage's engine, with its model. Raises ApiError where the model cannot be loaded."""
        async with stage.loading:
            if stage.works is None:
                try:
                    stage.works = await asyncio.to_thread(self.load, stage)
                except (OSError, ValueError) as error:
                    raise ApiError(503, f"the model of the stage {stage.name} cannot be loaded: {error}") from None
            return stage.works

    def load(self, stage: Stage) -> Works:
        """Load a stage's model and make its engine. Raises what loading a model raises."""
        model = stage.model = self.run.model(stage.name if self.is_run else None)
        model.to(self.dtype)
        self.config = model.config
        vocabulary, ends, context = known_tokens(model, self.tokenizer), end_tokens(self.tokenizer), self.context

        def make(works: Works) -> Engine:
            return Engine(
                model, Sampling(max_new_tokens=context), ends, self.slots, context, vocabulary, eager=True,
                watch=works.watch,
            )  # fmt: skip

        return self.worker.add_engine(make)

    # ---- sizes ----

    @property
    def known_config(self) -> GPTConfig:
        """The models' configuration. Raises ValueError before a model was loaded."""
        if self.config is None:
            raise ValueError("no model was loaded yet")
        return self.config

    @property
    def context(self) -> int:
        """Tokens of a prompt and its answer."""
        own = self.known_config.context_length
        return own if self.limits.context is None else min(self.limits.context, own)

    @property
    def slots(self) -> int:
        """Answers at once: as many as were asked for, or as fit into the memory for the cache."""
        fitting = CACHE_BYTES // cache_bytes(self.known_config, 2 * self.context)  # half of the rows are for prompts
        return max(1, min(self.limits.slots, fitting))

    @property
    def cache_bytes(self) -> int:
        """The most that the cache of one stage takes."""
        return cache_bytes(self.known_config, 2 * self.slots * self.context)

    @property
    def running(self) -> int:
        """Rows in slots now."""
        engines = [stage.works.engine for stage in self.stages.values() if stage.works is not None]
        return sum(engine.slots - len(engine.free) for engine in engines)

    @property
    def waiting(self) -> int:
        """Rows that wait for a slot now."""
        return max(0, sum(stage.outstanding for stage in self.stages.values()) - self.running)

    # ---- jobs ----

    async def submit(self, stage: Stage, job: Job) -> None:
        """Queue a job. Raises ApiError 429 where too many wait."""
        works, room = await self.loaded(stage), self.slots + self.limits.queue
        if len(job.rows) > room:
            raise ApiError(
                400, f"the request asks for {len(job.rows)} answers; this server has room for {room} at most"
            )
        if stage.outstanding + len(job.rows) > room:
            waiting = max(0, stage.outstanding - self.slots)
            raise ApiError(
                429, f"{stage.outstanding} answers are in work, {waiting} of them wait, and this request has "
                f"{len(job.rows)} more; the queue has room for {self.limits.queue}. Try again later", None, "queue_full"
            )  # fmt: skip
        stage.outstanding += len(job.rows)
        self.worker.submit(works, job, max(1, self.slots // 4))

    def close(self, stage: Stage, job: Job) -> None:
        """A submitted job's end, whether its rows are over or are given up."""
        stage.outstanding -= len(job.rows)
        if stage.works is not None and job.left:
            self.worker.cancel(stage.works, job)

    def describe(self) -> str:
        """What a server says of itself when it starts."""
        fewer = ""
        if self.slots < self.limits.slots:
            fewer = f" (of {self.limits.slots}: for more, give a shorter --context)"
        return (
            f"{self.slots} answers at once{fewer}, {self.limits.queue} waiting, {self.context} tokens each; at most "
            f"{self.cache_bytes / 1e6:,.0f} MB of KV cache for each model"
        )

    def titles(self) -> list[dict[str, Any]]:
        """The stages, for the page."""
        return [
            {"name": name, "title": STAGE_NAMES.get(name, name), "loaded": stage.works is not None}
            for name, stage in self.stages.items()
        ]
