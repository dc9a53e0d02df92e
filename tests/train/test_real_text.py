"""Pretraining on a corpus: every token once an epoch, the same bits after a kill, early refusals."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from comparing import assert_same
from killing import Training

from minirl.data import Batch
from minirl.data.shards import FORMAT, VERSION, Corpus, ShardWriter
from minirl.model import GPT
from minirl.runs import PRESETS, Run, Screen, TrainConfig
from minirl.runs.limits import ConfigError
from minirl.storage.checksums import DamagedError
from minirl.tokenizer import Tokenizer
from minirl.train import chain, program
from minirl.train.branch import branch
from minirl.train.plan import make_plan
from minirl.train.real_text import Epoch, Rows, with_steps
from minirl.train.stage import accumulate_gradients
from minirl.train.texts import training_texts

VOCABULARY = 280  # the five words of the texts give no more


def make_corpus(folder: Path, documents: int = 126, shard: int = 500) -> Corpus:
    """A corpus of small documents, in several shards."""
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(["one", "two", "three", "of", "the"], 40)) + "." for _ in range(documents)]
    tokenizer = Tokenizer.train(texts, VOCABULARY)
    folder.mkdir(parents=True)
    tokenizer.save(folder / "tokenizer.json")
    end = tokenizer.special_tokens["<|end|>"]
    splits = {}
    for split, listed in (("train", texts[6:]), ("valid", texts[:6])):
        writer = ShardWriter(folder, split, tokenizer.vocab_size, shard)
        for text in listed:
            writer.add(np.append(tokenizer.encode(text), end), len(text))
        writer.flush()
        splits[split] = writer.as_json()
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "tokenizer": {"vocab_size": tokenizer.vocab_size},
        "splits": splits,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return Corpus(folder)


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return make_corpus(tmp_path / "corpus")


@pytest.fixture
def config(tiny: TrainConfig, corpus: Corpus) -> TrainConfig:
    model = replace(tiny.model, vocab_size=corpus.vocab_size, context_length=512)
    pretrain = replace(tiny.pretrain, batch_tokens=1024, micro_tokens=256, epochs=1.5)
    return replace(tiny, corpus=str(corpus.folder), model=model, pretrain=pretrain, last_stage="pretrain")


def test_shards_are_one_row_of_tokens(corpus):
    assert len(corpus.manifest["splits"]["train"]["shards"]) > 2
    total = corpus.tokens("train")
    whole = corpus.read("train", 0, total)
    assert len(whole) == total
    for start in range(0, total, 97):
        np.testing.assert_array_equal(corpus.read("train", start, start + 700), whole[start : start + 700])
    end = Tokenizer.load(corpus.folder).special_tokens["<|end|>"]
    assert sum(len(ids) + 1 for ids in corpus.texts("train", end)) == total
    assert len(list(corpus.texts("train", end, 5))) == 5


def test_an_epoch_reads_every_row_once_and_none_across_documents(corpus):
    end = Tokenizer.load(corpus.folder).special_tokens["<|end|>"]
    epoch = Epoch(corpus, 64, 300, end, np.random.default_rng(0))
    batches = [epoch[i] for i in range(len(epoch))]
    rows = Rows(corpus, "train", 64, end)
    whole = corpus.read("train", 0, len(rows) * 64 + 1)
    seen = np.concatenate([batch.targets for batch in batches])
    assert sorted(seen.tolist()) == sorted(whole[1:].tolist())
    assert {batch.tokens for batch in batches[:-1]} == {256}, "four rows fit into 300 tokens"
    for batch in batches:
        after_end = np.flatnonzero(batch.ids[:-1] == end) + 1
        assert set(after_end) <= set(batch.starts.tolist()), "a document begins after each end"
        assert not batch.weights[batch.ids == end].any(), "nothing announces the first token of a document"
        assert batch.starts[-1] == batch.tokens
    other = Epoch(corpus, 64, 300, end, np.random.default_rng(1))
    assert not np.array_equal(other[0].ids, epoch[0].ids)


def test_parts_of_a_batch_add_up_to_its_gradient(corpus, config):
    end = Tokenizer.load(corpus.folder).special_tokens["<|end|>"]
    batch = Rows(corpus, "train", 64, end).batch(range(8))
    gradients = []
    for tokens in (None, 100, 1):
        model = GPT(config.model.gpt(corpus.vocab_size), 0, 0.1)
        assert all(part.tokens <= max(tokens or 512, 64) for part in batch.split(1000, tokens))
        accumulate_gradients(model, batch, 1000, tokens)
        gradients.append(np.concatenate([p.grad.reshape(-1) for p in model.parameters()]))
    for other in gradients[1:]:
        np.testing.assert_allclose(other, gradients[0], atol=2e-6)


def test_parts_of_a_batch_hold_all_of_it(corpus):
    batch = Rows(corpus, "train", 64, 0).batch(range(8))
    for tokens in (1, 63, 64, 130, 10_000):
        parts = batch.split(1000, tokens)
        joined = Batch(*(np.concatenate([part[i] for part in parts]) for i in range(3)), batch.starts)
        for one, other in zip(joined, batch, strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_run_on_a_corpus_and_a_kill_in_its_middle(config, corpus):
    """Killed wherever it is, in an accumulation too, it ends with the same bits; here with Muon, whose moments are of
    other shapes."""
    config = replace(config, checkpoint_seconds=0.0, pretrain=replace(config.pretrain, optimizer="muon"))
    config = with_steps(config)
    whole = chain.train(replace(config, name="whole"), Screen(quiet=True))
    rows = len(Rows(corpus, "train", 512, 0))
    assert config.pretrain.steps == math.ceil(1.5 * math.ceil(rows / 2)), "two rows of 512 fit into a batch of 1024"
    records = whole.records(stage="pretrain")
    assert records[-1]["bits_per_byte"] > 0
    samples = whole.records("samples.jsonl", kind="sample")
    assert [sample["title"] for sample in samples[:4]] == ["greedy", "temperature 0.8", "greedy", "greedy"]
    assert len(samples) == 4 * sum("bits_per_byte" in record for record in records)
    assert len({sample["prompt"] for sample in samples}) == 3
    assert (whole.folder / "tokenizer.json").read_bytes() == (corpus.folder / "tokenizer.json").read_bytes()
    read = list(training_texts(whole))
    assert len(read) == 120
    assert read[0][0] == "pretraining"
    run = Run.create(replace(config, name="killed"))
    for step in (1, 3):
        Training(run.folder).kill(lambda step=step: len(run.records(stage="pretrain")) >= step, 0.01)
    status, _ = Training(run.folder).wait()
    assert status == 0
    assert_same(run, whole)


def test_a_branch_goes_on_with_any_task(config, corpus, tiny):
    """Pretraining on a corpus knows of no task, and a branch need not say again what its base has read."""
    base = chain.train(with_steps(replace(config, pretrain=replace(config.pretrain, epochs=0.2))), Screen(quiet=True))
    pretrain = replace(base.config.pretrain, steps=2400)
    other = replace(config, corpus="", task="arithmetic,science:0.5", last_stage="sft", pretrain=pretrain)
    run = branch(base, "pretrain", other)
    assert (run.config.corpus, run.config.corpus_sha256) == (str(corpus.folder), corpus.sha256)
    chain.complete(run, Screen(quiet=True))
    assert {entry["split"] for entry in run.results()} == {"arithmetic test", "science test"}


def test_few_demonstrations_that_are_too_long_are_left_out(config, tmp_path, capsys):
    """With a corpus the context is given; where many are too long, the run is refused."""
    for many in (False, True):
        file = tmp_path / f"{many}.jsonl"
        words = ["of " * (600 if n < (30 if many else 1) else 3) for n in range(100)]
        of = ["train"] * 100 + ["dev"] * 4 + ["test"] * 4
        records = [
            {"question": f"Is {n} odd?", "reasoning": (words[n] if n < 100 else ""), "answer": "yes", "split": split}
            for n, split in enumerate(of)
        ]
        file.write_text("\n".join(map(json.dumps, records)))
        sft = replace(config.sft, demonstrations=100)
        fast = replace(config.pretrain, epochs=0.2)
        asked = with_steps(replace(config, task=str(file), sft=sft, pretrain=fast, last_stage="sft", science="off"))
        if many:
            with pytest.raises(ConfigError, match=r"training texts have up to \d+ tokens"):
                chain.train(asked, Screen(quiet=True))
        else:
            chain.train(asked, Screen())
            assert "1 demonstrations are longer than the context and are left out" in capsys.readouterr().out


def test_a_run_goes_on_with_its_own_corpus_only(config, corpus, tmp_path):
    run = Run.create(with_steps(config))
    with open(corpus.folder / "manifest.json", "a") as file:
        file.write("\n")
    with pytest.raises(DamagedError, match="is not the one that this run was begun with"):
        chain.complete(run, Screen(quiet=True))


def test_settings_that_do_not_fit_a_corpus(config, tmp_path, tiny):
    wrong = replace(config, model=replace(config.model, vocab_size=4096))
    with pytest.raises(
        ConfigError, match=r"was written with a vocabulary of 280, but --model.vocab-size is 4096"
    ) as error:
        with_steps(wrong)
    assert error.value.changes == {"--model.vocab-size": VOCABULARY}
    with pytest.raises(FileNotFoundError, match=r"there is no corpus in .*nowhere; `python -m minirl.data prepare"):
        with_steps(replace(config, corpus=str(tmp_path / "nowhere")))
    with pytest.raises(ConfigError, match=r"--pretrain.epochs counts readings of a corpus, and there is none"):
        with_steps(replace(config, corpus=""))
    assert with_steps(tiny) is tiny


def test_the_command_line(config, corpus, tmp_path, capsys):
    arguments = ["--preset", "base-5m", "--corpus", str(corpus.folder), "--runs", str(tmp_path / "runs")]
    assert program.main(arguments) == 1
    error = capsys.readouterr().err
    assert "vocabulary of 280" in error, error
    assert not (tmp_path / "runs").exists()


def test_a_plan_says_what_is_too_little(config, capsys):
    plan = make_plan(with_steps(replace(config, pretrain=replace(config.pretrain, epochs=50.0))), seconds=0.0)
    assert plan.tokens_per_second > 0
    said = str(plan)
    assert "the corpus is read" in said
    assert "beyond 40 nothing is gained" in said
    assert "Add text, or take a smaller model" in said
    assert f"{plan.parameters:,}" in said


@pytest.mark.parametrize(
    ("name", "parameters"), [("base-5m", 5.06e6), ("base-30m", 30.9e6), ("gpt2-110m", 110.9e6), ("llama-110m", 110.1e6)]
)
def test_a_preset_has_the_size_in_its_name(name, parameters):
    model = PRESETS[name].model
    assert model.gpt(model.vocab_size).parameter_count() == pytest.approx(parameters, rel=0.005)
