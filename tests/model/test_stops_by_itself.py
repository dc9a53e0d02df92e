"""A checkpoint with its tokenizer: transformers stops where minirl stops, and both read the same settings back."""

import json
from dataclasses import replace

import numpy as np
import pytest

from minirl.generate import generate
from minirl.model import GPT, GPTConfig
from minirl.tokenizer import Tokenizer
from minirl.tokenizer.conventions import Conventions


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A model that soon writes one of its two end tokens, and its folder."""
    tokenizer = Tokenizer.train(
        ["Roger has 5 tennis balls."] * 3, 280, special_tokens=["<|end|>", "<|pad|>", "<|turn|>"]
    )
    ids = tokenizer.special_tokens
    tokenizer.conventions = Conventions((ids["<|end|>"], ids["<|turn|>"]), None, False, ids["<|pad|>"])
    model = GPT(GPTConfig.llama(vocab_size=len(tokenizer), context_length=64, n_layer=1, n_head=2, d_model=16))
    rng = np.random.default_rng(3)
    for parameter in model.parameters():
        parameter.data += rng.normal(0, 0.3, parameter.shape).astype(np.float32)
    model.head.weight.data[list(tokenizer.conventions.ends)] *= 2
    folder = tmp_path_factory.mktemp("made")
    model.save_pretrained(folder, tokenizer=tokenizer)
    return model, tokenizer, folder


def test_the_settings_are_written_and_read(made):
    _, tokenizer, folder = made
    ends = list(tokenizer.conventions.ends)
    for file in ("config.json", "generation_config.json"):
        found = json.loads((folder / file).read_text())
        assert found["eos_token_id"] == ends and found["pad_token_id"] == tokenizer.special_tokens["<|pad|>"]
    named = json.loads((folder / "tokenizer_config.json").read_text())
    assert named["eos_token"] == "<|end|>" and named["pad_token"] == "<|pad|>" and "bos_token" not in named
    assert Tokenizer.load(folder).conventions == tokenizer.conventions


@pytest.mark.parametrize(
    ("file", "contents", "ends"),
    [
        ("config.json", {"eos_token_id": 5}, (5,)),
        ("generation_config.json", {"eos_token_id": [6, 7]}, (6, 7)),
        ("tokenizer_config.json", {"eos_token": "<|turn|>"}, None),
        ("tokenizer_config.json", {"eos_token": {"content": "<|turn|>"}}, None),
        ("config.json", {"eos_token_id": 10_000}, ()),
    ],
)
def test_any_of_the_files_may_name_the_end(made, tmp_path, file, contents, ends):
    tokenizer = Tokenizer.train(["Roger"], 259, special_tokens=["<|turn|>"])
    tokenizer.save(tmp_path / "tokenizer.json")
    (tmp_path / file).write_text(json.dumps(contents))
    expected = (tokenizer.special_tokens["<|turn|>"],) if ends is None else ends
    assert Tokenizer.load(tmp_path).conventions.ends == expected


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("config.json", '{"eos_token_id": "x"}', "eos_token_id = 'x'"),
        ("generation_config.json", "[", "is not JSON"),
        ("generation_config.json", "[]", "expected an object"),
        ("tokenizer_config.json", '{"chat_template": 3}', "chat_template = 3"),
    ],
)
def test_damaged_settings_are_said(tmp_path, file, text, message):
    Tokenizer.train(["Roger"], 257, special_tokens=["<|end|>"]).save(tmp_path / "tokenizer.json")
    (tmp_path / file).write_text(text)
    with pytest.raises(ValueError, match=message):
        Tokenizer.load(tmp_path)


def test_a_template_from_its_own_file_and_among_several(tmp_path):
    Tokenizer.train(["Roger"], 257, special_tokens=["<|end|>"]).save(tmp_path / "tokenizer.json")
    several = [{"name": "tools", "template": "t"}, {"name": "default", "template": "d"}]
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"chat_template": several}))
    assert Tokenizer.load(tmp_path).conventions.chat_template == "d"
    (tmp_path / "chat_template.jinja").write_text("own")
    assert Tokenizer.load(tmp_path).conventions.chat_template == "own"


def test_a_token_before_every_text(tmp_path):
    """From a post_processor, and switched off by tokenizer_config.json."""
    tokenizer = Tokenizer.train(["Roger"], 258, special_tokens=["<|end|>", "<s>"])
    contents = tokenizer.contents()
    contents["post_processor"] = {
        "type": "TemplateProcessing", "pair": [], "special_tokens": {},
        "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
    }  # fmt: skip
    (tmp_path / "tokenizer.json").write_text(json.dumps(contents))
    begin = tokenizer.special_tokens["<s>"]
    for place in (tmp_path, tmp_path / "tokenizer.json"):
        assert Tokenizer.load(place).encode_text("Roger")[0] == begin
    (tmp_path / "tokenizer_config.json").write_text('{"add_bos_token": false}')
    assert Tokenizer.load(tmp_path).encode_text("Roger").tolist() == tokenizer.encode("Roger")


@pytest.mark.peers
def test_transformers_pipeline_stops_by_itself(made):
    transformers = pytest.importorskip("transformers")
    model, tokenizer, folder = made
    pipeline = transformers.pipeline("text-generation", model=str(folder), tokenizer=str(folder), device="cpu")
    stopped = set()
    for text in ("Roger", "has 5", "tennis", "balls.", "R", "5 5", "s", "ten"):
        [ours] = generate(model, tokenizer, text, temperature=0, max_new_tokens=30)
        told = pipeline(text, max_new_tokens=30, do_sample=False, return_full_text=False)
        assert told[0]["generated_text"] == ours.text
        inputs = pipeline.tokenizer(text, return_tensors="pt")
        theirs = pipeline.model.generate(**inputs, max_new_tokens=30, do_sample=False)[0].tolist()
        assert theirs == [*ours.prompt_ids.tolist(), *ours.ids.tolist()]
        stopped |= {int(ours.ids[-1])} if ours.finished else set()
    assert stopped  # some of these texts end, long before the longest


def test_without_a_tokenizer_nothing_is_said(made, tmp_path):
    model, _, _ = made
    model.save_pretrained(tmp_path)
    assert json.loads((tmp_path / "config.json").read_text())["eos_token_id"] is None
    assert not (tmp_path / "generation_config.json").exists()
    assert replace(model.config) == GPT.from_pretrained(tmp_path).config
