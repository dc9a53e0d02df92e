"""How questions are asked, from the flags --facts, --top and --form: the same in chat and in evaluate."""

from typing import Literal, TypeVar

from minirl.retrieval.lookup import Lookup, open_lookup
from minirl.tasks.prompt import Form

F = TypeVar("F", bound=Form | Literal["text"])  # chat knows text too: the model goes on with the question as it stands


def asking(facts: str | None, top: int, form: F | None, usual: F) -> tuple[F | Literal["facts"], Lookup | None]:
    """The form of the prompts, and where their facts come from. usual: the form in which the model was taught to be
    asked. Raises ValueError where the two flags do not fit, and what `open_lookup` raises."""
    if facts is None:
        if form == "facts":
            raise ValueError("--form facts needs facts; give --facts and an index, a folder of texts, or science")
        return form or usual, None
    if form not in (None, "facts"):
        raise ValueError(f"--form {form} has no place for the facts of --facts; give one of the two")
    return "facts", open_lookup(facts, top)
