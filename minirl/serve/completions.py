"""/v1/completions, as OpenAI's clients know it: a text (or ids) in, n continuations out."""

from collections.abc import AsyncIterator
from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.types import ASGIApp

from minirl.autograd import Array
from minirl.serve import openai_form, settings
from minirl.serve.asked import encoded
from minirl.serve.errors import ApiError, bad
from minirl.serve.fields import Fields
from minirl.serve.job import Job, News
from minirl.serve.openai_form import Reply
from minirl.serve.served import Served
from minirl.serve.transport import Streamed, event, read_fields

DEFAULT_TOKENS, PROMPTS = 16, 32
UNSUPPORTED = {
    "suffix": "the model only writes forward",
    "logit_bias": "tokens cannot be favoured",
    "best_of": "ask for n answers and choose one; /minirl/generate votes",
}


class Completions:
    """A request for continuations, read and checked."""

    def __init__(self, fields: Fields, served: Served) -> None:
        self.served, self.tokenizer = served, served.tokenizer
        self.stage = openai_form.stage(fields, served)
        prompts = self.prompts(fields)
        n = fields.whole("n", 1, 1, served.limits.samples)
        self.top = fields.whole("logprobs", None, 0, served.limits.top)
        self.echo, self.stream = fields.flag("echo"), fields.flag("stream")
        self.usage = openai_form.wants_usage(fields, self.stream)
        if self.echo and self.top is not None:
            raise bad("echo with logprobs is not supported: a prompt's own log-probabilities are not computed", "echo")
        most = fields.whole("max_tokens", DEFAULT_TOKENS, 1, 2**31 - 1)
        self.sampling = settings.sampling(fields, 1.0, min(most, served.context))
        self.stops, seed = settings.stop_texts(fields, served), settings.seed(fields)
        fields.text("user")
        if fields.given.get("best_of") in (1, n):
            fields.any("best_of")
        fields.refuse(UNSUPPORTED)
        fields.end()
        self.rooms = [settings.check_room(prompt, served, "prompt") for prompt in prompts]
        self.groups = settings.make_rows(prompts, n, seed, self.sampling, self.stops)
        self.rows = [row for group in self.groups for row in group]
        self.replies = [Reply(self.tokenizer, False, self.stops, self.top) for _ in self.rows]
        self.prompt_tokens = sum(map(len, prompts))
        self.texts = [
            self.tokenizer.decode(group[0].prompt) if self.echo else "" for group in self.groups for _ in group
        ]
        self.head = openai_form.head("cmpl", "text_completion", fields.text("model") or served.name)

    def prompts(self, fields: Fields) -> list[Array]:
        """A text, several, ids, or several lists of ids."""
        value, vocabulary = fields.any("prompt"), len(self.tokenizer)
        if isinstance(value, str):
            return [encoded(self.served, value, "prompt")]
        if isinstance(value, list) and value and len(value) <= PROMPTS:
            if all(isinstance(one, str) for one in value):
                return [encoded(self.served, one, "prompt") for one in value]
            if all(isinstance(one, list) for one in value):
                return [fields.as_ids("prompt", one, vocabulary) for one in value]
        if isinstance(value, list) and all(type(one) is int for one in value):
            return [fields.as_ids("prompt", value, vocabulary)]
        raise fields.wrong("prompt", f"a text, a list of token ids, or a list of up to {PROMPTS} of these")

    def choice(self, number: int, text: str, logprobs: dict[str, Any] | None, over: bool) -> dict[str, Any]:
        """A choice, or what is new of it."""
        reason = None
        if over:
            row = self.rows[number]
            room = self.rooms[row.problem]
            reason = openai_form.finish_reason(row, self.served, room)
        return {"index": number, "text": text, "logprobs": logprobs, "finish_reason": reason}

    def logprobs(self, news: News, since: int) -> dict[str, Any] | None:
        """The log-probabilities of some news, in the lists that this endpoint has."""
        if self.top is None:
            return None
        reply, seen = self.replies[news.row], [look for look in news.looks or [] if look is not None]
        words = [reply.telling.word(token) for token in news.ids]
        lengths = np.cumsum([since, *map(len, words)]).tolist()
        return {
            "tokens": words,
            "token_logprobs": [look.log_prob for look in seen],
            "top_logprobs": [  # tokens that look the same, such as halves of characters: the likeliest stands for all
                {reply.telling.word(i): log_p for i, log_p in zip(look.ids[::-1], look.log_probs[::-1], strict=True)}
                for look in seen
            ],
            "text_offset": lengths[:-1],
        }  # fmt: skip

    async def events(self, job: Job) -> AsyncIterator[bytes]:
        """The stream."""
        told = [False] * len(self.rows)
        try:
            async for batch in job.batches():
                chunks = []
                for news in openai_form.joined(batch):
                    reply = self.replies[news.row]
                    since = reply.length
                    text = reply.push(news)
                    if self.echo and not told[news.row]:
                        text, told[news.row] = self.texts[news.row] + text, True
                    if text or news.ended or self.top is not None:
                        choice = self.choice(news.row, text, self.logprobs(news, since), news.ended)
                        chunks.append(event({**self.head, "choices": [choice], **self.no_usage}))
                if chunks:
                    yield b"".join(chunks)
            if self.usage:
                yield event({**self.head, "choices": [], "usage": self.counted()})
            yield openai_form.DONE
        except ApiError as error:
            yield event(error.body())

    @property
    def no_usage(self) -> dict[str, Any]:
        """What each chunk says where the last one gives the usage."""
        return {"usage": None} if self.usage else {}

    def counted(self) -> dict[str, int]:
        """The usage."""
        return openai_form.usage(self.prompt_tokens, self.rows)

    async def whole(self, job: Job) -> dict[str, Any]:
        """The answer in one piece."""
        news = openai_form.joined(await job.all_news())
        choices = []
        for one in news:
            logprobs, text = self.logprobs(one, 0), self.replies[one.row].push(one)
            choices.append(self.choice(one.row, self.texts[one.row] + text, logprobs, True))
        return {**self.head, "choices": choices, "usage": self.counted()}


async def completions(request: Request, served: Served) -> ASGIApp:
    """The handler."""
    fields = await read_fields(request, served.limits.body)
    await served.loaded(openai_form.stage(fields, served))
    asked = Completions(fields, served)
    job = Job(asked.groups, asked.sampling, top=asked.top, own=True, streams=asked.stream)
    await served.submit(asked.stage, job)

    def close() -> None:
        served.close(asked.stage, job)

    return Streamed(asked.events(job), close) if asked.stream else openai_form.Whole(asked.whole(job), close)
