"""What only some tokenizers have, and no tokenizer that minirl trains."""

from collections.abc import Mapping
from typing import NamedTuple

from minirl.tokenizer.added import Flags
from minirl.tokenizer.character_bpe import CharacterBPE
from minirl.tokenizer.steps import Steps


class Details(NamedTuple):
    """How a tokenizer that was made elsewhere differs from minirl's own."""

    steps: Steps = Steps()
    """What happens to text before it is merged."""
    flags: Mapping[str, Flags] = {}
    """What added tokens do to the text around them, by name."""
    gaps: frozenset[int] = frozenset()
    """Ids without a token."""
    characters: CharacterBPE | None = None
    """The encoder, where characters are merged and not bytes."""
    strips: bool = False
    """Whether a decoded text loses the space that encoding put before it."""
    begins: int | None = None
    """The token that the file puts before every text."""
