"""Model folders with damaged or hostile files: every one loads, or is an error that names the folder and stays short.

Each example changes a small valid folder: bytes of a file, values in JSON files and headers, whole files. The default
suite tries some hundred of them. `python -m pytest -m slow tests/fuzz` tries many more.
"""

import json
import random
import shutil
from pathlib import Path

import pytest

from minirl.model import GPT, GPTConfig
from minirl.model.checkpoint import CheckpointError

TINY = {"vocab_size": 11, "context_length": 6, "n_layer": 1, "n_head": 2, "d_model": 8}
KINDS = {
    "gpt2": (GPTConfig(**TINY), "5GB"),
    "llama": (GPTConfig.llama(**TINY, n_kv_head=1), "5GB"),
    "shards": (GPTConfig(**TINY), 2000),
}
VALUES = [
    None, True, False, 0, 1, -1, 2, 7, 2**31 - 1, 2**31, 2**63, 10**9, 10**12, 10**40, -(10**12), 0.0, 0.5, 1e-320,
    1e308, 2.0, "", "4", "gelu", "../../etc/passwd", "x" * 5000, "\x00", "\ud800", "\u202e", [], [1], [[]], {},
    {"a": 1}, {"rope_type": "linear"}, {"rope_type": []}, {"rope_theta": "hot"}, ["F32"], "F32", "I8", "BOOL", [2, 3],
    [-1], [10**18] * 4,
]  # fmt: skip
NAMES = ["x", "x" * 3000, "\ud800", "__metadata__", "transformer.h.9.ln_1.weight"]
RAW = ["NaN", "Infinity", "-Infinity", "1e999", "9" * 5000, "[" * 100_000, '{"a":' * 100_000, "01", "'", "\ufeff1"]


@pytest.fixture(scope="module", params=KINDS)
def whole(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    config, shard_size = KINDS[request.param]
    GPT(config).save_pretrained(folder, shard_size)
    return folder


def damage_bytes(rng, path):
    """Flip, remove, insert or repeat some bytes."""
    data = bytearray(path.read_bytes())
    for _ in range(rng.choice([1, 1, 1, 5])):
        at = rng.randrange(len(data) + 1)
        how = rng.randrange(5)
        if how == 0 and at < len(data):
            data[at] ^= 1 << rng.randrange(8)
        elif how == 1:
            del data[at : at + rng.randrange(1, 50)]
        elif how == 2:
            data[at:at] = rng.randbytes(rng.randrange(1, 20))
        elif how == 3:
            del data[at:]
        else:
            data[:8] = rng.choice([0, 1, 7, 2**16, 2**31, 2**40, 2**63, 2**64 - 1]).to_bytes(8, "little")
    path.write_bytes(data)


def places(value, found):
    """Every container in a JSON value with each of its keys."""
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        found.append((value, key))
        places(value[key], found)
    return found


def damage_value(rng, value):
    """Replace, remove, rename or repeat one value, at any depth; the text that it becomes."""
    mark = None
    container, key = rng.choice(places(value, []))
    how = rng.randrange(6)
    if how == 0:
        del container[key]
    elif how == 1 and isinstance(container, dict):
        container[rng.choice(["x", "x" * 3000, "\ud800", "__metadata__", "transformer.h.9.ln_1.weight"])] = (
            container.pop(key)
        )
    elif how == 2:
        mark = rng.choice(RAW)
        container[key] = "the mark"
    elif how == 3 and isinstance(container[key], int):
        container[key] += rng.choice([-1, 1, 4, 8, -container[key]])
    else:
        container[key] = rng.choice(VALUES)
    text = json.dumps(value)
    if how == 5 and isinstance(container, dict):  # a key that occurs twice
        text = text.replace("{", '{"vocab_size": 5, "vocab_size": 6, ', 1)
    return text if mark is None else text.replace('"the mark"', mark)


def damage_json(rng, path):
    path.write_text(damage_value(rng, json.loads(path.read_bytes())), encoding="utf-8", errors="surrogatepass")


def damage_header(rng, path):
    """A header that lies. Without its checksum, so that nothing but the reading itself finds it."""
    data = path.read_bytes()
    stop = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:stop])
    del header["__metadata__"]
    text = damage_value(rng, header).encode("utf-8", "surrogatepass")
    path.write_bytes(len(text).to_bytes(8, "little") + text + data[stop:])


def damage_file(rng, path):
    """A file that is gone, empty, another one, a folder, a loop of links, or half replaced."""
    how = rng.randrange(6)
    if how == 5:
        (path.parent / ".committed").mkdir()
        plan = rng.choice(['["../elsewhere"]', "[1]", "{}", "", '["/etc/x"]', "[" * 100_000])
        (path.parent / ".committed" / "obsolete.json").write_text(plan)
        return
    other = rng.choice(sorted(path.parent.iterdir())).read_bytes()
    path.unlink()
    if how == 1:
        path.write_bytes(b"")
    elif how == 2:
        path.write_bytes(other)
    elif how == 3:
        path.mkdir()
    elif how == 4:
        path.symlink_to(path.name)


def damage(rng, folder):
    path = rng.choice(sorted(folder.iterdir()))
    ways = [damage_bytes, damage_file, *([damage_json] if path.suffix == ".json" else [damage_header])]
    rng.choice([*ways, ways[-1], ways[-1]])(rng, path)


def attempt(whole, folder, seed):
    """Load a damaged copy; the error, or None where it loads all the same."""
    rng = random.Random(seed)
    shutil.copytree(whole, folder)
    try:
        damage(rng, folder)
        GPT.from_pretrained(folder)
    except (CheckpointError, OSError) as error:  # FileNotFoundError is an OSError
        assert str(folder) in str(error), f"seed {seed}: {error!r:.500}"
        assert len(str(error)) < 2000 and str(error).isprintable(), f"seed {seed}: {error!r:.500}"
        return error
    except Exception as error:
        raise AssertionError(f"seed {seed}: {error!r:.500}") from error
    finally:
        shutil.rmtree(folder)
    return None


def campaign(whole, tmp_path, count):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("kept")
    errors = [attempt(whole, tmp_path / "damaged", seed) for seed in range(count)]
    assert elsewhere.read_text() == "kept"
    assert sum(error is not None for error in errors) > count / 2


def test_damaged_folders_are_errors_that_name_them(whole, tmp_path):
    campaign(whole, tmp_path, 150)


@pytest.mark.slow
def test_many_damaged_folders(whole, tmp_path):
    campaign(whole, tmp_path, 6000)


CONFIG_FIELDS = [
    ("n_layer", 10**9), ("n_layer", 2**31 - 1), ("n_embd", 10**12), ("n_embd", 2 * 10**9), ("n_head", 10**9),
    ("vocab_size", 10**9), ("vocab_size", 10**30), ("n_positions", 2 * 10**9), ("n_inner", 2 * 10**9),
    ("n_layer", True), ("n_layer", "1"), ("n_embd", [8]), ("n_embd", 8.0), ("n_head", -2), ("n_head", 0),
    ("vocab_size", None),
    ("layer_norm_epsilon", "small"), ("layer_norm_epsilon", 1e300), ("layer_norm_epsilon", 10**400),
    ("resid_pdrop", [0.1]), ("tie_word_embeddings", "yes"), ("activation_function", ["gelu_new"]),
    ("model_type", ["gpt2"]), ("model_type", "x" * 10**6),
]  # fmt: skip


@pytest.mark.parametrize("field, value", CONFIG_FIELDS, ids=lambda x: f"{x!r:.24}")
def test_fields_that_make_no_model_are_refused_before_memory_is_taken(field, value, tmp_path):
    GPT(GPTConfig(**TINY)).save_pretrained(tmp_path)
    path = tmp_path / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), field: value}))
    with pytest.raises(CheckpointError) as error:
        GPT.from_pretrained(tmp_path)
    assert str(tmp_path) in str(error.value) and len(str(error.value)) < 2000


@pytest.mark.parametrize(
    "field, value",
    [("max_position_embeddings", 2 * 10**9), ("num_hidden_layers", 10**9), ("num_attention_heads", 0),
     ("num_attention_heads", "2"), ("hidden_size", None), ("rope_parameters", [1]), ("rope_theta", "hot"),
     ("attention_bias", "no"), ("num_key_value_heads", 2.0)],
)  # fmt: skip
def test_fields_of_llama_too(field, value, tmp_path):
    GPT(GPTConfig.llama(**TINY)).save_pretrained(tmp_path)
    path = tmp_path / "config.json"
    found = json.loads(path.read_text())
    if field == "rope_theta":
        del found["rope_parameters"]
    path.write_text(json.dumps({**found, field: value}))
    with pytest.raises(CheckpointError) as error:
        GPT.from_pretrained(tmp_path)
    assert str(tmp_path) in str(error.value) and len(str(error.value)) < 2000


@pytest.mark.parametrize(
    "text, message",
    [
        (b"", "is no valid JSON"),
        (b"\xff\xfe{}", "byte 0xff at offset 0 is not UTF-8"),
        (b'{"n_layer": 1,\n "n_layer": 2}', "the name 'n_layer' stands twice in one object"),
        (b'{"n_layer": NaN}', "NaN stands for a number, which JSON has not"),
        (b'{\n"n_layer": }', "line 2"),
        (b"[" * 10**6, "stand too deep in each other"),
        (b'"gpt2"', "holds 'gpt2'; expected an object"),
    ],
)
def test_messages_say_where(text, message, tmp_path):
    GPT(GPTConfig(**TINY)).save_pretrained(tmp_path)
    (tmp_path / "config.json").write_bytes(text)
    with pytest.raises(CheckpointError, match=message):
        GPT.from_pretrained(Path(tmp_path))
