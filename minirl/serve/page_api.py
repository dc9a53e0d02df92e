"""The page's own requests, /minirl/...: every token with what was likely beside it, votes, and going on from a token.

docs/serve.md has all fields and events.
"""

import math
import time
from collections.abc import AsyncIterator
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

import minirl
from minirl.autograd import Array
from minirl.generate import Row, Verdict
from minirl.generate.equations import equations
from minirl.generate.options import Drawing
from minirl.generate.prompts import StopTexts
from minirl.generate.text import Completion
from minirl.generate.vote import CHOICES, spelling, verdict, voices
from minirl.runs.trace import checked_by
from minirl.serve import asked, settings
from minirl.serve.errors import ApiError, bad
from minirl.serve.fields import Fields
from minirl.serve.job import Job, Look, News
from minirl.serve.served import Served
from minirl.serve.telling import Telling
from minirl.serve.transport import Streamed, event, json_response, read_fields
from minirl.tasks import Checker, Problem
from minirl.tasks.prompt import judged
from minirl.tokenizer.special import TOOL
from minirl.tools import Toolbox

TOP = 5
LONGEST_TEXT = 100_000  # characters to be shown as tokens


def told(**said: Any) -> bytes:
    """An event of the page's stream."""
    return event(said)


class Ask:
    """A request for answers, read and checked, and the events that come of it."""

    def __init__(self, fields: Fields, served: Served) -> None:
        """Raises ApiError for what cannot be answered. The stage must be loaded."""
        self.began, self.served, self.tokenizer = time.perf_counter(), served, served.tokenizer
        self.stage = served.stage_of(fields.text("stage"))
        tools = settings.tool_names(fields, served, served.default_tools if fields.has("question") else [])
        self.question = asked.question(fields, served, tools)
        self.tools = settings.tools_called(tools, served)
        self.samples = fields.whole("samples", 1, 1, min(served.limits.samples, served.slots + served.limits.queue))
        room = settings.check_room(self.question.ids, served, "prompt")
        self.prefix = asked.prefix(fields, served, self.tools is not None)
        drawn = 0 if self.prefix is None else self.prefix.drawn
        most = fields.whole("max_tokens", served.context, 1, 2**31 - 1)
        self.sampling = settings.sampling(fields, 0.0, min(most + drawn, served.context))
        self.stops: StopTexts | None = settings.stop_texts(fields, served)
        self.seed, self.room = settings.seed(fields), room
        self.top = fields.whole("top", TOP, 0, min(served.limits.top, len(served.tokenizer)))
        self.choose = fields.one_of("choose", "majority", list(CHOICES))
        self.expected = fields.text("expected")
        first = fields.whole("sample", 0, 0, 2**31 - 1)
        fields.end()
        if first and self.samples > 1:
            raise bad("sample says whose random numbers one answer uses; leave it out with several samples", "sample")
        [self.rows] = settings.make_rows(
            [self.question.ids], self.samples, self.seed, self.sampling, self.stops, self.tools, self.prefix, first
        )
        self.known = 0 if self.prefix is None else len(self.prefix.ids)
        ends = served.tokenizer.conventions.ends
        self.over = self.prefix is not None and not self.prefix.forced[-1] and int(self.prefix.ids[-1]) in ends
        if not self.over:
            for row in self.rows:
                settings.resumed(row, room)
        if self.known >= room or drawn >= min(self.sampling.max_new_tokens, room):
            raise bad(f"prefix_ids has {self.known} tokens; after the prompt there is room for {room}", "prefix_ids")
        self.tellings = [Telling(self.tokenizer, self.tools is not None, self.stops) for _ in self.rows]
        self.job: Job | None = None

    def make_job(self) -> Job | None:
        """The job to submit; None where nothing is left to compute."""
        if not self.over:
            self.job = Job([self.rows], self.sampling, top=self.top)
        return self.job

    async def events(self) -> AsyncIterator[bytes]:
        """All events of the stream."""
        first = [self.start(), *(one for sample in range(self.samples) for one in self.already(sample))]
        if self.over:
            for sample, row in enumerate(self.rows):
                row.ids, row.forced, row.finished = row.begun, row.begun_forced, True
                first.append(self.end(sample, row))
        yield b"".join(first)
        try:
            if self.job is not None:
                async for batch in self.job.batches():
                    yield b"".join(one for news in batch for one in self.tell(news))
            yield self.done()
        except ApiError as error:
            yield told(type="error", **error.body())

    # ---- the events ----

    def start(self) -> bytes:
        """What is asked, token by token."""
        decoder = self.tokenizer.stream_decoder()
        prompt = [{"id": token, "text": decoder.push(token)} for token in self.question.ids.tolist()]
        return told(
            type="start", id=f"gen-{id(self):x}", stage=self.stage.name, seed=self.seed, samples=self.samples,
            form=self.question.form, prompt=prompt, prompt_text=self.tokenizer.decode(self.question.ids),
            facts=[{"text": text, "score": score} for text, score in self.question.facts],
            tools=[] if self.tools is None else list(self.tools.tools),
            prefix=self.shown_prefix(), room=self.room,
        )  # fmt: skip

    def shown_prefix(self) -> list[dict[str, Any]]:
        """The tokens that the answer goes on from."""
        if self.prefix is None:
            return []
        telling = Telling(self.tokenizer, self.tools is not None)
        shown = []
        for token, forced in zip(self.prefix.ids.tolist(), self.prefix.forced.tolist(), strict=True):
            kind, text = telling.push(token, forced)
            shown.append({"id": token, "text": text, "word": telling.word(token), "forced": forced, "kind": kind})
        return shown

    def already(self, sample: int) -> list[bytes]:
        """Events before the first draw: the result of a call with which the given tokens end."""
        row = self.rows[sample]
        events = []
        tokens = list(zip(row.begun.tolist(), row.begun_forced.tolist(), strict=True))
        for place, (token, forced) in enumerate(tokens):
            if place == self.known:
                events.append(self.call(sample, [one for one, _ in tokens[place:]]))
            kind, text = self.tellings[sample].push(token, forced)
            if place >= self.known:
                events.append(self.token(sample, place, token, forced, 0.0, kind, text, None, time.perf_counter()))
        return events

    def tell(self, news: News) -> list[bytes]:
        """The events of some news."""
        telling, events = self.tellings[news.row], []
        looks = news.looks or [None] * len(news.ids)
        for place, (token, forced) in enumerate(zip(news.ids, news.forced, strict=True)):
            if forced and not (place and news.forced[place - 1]):
                events.append(self.call(news.row, [i for i, f in zip(news.ids, news.forced, strict=True) if f]))
            index, log_prob = len(telling.ids), news.log_probs[place]
            kind, text = telling.push(token, forced, log_prob)
            events.append(self.token(news.row, index, token, forced, log_prob, kind, text, looks[place], news.time))
        if news.ended:
            telling.finish()
            events.append(self.end(news.row, self.rows[news.row], news.time))
        return events

    def token(
        self, sample: int, index: int, token: int, forced: bool, log_prob: float, kind: str, text: str,
        look: Look | None, now: float,
    ) -> bytes:  # fmt: skip
        """One token."""
        word = self.tellings[sample].word
        top = [] if look is None else [
            {"id": one, "text": word(one), "p": round(math.exp(log_p), 6)}
            for one, log_p in zip(look.ids, look.log_probs, strict=True)
        ]  # fmt: skip
        return told(
            type="token", sample=sample, index=index, id=token, text=text, word=word(token),
            special=token in self.tellings[sample].special, kind=kind, forced=forced, log_prob=round(log_prob, 6),
            p=None if forced else round(math.exp(log_prob), 6),
            entropy=None if look is None else round(look.entropy, 6), rank=None if look is None else look.rank,
            temperature=None if look is None else look.temperature, top=top, time=round(now - self.began, 6),
        )  # fmt: skip

    def call(self, sample: int, result: list[int]) -> bytes:
        """A call that has ended, and its result."""
        telling = self.tellings[sample]
        begin = len(telling.ids)
        while begin and telling.ids[begin - 1] != self.tokenizer.special_tokens[TOOL]:
            begin -= 1
        asked_for = " ".join(self.tokenizer.decode(telling.ids[begin:], skip_special=True).split())
        name, _, argument = asked_for.partition(" ")
        text = self.tokenizer.decode(result, skip_special=True)
        return told(
            type="call", sample=sample, index=len(telling.ids), tool=name, argument=argument, result=text,
            error=text.startswith("error: "),
        )  # fmt: skip

    def end(self, sample: int, row: Row, now: float | None = None) -> bytes:
        """An answer that is over."""
        telling, reason = self.tellings[sample], finish_reason(row, self.served, self.room)
        text, checker = self.text(sample), self.checker
        has_answer = row.finished and voices(checker, self.problem, text)
        correct = None
        if self.expected is not None:
            correct = row.finished and checked_by(self.expected).checker.check(self.problem, text)
        return told(
            type="end", sample=sample, finish_reason=reason,
            stop=self.stopped_by(telling) if reason == "stop" else None,
            text=telling.said, answer=spelling(text) if has_answer else None, correct=correct,
            log_prob=round(telling.log_prob, 6), tokens=telling.drawn, forced=sum(telling.forced),
            equations=placed_equations(telling.said),
            seconds=round((time.perf_counter() if now is None else now) - self.began, 6),
        )  # fmt: skip

    def done(self) -> bytes:
        """All answers are over: the vote."""
        made = [
            Completion(row.prompt, row.ids, row.log_probs, self.text(i), row.finished, row.forced)
            for i, row in enumerate(self.rows)
        ]  # fmt: skip
        chosen = verdict(self.checker, self.problem, made, self.choose)  # type: ignore[arg-type]
        seconds = time.perf_counter() - self.began
        tokens = sum(telling.drawn for telling in self.tellings)
        new = sum(len(telling.ids) - self.known for telling in self.tellings)
        P = len(self.question.ids) + self.known
        return told(
            type="done", seconds=round(seconds, 6), tokens=tokens, tokens_per_second=round(tokens / seconds, 1),
            vote=self.vote(chosen, made),
            usage={"prompt_tokens": P, "completion_tokens": new, "total_tokens": P + new},
        )  # fmt: skip

    # ---- what they are made of ----

    @property
    def problem(self) -> Problem:
        """The question, with its answer where that is known."""
        problem = self.question.problem
        return Problem(problem.question, "", self.expected or "", problem.question)

    @property
    def checker(self) -> Checker:
        """Reads the answers."""
        return self.served.checker

    def text(self, sample: int) -> str:
        """What a checker reads of a sample."""
        form = self.question.form
        return judged(self.tellings[sample].said, "direct" if form == "direct" else "reasoning")

    def stopped_by(self, telling: Telling) -> str | None:
        """The stop text that ended an answer: the first that stands after what was said."""
        if self.stops is None:
            return None
        ids = [token for token, forced in zip(telling.ids, telling.forced, strict=True) if not forced]
        rest = self.tokenizer.decode(ids, skip_special=True)[len(telling.said) :]
        return next((stop for stop in self.stops.texts if rest.startswith(stop)), self.stops.texts[0])

    def vote(self, chosen: Verdict, made: list[Completion]) -> dict[str, Any]:
        """The vote over the samples, with all answers."""
        problem, checker = self.problem, self.checker
        answers: list[dict[str, Any]] = []
        for number, one in enumerate(made):
            if not one.finished or not voices(checker, problem, one.text):
                continue
            same = next((a for a in answers if a["answer"] == spelling(one.text)), None)
            if same is None:
                answers.append({"answer": spelling(one.text), "votes": 1, "samples": [number]})
            else:
                same["votes"] += 1
                same["samples"].append(number)
        answers.sort(key=lambda answer: -answer["votes"])
        return {
            "by": self.choose, "chosen": chosen.chosen,
            "answer": None if chosen.text is None else spelling(chosen.text),
            "votes": chosen.votes, "of": len(made), "answers": answers,
        }  # fmt: skip


def finish_reason(row: Row, served: Served, room: int) -> str:
    """Why a row is over: end, stop, length, context or mark."""
    last = int(row.ids[-1])
    if row.finished:
        return "end" if last in served.tokenizer.conventions.ends else "stop"
    assert row.sampling is not None
    if int((~row.forced).sum()) >= row.sampling.max_new_tokens:
        return "length"
    if len(row.ids) >= room or (row.turn is not None and ends_a_call(row.ids, row.turn.box)):
        return "context"  # none was left for the result
    return "mark"


def ends_a_call(ids: Array, box: Toolbox) -> bool:
    """Whether these ids end with a whole call."""
    marks = ids[(ids == box.begin) | (ids == box.end)]
    return len(marks) > 1 and marks[-1] == ids[-1] == box.end and marks[-2] == box.begin


def placed_equations(text: str) -> list[dict[str, Any]]:
    """The equations of a text, with their places in UTF-16 units, as JavaScript counts."""
    found, since = [], 0
    for equation in equations(text):
        start = text.find(equation.text, since)
        since = start + 1
        before = len(text[:start].encode("utf-16-le")) // 2
        found.append(
            {"text": equation.text, "start": before, "end": before + len(equation.text), "holds": equation.holds}
        )
    return found


# ---- the routes ----


class PageApi:
    """The handlers of /minirl/..."""

    def __init__(self, served: Served) -> None:
        self.served = served

    async def generate(self, request: Request) -> ASGIApp:
        """Answers, as a stream of events."""
        served = self.served
        fields = await read_fields(request, served.limits.body)
        stage = served.stage_of(fields.text("stage"))
        await served.loaded(stage)
        ask = Ask(fields, served)
        job = ask.make_job()
        if job is None:
            return Streamed(ask.events(), lambda: None)
        await served.submit(stage, job)
        return Streamed(ask.events(), lambda: served.close(stage, job))

    async def tokenize(self, request: Request) -> Response:
        """A text's tokens, or ids as text."""
        fields = await read_fields(request, self.served.limits.body)
        tokenizer = self.served.tokenizer
        text, ids = fields.text("text"), fields.ids("ids", len(tokenizer))
        fields.end()
        if text is not None and len(text) > LONGEST_TEXT:
            raise bad(f"text has {len(text):,} characters; expected at most {LONGEST_TEXT:,}", "text")
        if (text is None) == (ids is None):
            raise bad("give text or ids")
        found = tokenizer.encode_array(text) if text is not None else ids
        assert found is not None
        decoder = tokenizer.stream_decoder()
        tokens = [{"id": token, "text": decoder.push(token)} for token in found.tolist()]
        return json_response({"tokens": tokens, "text": tokenizer.decode(found)})

    async def info(self, request: Request) -> Response:
        """What this server has."""
        served = self.served
        stage, limits, tokenizer = served.stages[served.default], served.limits, served.tokenizer
        await served.loaded(stage)
        assert stage.model is not None
        task = None
        if served.task is not None:
            task = {"name": served.task.name, "examples": served.examples}
        drawing = Drawing("0")
        return json_response({
            "name": served.name, "kind": "run" if served.is_run else "model", "model": served.name,
            "stages": served.titles(), "stage": served.default, "task": task, "forms": asked.forms(served),
            "form": served.run.form, "tools": served.tools, "default_tools": served.default_tools,
            "lookup": None if served.lookup is None else {"place": served.place, "top": served.lookup.most},
            "tokenizer": {
                "size": len(tokenizer), "special": tokenizer.special_tokens, "ends": list(tokenizer.conventions.ends),
            },
            "context_length": served.context, "parameters": sum(p.size for p in stage.model.parameters()),
            "defaults": {**vars(drawing), "samples": 1, "max_tokens": served.context, "top": TOP, "choose": "majority"},
            "choices": list(CHOICES),
            "limits": {
                "samples": min(limits.samples, served.slots + limits.queue), "top": limits.top, "stop": limits.stop,
                "slots": served.slots, "queue": limits.queue, "body": limits.body, "facts": limits.facts,
            },
            "version": minirl.__version__,
        })  # fmt: skip
