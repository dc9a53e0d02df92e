"""Calls on all ranks, without MPI: ranks are threads."""

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from bits import bits

from minirl.generate import Sampling, generate_ids
from minirl.model import GPT, GPTConfig
from minirl.ranks import Group, RanksError, current, everywhere, launch
from minirl.ranks.threads import ranks

SMALL = GPTConfig.llama(vocab_size=40, context_length=32, n_layer=1, n_head=2, d_model=16, d_ff=32)


def told(group: Group, thing: object) -> tuple[int, int, object]:
    return group.rank, current().size, thing


def keep(group: Group, thing: object) -> None:
    group.kept["thing"] = [group.rank] if group.rank else thing


def test_every_rank_is_called_and_alone_inside() -> None:
    with ranks(3):
        assert everywhere(told, "x") == [(0, 1, "x"), (1, 1, "x"), (2, 1, "x")]
    assert everywhere(told, "x") == [(0, 1, "x")]


def test_what_all_keep_is_sent_by_its_name() -> None:
    thing = list(range(10))
    with ranks(3):
        everywhere(keep, thing)
        assert everywhere(told, {"it": thing})[1:] == [(1, 1, {"it": [1]}), (2, 1, {"it": [2]})]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_error_on_a_rank_ends_all_and_names_it(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(threading.BrokenBarrierError), ranks(2):
        everywhere(fails_on_rank_1)
    assert "rank 1 of 2, on " in (said := capsys.readouterr().err)
    assert "KeyError: 'lost'" in said and "--resume" in said


def fails_on_rank_1(group: Group) -> None:
    if group.rank:
        raise KeyError("lost")


@pytest.mark.parametrize("size", [2, 4])
def test_generated_rows_do_not_depend_on_ranks(size: int) -> None:
    model = GPT(SMALL, 0, 0.3)
    prompts = [np.arange(1, n + 2, dtype=np.int32) for n in (3, 1, 4, 1, 5, 9, 2)]

    def rows() -> list[tuple[object, ...]]:
        made = generate_ids(model, prompts, Sampling(1.0, max_new_tokens=12), 0, seed=(3, 1), samples=3)
        return [
            (row.problem, row.sample, bits(row.prompt), bits(row.ids), bits(row.log_probs), row.finished)
            for row in made
        ]

    alone = rows()
    with ranks(size) as group:
        assert rows() == alone
    each = [one.counts["generated"] for one in group]
    assert min(each) > 0
    assert sum(each) == sum(len(ids) // 4 for _, _, _, ids, *_ in alone)  # 4 bytes each


# ---- how ranks begin ----


def test_a_program_by_itself_is_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*launch.SIZES, *launch.RANKS):
        monkeypatch.delenv(name, raising=False)
    assert launch.started_group() is None
    monkeypatch.setenv("PMI_SIZE", "1")
    assert launch.started_group() is None


@pytest.mark.parametrize(("rank", "said"), [("0", True), ("1", False)])
def test_without_mpi4py_several_processes_do_nothing(
    rank: str, said: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    monkeypatch.delitem(sys.modules, "minirl.ranks.mpi", raising=False)
    monkeypatch.setenv("PMI_SIZE", "2")
    monkeypatch.setenv("PMI_RANK", rank)
    with pytest.raises(RanksError, match="2 processes"):
        launch.started_group()
    assert launch.on_all_ranks(lambda: pytest.fail("the program ran")) == 1
    assert ("pip install mpi4py mpich" in capsys.readouterr().err) == said


@pytest.mark.slow
def test_a_program_alone_imports_nothing_of_mpi() -> None:
    code = "import sys, minirl.train.program, minirl.evaluate.program; sys.exit('mpi4py' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2]).returncode == 0
