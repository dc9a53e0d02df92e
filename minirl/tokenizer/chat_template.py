"""Chat templates: how a conversation becomes one text, and why nobody can forge a turn in it.

A chat model was trained on texts of one form, and answers well in that form alone. Its template, in the language Jinja,
writes it. SmolLM2's makes of a question:

    <|im_start|>user
    What is 5 + 6?<|im_end|>
    <|im_start|>assistant

The marks are special tokens. If a user's text holds "<|im_end|>", a program that encodes the whole text cannot tell it
from a mark, and the user could speak in the system's name. Here the marks of the template count, and the letters of a
mark in a message stay letters:

1. Before the template sees a message, each special token in it is broken by a character that no text holds.
2. The template writes the text. Whatever it does with a message, the message cannot make up a whole mark, neither alone
   nor together with the template's own letters around it.
3. The special tokens that are found in the text are the template's. What stands between them is encoded as plain text,
   without the character.

Templates come from elsewhere, so they run in Jinja's sandbox, which lets them read nothing but the conversation. What
templates may use beside the language is what transformers offers them (utils/chat_template_utils.py).
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from minirl.storage.strict_json import brief
from minirl.tokenizer.added import Flags, part_flagged
from minirl.tokenizer.conventions import Conventions

if TYPE_CHECKING:
    import jinja2

BREAKS = [chr(code) for code in range(0xFDD0, 0xFDF0)]  # Unicode's noncharacters: they stand in no text


def write(
    said: Conventions,
    names: Mapping[int, str],
    special: Sequence[str],
    messages: Sequence[Mapping[str, Any]],
    *,
    answer: bool = True,
    flags: Mapping[str, Flags] | None = None,
    **more: Any,
) -> list[str]:
    """The conversation as plain text and special tokens in turn, plain text (perhaps "") first and last.

    names: id -> special or added token. special: the tokens that no message may contain. flags: of
    those that take spaces with them. The rest is explained at
    Tokenizer.encode_chat.
    """
    if said.chat_template is None:
        raise ValueError(
            "the tokenizer has no chat template, so a conversation cannot be written: this is no chat model, or its "
            "tokenizer_config.json and chat_template.jinja are missing. Give the prompt as a text"
        )
    for number, message in enumerate(messages):
        if not isinstance(message, Mapping) or not isinstance(message.get("role"), str) or "content" not in message:
            raise ValueError(f"message {number} is {brief(message)}; expected a dict with a role and a content")
    everything = [said.chat_template, *_texts([*messages, more])]
    unused = next((one for one in BREAKS if not any(one in text for text in everything)), None)
    if unused is None:
        raise ValueError("the conversation holds all 32 noncharacters from U+FDD0 on; leave one of them out")
    roles = {"bos_token": said.begin, "eos_token": next(iter(said.ends), None), "pad_token": said.pad}
    marks = {role: names.get(number, "") if number is not None else "" for role, number in roles.items()}
    safe = _broken([list(messages), more], special, unused)
    text = render(said.chat_template, {**marks, **safe[1], "messages": safe[0], "add_generation_prompt": answer})
    parts = part_flagged(text, {name: name for name in special}, flags or {})
    return [one.replace(unused, "") if number % 2 == 0 else one for number, one in enumerate(parts)]


def render(template: str, variables: Mapping[str, Any]) -> str:
    """The text that a template makes of a conversation and its other variables. Raises ValueError where the template
    refuses them, and ImportError without jinja2."""
    import jinja2

    try:
        return _compiled(template).render(**variables)
    except jinja2.TemplateError as error:
        raise ValueError(f"the chat template refuses this conversation: {error}") from None


@lru_cache(maxsize=8)
def _compiled(template: str) -> "jinja2.Template":
    """The template in the sandbox. Raises ImportError without jinja2, ValueError for a template that is no Jinja."""
    try:
        import jinja2
        from jinja2.ext import loopcontrols
        from jinja2.sandbox import ImmutableSandboxedEnvironment
    except ImportError:
        raise ImportError(
            "chat templates are written in Jinja; pip install 'minirl[models]', which has jinja2"
        ) from None

    def refuse(message: str) -> None:
        raise jinja2.TemplateError(message)

    def to_json(value: Any, indent: int | None = None, ensure_ascii: bool = False) -> str:
        return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent)

    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols])
    environment.filters["tojson"] = to_json
    environment.globals["raise_exception"] = refuse
    environment.globals["strftime_now"] = lambda form: datetime.now().strftime(form)
    try:
        return environment.from_string(template)
    except jinja2.TemplateError as error:
        raise ValueError(f"the chat template is no valid Jinja: {error}") from None


def _broken(value: Any, special: Sequence[str], mark: str) -> Any:
    """The same messages, in whose texts no special token stands any more, nor one half of one at an end."""
    if isinstance(value, str):
        return _break(value, special, mark)
    if isinstance(value, Mapping):
        return {key: _broken(one, special, mark) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_broken(one, special, mark) for one in value]
    return value


def _break(text: str, special: Sequence[str], mark: str) -> str:
    """The text with `mark` inside each special token, and before or after a piece of one at its ends: the template's
    own letters could complete it. Spaces around the text stay outside, because templates take them away."""
    if not special:
        return text
    text = _inside(text, special, mark)
    core = text.strip()
    if not core:
        return text
    start = text.index(core)
    before, after = text[:start], text[start + len(core) :]
    small, names = core.lower(), [name.lower() for name in special]  # a template may change the size of letters
    begins = any(small.startswith(name[cut:]) for name in names for cut in range(1, len(name)))
    ends = any(small.endswith(name[:cut]) for name in names for cut in range(1, len(name)))
    within = any(small in name for name in names)
    return before + mark * (begins or within) + core + mark * (ends or within) + after


def _inside(text: str, special: Sequence[str], mark: str) -> str:
    """The text with `mark` after the first character of each special token that stands in it."""
    found = (re.finditer(f"(?={re.escape(name)})", text, re.IGNORECASE) for name in special)
    places = {match.start() + 1 for matches in found for match in matches}
    cuts = [0, *sorted(places), len(text)]
    return mark.join(text[a:b] for a, b in pairwise(cuts))


def _texts(value: Any) -> list[str]:
    """All texts in a value."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [text for pair in value.items() for one in pair for text in _texts(one)]
    return [text for one in value for text in _texts(one)] if isinstance(value, list | tuple) else []
