"""What is said of ranks, and ranks that compute other bits."""

import pytest

from minirl.ranks import Group, RanksError
from minirl.ranks.threads import ranks
from minirl.runs import Screen
from minirl.runs import ranks as said_of_ranks
from minirl.runs.ranks import check_ranks, places, say_what_is_shared


def test_where_ranks_run() -> None:
    assert list(places(["a", "a", "b", "a"])) == ["0-1 on a", "2 on b", "3 on a"]


@pytest.mark.parametrize(
    ("size", "shards", "told"),
    [(1, 4, ""), (2, 1, "share rollouts and evaluation; to share"), (3, 4, "2 of them"), (4, 8, "they share updates")],
)
def test_what_is_shared(size: int, shards: int, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    with ranks(size):
        check_ranks(Screen())
        say_what_is_shared(shards, Screen())
    said = capsys.readouterr().out
    assert told in said and bool(told) == bool(said)


def test_a_rank_with_other_bits_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(said_of_ranks, "described", with_another_isa)
    with pytest.raises(RanksError, match="with isa avx512, but rank 1 on b with isa avx2"), ranks(2):
        check_ranks(Screen(quiet=True))


def with_another_isa(group: Group) -> tuple[str, dict[str, object]]:
    return "ab"[group.rank], {"backend": "native", "isa": ("avx512", "avx2")[group.rank]}
