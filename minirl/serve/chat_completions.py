"""/v1/chat/completions, as OpenAI's clients know it.

A model with a chat template reads the whole conversation. minirl's own models have none: they answer one question at a
time, so there the conversation is one message of a user, the question, and it is put into the usual prompt form.

Tools that minirl runs itself (calculator, search) are simply used, and only what the model says is the content. A
request may also bring functions of its own, where the model knows how to call: the answer then ends with the call,
`finish_reason` is `tool_calls`, and the client goes on with the function's result in a message of the role `tool`.
"""

import secrets
from collections.abc import AsyncIterator
from typing import Any

from starlette.requests import Request
from starlette.types import ASGIApp

from minirl.autograd import Array
from minirl.generate.prompts import StopTexts
from minirl.serve import functions, openai_form, settings
from minirl.serve.asked import conversation, encoded, in_words
from minirl.serve.errors import ApiError, bad
from minirl.serve.fields import Fields
from minirl.serve.job import Job, News
from minirl.serve.openai_form import Reply
from minirl.serve.served import Served
from minirl.serve.transport import Streamed, event, read_fields

UNSUPPORTED = {
    "functions": "the old form; use tools",
    "function_call": "the old form; use tool_choice",
    "logit_bias": "tokens cannot be favoured",
    "audio": "there is text alone",
    "prediction": "there is no speculative decoding",
    "reasoning_effort": "the models always reason before they answer",
    "web_search_options": "there is no web",
    "store": "nothing is stored",
}  # fmt: skip


class ChatCompletions:
    """A request for answers in a conversation, read and checked."""

    def __init__(self, fields: Fields, served: Served) -> None:
        self.served, self.tokenizer = served, served.tokenizer
        self.stage = openai_form.stage(fields, served)
        self.functions = functions.read(fields, served)
        prompt, begun = self.prompt(fields.any("messages"))
        own = [] if self.functions is not None or begun is not None else served.default_tools
        self.tools = settings.tools_called(own, served)
        self.n, self.stream = fields.whole("n", 1, 1, served.limits.samples), fields.flag("stream")
        self.usage = openai_form.wants_usage(fields, self.stream)
        alternatives = fields.whole("top_logprobs", 0, 0, served.limits.top)
        self.top = alternatives if fields.flag("logprobs") else None
        if alternatives and self.top is None:
            raise bad('top_logprobs needs "logprobs": true', "top_logprobs")
        most = fields.whole("max_completion_tokens", None, 1, 2**31 - 1)
        older = fields.whole("max_tokens", served.context, 1, 2**31 - 1)
        drawn = 0 if begun is None else begun.drawn
        self.sampling = settings.sampling(fields, 1.0, min((older if most is None else most) + drawn, served.context))
        self.stops: StopTexts | None = settings.stop_texts(fields, served)
        seed = settings.seed(fields)
        self.check_others(fields)
        fields.end()
        self.room = settings.check_room(prompt, served, "messages")
        if begun is not None and len(begun.ids) >= self.room:
            raise bad(f"the conversation is too long for the context, {served.context} tokens", "messages")
        ends = self.stops if self.functions is None else functions.Ends(self.tokenizer, self.stops)
        self.groups = settings.make_rows([prompt], self.n, seed, self.sampling, ends, self.tools, begun)
        [self.rows] = self.groups
        calls = self.tools is not None or self.functions is not None
        self.replies = [Reply(self.tokenizer, calls, self.stops, self.top) for _ in self.rows]
        self.prompt_tokens = len(prompt) + (0 if begun is None else len(begun.ids))
        self.head = openai_form.head(
            "chatcmpl", "chat.completion.chunk" if self.stream else "chat.completion", fields.text("model") or ""
        )

    def check_others(self, fields: Fields) -> None:
        """Fields that say only what is so anyway, and those that are not supported."""
        fields.text("user")
        fields.any("metadata")
        if fields.has("response_format"):
            form = Fields(fields.any("response_format"), "response_format")
            if form.text("type") != "text":
                raise bad(
                    "response_format is not supported: the answer is text", "response_format", "unsupported_field"
                )
            form.end()
        if fields.has("modalities") and fields.any("modalities") != ["text"]:
            raise bad("modalities is not supported: the answer is text", "modalities", "unsupported_field")
        if fields.given.get("store") is False:
            fields.any("store")
        fields.refuse(UNSUPPORTED)

    def prompt(self, messages: Any) -> tuple[Array, settings.Begun | None]:
        """The prompt's ids, and what the answer goes on from."""
        served = self.served
        if served.tokenizer.conventions.chat_template is not None:
            said = conversation(messages, "messages")
            return encoded(served, said, "messages"), None
        if not isinstance(messages, list) or not messages:
            raise bad("messages is no list of messages; expected [{'role': 'user', 'content': '...'}]", "messages")
        [first] = conversation(messages[:1], "messages")
        if first["role"] != "user" or (len(messages) > 1 and self.functions is None):
            raise bad(
                "messages: this model has no chat template, and answers one question at a time; expected one message "
                "of the role user, and after it calls of tools alone", "messages",
            )  # fmt: skip
        asked = in_words(served, " ".join(first["content"].split()))
        return asked.ids, functions.begun(messages[1:], served) if len(messages) > 1 else None

    # ---- the answer ----

    def logprobs(self, news: News) -> dict[str, Any] | None:
        """The log-probabilities of some news."""
        return None if self.top is None else {"content": self.replies[news.row].entries(news), "refusal": None}

    def reason(self, number: int) -> str:
        """Why an answer is over."""
        row = self.rows[number]
        if self.functions is not None and functions.ended_by_call(row, self.tokenizer):
            return "tool_calls"
        return openai_form.finish_reason(row, self.served, self.room)

    def calls(self, number: int) -> list[dict[str, Any]] | None:
        """The call with which an answer ends."""
        if self.functions is None or self.reason(number) != "tool_calls":
            return None
        return [functions.call(self.rows[number], self.tokenizer, self.functions, f"call_{secrets.token_hex(8)}")]

    async def events(self, job: Job) -> AsyncIterator[bytes]:
        """The stream."""
        more: dict[str, Any] = {"usage": None} if self.usage else {}

        def piece(number: int, delta: dict[str, Any], logprobs: Any = None, reason: str | None = None) -> bytes:
            choice = {"index": number, "delta": delta, "logprobs": logprobs, "finish_reason": reason}
            return event({**self.head, "choices": [choice], **more})

        begin = [piece(number, {"role": "assistant", "content": ""}) for number in range(self.n)]
        try:
            async for batch in job.batches():
                chunks, begin = begin, []
                for news in openai_form.joined(batch):
                    text = self.replies[news.row].push(news)
                    if text or (self.top is not None and news.ids):
                        chunks.append(piece(news.row, {"content": text}, self.logprobs(news)))
                    if news.ended:
                        calls = self.calls(news.row)
                        if calls is not None:
                            numbered = [{"index": i, **call} for i, call in enumerate(calls)]
                            chunks.append(piece(news.row, {"tool_calls": numbered}))
                        chunks.append(piece(news.row, {}, None, self.reason(news.row)))
                if chunks:
                    yield b"".join(chunks)
            if self.usage:
                counted = openai_form.usage(self.prompt_tokens, self.rows)
                yield event({**self.head, "choices": [], "usage": counted})
            yield openai_form.DONE
        except ApiError as error:
            yield event(error.body())

    async def whole(self, job: Job) -> dict[str, Any]:
        """The answer in one piece."""
        choices = []
        for news in openai_form.joined(await job.all_news()):
            logprobs, text = self.logprobs(news), self.replies[news.row].push(news)
            message: dict[str, Any] = {"role": "assistant", "content": text, "refusal": None}
            calls = self.calls(news.row)
            if calls is not None:
                message["tool_calls"] = calls
            reason = self.reason(news.row)
            choices.append({"index": news.row, "message": message, "logprobs": logprobs, "finish_reason": reason})
        return {**self.head, "choices": choices, "usage": openai_form.usage(self.prompt_tokens, self.rows)}


async def chat_completions(request: Request, served: Served) -> ASGIApp:
    """The handler."""
    fields = await read_fields(request, served.limits.body)
    await served.loaded(openai_form.stage(fields, served))
    asked = ChatCompletions(fields, served)
    job = Job(asked.groups, asked.sampling, top=asked.top, own=True, streams=asked.stream)
    await served.submit(asked.stage, job)

    def close() -> None:
        served.close(asked.stage, job)

    return Streamed(asked.events(job), close) if asked.stream else openai_form.Whole(asked.whole(job), close)
