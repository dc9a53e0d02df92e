"""One process trains a run; a second one is refused; looking is always allowed."""

from collections.abc import Callable, Sequence

import pytest
from killing import Training

from minirl import chat, evaluate, plot, report, trace
from minirl.runs import Run, TrainConfig
from minirl.train import program
from minirl.train.lock import BusyError, locked


def test_a_second_process_is_refused_until_the_first_is_dead(
    tiny: TrainConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Run.create(tiny)
    training = Training(run.folder)

    def has_begun() -> bool:
        if not run.records():
            return False
        assert program.main(["--resume", str(run.folder)]) == 1
        return True

    assert training.kill(has_begun, 0)
    said = capsys.readouterr().err
    assert f"{run.folder} is being trained by process {training.process.pid};" in said
    with locked(run.folder):  # no stale lock is left
        pass


def test_the_same_process_is_refused_too(tiny: TrainConfig) -> None:
    run = Run.create(tiny)
    with locked(run.folder), pytest.raises(BusyError, match="being trained by process"), locked(run.folder):
        pass


@pytest.mark.parametrize(
    ("main", "more"),
    [
        (chat.main, ["What?"]), (evaluate.main, ["--limit", "1"]), (plot.main, []), (report.main, []),
        (trace.main, ["--max-new-tokens", "1"]),
    ],
)  # fmt: skip
def test_looking_is_not_refused(main: Callable[[Sequence[str]], int], more: list[str], whole: Run) -> None:
    with locked(whole.folder):
        assert main([str(whole.folder), *more]) == 0
