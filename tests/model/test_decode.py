"""All layers in one call give a new token the bits that the modules give it, one after the other."""

from dataclasses import replace

import numpy as np
import pytest

from minirl import kernels
from minirl.model import GPT, GPTConfig, KVCache
from minirl.model.decode import decoder_of
from minirl.model.lora import LoRAConfig, add_adapters
from minirl.model.rope_scaling import RopeScaling
from minirl.swap import replaced

ISAS = [name for name, usable in kernels.isas().items() if usable]
SHAPE = {"vocab_size": 61, "context_length": 40, "n_layer": 2, "n_head": 4, "d_model": 32}
CONFIGS = {
    "gpt2": GPTConfig(**SHAPE),
    "gpt2 of odd sizes": GPTConfig(**{**SHAPE, "d_model": 28}, d_ff=39, tie_embeddings=False, bias=False),
    "llama": GPTConfig.llama(**SHAPE, n_kv_head=2, rope_scaling=RopeScaling("linear", 4.0)),
    "llama with biases": GPTConfig.llama(**SHAPE, n_kv_head=1, d_ff=40, tie_embeddings=True, bias=True),
    "qwen2": GPTConfig.llama(**SHAPE, n_kv_head=2, qkv_bias=True, tie_embeddings=True),
    "qwen3": GPTConfig.llama(**SHAPE, n_kv_head=2, qk_norm=True, head_dim=12),
    "smollm3": GPTConfig.llama(**SHAPE, n_kv_head=1, no_rope_every=2, tie_embeddings=True),
    "gpt_neox": GPTConfig(
        **SHAPE, position="rope", mlp="gelu_exact", parallel=True, rope_share=0.25, tie_embeddings=False
    ),
}


def model_of(name: str, dtype: str = "float32") -> GPT:
    """A model none of whose weights, biases and norms is at its initial value."""
    model, rng = GPT(CONFIGS[name]).eval(), np.random.default_rng(1)
    for parameter in model.parameters():
        parameter.data += rng.normal(0, 0.2, parameter.shape).astype(np.float32)
    return model.to(dtype)


def looked_on():
    """While somebody looks on, modules compute each layer."""
    return replaced("minirl.model.block:MLP.__call__", lambda call: call, watches=True)


def generated(model: GPT) -> list[np.ndarray]:
    """Logits of rows of many lengths, some of which continue another, in batches of 1 to 33; then the caches."""
    rng = np.random.default_rng(2)
    cache = KVCache(model.config, 40)
    model.extend(rng.integers(0, 61, (40, 9)), cache, rng.integers(1, 10, 40))
    logits = []
    for B in (1, 2, 8, 9, 17, 33):
        rows = rng.permutation(36)[:B]
        prefixes = np.where(rng.random(B) < 0.5, rng.integers(36, 40, B), -1) if B % 2 else None
        logits.append(model.extend(rng.integers(0, 61, (B, 1)), cache.at(rows, prefixes)))
    held = [table[row, :n] for table in (*cache.keys, *cache.values) for row, n in enumerate(cache.held)]
    return [*logits, np.concatenate(held)]


@pytest.mark.skipif(not ISAS, reason="the C kernels are not built")
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "int8"])
@pytest.mark.parametrize("name", CONFIGS)
def test_the_bits_are_those_of_the_modules(name, dtype):
    model, before = model_of(name, dtype), kernels.isa()
    try:
        for isa in ISAS:
            kernels.set_isa(isa)
            assert decoder_of(model) is not None
            together = generated(model)
            with looked_on():
                assert decoder_of(model) is None
                apart = generated(model)
            for got, expected in zip(together, apart, strict=True):
                assert np.isfinite(got).all() and got.tobytes() == expected.tobytes(), (isa, got.shape)
    finally:
        kernels.set_isa(before)


@pytest.mark.parametrize("name", ["gpt2", "qwen3", "gpt_neox"])
def test_the_reference_computes_the_same(name):
    model = model_of(name)
    with kernels.using("reference"):
        together = generated(model)
        with looked_on():
            apart = generated(model)
    for got, expected in zip(together, apart, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-4)


def test_products_are_rounded_where_that_is_asked_for():
    model = model_of("llama")
    with kernels.using_precision("bfloat16"):
        rounded = generated(model)
        with looked_on():
            apart = generated(model)
    assert all(np.array_equal(*pair) for pair in zip(rounded, apart, strict=True))
    assert not np.array_equal(rounded[-1], generated(model)[-1])


def changed_in_place(model: GPT) -> None:
    model.blocks[1].mlp.up.weight.data *= 2


def other_array(model: GPT) -> None:
    model.blocks[1].attention.qkv.bias.data = np.ones(96, np.float32)


def other_module(model: GPT) -> None:
    model.blocks[1] = model.blocks[0]


def more_modules(model: GPT) -> None:
    model.blocks.append(model.blocks[0])
    model.config = replace(model.config, n_layer=3)


def without_bias(model: GPT) -> None:
    model.blocks[0].mlp.projection.bias = None


def adapted(model: GPT) -> None:
    for parameter in add_adapters(model, LoRAConfig(rank=2)):
        parameter.data += 0.1


@pytest.mark.parametrize(
    "change",
    [changed_in_place, other_array, other_module, more_modules, without_bias, GPT.to_bfloat16, GPT.to_int8, adapted],
)
def test_a_model_that_was_changed_is_seen_as_it_is(change):
    model = model_of("gpt2")
    first = generated(model)
    change(model)
    got = generated(model)
    with looked_on():
        expected = generated(model)
    assert all(np.array_equal(*pair) for pair in zip(got, expected, strict=True))
    assert not np.array_equal(got[0], first[0])


def test_dropout_acts_in_the_modules():
    model = GPT(GPTConfig(**SHAPE, dropout=0.5))
    assert decoder_of(model) is None and decoder_of(model.eval()) is not None


def test_what_does_not_fit_is_refused():
    model = model_of("gpt2")
    decoder = decoder_of(model)
    assert decoder is not None
    cache = KVCache(model.config, 2)
    with pytest.raises(ValueError, match="decode: 1 and 2 caches; expected keys and values of 2 layers"):
        kernels.decode(decoder, np.zeros(2, np.int32), cache.keys[:1], cache.values, cache.held)
    with pytest.raises(ValueError, match=r"decode: values\[0\] overlaps keys\[0\]"):
        kernels.decode(decoder, np.zeros(2, np.int32), cache.keys, cache.keys, cache.held)
    with pytest.raises(IndexError, match=r"decode: ids\[1\] is 61; expected 0 to 60"):
        kernels.decode(decoder, np.array([0, 61], np.int32), cache.keys, cache.values, cache.held)
    with pytest.raises(ValueError, match=r"decode: row 0 holds 40 keys, and has no room"):
        kernels.decode(decoder, np.zeros(2, np.int32), cache.keys, cache.values, np.full(2, 40, np.int32))
    turned = tuple(layer._replace(rotates=True) for layer in decoder.layers)
    with pytest.raises(ValueError, match="decode: a layer rotates queries and keys; expected rotation="):
        replace(decoder, layers=turned)
    uneven = (decoder.layers[0]._replace(query_gamma=np.ones(8, np.float32)),)
    with pytest.raises(ValueError, match="decode: a layer has one of query_gamma and key_gamma"):
        replace(decoder, layers=uneven)
