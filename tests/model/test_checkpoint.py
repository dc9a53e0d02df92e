"""Checkpoints go round, fail whole, and survive a killed writer."""

import json
import os
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_transformer import shaken

from minirl.model import GPT, GPTConfig
from minirl.model.checkpoint import CheckpointError, parse_size, split
from minirl.model.tensor_file import TensorFile, TensorFileError, write_tensors

TINY = {"vocab_size": 11, "context_length": 6, "n_layer": 1, "n_head": 2, "d_model": 8}


def equal(a, b):
    states = a.state_dict(), b.state_dict()
    return a.config == b.config and all(np.array_equal(states[0][name], x) for name, x in states[1].items())


@pytest.mark.parametrize("max_shard_size", ["5GB", "20KB"])
def test_round_trip(config, ids, tmp_path, max_shard_size):
    model = shaken(replace(config, dropout=0.25))
    model.save_pretrained(tmp_path, max_shard_size)
    files = sorted(path.name for path in tmp_path.iterdir())
    if max_shard_size == "5GB":
        assert files == ["config.json", "model.safetensors"]
    else:
        count = len(files) - 2
        expected = [f"model-{i + 1:05}-of-{count:05}.safetensors" for i in range(count)]
        assert count > 2 and files == ["config.json", *expected, "model.safetensors.index.json"]
        assert all(sum(np.prod(s) * 4 for s in TensorFile(tmp_path / f).shapes().values()) <= 20_000 for f in expected)
    loaded = GPT.from_pretrained(tmp_path)
    assert equal(loaded, model)
    model.eval()
    np.testing.assert_array_equal(loaded(ids).data, model(ids).data)
    loaded.loss(ids, ids).backward()  # its weights are parameters


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_loaded_model_has_dropout_off_until_it_is_trained(config, ids, tmp_path, dtype):
    """A config.json without the field means 0.1, the default of transformers."""
    GPT(config).save_pretrained(tmp_path)
    found = json.loads((tmp_path / "config.json").read_text())
    found["resid_pdrop"] = 0.1
    (tmp_path / "config.json").write_text(json.dumps(found))
    loaded = GPT.from_pretrained(tmp_path, dtype)
    assert loaded.config.dropout == 0.1 and not any(module.training for _, module in loaded.named_modules())
    np.testing.assert_array_equal(loaded(ids).data, loaded(ids).data)
    loaded.train()
    assert not np.array_equal(loaded(ids).data, loaded(ids).data)


def test_a_new_checkpoint_replaces_the_old_and_leaves_other_files(tmp_path):
    (tmp_path / "tokenizer.json").write_text("{}")
    one, two = GPT(GPTConfig(**TINY), seed=1), GPT(GPTConfig.llama(**TINY), seed=2)
    one.save_pretrained(tmp_path, 500)
    assert equal(GPT.from_pretrained(tmp_path), one)
    two.save_pretrained(tmp_path)
    assert equal(GPT.from_pretrained(str(tmp_path)), two)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["config.json", "model.safetensors", "tokenizer.json"]
    one.save_pretrained(tmp_path, 500)
    assert equal(GPT.from_pretrained(tmp_path), one)
    assert not (tmp_path / "model.safetensors").exists()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a child process is killed at every step")
def test_a_writer_killed_at_any_step_leaves_a_whole_checkpoint(tmp_path):
    """The old one is in shards and of another shape than the new, so any mixture would fail to load."""
    old, new = GPT(GPTConfig(**TINY), seed=1), GPT(GPTConfig.llama(**{**TINY, "vocab_size": 13}), seed=2)
    results = []
    for step in range(200):
        folder = tmp_path / str(step)
        old.save_pretrained(folder, 2000)
        child = os.fork()
        if child == 0:
            die_at(step)
            new.save_pretrained(folder)
            os._exit(0)
        finished = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        loaded = GPT.from_pretrained(folder)
        results.append(equal(loaded, new))
        assert results[-1] or equal(loaded, old), f"killed at step {step}"
        if finished:
            break
    assert finished and step > 8  # pathlib of Python 3.10 keeps functions of its own, which are not counted
    assert results == sorted(results) and results[-1] and not results[0]


def die_at(step):
    count = 0

    def counted(call):
        def function(*arguments, **keywords):
            nonlocal count
            if count == step:
                os._exit(9)
            count += 1
            return call(*arguments, **keywords)

        return function

    for name in ("open", "fsync", "rename", "replace", "unlink", "mkdir", "rmdir", "scandir", "listdir", "stat"):
        setattr(os, name, counted(getattr(os, name)))


def test_a_full_disk_leaves_the_old_checkpoint(tmp_path, monkeypatch):
    old, new = GPT(GPTConfig(**TINY), seed=1), GPT(GPTConfig(**TINY), seed=2)
    old.save_pretrained(tmp_path)

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("minirl.model.checkpoint.write_tensors", full)
    with pytest.raises(OSError, match="No space left"):
        new.save_pretrained(tmp_path)
    assert equal(GPT.from_pretrained(tmp_path), old)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.json", "model.safetensors"]


@pytest.fixture
def saved(tmp_path):
    """A folder with a checkpoint, and a function that changes its tensors."""
    GPT(GPTConfig(**TINY)).save_pretrained(tmp_path)

    def change(edit):
        file = TensorFile(tmp_path / "model.safetensors")
        tensors = {name: file.read(name) for name in file.shapes()}
        edit(tensors)
        write_tensors(tmp_path / "model.safetensors", tensors)

    return tmp_path, change


def test_all_tensors_that_do_not_fit_are_named(saved):
    folder, change = saved

    def edit(tensors):
        del tensors["transformer.ln_f.bias"]
        del tensors["transformer.h.0.attn.c_attn.weight"]
        tensors["transformer.h.1.ln_1.weight"] = np.ones(8, np.float32)
        tensors["transformer.wpe.weight"] = np.ones((7, 8), np.float32)

    change(edit)
    with pytest.raises(CheckpointError) as error:
        GPT.from_pretrained(folder)
    for part in (
        "missing: ln_f.bias",
        "missing: h.0.attn.c_attn.weight",
        "unexpected: h.1.ln_1.weight",
        "transformer.wpe.weight has shape (7, 8); expected (6, 8)",
    ):
        assert part in str(error.value)


def test_old_names_and_constant_buffers_are_accepted(saved):
    """GPT-2's first files have no prefix, and hold the causal mask."""
    folder, change = saved
    model = GPT.from_pretrained(folder)

    def edit(tensors):
        for name in list(tensors):
            tensors[name.removeprefix("transformer.")] = tensors.pop(name)
        tensors["h.0.attn.bias"] = np.tril(np.ones((1, 1, 6, 6), np.float32))
        tensors["h.0.attn.masked_bias"] = np.array(-1e4, np.float32)

    change(edit)
    assert equal(GPT.from_pretrained(folder), model)


def test_a_repeated_tied_table_must_be_the_same(saved):
    folder, change = saved
    change(lambda tensors: tensors.update({"lm_head.weight": tensors["transformer.wte.weight"]}))
    GPT.from_pretrained(folder)
    change(lambda tensors: tensors.update({"lm_head.weight": tensors["transformer.wte.weight"] + 1}))
    with pytest.raises(CheckpointError, match=r"lm_head.weight differs from the token table"):
        GPT.from_pretrained(folder)


@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_other_precisions_become_float32(saved, dtype):
    folder, change = saved
    model = GPT.from_pretrained(folder)
    change(lambda tensors: tensors.update({name: x.astype(dtype) for name, x in tensors.items()}))
    loaded = GPT.from_pretrained(folder)
    for name, x in loaded.state_dict().items():
        assert x.dtype == np.float32 and x.flags.c_contiguous and x.flags.writeable
        np.testing.assert_array_equal(x, model.state_dict()[name].astype(dtype).astype(np.float32))


def test_damaged_files_are_errors(saved):
    folder, _ = saved
    weights = folder / "model.safetensors"
    data = weights.read_bytes()
    for damaged in (data[: len(data) // 2], data[:-1], b"", data[:-1] + bytes([data[-1] ^ 1])):
        weights.write_bytes(damaged)
        with pytest.raises(TensorFileError, match=r"truncated|corrupted"):
            GPT.from_pretrained(folder)
    weights.write_bytes(data)
    (folder / "config.json").write_text('{"model_type": "gpt2"')
    with pytest.raises(CheckpointError, match=r"no valid JSON"):
        GPT.from_pretrained(folder)


def test_missing_files_are_named(saved):
    folder, _ = saved
    with pytest.raises(FileNotFoundError, match=r"python -m minirl.train"):
        GPT.from_pretrained(folder / "nowhere")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(FileNotFoundError, match=r"holds neither model.safetensors nor .*pickle"):
        GPT.from_pretrained(folder)
    GPT(GPTConfig(**TINY)).save_pretrained(folder, 2000)
    next(folder.glob("model-00002-of-*.safetensors")).unlink()
    with pytest.raises(FileNotFoundError, match=r"names the shard model-00002-of-"):
        GPT.from_pretrained(folder)
    (folder / "model.safetensors.index.json").write_text('{"weight_map": {"a": "../../secret"}}')
    with pytest.raises(FileNotFoundError, match=r"names the shard \.\./\.\./secret"):
        GPT.from_pretrained(folder)
    (folder / "model.safetensors.index.json").write_text("[]")
    with pytest.raises(CheckpointError, match=r"index.json holds \[\]; expected an object"):
        GPT.from_pretrained(folder)


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"model_type": "bert"}, r"model_type 'bert' .*minirl loads 'gpt2', 'llama'"),
        ({"activation_function": "relu"}, "activation_function = 'relu'; minirl's model has 'gelu_new' or"),
        ({"scale_attn_by_inverse_layer_idx": True}, "scale_attn_by_inverse_layer_idx = True"),
        ({"n_layer": None}, "n_layer is None"),
    ],
)
def test_configs_that_minirl_cannot_run_are_refused(saved, changes, message):
    folder, _ = saved
    found = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**found, **changes}))
    with pytest.raises(ValueError, match=message):
        GPT.from_pretrained(folder)
    del found["n_embd"]
    (folder / "config.json").write_text(json.dumps(found))
    with pytest.raises(ValueError, match="lacks 'n_embd'"):
        GPT.from_pretrained(folder)


def test_llama_configs_that_minirl_cannot_run_are_refused(tmp_path):
    GPT(GPTConfig.llama(**TINY)).save_pretrained(tmp_path)
    found = json.loads((tmp_path / "config.json").read_text())
    for changes, message in (
        ({"rope_parameters": {"rope_type": "yarn", "rope_theta": 1e4}}, "RoPE of type 'yarn'"),
        ({"rope_parameters": None, "rope_scaling": {"type": "dynamic", "factor": 2}}, "RoPE of type 'dynamic'"),
        ({"head_dim": 16}, "has shape"),
        ({"mlp_bias": True}, "mlp_bias = True"),
        ({"hidden_act": "gelu"}, "hidden_act = 'gelu'"),
    ):
        (tmp_path / "config.json").write_text(json.dumps({**found, **changes}))
        with pytest.raises(ValueError, match=message):
            GPT.from_pretrained(tmp_path)


def test_a_config_that_hugging_face_cannot_express_is_refused(tmp_path):
    model = GPT(GPTConfig(**TINY, norm="rms"))
    with pytest.raises(ValueError, match=r"gpt2 has no norm='rms'; llama has no position='learned', mlp='gelu'"):
        model.save_pretrained(tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_sizes():
    assert parse_size("5GB") == 5 * 10**9
    assert parse_size("1.5 mb") == 1_500_000
    assert parse_size("2KiB") == 2048
    assert parse_size(12) == parse_size("12") == 12
    for bad in ("GB", "-1", "0", "5 apples"):
        with pytest.raises(ValueError, match="is no size"):
            parse_size(bad)


@given(sizes=st.lists(st.integers(1, 20)), limit=st.integers(1, 40))
def test_shards_hold_everything_in_order_within_the_limit(sizes, limit):
    tensors = {str(i): np.zeros(size, np.uint8) for i, size in enumerate(sizes)}
    shards = split(tensors, limit)
    assert [name for shard in shards for name in shard] == list(tensors)
    assert all(len(shard) == 1 or sum(x.nbytes for x in shard.values()) <= limit for shard in shards if shard)
