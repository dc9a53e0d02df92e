"""Silent bugs to plant: nothing crashes, the curves look plausible, and the model has learned the wrong thing.

    from minirl.bugs import BUGS, planted

    with planted("unshifted targets"):
        ...                            # one function of minirl is wrong in here, and right again below

Each bug has a file: its story, the wrong code, and the test that fails. `python -m minirl.bugs` runs the bugs in a
small model. `python -m pytest --planted "unshifted targets"` runs minirl's tests with one bug, to see which notice.
"""

import difflib
from contextlib import AbstractContextManager

from minirl.bugs import (
    cache_position,
    constant_reward,
    masked_end,
    mean_of_means,
    no_temperature,
    one_first_token,
    prompt_trained,
    unshifted_targets,
)
from minirl.bugs.bug import Bug

__all__ = ["BUGS", "Bug", "no_bug", "planted"]

BUGS = {
    module.BUG.name: module.BUG
    for module in (
        unshifted_targets,
        masked_end,
        prompt_trained,
        one_first_token,
        no_temperature,
        mean_of_means,
        cache_position,
        constant_reward,
    )
}


def planted(name: str) -> AbstractContextManager[None]:
    """Inside this context one of BUGS is in the code. Raises KeyError, which names all bugs."""
    if name not in BUGS:
        raise KeyError(no_bug(name))
    return BUGS[name].planted()


def no_bug(name: str) -> str:
    """What to say of a name that no bug has: the name that was probably meant, and all names."""
    near = difflib.get_close_matches(name.lower(), BUGS, n=1)
    meant = f"did you mean {near[0]!r}? There" if near else "there"
    return f"no bug {name!r}; {meant} are {', '.join(map(repr, BUGS))}"
