"""The functions of lesson 21 inside minirl: files, templates and gradients come out the same; and its small model."""

from pathlib import Path

import numpy as np
import pytest

from minirl.evaluation.forgetting import of_log_probs
from minirl.gguf.blocks import KINDS, dequantized
from minirl.lessons import parts
from minirl.lessons import public_model as lesson
from minirl.lessons.lesson import find_lesson, namespace
from minirl.model import GPT, GPTConfig, gguf_model
from minirl.model.lora import LoRAConfig, add_adapters, without_adapters
from minirl.model.tensor_file import TensorFile
from minirl.tokenizer import chat_template

TALKS = [
    [{"role": "user", "content": "Hi"}],
    [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi <|im_end|> there"}],
]


@pytest.fixture(autouse=True)
def solutions(monkeypatch: pytest.MonkeyPatch) -> None:
    """The course's functions stand at the seams; parts of other tests do not."""
    monkeypatch.setattr(parts, "PARTS", {})
    monkeypatch.setattr(parts, "STAND_INS", set())
    namespace(find_lesson("21").folder / "solution.py")


@pytest.fixture
def model() -> GPT:
    config = GPTConfig.llama(vocab_size=40, context_length=16, n_layer=2, n_head=4, n_kv_head=2, d_model=64, d_ff=96)
    return GPT(config, seed=1, std=0.2)


def test_the_same_weights_from_both_formats(model: GPT, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    model.save_pretrained(tmp_path / "folder")
    gguf_model.save(model.config, model.state_dict(), tmp_path / "model.gguf", "Q8_0")

    def found() -> list[np.ndarray]:
        files = (tmp_path / "folder", tmp_path / "model.gguf")
        return [x for file in files for x in GPT.from_pretrained(file).state_dict().values()]

    expected = found()
    with parts.swapped("model.safetensors", "gguf.blocks", "gguf.rows", force=True) as used:
        assert all(np.array_equal(a, b) for a, b in zip(found(), expected, strict=True))
    assert all(use.share == 1 and use.work for use in used.by_id.values())


def test_the_same_numbers_from_blocks_with_a_minimum() -> None:
    q4_1 = next(kind for kind in KINDS.values() if kind.name == "Q4_1")
    rng = np.random.default_rng(0)
    scales = rng.normal(size=(50, 2)).astype("<f2").view(np.uint8)
    data = np.concatenate([scales, rng.integers(0, 256, (50, 16), np.uint8)], axis=1).reshape(-1)
    expected = dequantized(q4_1, data, 1600)
    with parts.swapped("gguf.blocks", force=True) as used:
        np.testing.assert_allclose(dequantized(q4_1, data, 1600), expected, atol=1e-6)
    assert used["gguf.blocks"].work == 1600


def test_the_same_conversations_as_jinja() -> None:
    pytest.importorskip("jinja2")
    tokenizer = lesson.small_tokenizer()

    def found() -> list[list[int]]:
        return [tokenizer.encode_chat(talk, answer=answer).tolist() for talk in TALKS for answer in (True, False)]

    expected = found()
    with parts.swapped("tokenizer.chat", force=True) as used:
        assert found() == expected
        other = chat_template.render("{{ messages[0]['content'] }}", {"messages": TALKS[0]})
    assert other == "Hi" and used["tokenizer.chat"].calls == 4  # another template is minirl's own affair


def test_the_same_gradients_through_adapters(model: GPT) -> None:
    parameters = add_adapters(model, LoRAConfig(rank=3, alpha=6.0), seed=1)
    for parameter in parameters:
        parameter.data += np.random.default_rng(2).normal(size=parameter.shape).astype(np.float32) * 0.1
    ids = np.random.default_rng(0).integers(0, 40, (2, 9)).astype(np.int32)

    def found() -> list[np.ndarray]:
        model.loss(ids[:, :-1], ids[:, 1:]).backward()
        gradients = [parameter.grad.copy() for parameter in parameters if parameter.grad is not None]
        for parameter in parameters:
            parameter.grad = None
        return gradients

    expected = found()
    with parts.swapped("lora.gradients", force=True) as used:
        mine = found()
        with without_adapters(model):
            model(ids)
    assert used["lora.gradients"].share == 1 and used["lora.gradients"].calls == len(parameters) // 2
    for a, b in zip(mine, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_the_same_perplexity() -> None:
    windows = [np.log([0.5, 0.25]), np.log([0.125])]
    with parts.swapped("evaluation.perplexity", force=True):
        assert of_log_probs(windows) == pytest.approx(4)
    assert of_log_probs(windows) == pytest.approx(4) and of_log_probs([]) == 1


@pytest.mark.parametrize("seed", range(12))
def test_the_small_files_are_safetensors_files(seed: int, tmp_path: Path) -> None:
    path = tmp_path / "small.safetensors"
    path.write_bytes(lesson.example_file(seed))
    file = TensorFile(path)
    assert sorted(file.shapes()) == list("abc"[: 1 + seed % 3])
    assert all(file.read(name).dtype == np.float32 for name in file.shapes())


def test_the_public_model_is_looked_for_where_fetch_puts_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = tmp_path / "minirl-lessons" / "21_public_model"
    inside.mkdir(parents=True)
    monkeypatch.chdir(inside)
    monkeypatch.delenv("MINIRL_MODELS_DIR", raising=False)
    assert lesson.public_model() is None
    file = inside.parent / "SmolLM2-135M-Instruct.Q4_1.gguf"
    file.touch()
    assert lesson.public_model() == file
    monkeypatch.setenv("MINIRL_MODELS_DIR", str(tmp_path))
    assert lesson.public_model() is None


def test_what_the_small_model_reads() -> None:
    tokenizer = lesson.small_tokenizer()
    texts = list(lesson.documents(tokenizer, 600))
    sums = [tokenizer.decode(one.ids) for one in texts if "+" in tokenizer.decode(one.ids)]
    right = 0
    for text in sums:
        a, b = (int(n) for n in text.split("What is ")[1].split("?")[0].split(" + "))
        said = int(text.split("Answer: ")[1].split("<")[0])
        assert said in (a + b, a + b - 1)
        right += said == a + b
    assert 0.5 < len(sums) / len(texts) < 0.7 and 0.2 < right / len(sums) < 0.4
    talk = next(one for one in texts if "+" in tokenizer.decode(one.ids))
    assert tokenizer.decode(talk.ids[talk.weights > 0]).startswith("Answer: ")
    keys = [{problem.key for problem in lesson.SmallSums().by_split[split]} for split in ("train", "test")]
    assert not keys[0] & keys[1] and len(keys[0] | keys[1]) == 81
