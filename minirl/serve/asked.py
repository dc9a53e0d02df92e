"""What the page asks: a question in a prompt form, a text, ids or a conversation, and what the answer goes on from."""

from dataclasses import dataclass, field

import numpy as np

from minirl.autograd import Array
from minirl.evaluation.asking import asked
from minirl.generate import Prompt, encode_prompt
from minirl.retrieval.index import SearchError
from minirl.serve.errors import bad
from minirl.serve.fields import Fields
from minirl.serve.served import Served
from minirl.serve.settings import Begun
from minirl.tasks import Problem
from minirl.tasks.open_book import BookProblem
from minirl.tokenizer.special import END_RESULT, RESULT

SOURCES = ("question", "prompt", "prompt_ids", "messages")
FORMS = ("reasoning", "direct", "tools", "facts", "chat", "text")


@dataclass
class Question:
    """A prompt, and what it was made of."""

    ids: Array
    form: str | None = None
    problem: Problem = field(default_factory=lambda: Problem("", "", "", ""))
    facts: list[tuple[str, float | None]] = field(default_factory=list)


def forms(served: Served) -> list[str]:
    """The forms in which this model can be asked."""
    chat = served.tokenizer.conventions.chat_template is not None
    possible = {"chat": chat, "tools": bool(served.tools)}
    return [form for form in FORMS if possible.get(form, True)]


def encoded(served: Served, prompt: Prompt, name: str) -> Array:
    """The ids of a prompt. Raises ApiError for what cannot be written, and for what is longer than any prompt."""
    if isinstance(prompt, str) and len(prompt) > served.context * served.longest_token:
        raise bad(
            f"{name} has {len(prompt):,} characters, more than {served.context} tokens can have, the context length",
            name, "context_length_exceeded",
        )  # fmt: skip
    try:
        return encode_prompt(served.tokenizer, prompt)
    except (ValueError, TypeError, ImportError, IndexError) as error:
        raise bad(f"{name}: {error}", name, "invalid_value") from None


def one_line(text: str) -> str:
    """The text without line breaks: so no question, no fact can look like another line of the prompt."""
    return " ".join(text.split())


def question(fields: Fields, served: Served, tools: list[str]) -> Question:
    """The prompt that a request of the page gives."""
    given = [name for name in SOURCES if fields.has(name)]
    if len(given) != 1:
        raise bad(f"the request has {', '.join(given) or 'nothing to answer'}; give one of {', '.join(SOURCES)}")
    text, ids, messages = fields.text("prompt"), fields.ids("prompt_ids", len(served.tokenizer)), fields.any("messages")
    asked_for, form = fields.text("question"), fields.one_of("form", None, forms(served))
    facts, lookup = fields.texts("facts", served.limits.facts), fields.flag("lookup")
    if asked_for is None:
        for name, value in (("form", form), ("facts", facts), ("lookup", lookup)):
            if value:
                raise bad(f"{name} belongs to a question; this request has {given[0]}", name)
        if text is not None:
            return Question(encoded(served, text, "prompt"))
        if ids is not None:
            return Question(ids)
        return Question(encoded(served, conversation(messages, "messages"), "messages"), "chat")
    return in_words(served, one_line(asked_for), form, facts, lookup, tools)


def in_words(
    served: Served, text: str, form: str | None = None, facts: tuple[str, ...] | None = None, lookup: bool = False,
    tools: list[str] | None = None,
) -> Question:  # fmt: skip
    """A question in the form in which the model knows questions."""
    if not text:
        raise bad("the question is empty", "question", "invalid_value")
    found: list[tuple[str, float | None]] = [(one_line(fact), None) for fact in facts or ()]
    if lookup:
        found += looked_up(served, text)
    if found and form not in (None, "facts"):
        raise bad(f"the form {form} has no place for facts; leave one of the two out", "form")
    if form == "facts" and not found:
        raise bad("the form facts needs facts, or lookup", "facts")
    form = form or ("facts" if found else served.run.form)
    problem = BookProblem(text, "", "", text, tuple(fact for fact, _ in found))
    try:
        prompt = asked(problem, form, list(tools or []) if form == "tools" else [])  # type: ignore[arg-type]
    except ValueError as error:
        raise bad(str(error), "form") from None
    return Question(encoded(served, prompt, "question"), form, problem, found)


def looked_up(served: Served, text: str) -> list[tuple[str, float | None]]:
    """What the server's index has for a question, with the scores. A search without success is a fact that says so."""
    if served.lookup is None:
        raise bad("this server has no index of facts; start it with --facts PLACE", "lookup")
    try:
        hits = served.lookup.index.search(text, served.lookup.most)
    except SearchError as error:
        return [(f"error: {error}", None)]
    return [(one_line(hit.text), float(hit.score)) for hit in hits]


def conversation(messages: object, name: str) -> list[dict[str, str]]:
    """Messages of text, [{"role": ..., "content": ...}]. Raises ApiError for others."""
    if not isinstance(messages, list) or not messages:
        raise bad(f"{name} is no list of messages; expected [{{'role': 'user', 'content': '...'}}]", name)
    found = []
    for number, message in enumerate(messages):
        fields = Fields(message, f"{name}[{number}]")
        role, content = fields.text("role"), text_of(fields, "content")
        if role is None or content is None:
            raise bad(f"{name}[{number}] has no role or no content", f"{name}[{number}]")
        fields.end()
        found.append({"role": role, "content": content})
    return found


def text_of(fields: Fields, name: str) -> str | None:
    """A content: a text, or a list of parts of the type text."""
    value = fields.any(name)
    if isinstance(value, list):
        parts = [Fields(part, f"{fields.prefix}{name}[{number}]") for number, part in enumerate(value)]
        texts = []
        for part in parts:
            kind, text = part.text("type"), part.text("text")
            if kind != "text" or text is None:
                raise bad(f"{part.prefix[:-1]} is of the type {kind!r:.60}; expected text", part.prefix[:-1])
            part.end()
            texts.append(text)
        return "".join(texts)
    return fields.text(name)


def prefix(fields: Fields, served: Served, tools: bool) -> Begun | None:
    """The tokens that an answer goes on from."""
    ids, flags = fields.ids("prefix_ids", len(served.tokenizer)), fields.any("prefix_forced")
    if ids is None or not len(ids):
        if flags:
            raise bad("prefix_forced without prefix_ids", "prefix_forced")
        return None
    if flags is None:
        return Begun(ids, results_in(ids, served) if tools else np.zeros(len(ids), bool))
    if not isinstance(flags, list) or len(flags) != len(ids) or not all(isinstance(one, bool) for one in flags):
        raise fields.wrong("prefix_forced", f"a list of {len(ids)} times true or false")
    return Begun(ids, np.array(flags, bool))


def results_in(ids: Array, served: Served) -> Array:
    """Where results of tools stand in an answer, their marks included: (n,) bool."""
    special = served.tokenizer.special_tokens
    begin, end = ids == special.get(RESULT, -1), ids == special.get(END_RESULT, -1)
    return (np.cumsum(begin) > np.cumsum(end)) | end
