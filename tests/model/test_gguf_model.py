"""Models as GGUF files: the same logits, the same tokenizer, and errors that name what is missing."""

import json
from dataclasses import replace

import numpy as np
import pytest

from minirl.generate import generate
from minirl.gguf import GGUF
from minirl.model import GPT, GPTConfig, gguf_model
from minirl.model.__main__ import main
from minirl.model.rope_scaling import RopeScaling
from minirl.tokenizer import Tokenizer
from minirl.tokenizer.gguf_vocabulary import settings

SHAPE = {"vocab_size": 330, "context_length": 48, "n_layer": 2, "n_head": 4, "n_kv_head": 2, "d_model": 64, "d_ff": 96}
CONFIGS = {
    "llama": GPTConfig.llama(**SHAPE),
    "llama3": GPTConfig.llama(**SHAPE, rope_scaling=RopeScaling("llama3", 32.0), rope_base=500000.0),
    "biases": GPTConfig.llama(**SHAPE, bias=True),
    "linear": GPTConfig.llama(**SHAPE, rope_scaling=RopeScaling("linear", 4.0), tie_embeddings=True),
    "qwen2": GPTConfig.llama(**SHAPE, qkv_bias=True),
    "qwen3": GPTConfig.llama(**SHAPE, qk_norm=True, head_dim=32, tie_embeddings=True),
}


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    made = Tokenizer.train(["Roger has 5 tennis balls. 11 é" * 3], 330, pattern="gpt2")
    made.conventions = replace(made.conventions, chat_template="{{ messages[0].content }}<|end|>")
    return made


def shaken(config: GPTConfig) -> GPT:
    model, rng = GPT(config).eval(), np.random.default_rng(1)
    for parameter in model.parameters():
        parameter.data += rng.normal(0, 0.1, parameter.shape).astype(np.float32)
    return model


@pytest.fixture
def ids() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 270, (2, 40)).astype(np.int32)


@pytest.mark.parametrize("name", CONFIGS)
def test_a_file_gives_the_model_back(name, ids, tmp_path):
    model = shaken(CONFIGS[name])
    gguf_model.save(model.config, model.state_dict(), tmp_path / "m.gguf", "F32")
    for path in (tmp_path / "m.gguf", tmp_path):  # a folder with one such file is the model too
        loaded = GPT.from_pretrained(path)
        assert replace(loaded.config, norm_eps=model.config.norm_eps) == model.config
        np.testing.assert_allclose(loaded(ids).data, model(ids).data, atol=1e-5)


@pytest.mark.parametrize(("kind", "error"), [("F16", 0.01), ("BF16", 0.05), ("Q8_0", 0.15)])
def test_rounded_files_have_nearly_the_same_logits(kind, error, ids, tmp_path):
    model = shaken(CONFIGS["llama"])
    gguf_model.save(model.config, model.state_dict(), tmp_path / "m.gguf", kind)
    logits = model(ids).data
    difference = np.abs(GPT.from_pretrained(tmp_path)(ids).data - logits).max()
    assert 0 < difference < error * np.abs(logits).max()


@pytest.mark.parametrize("kind", ["F32", "BF16"])
def test_a_model_in_bfloat16_is_written_as_it_is(kind, tmp_path):
    model = shaken(CONFIGS["biases"]).to_bfloat16()
    gguf_model.save(model.config, model.state_dict(), tmp_path / "m.gguf", kind)
    loaded = GPT.from_pretrained(tmp_path, dtype="bfloat16")
    for name, x in model.state_dict().items():
        np.testing.assert_array_equal(loaded.state_dict()[name], x, err_msg=name)


def test_neighbours_turn_together(tmp_path):
    """llama.cpp's order of a head: the number i and i + D/2 of minirl's are the numbers 2 i and 2 i + 1 of the file."""
    model = shaken(CONFIGS["llama"])
    gguf_model.save(model.config, model.state_dict(), tmp_path / "m.gguf", "F32")
    q, v = (GGUF(tmp_path / "m.gguf").read(f"blk.1.attn_{name}.weight") for name in "qv")
    ours, D = model.state_dict()["blocks.1.attention.qkv.weight"], model.config.head_size
    for head in range(4):
        for i in range(D // 2):
            np.testing.assert_array_equal(q[head * D + 2 * i], ours[head * D + i])
            np.testing.assert_array_equal(q[head * D + 2 * i + 1], ours[head * D + D // 2 + i])
    np.testing.assert_array_equal(v, ours[6 * D :])


@pytest.mark.peers
def test_transformers_reads_our_file(ids, tmp_path):
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    pytest.importorskip("gguf")
    pytest.importorskip("accelerate")  # transformers wants it for GGUF files
    model = shaken(CONFIGS["llama"])
    described = settings(Tokenizer.train(["Roger has 5 tennis balls."], 300, pattern="gpt2"))
    gguf_model.save(model.config, model.state_dict(), tmp_path / "m.gguf", "F32", described)
    theirs = transformers.AutoModelForCausalLM.from_pretrained(tmp_path, gguf_file="m.gguf").eval()
    with torch.no_grad():
        logits = theirs(torch.from_numpy(ids.astype(np.int64))).logits.float().numpy()
    np.testing.assert_allclose(model(ids).data, logits, atol=1e-3)


@pytest.mark.peers
@pytest.mark.parametrize("name", ["llama", "llama3", "biases", "linear", "qwen2", "qwen3"])
def test_llama_cpp_reads_our_file(name, tokenizer, tmp_path):
    """The model with its tokenizer: the same ids, the same logits."""
    llama_cpp = pytest.importorskip("llama_cpp")
    model, numbers = shaken(CONFIGS[name]), {"n_ctx": 48, "n_threads": 1, "logits_all": True, "flash_attn": False}
    kept = {"type_k": llama_cpp.GGML_TYPE_F32, "type_v": llama_cpp.GGML_TYPE_F32}  # float16 by default
    gguf_model.save(model.config, model.state_dict(), tmp_path / "m.gguf", "F32", settings(tokenizer, 330))
    theirs = llama_cpp.Llama(str(tmp_path / "m.gguf"), **numbers, **kept, verbose=False)
    text = "Roger has 5 tennis balls.\n\n 11  é日"
    ids = tokenizer.encode(text)
    assert theirs.tokenize(text.encode(), add_bos=False) == ids
    assert theirs.token_eos() == tokenizer.special_tokens["<|end|>"]
    theirs.eval(ids)
    np.testing.assert_allclose(theirs.scores[: len(ids)], model(np.array(ids, np.int32)).data[0], atol=1e-4)


def test_the_tokenizer_comes_along(tokenizer, tmp_path):
    pytest.importorskip("jinja2")
    model = shaken(CONFIGS["llama"])
    gguf_model.save(model.config, model.state_dict(), tmp_path / "m.gguf", "F32", settings(tokenizer, 330))
    loaded = Tokenizer.load(tmp_path / "m.gguf")
    text = "Roger has 5 tennis balls.  11<|end|> é日"
    assert loaded.encode(text) == tokenizer.encode(text) and loaded.encode(text, "all") == tokenizer.encode(text, "all")
    assert loaded.special_tokens == tokenizer.special_tokens and loaded.conventions == tokenizer.conventions
    [one] = generate(GPT.from_pretrained(tmp_path), loaded, [{"role": "user", "content": "Roger"}], max_new_tokens=4)
    assert one.prompt_ids.tolist() == [*tokenizer.encode("Roger"), tokenizer.special_tokens["<|end|>"]]


def test_convert_there_and_back(tokenizer, ids, tmp_path, capsys):
    model = shaken(CONFIGS["qwen3"])
    model.save_pretrained(tmp_path / "folder", tokenizer=tokenizer)
    assert main(["convert", str(tmp_path / "folder"), str(tmp_path / "m.gguf"), "--type", "F32"]) == 0
    assert main(["convert", str(tmp_path / "m.gguf"), str(tmp_path / "again")]) == 0
    again = GPT.from_pretrained(tmp_path / "again")
    np.testing.assert_allclose(again(ids).data, model(ids).data, atol=1e-5)
    said = json.loads((tmp_path / "again" / "generation_config.json").read_text())
    assert said["eos_token_id"] == tokenizer.special_tokens["<|end|>"]
    assert Tokenizer.load(tmp_path / "again").conventions == tokenizer.conventions
    capsys.readouterr()
    for path in ("folder", "m.gguf", "again"):
        assert main(["info", str(tmp_path / path)]) == 0
        shown = capsys.readouterr().out
        assert "qwen3" in shown and f"{model.parameter_count():,}" in shown and "<|end|>" in shown


def test_info_says_what_is_missing(tokenizer, tmp_path, capsys):
    shaken(CONFIGS["llama"]).save_pretrained(tmp_path, tokenizer=tokenizer)
    found = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**found, "model_type": "gemma2"}))
    (tmp_path / "README.md").write_text("---\nlicense: mit\n---\n")
    with pytest.raises(SystemExit):
        main(["info", str(tmp_path)])
    shown = " ".join(capsys.readouterr().out.split())
    assert "capped logits" in shown and "licence mit" in shown


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"general.architecture": "gemma"}, "general.architecture is 'gemma'; minirl reads llama, qwen2, qwen3"),
        ({"llama.block_count": 3}, "missing: blk.2"),
        ({"llama.block_count": 1}, r"unexpected: 'blk\.1"),
        ({"llama.feed_forward_length": 32}, "has shape"),
        ({"llama.expert_count": 8}, "no mixture of experts"),
        ({"llama.rope.dimension_count": 8}, "turns 8 of 16"),
        ({"llama.rope.scaling.type": "yarn"}, "'yarn'"),
        ({"llama.attention.head_count": "four"}, "is 'four'"),
    ],
)
def test_files_that_do_not_fit(change, message, tmp_path, monkeypatch):
    model = shaken(CONFIGS["llama"])
    gguf_model.save(model.config, model.state_dict(), tmp_path / "m.gguf", "F32")
    whole = GGUF.__init__

    def changed(self, path):
        whole(self, path)
        self.settings.update(change)

    monkeypatch.setattr(GGUF, "__init__", changed)
    with pytest.raises(ValueError, match=message):
        GPT.from_pretrained(tmp_path)


def test_models_that_llama_cpp_has_under_other_names_are_refused(tmp_path):
    pythia = {"position": "rope", "rope_share": 0.25, "mlp": "gelu_exact", "parallel": True, "tie_embeddings": False}
    for name, config in {
        "gpt2": GPTConfig(97, 24, 1, 2, d_model=32),
        "gpt_neox": GPTConfig(97, 24, 1, 2, d_model=32, **pythia),
        "smollm3": GPTConfig.llama(**SHAPE, no_rope_every=2),
    }.items():
        with pytest.raises(ValueError, match=f"GGUF: minirl writes llama, qwen2, qwen3; this is {name}"):
            gguf_model.save(config, GPT(config).state_dict(), tmp_path / "m.gguf")
