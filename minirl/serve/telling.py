"""One row's text, token by token: what it says, what it calls, what comes back, and where a stop text cuts it."""

from collections import deque
from typing import TYPE_CHECKING, get_args

from minirl.generate.prompts import Cutter, StopTexts
from minirl.serve.job import News
from minirl.tools import Kind, tagged

if TYPE_CHECKING:
    from minirl.tokenizer import Tokenizer


class Telling:
    """The text of a row while its tokens arrive."""

    def __init__(self, tokenizer: "Tokenizer", tools: bool, stops: StopTexts | None = None) -> None:
        """tools: whether marks of calls count; otherwise they are tokens like others."""
        self.tokenizer, self.tools = tokenizer, tools
        self.special = {number: name for name, number in tokenizer.special_tokens.items()}
        self.decoders = {kind: tokenizer.stream_decoder(skip_special=True) for kind in get_args(Kind)}
        self.feed: deque[tuple[int, bool]] = deque()
        self.kinds = tagged(tokenizer, iter(self.feed.popleft, None))
        self.cutter = None if stops is None else Cutter(stops)
        self.ids: list[int] = []
        self.forced: list[bool] = []
        self.log_prob, self.said = 0.0, ""

    def push(self, token: int, forced: bool, log_prob: float = 0.0) -> tuple[Kind, str]:
        """A token: its kind, and what it adds to the text."""
        kind: Kind = "said"
        if self.tools:
            self.feed.append((token, forced))
            kind, _ = next(self.kinds)
        self.ids.append(token)
        self.forced.append(forced)
        self.log_prob += log_prob
        text = self.decoders[kind].push(token)
        return kind, self.say(text) if kind == "said" else text

    def say(self, text: str) -> str:
        """What of a text that was said can be told now."""
        text = text if self.cutter is None else self.cutter.push(text)
        self.said += text
        return text

    def finish(self) -> str:
        """What was held back, when the row is over."""
        rest = self.say(self.decoders["said"].finish())
        if self.cutter is not None:
            held = self.cutter.finish()
            self.said += held
            rest += held
        return rest

    def push_news(self, news: News) -> str:
        """All tokens of some news: what is said in them."""
        parts = []
        if not self.tools:  # all at once
            self.ids += news.ids
            self.forced += news.forced
            self.log_prob += sum(news.log_probs)
            text = self.say(self.decoders["said"].push_all(news.ids))
            return text + self.finish() if news.ended else text
        for token, log_prob, forced in zip(news.ids, news.log_probs, news.forced, strict=True):
            kind, text = self.push(token, forced, log_prob)
            if kind == "said":
                parts.append(text)
        if news.ended:
            parts.append(self.finish())
        return "".join(parts)

    def word(self, token: int) -> str:
        """A token alone, as text."""
        return self.special.get(token) or self.tokenizer.decode([token])

    @property
    def drawn(self) -> int:
        """How many of the tokens the model drew."""
        return len(self.ids) - sum(self.forced)
