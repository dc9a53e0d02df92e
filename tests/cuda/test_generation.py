"""Generation with the weights and the KV cache on the GPU: the CPU's tokens, and nothing fetched but what was drawn."""

from dataclasses import replace

import numpy as np
import pytest
from models import CONFIGS, CONTEXT, CPU, VOCABULARY, model

from minirl import kernels
from minirl.generate import Engine, Row, Sampling, Schedule
from minirl.generate.sampling import row_stream
from minirl.kernels.device import DeviceArray, memory
from minirl.model import GPT, KVCache

shapes = pytest.mark.parametrize("shape", CONFIGS)
PROMPTS = ([3], [5, 6, 7], [9, 1, 2, 4, 8])


def written(shape, sampling, backend="cuda", samples=2, **settings):
    """The rows that an engine of three slots makes of PROMPTS."""
    with kernels.using(backend):
        engine = Engine(model(shape, backend), sampling, end=2, slots=3, capacity=CONTEXT, **settings)
        for number, prompt in enumerate(PROMPTS):
            streams = [row_stream(7, number, sample) for sample in range(samples)]
            engine.add([Row(np.array(prompt, np.int32), number, i, stream) for i, stream in enumerate(streams)])
        rows = []
        while engine.busy:
            rows += engine.step()
    return sorted(rows, key=lambda row: (row.problem, row.sample))


@shapes
@pytest.mark.parametrize(
    "sampling",
    [
        Sampling(0.0, max_new_tokens=8),
        Sampling(1.0, max_new_tokens=8),
        Sampling(0.7, top_k=5, top_p=0.9, max_new_tokens=5),
        Sampling(0.8, min_p=0.05, frequency_penalty=0.3, no_repeat_ngram=2, max_new_tokens=5),
        Sampling(Schedule(1.5, 0.5, 4), max_new_tokens=5),
    ],
    ids=["greedy", "drawn", "cut", "penalised", "schedule"],
)
def test_the_engine_writes_what_the_cpu_writes(shape, sampling):
    rows = zip(written(shape, sampling), written(shape, sampling, CPU), strict=True)
    for got, expected in rows:
        np.testing.assert_array_equal(got.ids, expected.ids)
        np.testing.assert_allclose(got.log_probs, expected.log_probs, rtol=1e-4, atol=1e-5)
        assert isinstance(got.log_probs, np.ndarray)


@shapes
def test_an_eager_engine_and_a_common_beginning(shape):
    for settings in ({"eager": True}, {"vocabulary": VOCABULARY - 4}):
        rows = [written(shape, Sampling(0.0, max_new_tokens=4), which, **settings) for which in ("cuda", CPU)]
        assert [row.ids.tolist() for row in rows[0]] == [row.ids.tolist() for row in rows[1]]


@shapes
def test_a_token_of_each_row_fetches_what_was_drawn(shape):
    gpt = model(shape)
    engine = Engine(gpt, Sampling(1.0, max_new_tokens=8), end=None, slots=3, capacity=CONTEXT)
    engine.add([Row(np.array([5, 6], np.int32), 0, sample, row_stream(0, 0, sample)) for sample in range(3)])
    engine.step()
    memory.transfers.clear()
    before = dict(memory.moved)
    engine.step()
    assert memory.transfers["to host"] == 1
    assert memory.moved["to host"] - before["to host"] == 3 * 2 * 4, "an id and a log-probability of each row"
    assert memory.moved["to device"] - before["to device"] < 1000, "ids, places in the cache, random numbers"


@shapes
def test_extending_a_cache_in_every_way(shape):
    """Many tokens a row, a few, one; after a shared prefix; after rows were copied, and the cache has grown."""
    found = {}
    for backend in ("cuda", CPU):
        with kernels.using(backend):
            gpt = model(shape, backend)
            cache = KVCache(gpt.config, 4, 6)
            ids = np.arange(12, dtype=np.int32).reshape(2, 6) % VOCABULARY
            logits = [gpt.extend(ids[:, :5], cache.at(np.array([0, 2])), np.array([5, 3]))]
            cache.copy(np.array([2, 0]), np.array([3, 1]))
            cache.grow(CONTEXT)
            logits.append(gpt.extend(ids[:, :2], cache.at(np.array([3, 1]), few=0), np.array([1, 2])))
            logits.append(gpt.extend(ids[:, :3], cache.at(np.array([3, 1]), few=2), np.array([3, 2])))
            logits.append(gpt.extend(ids[:1, 4:5], cache.at(np.array([1]))))
            cache.clear(np.array([1, 3]))
            logits.append(gpt.extend(ids[:, :3], cache.at(np.array([3, 1]), np.array([0, 2]), few=0)))
            assert isinstance(cache.keys[0], DeviceArray) == isinstance(logits[0], DeviceArray) == (backend == "cuda")
            found[backend] = [kernels.fetch(x) for x in logits], cache.held
    np.testing.assert_array_equal(found["cuda"][1], found[CPU][1])
    for got, expected in zip(found["cuda"][0], found[CPU][0], strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)


@shapes
def test_weights_held_in_bfloat16(shape):
    found = {}
    for backend in ("cuda", CPU):
        with kernels.using(backend):
            gpt = model(shape, backend).to_bfloat16()
            cache = KVCache(gpt.config, 1, 4)
            logits = [gpt.extend(np.array([[token]]), cache) for token in (3, 4)]
            found[backend] = np.concatenate([kernels.fetch(x) for x in logits])
    np.testing.assert_allclose(found["cuda"], found[CPU], rtol=2e-3, atol=2e-3)


def test_int8_is_refused_by_name():
    with pytest.raises(NotImplementedError, match="no CUDA kernel reads weights held in int8"):
        GPT(replace(CONFIGS["gpt2"], d_model=32)).to_int8()
