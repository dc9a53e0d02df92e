"""What OpenAI's two endpoints have in common: names, chunks, usage, reasons to finish, log-probabilities."""

import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from minirl.generate import Row
from minirl.generate.prompts import StopTexts
from minirl.serve.errors import ApiError, bad
from minirl.serve.fields import Fields
from minirl.serve.job import News
from minirl.serve.served import Served, Stage
from minirl.serve.telling import Telling
from minirl.serve.transport import error_response, json_response, until_gone

if TYPE_CHECKING:
    from minirl.tokenizer import Tokenizer

DONE = b"data: [DONE]\n\n"


def stage(fields: Fields, served: Served) -> Stage:
    """The stage of the field model, which has to be there."""
    name = fields.text("model")
    if name is None:
        raise bad(f"model is missing; there are {', '.join(served.model_names)}", "model", "missing_field")
    return served.stage_by_model(name)


def wants_usage(fields: Fields, stream: bool) -> bool:
    """Whether the stream ends with the usage."""
    given = fields.any("stream_options")
    if given is None:
        return False
    options = Fields(given, "stream_options")
    wanted = options.flag("include_usage")
    options.end()
    if not stream:
        raise bad('stream_options belongs to a stream; this request has no "stream": true', "stream_options")
    return wanted


def head(prefix: str, kind: str, model: str) -> dict[str, Any]:
    """The first fields of every answer."""
    return {"id": f"{prefix}-{secrets.token_hex(12)}", "object": kind, "created": int(time.time()), "model": model}


def usage(prompt_tokens: int, rows: Sequence[Row]) -> dict[str, int]:
    """Counts of tokens; the results of tools are among the completion's."""
    new = sum(len(row.ids) - len(row.begun) for row in rows)
    return {"prompt_tokens": prompt_tokens, "completion_tokens": new, "total_tokens": prompt_tokens + new}


def finish_reason(row: Row, served: Served, room: int) -> str:
    """stop or length, as OpenAI's clients know it."""
    if row.finished:
        return "stop"
    assert row.sampling is not None
    drawn = int((~row.forced).sum())
    return "length" if drawn >= row.sampling.max_new_tokens or len(row.ids) >= room else "stop"


def joined(batch: Sequence[News]) -> list[News]:
    """The news of each row in one piece, in the order of the rows."""
    found = []
    for _, same in groupby(sorted(batch, key=lambda news: news.row), key=lambda news: news.row):
        several = list(same)
        if len(several) == 1:
            found.append(several[0])
            continue
        looks = None
        if several[0].looks is not None:
            looks = [look for news in several for look in news.looks or []]
        found.append(
            News(
                several[0].row,
                [i for news in several for i in news.ids],
                [p for news in several for p in news.log_probs],
                [f for news in several for f in news.forced],
                looks,
                several[-1].time,
                several[-1].ended,
            )
        )
    return found


class Reply:
    """What one row has said so far."""

    def __init__(self, tokenizer: "Tokenizer", tools: bool, stops: StopTexts | None, top: int | None) -> None:
        self.telling, self.top, self.length = Telling(tokenizer, tools, stops), top, 0

    def push(self, news: News) -> str:
        """The text that is new."""
        text = self.telling.push_news(news)
        self.length += len(text)
        return text

    def entries(self, news: News) -> list[dict[str, Any]]:
        """The tokens of some news with their log-probabilities, as the chat endpoint writes them."""
        looks = news.looks or []
        return [
            {
                **self.entry(token, look.log_prob),
                "top_logprobs": [self.entry(one, log_p) for one, log_p in zip(look.ids, look.log_probs, strict=True)],
            }
            for token, look in zip(news.ids, looks, strict=True) if look is not None
        ]  # fmt: skip

    def entry(self, token: int, log_prob: float) -> dict[str, Any]:
        """A token with its true bytes: its text alone may be half a character."""
        tokenizer = self.telling.tokenizer
        return {"token": self.telling.word(token), "logprob": log_prob, "bytes": list(tokenizer.token_bytes(token))}


class Whole:
    """A response in one piece, which is given up when the client leaves before it is there."""

    def __init__(self, answer: Awaitable[dict[str, Any]], closed: Callable[[], None]) -> None:
        self.answer, self.closed = answer, closed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait for the answer, and send it."""
        response: list[Response] = []

        async def work() -> None:
            try:
                response.append(json_response(await self.answer))
            except ApiError as error:
                response.append(error_response(error))

        try:
            await until_gone(receive, work())
        finally:
            self.closed()
        if response:
            await response[0](scope, receive, send)
