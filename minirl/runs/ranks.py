"""What a person is told of the ranks that work on a run, and whether they compute the same bits."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from minirl.parallel import team_size
from minirl.ranks import Group, RanksError, counted, current, everywhere
from minirl.runs.environment import difference, environment
from minirl.runs.screen import Screen


def check_ranks(screen: Screen) -> None:
    """Say where the ranks run, if there are several. Raises RanksError where one of them computes other bits than rank
    0, so that the result would depend on who computed what."""
    if current().size == 1:
        return
    found = everywhere(described)
    for rank, (host, its) in enumerate(found):
        differs = difference(found[0][1], its)
        if differs is not None:
            raise RanksError(
                f"rank 0 on {found[0][0]} computes with {differs[0]}, but rank {rank} on {host} with {differs[1]}: the "
                "bits would depend on who computes what. Set MINIRL_ISA and MINIRL_BACKEND so that all are alike, or "
                "leave that machine out"
            )
    screen.say(f"{len(found)} ranks: {', '.join(places([host for host, _ in found]))}")


def described(group: Group) -> tuple[str, dict[str, Any]]:
    """Where a rank runs, and what its bits depend on."""
    return group.host, environment()


def places(hosts: list[str]) -> Iterator[str]:
    """Where ranks run: "0-3 on a", "4-7 on b"."""
    rank = 0
    for host, same in groupby(hosts):
        last = rank + len(list(same)) - 1
        yield f"{rank} on {host}" if rank == last else f"{rank}-{last} on {host}"
        rank = last + 1


def say_what_is_shared(shards: int, screen: Screen) -> None:
    """Say which parts of training several ranks share."""
    size = current().size
    team = team_size(size, shards)
    if size == 1:
        return
    if team == 1:
        screen.say("they share rollouts and evaluation; to share updates too, a run needs --shards, such as --shards 8")
    elif team < size:
        screen.say(f"{team} of them share updates (--shards {shards}); all share rollouts and evaluation")
    else:
        screen.say(f"they share updates (--shards {shards}), rollouts and evaluation")


def say_shares(screen: Screen) -> None:
    """Say what each of several ranks has done."""
    if current().size > 1:
        for rank, (host, done) in enumerate(counted()):
            trained, generated = done.get("trained", 0), done.get("generated", 0)
            screen.say(f"rank {rank} on {host}: {trained:,} tokens trained, {generated:,} generated")
