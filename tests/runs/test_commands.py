"""Every command in a message can be pasted into a shell, whatever the run's folder is called."""

import re
import shlex
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from minirl.runs import CONFIG, RESULTS, STAGES, TOKENIZER, Run, Screen
from minirl.runs.curves import nothing_to_draw
from minirl.train.branch import check_base
from minirl.train.rewind import rewind

NAMES = ["it's a run; $(x) `y`", '"quoted" & more', "-x", "a  b\t#", "[bold]*?"]


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def without(run: Run, *stages: str) -> Run:
    for stage in stages:
        shutil.rmtree(run.folder / stage)
    return run


MESSAGES: dict[str, Callable[[Run], object]] = {
    "config": lambda run: (cut(run.folder / CONFIG), Run.open(run.folder)),
    "tokenizer": lambda run: (cut(run.folder / TOKENIZER), run.tokenizer()),
    "weights": lambda run: (cut(run.folder / "rl" / "model.safetensors"), run.model("rl")),
    "no stage": lambda run: without(run, "rl").model("rl"),
    "no checkpoint": lambda run: without(run, *STAGES).last_stage(),
    "no results": lambda run: ((run.folder / RESULTS).unlink(), run.table()),
    "no sums": lambda run: ((run.folder / "SHA256SUMS").unlink(), rewind(run, Screen(quiet=True))),
    "no base": lambda run: check_base(without(run, "sft"), "sft"),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("message", MESSAGES)
def test_the_commands_of_a_message_are_words_of_a_shell(message: str, name: str, run: Run, tmp_path: Path) -> None:
    folder = tmp_path / name
    shutil.copytree(run.folder, folder, ignore=shutil.ignore_patterns("plots", "answers", "previous"))
    with pytest.raises((OSError, ValueError)) as caught:
        MESSAGES[message](Run.open(folder))
    commands = re.findall(r"`((?:python -m|cd) .*?)`(?=[,; .]|$)", str(caught.value).replace("`y`", "<y>"))
    words = [[word.replace("<y>", "`y`") for word in shlex.split(command)] for command in commands]
    assert words and all(str(folder) in " ".join(command) for command in words), str(caught.value)
    for command in words:
        if command[0] == "python":
            assert command == ["python", "-m", "minirl.train", "--resume", str(folder)]
        else:
            assert command[:3] in (["cd", str(folder), "&&"], ["cd", str(folder / "pretrain"), "&&"])


def test_nothing_to_draw_says_how_to_go_on(run: Run, tmp_path: Path) -> None:
    empty = Run.create(replace(run.config, runs=str(tmp_path), name="it's"))
    (command,) = re.findall(r"`(.*?)`", nothing_to_draw([empty]))
    assert shlex.split(command)[-1] == str(empty.folder)
