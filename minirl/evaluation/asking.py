"""How questions are asked, from the flags --facts, --top and --form: the same in chat and in evaluate."""

from minirl.retrieval.lookup import Lookup, open_lookup
from minirl.tasks.prompt import Form


def asking(facts: str | None, top: int, form: Form | None) -> tuple[Form, Lookup | None]:
    """The form of the prompts, and where their facts come from. Raises ValueError where the two flags do not fit, and
    what `open_lookup` raises."""
    if facts is None:
        if form == "facts":
            raise ValueError("--form facts needs facts; give --facts and an index, a folder of texts, or science")
        return form or "reasoning", None
    if form not in (None, "facts"):
        raise ValueError(f"--form {form} has no place for the facts of --facts; give one of the two")
    return "facts", open_lookup(facts, top)
