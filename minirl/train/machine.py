"""A run that goes on with another backend, instruction set, precision or version would end with other bits.

That is refused, unless the person accepts it. What was accepted stands in the run's config.json under "environments".
"""

from typing import Any

from minirl.runs import METRICS, Run, Screen
from minirl.runs.command import command
from minirl.runs.environment import difference

ACCEPT = "--accept-other-machine"


class OtherMachineError(RuntimeError):
    """This process computes other bits than the one that began the run; the message names what differs."""


def check_machine(run: Run, screen: Screen, accept: bool) -> None:
    """Raises OtherMachineError where this process gives other bits than the one before it. With `accept` that is said
    and noted in config.json instead."""
    before, now = run.environments(), run.environment()
    if not before:  # an earlier version of the run's folder
        return
    differs = difference(before[-1], now)
    if differs is None:
        return
    if not accept:
        raise OtherMachineError(
            f"{run.folder} was computed with {differs[0]}, but here is {differs[1]}: the rest would get other bits. "
            f"To go on all the same: {command('train', '--resume', run.folder, ACCEPT)}"
        )
    run.note_environment(since=progress(run))
    screen.say(f"{run.folder} was computed with {differs[0]}; from here on with {differs[1]}, as {ACCEPT} allows.")


def other_machine(base: Run) -> dict[str, Any]:
    """For a branch's config.json: the environment of its base, where this process computes other bits than that."""
    before = base.environments()
    return {"environment": before[-1]} if before and difference(before[-1], base.environment()) else {}


def tell_other_machine(run: Run, base: Run, screen: Screen) -> None:
    """Say where a new branch goes on with other bits than its base would have."""
    before = other_machine(base)
    differs = difference(before["environment"], run.environment()) if before else None
    if differs is not None:
        screen.say(
            f"{base.folder} was computed with {differs[0]}; this branch goes on with {differs[1]}, so it gets "
            "other bits than on the first machine."
        )


def progress(run: Run) -> str:
    """The last step that is done, in words: "rl, step 120"."""
    done = [(record["stage"], record.get("step")) for record in run.records(METRICS)]
    stage, step = done[-1] if done else ("nothing", None)
    return stage if step is None else f"{stage}, step {step}"
