"""Real weights, where they are at hand: MINIRL_MODELS_DIR names the folder into which `minirl.model fetch` put them."""

import os
from pathlib import Path

import numpy as np
import pytest

from minirl.generate import generate
from minirl.model import GPT, gguf_model
from minirl.tokenizer import Tokenizer
from minirl.tokenizer.gguf_vocabulary import settings

FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
QUESTION = [{"role": "user", "content": "What is the capital of France?"}]
LONG = (
    "Roger has 5 tennis balls. He buys 2 more cans of tennis balls. Each can has 3 tennis balls. How many tennis balls "
    "does he have now? The Sun is a star, and the Earth moves around it once a year. Water freezes at 0 degrees, "
    "and boils at 100. Paris is the capital of France; Rome, the capital of Italy, is older. 1234 + 5678 = 6912."
)


@pytest.fixture(scope="module")
def folder() -> Path:
    named = os.environ.get("MINIRL_MODELS_DIR", "")
    if not named or not (Path(named) / FILE).is_file():
        pytest.skip(f"MINIRL_MODELS_DIR names no folder with {FILE}; `minirl.model fetch smollm2-135m` brings it")
    return Path(named)


@pytest.fixture(scope="module")
def smollm(folder: Path) -> tuple[GPT, Tokenizer]:
    return GPT.from_pretrained(folder / FILE), Tokenizer.load(folder / FILE)


def test_it_answers(smollm: tuple[GPT, Tokenizer]) -> None:
    pytest.importorskip("jinja2")
    (said,) = generate(*smollm, [QUESTION], temperature=0.0, max_new_tokens=16)
    assert said.text == "The capital of France is Paris." and said.finished


@pytest.mark.peers
def test_logits_are_those_of_transformers(folder: Path, smollm: tuple[GPT, Tokenizer], tmp_path: Path) -> None:
    """transformers reads the GGUF file itself where the package gguf is there, else the folder that minirl writes."""
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    model, tokenizer = smollm
    try:
        import gguf  # noqa: F401

        theirs = transformers.AutoModelForCausalLM.from_pretrained(folder, gguf_file=FILE).eval()
    except ImportError:
        model.save_pretrained(tmp_path)
        theirs = transformers.AutoModelForCausalLM.from_pretrained(tmp_path).eval()
    ids = tokenizer.encode_array(LONG)
    assert len(ids) > 100
    with torch.no_grad():
        expected = theirs(torch.from_numpy(ids.astype(np.int64))[None]).logits[0].numpy()
    np.testing.assert_allclose(model(ids).data[0], expected, atol=3e-4)


@pytest.mark.peers
def test_llama_cpp_reads_what_we_write(smollm: tuple[GPT, Tokenizer], tmp_path: Path) -> None:
    """The same ids, the same logits. In F32, for llama.cpp rounds more than the weights where these are rounded."""
    llama_cpp = pytest.importorskip("llama_cpp")
    model, tokenizer = smollm
    described = settings(tokenizer, model.config.vocab_size)
    gguf_model.save(model.config, model.state_dict(), tmp_path / "m.gguf", "F32", described)
    kept = {"type_k": llama_cpp.GGML_TYPE_F32, "type_v": llama_cpp.GGML_TYPE_F32, "flash_attn": False}
    theirs = llama_cpp.Llama(str(tmp_path / "m.gguf"), n_ctx=256, logits_all=True, verbose=False, **kept)
    ids = tokenizer.encode(LONG)
    assert theirs.tokenize(LONG.encode(), add_bos=False) == ids
    chat = tokenizer.encode_chat(QUESTION)
    assert theirs.tokenize(tokenizer.decode(chat).encode(), add_bos=False, special=True) == list(chat)
    theirs.eval(ids)
    np.testing.assert_allclose(theirs.scores[: len(ids)], model(np.array(ids, np.int32)).data[0], atol=3e-4)
