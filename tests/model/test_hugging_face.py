"""Both ways between minirl and transformers, and the same model's gradient in PyTorch."""

import json
from dataclasses import replace

import numpy as np
import pytest
from test_transformer import shaken

from minirl import no_grad
from minirl.model import GPT, PRESETS

pytestmark = pytest.mark.peers
torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")


def logits_of(model, ids):
    with torch.no_grad():
        return model(torch.from_numpy(ids.astype(np.int64))).logits.float().numpy()


@pytest.mark.parametrize("max_shard_size", ["5GB", "20KB"])
def test_transformers_loads_ours(config, ids, tmp_path, max_shard_size):
    model = shaken(config)
    model.save_pretrained(tmp_path, max_shard_size)
    theirs, report = transformers.AutoModelForCausalLM.from_pretrained(tmp_path, output_loading_info=True)
    assert not any(report[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    assert theirs.dtype == torch.float32
    assert type(theirs).__name__ == ("GPT2LMHeadModel" if config.norm == "layer" else "LlamaForCausalLM")
    assert theirs.num_parameters() == model.parameter_count()
    np.testing.assert_allclose(model(ids).data, logits_of(theirs.eval(), ids), atol=1e-4)


def test_transformers_loads_ours_in_bfloat16(config, ids, tmp_path):
    """In the type that config.json names, and widened to the weights that minirl widens them to."""
    shaken(config).to_bfloat16().save_pretrained(tmp_path)
    assert transformers.AutoModelForCausalLM.from_pretrained(tmp_path).dtype == torch.bfloat16
    wide = transformers.AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32)
    np.testing.assert_allclose(GPT.from_pretrained(tmp_path)(ids).data, logits_of(wide.eval(), ids), atol=1e-4)


def their_model(config):
    """A transformers model of the same shape, its weights random and none at its initial value."""
    torch.manual_seed(0)
    if config.norm == "layer":
        theirs = transformers.GPT2LMHeadModel(
            transformers.GPT2Config(
                vocab_size=config.vocab_size, n_positions=config.context_length, n_embd=config.d_model,
                n_layer=config.n_layer, n_head=config.n_head, n_inner=config.d_ff, resid_pdrop=0.0, embd_pdrop=0.0,
                attn_pdrop=0.0, activation_function="gelu_new" if config.mlp == "gelu" else "gelu",
                tie_word_embeddings=config.tie_embeddings, bos_token_id=None, eos_token_id=None,
            )
        )  # fmt: skip
    else:
        theirs = transformers.LlamaForCausalLM(
            transformers.LlamaConfig(
                vocab_size=config.vocab_size, max_position_embeddings=config.context_length, hidden_size=config.d_model,
                intermediate_size=config.d_ff, num_hidden_layers=config.n_layer, num_attention_heads=config.n_head,
                num_key_value_heads=config.n_kv_head, rms_norm_eps=config.norm_eps,
                rope_parameters={"rope_type": "default", "rope_theta": config.rope_base},
                attention_bias=config.bias, mlp_bias=config.bias, tie_word_embeddings=config.tie_embeddings,
                bos_token_id=None, eos_token_id=None,
            )
        )  # fmt: skip
    with torch.no_grad():
        for parameter in theirs.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    return theirs.eval()


@pytest.mark.parametrize("max_shard_size", ["5GB", "20KB"])
def test_we_load_theirs(config, ids, tmp_path, max_shard_size):
    theirs = their_model(config)
    theirs.save_pretrained(tmp_path, max_shard_size=max_shard_size)
    model = GPT.from_pretrained(tmp_path)
    assert model.config == config
    np.testing.assert_allclose(model(ids).data, logits_of(theirs, ids), atol=1e-4)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_we_load_theirs_in_half_precision(config, ids, tmp_path, dtype):
    theirs = their_model(config).to(getattr(torch, dtype))
    theirs.save_pretrained(tmp_path)
    theirs = transformers.AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32).eval()
    np.testing.assert_allclose(GPT.from_pretrained(tmp_path)(ids).data, logits_of(theirs, ids), atol=1e-4)


def test_we_load_what_transformers_4_wrote(config, ids, tmp_path):
    """Before version 5, rope_theta stood at the top and the dtype was called torch_dtype."""
    theirs = their_model(config)
    theirs.save_pretrained(tmp_path)
    found = json.loads((tmp_path / "config.json").read_text())
    rope = found.pop("rope_parameters", None)
    if rope is not None:
        found["rope_theta"], found["rope_scaling"] = rope["rope_theta"], None
    found["torch_dtype"] = found.pop("dtype")
    (tmp_path / "config.json").write_text(json.dumps(found))
    model = GPT.from_pretrained(tmp_path)
    assert model.config == config
    np.testing.assert_allclose(model(ids).data, logits_of(theirs, ids), atol=1e-4)


def test_the_gradient_is_pytorchs(config, ids, tmp_path):
    model = shaken(config)
    model.save_pretrained(tmp_path / "weights")
    theirs = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "weights").eval()
    inputs, targets = (torch.from_numpy(x.astype(np.int64)) for x in (ids[:, :-1], ids[:, 1:]))
    loss = torch.nn.functional.cross_entropy(theirs(inputs).logits.flatten(0, 1), targets.flatten())
    loss.backward()
    found = model.loss(ids[:, :-1], ids[:, 1:])
    found.backward()
    assert found.item() == pytest.approx(loss.item(), rel=1e-5)
    with torch.no_grad():  # their gradients, as a checkpoint in their layout, read back in ours
        for parameter in theirs.parameters():
            parameter.copy_(parameter.grad)
    theirs.save_pretrained(tmp_path / "gradients")
    expected = GPT.from_pretrained(tmp_path / "gradients").state_dict()
    for name, parameter in model.named_parameters():
        scale = np.abs(expected[name]).max()
        np.testing.assert_allclose(parameter.grad, expected[name], rtol=1e-3, atol=1e-4 * scale, err_msg=name)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_have_as_many_parameters_as_theirs(name, tmp_path):
    config = PRESETS[name]
    GPT(replace(config, n_layer=1, vocab_size=8, d_model=config.n_head * 2, d_ff=8)).save_pretrained(tmp_path)
    found = json.loads((tmp_path / "config.json").read_text())
    shape = {
        "n_layer": config.n_layer, "num_hidden_layers": config.n_layer, "vocab_size": config.vocab_size,
        "n_embd": config.d_model, "hidden_size": config.d_model, "n_inner": config.d_ff,
        "intermediate_size": config.d_ff, "head_dim": config.head_size,
    }  # fmt: skip
    found.update({key: value for key, value in shape.items() if key in found})
    (tmp_path / "config.json").write_text(json.dumps(found))
    with torch.device("meta"):
        theirs = transformers.AutoModelForCausalLM.from_config(transformers.AutoConfig.from_pretrained(tmp_path))
    assert theirs.num_parameters() == config.parameter_count()


def test_dropout_does_not_disturb_their_reading(config, ids, tmp_path):
    model = GPT(replace(config, dropout=0.2))
    model.save_pretrained(tmp_path)
    theirs = transformers.AutoModelForCausalLM.from_pretrained(tmp_path).eval()
    model.eval()
    with no_grad():
        np.testing.assert_allclose(model(ids).data, logits_of(theirs, ids), atol=1e-4)
