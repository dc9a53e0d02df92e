"""The flags of programs that sample or search, the same in chat and in evaluate."""

from dataclasses import dataclass
from typing import Any, Literal

from minirl.generate.beam import Beams
from minirl.generate.sampling import Sampling
from minirl.generate.temperature import parse_temperature


@dataclass(frozen=True)
class Drawing:
    """How tokens are drawn. All but the temperature are off by default."""

    temperature: str = "1"
    """1 samples from the model's own distribution, 0 always takes the most likely token. 1.5:0.3/20 falls in a line
    from 1.5 to 0.3 over the first 20 tokens, 1.5:0.3/20/exp by a factor per token."""
    top_k: int = 0
    """Draw only among this many of the most likely tokens; 0: all."""
    top_p: float = 1.0
    """Draw only among the most likely tokens that together reach this probability; 1: all."""
    min_p: float = 0.0
    """Draw only among tokens with at least this share of the most likely token's probability; 0: all."""
    no_repeat_ngram: int = 0
    """Never write the same sequence of this many tokens twice; 0: off."""
    frequency_penalty: float = 0.0
    """Subtracted from a token's logit for each time that it was written."""
    presence_penalty: float = 0.0
    """Subtracted once from the logit of every token that was written."""

    def settings(self) -> dict[str, Any]:
        """What `generate` takes. Raises ValueError, with the name of the flag, for values out of range."""
        try:
            temperature = parse_temperature(self.temperature)
        except ValueError as error:
            said = str(error)
            raise ValueError(f"--{said}" if said.startswith("temperature") else f"--temperature: {said}") from None
        settings: dict[str, Any] = {
            "temperature": temperature, "top_k": self.top_k, "top_p": self.top_p, "min_p": self.min_p,
            "no_repeat_ngram": self.no_repeat_ngram, "frequency_penalty": self.frequency_penalty,
            "presence_penalty": self.presence_penalty,
        }  # fmt: skip
        Sampling(**settings)
        return settings


Judged = Literal["likelihood", "arithmetic"]


@dataclass(frozen=True)
class Searching:
    """Beam search in the place of drawing."""

    beam: int = 0
    """Search for the most likely whole answer with this many beams; 0: draw token by token."""
    length_penalty: Literal["gnmt", "power"] = "gnmt"
    """How beams of different length are compared; minirl/generate/beam.py has both formulas."""
    alpha: float = 0.6
    """Strength of the length penalty: above 0 favours long answers, below 0 short ones, 0 neither."""
    judge: Judged = "likelihood"
    """What beams are compared by. arithmetic: beams are sampled sentence by sentence, and false equations drop out."""

    @property
    def by_steps(self) -> bool:
        """Whether the search goes from sentence to sentence."""
        return bool(self.beam) and self.judge != "likelihood"

    def rule(self, max_new_tokens: int = 256) -> Beams | None:
        """The search that was asked for; None where none was. Raises ValueError for values out of range."""
        if self.beam == 0 and self.judge != "likelihood":
            raise ValueError(f"--judge {self.judge} judges beams; say how many with --beam 4")
        if self.beam == 0:
            return None
        return Beams(self.beam, self.length_penalty, self.alpha, max_new_tokens)
