"""Before a run is resumed: find the last moment up to which everything in its folder is whole; remove what came after.

The links of the chain are checked in order: tokenizer, pretrain, sft, rl, results. The run resumes at the first link
that is missing, half-done or damaged. Later links are removed, because they are made again with the same bits. So are
the lines that were logged after the checkpoint.
"""

import os
import shutil
from typing import Any

from minirl.evaluation.answers import ANSWERS
from minirl.evaluation.forgetting_of_run import FORGETTING
from minirl.runs import CONFIG, LOGS, METRICS, PLOTS, RESULTS, TOKENIZER, Run, Screen
from minirl.runs.checkpoints import discard, settle
from minirl.runs.command import accept
from minirl.storage.checksums import SUMS, DamagedError
from minirl.storage.files import naming, remove_litter


def rewind(run: Run, screen: Screen) -> None:
    """Keep the files that are whole and depend only on whole files; say which ones did not. A finished run stays as it
    is. Raises DamagedError where the checksums are missing.
    """
    if not (run.folder / SUMS).is_file():
        raise DamagedError(
            f"{run.folder / SUMS} is missing, so nothing says which files are whole. If all are, accept them with "
            f"`{accept(run.folder, '*.json')}`, and each stage so too: "
            f"`{accept(run.folder / run.stages[0], '*.json *.safetensors')}`"
        )
    if not run.is_whole(CONFIG):  # killed right after it was written
        run.seal(CONFIG)
    for folder in (run.folder, run.folder / PLOTS, run.folder / ANSWERS):
        remove_litter(folder)
    state, done = None, restore_tokenizer(run, screen)
    for stage in run.stages:
        if not done:
            remove_results(run)
            discard(run.folder / stage)
            continue
        problem = settle(run.folder / stage)
        if problem is not None:
            screen.say(f"{problem}.")
        found = run.state(stage)
        state, done = found or state, found is not None and found["done"]
    if not done or not run.is_whole(RESULTS):
        remove_results(run)
        cut_logs(run, state, screen)


def remove_results(run: Run) -> None:
    """Remove what is computed after the last stage."""
    for name in (RESULTS, FORGETTING):
        (run.folder / name).unlink(missing_ok=True)


def restore_tokenizer(run: Run, screen: Screen) -> bool:
    """Whether there is a tokenizer. A damaged one is replaced by the copy in a checkpoint."""
    if run.is_whole(TOKENIZER):
        return True
    for stage in run.stages:
        problem = settle(run.folder / stage)
        if problem is not None:
            screen.say(f"{problem}.")
        copy = run.folder / stage / TOKENIZER
        if copy.is_file():
            screen.say(f"{run.folder / TOKENIZER} is damaged or missing. Taking the copy in {copy.parent}.")
            shutil.copyfile(copy, run.folder / TOKENIZER)
            run.seal(TOKENIZER)
            return True
    return False


def cut_logs(run: Run, state: dict[str, Any] | None, screen: Screen) -> None:
    """Cut the logs to the lengths that they had when the checkpoint with this state was written.

    Before the first checkpoint the only line is the tokenizer's, once it is trained.
    """
    for name in LOGS:
        path = run.folder / name
        data = path.read_bytes() if path.exists() else b""
        if state is not None:
            length = state["logs"].get(name, 0)
        else:
            length = data.find(b"\n") + 1 if name == METRICS and run.is_whole(TOKENIZER) else 0
        whole = data.rfind(b"\n", 0, length) + 1
        if whole < length:
            screen.say(f"{path} is shorter than when the checkpoint was written: lines are lost. Training needs none.")
        if whole < len(data):
            with naming(path):
                os.truncate(path, whole)
