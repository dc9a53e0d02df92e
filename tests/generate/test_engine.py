"""The engine: what a row gets depends on the model, its prompt and its stream, and on nothing else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minirl.generate import Engine, Row, Sampling, generate_ids, row_stream
from minirl.model import GPT, GPTConfig

V, END = 29, 5


def make_model(**changes):
    model = GPT(GPTConfig.llama(**{"vocab_size": V, "context_length": 32, "n_layer": 2, "n_head": 2, "d_model": 16,
                                   "n_kv_head": 1, "dropout": 0.2, **changes}), seed=1)  # fmt: skip
    for parameter in model.parameters():
        if parameter.ndim == 2:
            parameter.data *= 8
    return model


MODEL = make_model()
prompt_lists = st.lists(st.lists(st.integers(0, V - 1), min_size=1, max_size=20), min_size=1, max_size=6)


def one_at_a_time(prompt, sampling, stream, end=END):
    """The plain loop without a cache: the logits after all tokens so far, then one token more."""
    from minirl import kernels

    MODEL.eval()
    ids, log_probs = [], []
    for _ in range(sampling.max_new_tokens):
        logits = np.ascontiguousarray(MODEL([*prompt, *ids]).data[0, -1:])
        token, log_prob = kernels.sample(
            logits, stream.random(1), temperature=sampling.temperature, top_k=sampling.top_k, top_p=sampling.top_p
        )
        ids.append(int(token[0]))
        log_probs.append(log_prob[0])
        if ids[-1] == end:
            break
    MODEL.train()
    return ids, log_probs


@settings(deadline=None, max_examples=25)
@given(
    prompts=prompt_lists,
    samples=st.integers(1, 4),
    slots=st.integers(1, 9),
    rule=st.sampled_from([Sampling(1.0), Sampling(0.0), Sampling(0.7, 5), Sampling(1.3, 0, 0.8)]),
    length=st.integers(1, 12),
)
def test_every_row_is_what_the_plain_loop_makes(prompts, samples, slots, rule, length):
    rule = Sampling(rule.temperature, rule.top_k, rule.top_p, length)
    arrays = [np.array(prompt, np.int32) for prompt in prompts]
    rows = list(generate_ids(MODEL, arrays, rule, END, seed=3, samples=samples, slots=slots))
    assert [(row.problem, row.sample) for row in rows] == [(p, s) for p in range(len(prompts)) for s in range(samples)]
    for row in rows:
        ids, log_probs = one_at_a_time(row.prompt, rule, row_stream(3, row.problem, row.sample))
        assert row.ids.tolist() == ids
        np.testing.assert_allclose(row.log_probs, log_probs, atol=2e-5)
        assert row.finished == (ids[-1] == END)


def test_finished_rows_free_their_place_for_waiting_prompts():
    """With 8 slots and 40 rows of different length, no slot waits for the longest row."""
    engine = Engine(MODEL, Sampling(max_new_tokens=20), END, 8, 32)
    rng = np.random.default_rng(0)
    for problem in range(40):
        engine.add([Row(rng.integers(0, V, 4).astype(np.int32), problem, 0, row_stream(0, problem, 0))])
    ended, steps, refilled = [], 0, False
    while engine.busy:
        before = len(engine.rows)
        ended += engine.step()
        steps += 1
        refilled |= 0 < before < len(engine.rows)
        assert len(engine.rows) <= 8
    assert sorted(row.problem for row in ended) == list(range(40))
    assert refilled
    assert steps < 5 * max(len(row.ids) for row in ended)  # five full loads, each as long as its longest row


def test_a_prompt_is_computed_once_for_all_its_samples():
    seen = []

    class Counting(GPT):
        def extend(self, ids, cache, lengths=None):
            seen.append(np.shape(ids))
            return super().extend(ids, cache, lengths)

    model = Counting(GPTConfig.llama(vocab_size=V, context_length=32, n_layer=1, n_head=2, d_model=16))
    prompts = [np.arange(7, dtype=np.int32), np.arange(4, dtype=np.int32)]
    list(generate_ids(model, prompts, Sampling(max_new_tokens=3), None, samples=6))
    assert seen == [(2, 7), (12, 1), (12, 1)]


def test_more_samples_than_slots_take_turns():
    rows = list(generate_ids(MODEL, [np.array([1, 2], np.int32)], Sampling(max_new_tokens=4), END, samples=11, slots=3))
    wide = list(generate_ids(MODEL, [np.array([1, 2], np.int32)], Sampling(max_new_tokens=4), END, samples=11))
    assert [row.ids.tolist() for row in rows] == [row.ids.tolist() for row in wide]
    assert len({tuple(row.ids) for row in rows}) > 5


def test_a_row_ends_where_the_context_is_full():
    [row] = generate_ids(MODEL, [np.arange(20, dtype=np.int32)], Sampling(max_new_tokens=50), None)
    assert len(row.prompt) + len(row.ids) == MODEL.config.context_length + 1  # the last token is never read
    assert not row.finished


def test_a_model_in_training_mode_samples_without_dropout_and_stays_in_training_mode():
    prompts = [np.array([3, 1], np.int32)]
    MODEL.train()
    first, second = (next(iter(generate_ids(MODEL, prompts, Sampling(max_new_tokens=9), END))) for _ in range(2))
    np.testing.assert_array_equal(first.log_probs, second.log_probs)
    assert MODEL.training and MODEL.blocks[0].dropout.training


def test_no_prompts_give_nothing():
    assert list(generate_ids(MODEL, [], Sampling(), END)) == []


def test_errors_say_what_is_wrong():
    with pytest.raises(ValueError, match="a prompt has 33 tokens, more than the model's context length, 32"):
        list(generate_ids(MODEL, [np.zeros(33, np.int32)], Sampling(), END))
    with pytest.raises(ValueError, match="the prompt has 0 tokens; expected 1 to"):
        list(generate_ids(MODEL, [np.zeros(0, np.int32)], Sampling(), END))
    with pytest.raises(ValueError, match="samples=0"):
        list(generate_ids(MODEL, [np.zeros(3, np.int32)], Sampling(), END, samples=0))
    with pytest.raises(ValueError, match="max_new_tokens 0"):
        Sampling(max_new_tokens=0)
    with pytest.raises(ValueError, match="top_p"):
        Sampling(top_p=0)


def test_streams_differ_by_seed_problem_and_sample():
    names = [(0, 0, 0), (0, 0, 1), (0, 1, 0), (1, 0, 0), ((0, 1), 0, 0), ((1, 0), 0, 0), ((1, 0, 0), 0, 0)]
    first = [row_stream(*name).random() for name in names]
    assert len(set(first)) == len(names)
    assert first == [row_stream(*name).random() for name in names]
