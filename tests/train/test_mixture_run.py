"""A run on a mixture, with reinforcement learning on another task; evaluate and the training texts find all of them."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from minirl.evaluate import main
from minirl.runs import Run, Screen, TrainConfig
from minirl.train import chain, program
from minirl.train.texts import training_texts


@pytest.mark.usefixtures("made_up_datasets")
def test_a_run_on_a_mixture(tiny: TrainConfig, quiet: Screen, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    file = tmp_path / "my.jsonl"
    file.write_text("\n".join(json.dumps({"question": f"Is {n} odd?", "answer": "yes"}) for n in range(60)))
    model = replace(tiny.model, context_length=384)
    config = replace(tiny, task=f"gsm8k:2,aqua,{file}", model=model, rl=replace(tiny.rl, task="svamp", rehearsal=2))
    run = Run.open(chain.train(config, quiet).folder)
    splits = {entry["split"] for entry in run.results() or []}
    assert splits == {"gsm8k test", "aqua test", "my.jsonl test", "svamp test"}
    read = list(training_texts(run))
    of_rl = [text for source, text in read if source == "reinforcement learning"]
    assert len(of_rl) == 8 and all("If" in text and "gave away" in text for text in of_rl)
    taught = [text for source, text in read if source == "demonstrations"]
    assert len(taught) == 16 and sum("sold" in text for text in taught) == 8
    assert main([str(run.folder), "--limit", "2", "--samples", "1", "--stages", "rl"]) == 0
    assert "my.jsonl test (n=2)" in capsys.readouterr().out
    assert program.main(["--resume", str(run.folder)]) == 0
