"""The whole chain with --backend cuda: the CPU's numbers up to rounding, checkpoints, and a run that goes on with the
same bits. The probes' own sizes are cut down, for a processor that plays the GPU."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from models import CPU

from minirl import kernels
from minirl.kernels.device import DeviceArray
from minirl.model import GPT
from minirl.runs import (
    EvalConfig,
    ModelConfig,
    PretrainConfig,
    RLStageConfig,
    Run,
    Screen,
    SFTConfig,
    TrainConfig,
    to_json,
)
from minirl.train import chain, pretrain, program, rl, skills

pytestmark = pytest.mark.slow
TINY = TrainConfig(
    name="tiny",
    task="addition",
    model=ModelConfig(vocab_size=300, n_layer=1, n_head=2, d_model=16, d_ff=32, context_length=256),
    pretrain=PretrainConfig(steps=3, warmup=1, batch_tokens=250),
    sft=SFTConfig(demonstrations=2, epochs=1, warmup=1, batch_rows=2, rehearsal_texts=0),
    rl=RLStageConfig(
        steps=1, prompts=1, samples=2, warmup=1, max_new_tokens=3, advantage="plain", kl=0.1, clip=0.2, updates=2,
        rehearsal=0, rehearsal_texts=0,
    ),
    evaluation=EvalConfig(problems=1, samples=1, dev_problems=1, probes=1, max_new_tokens=2, science_tokens=2),
    checkpoint_seconds=0.0,
)  # fmt: skip


@pytest.fixture(autouse=True)
def small_probes(monkeypatch):
    monkeypatch.setattr(pretrain, "HELD_OUT", 1)
    monkeypatch.setattr(pretrain, "CHUNK", 64)
    monkeypatch.setattr(pretrain, "TOKENIZER_DOCUMENTS", 200)
    monkeypatch.setattr(skills, "DOCUMENTS", 1)
    monkeypatch.setattr(rl, "PREFLIGHT_PROBLEMS", 1)
    monkeypatch.setattr(chain, "SAMPLE_TOKENS", 2)


def trained(backend: str, folder: Path) -> Run:
    with kernels.using(backend):
        return chain.train(replace(TINY, runs=str(folder)), Screen(quiet=True))


def test_the_chain_is_the_cpus(tmp_path):
    run, expected = trained("cuda", tmp_path / "gpu"), trained(CPU, tmp_path / "cpu")
    assert json.loads((run.folder / "config.json").read_text())["environment"]["backend"] == "cuda"
    for name in ("loss", "grad_norm", "bits_per_byte", "dev_loss", "entropy"):
        ours, theirs = (
            [record[name] for record in of.records("metrics.jsonl") if name in record] for of in (run, expected)
        )
        assert theirs, name
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-5, err_msg=name)
    state = run.model("rl").state_dict()
    assert all(isinstance(x, DeviceArray) for x in state.values())
    with kernels.using(CPU):  # what was saved is a checkpoint like others
        for name, x in GPT.from_pretrained(run.folder / "rl").state_dict().items():
            np.testing.assert_array_equal(kernels.fetch(state[name]), x)
            np.testing.assert_allclose(x, expected.model("rl").state_dict()[name], atol=2e-3)


def test_a_run_goes_on_with_the_same_bits(tmp_path, monkeypatch, capsys):
    """Through the program and its flags; without --backend it says what differs."""
    config = replace(TINY, last_stage="pretrain", runs=str(tmp_path))
    with kernels.using("cuda"):
        whole = chain.train(replace(config, name="whole"), Screen(quiet=True))
        update = pretrain.PretrainStage.update

        def interrupted(self, step):
            if step == 2:
                raise KeyboardInterrupt
            return update(self, step)

        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr(pretrain.PretrainStage, "update", interrupted)
            chain.train(replace(config, name="cut"), Screen(quiet=True))
    cut = tmp_path / "cut"
    with kernels.using(CPU):
        assert program.main(["--resume", str(cut)]) == 1
        assert "backend cuda" in capsys.readouterr().err
        assert program.main(["--resume", str(cut), "--backend", "cuda"]) == 0
    for file in ("model.safetensors", "optimizer.safetensors"):
        assert (cut / "pretrain" / file).read_bytes() == (whole.folder / "pretrain" / file).read_bytes(), file
    assert to_json(Run.open(cut).config)["name"] == "cut"


def test_what_a_gpu_does_not_share_out_is_refused(capsys):
    assert program.main(["--backend", "cuda", "--preset", "smoke", "--shards", "2"]) == 1
    assert "a GPU takes a run as a whole" in capsys.readouterr().err
