"""The engine: what a row gets depends on the model, its prompt and its stream, and on nothing else."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minirl.generate import Engine, Row, Sampling, Schedule, generate_ids, row_stream
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
        if sampling.temperature == 0:  # the draw is certain; recorded is what the model itself thinks of the token
            log_prob = kernels.log_softmax(logits)[0, token]
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
        Engine(MODEL, Sampling(), END, 1, 8).add([Row(np.zeros(0, np.int32), 0, 0, row_stream(0, 0, 0))])


@pytest.mark.parametrize(
    "changes, error, message",
    [
        ({"prompts": [[3], []]}, ValueError, r"prompt 1 has shape \(0,\); expected \(P,\), with 1 token or more"),
        ({"prompts": [[[3]]]}, ValueError, r"prompt 0 has shape \(1, 1\)"),
        ({"prompts": [[3.0]]}, TypeError, "prompt 0 have dtype float64; expected whole numbers"),
        ({"prompts": [[3], [V]]}, IndexError, f"is {V}; expected 0 to {V - 1}"),
        ({"samples": 0}, ValueError, "samples is 0; expected 1 or more"),
        ({"samples": 1.5}, TypeError, "samples is 1.5; expected a whole number"),
        ({"slots": -1}, ValueError, "slots is -1; expected 1 or more"),
        ({"seed": -1}, ValueError, "seed is -1; expected 0 or more"),
        ({"seed": (3, -2)}, ValueError, "seed is -2; expected 0 or more"),
        ({"seed": 0.5}, TypeError, "seed is 0.5; expected a whole number"),
        ({"seed": "seven"}, TypeError, "seed is 'seven'; expected a whole number"),
        ({"seed": None}, TypeError, "seed is None; expected a whole number"),
    ],
)
def test_misuse_is_refused_before_anything_is_computed(changes, error, message):
    with pytest.raises(error, match=message):
        generate_ids(**{"model": MODEL, "prompts": [[3, 1]], "sampling": Sampling(), "end": END, **changes})


@pytest.mark.parametrize(
    "settings, error, message",
    [
        ({"temperature": float("nan")}, ValueError, "temperature nan must be 0"),
        ({"temperature": float("inf")}, ValueError, "temperature inf must be 0"),
        ({"temperature": -0.1}, ValueError, "temperature -0.1 must be 0"),
        ({"temperature": "hot"}, TypeError, "temperature is 'hot'; expected a number"),
        ({"top_k": -1}, ValueError, "top_k is -1; expected 0 or more"),
        ({"top_k": 2.5}, TypeError, "top_k is 2.5; expected a whole number"),
        ({"top_p": 0}, ValueError, "top_p 0 must lie in"),
        ({"top_p": 1.1}, ValueError, "top_p 1.1 must lie in"),
        ({"top_p": float("nan")}, ValueError, "top_p nan must lie in"),
        ({"max_new_tokens": 0}, ValueError, "max_new_tokens is 0; expected 1 or more"),
        ({"min_p": 1.5}, ValueError, "min_p is 1.5; expected 0"),
        ({"min_p": None}, TypeError, "min_p is None; expected a number"),
        ({"no_repeat_ngram": -1}, ValueError, "no_repeat_ngram is -1; expected 0 or more"),
        ({"frequency_penalty": float("inf")}, ValueError, "frequency_penalty is inf; expected a finite number"),
        ({"presence_penalty": "x"}, TypeError, "presence_penalty is 'x'; expected a number"),
        ({"temperature": Schedule(1.0, 0.5, 3), "min_p": "x"}, TypeError, "min_p is 'x'; expected a number"),
        ({"max_new_tokens": 1e6}, TypeError, "max_new_tokens is 1000000.0; expected a whole number"),
    ],
)
def test_settings_that_are_no_distribution_are_refused(settings, error, message):
    with pytest.raises(error, match=message):
        Sampling(**settings)


def ids_of(rows):
    return [row.ids.tolist() for row in rows]


def test_numbers_of_numpy_and_huge_ones_are_accepted():
    prompts = [[1, 2], [7]]
    rule = Sampling(max_new_tokens=5)
    expected = ids_of(generate_ids(MODEL, prompts, rule, END, seed=11, samples=3))
    same = ids_of(generate_ids(MODEL, prompts, rule, END, seed=np.int64(11), samples=np.int32(3), slots=np.uint8(4)))
    assert same == expected
    many = Sampling(np.float32(1), np.int64(2**62), np.float64(1), np.int64(5))
    assert ids_of(generate_ids(MODEL, prompts, many, END, seed=[np.uint32(11)], samples=3)) == expected
    assert (
        ids_of(generate_ids(MODEL, prompts, Sampling(top_k=2**80, max_new_tokens=5), END, seed=11, samples=3))
        == expected
    )
    assert ids_of(generate_ids(MODEL, prompts, rule, END, seed=2**200)) != expected


@pytest.mark.parametrize("kind", ["list", "int64", "uint16 memmap", "strided"])
def test_prompts_may_be_any_whole_numbers(kind, tmp_path):
    plain = np.array([4, 1, 9], np.int32)
    np.array([4, 1, 9], np.uint16).tofile(tmp_path / "ids.bin")
    prompt = {
        "list": [4, 1, 9],
        "int64": plain.astype(np.int64),
        "uint16 memmap": np.memmap(tmp_path / "ids.bin", np.uint16, "r"),
        "strided": np.repeat(plain, 2)[::2],
    }[kind]
    rule = Sampling(max_new_tokens=6)
    assert ids_of(generate_ids(MODEL, [prompt], rule, END)) == ids_of(generate_ids(MODEL, [plain], rule, END))


def test_no_more_is_stored_than_the_context_can_hold():
    """Numbers are drawn and arrays made for the tokens that can be generated, not for max_new_tokens."""
    rule = Sampling(max_new_tokens=10**12)
    engine = Engine(MODEL, rule, END, 2, MODEL.config.context_length)
    assert max(engine.ids.size, engine.uniforms.size) <= 2 * MODEL.config.context_length
    long, short = (
        ids_of(generate_ids(MODEL, [[1, 2], [3]], Sampling(max_new_tokens=n), None, samples=2)) for n in (10**12, 9)
    )
    assert [len(ids) for ids in long] == [31, 31, 32, 32] and [ids[:9] for ids in long] == short


def test_rows_are_made_as_they_come_due():
    """Not all at once: a billion samples begin as quickly as one."""
    rows = generate_ids(MODEL, [[1, 2]], Sampling(max_new_tokens=2), None, samples=10**9, slots=4)
    first = [next(rows).ids.tolist() for _ in range(10)]
    assert first == ids_of(generate_ids(MODEL, [[1, 2]], Sampling(max_new_tokens=2), None, samples=10, slots=4))


@pytest.mark.parametrize("rule", [Sampling(), Sampling(0.0), Sampling(1.5, 4), Sampling(1.0, 0, 0.9)], ids=str)
def test_surplus_ids_of_the_model_are_never_drawn(rule):
    rule = replace(rule, max_new_tokens=12)
    MODEL.eval()
    rows = list(generate_ids(MODEL, [[1, 2], [3]], rule, None, samples=20, vocabulary=10))
    assert all((row.ids < 10).all() for row in rows)
    if rule.temperature:
        assert len({int(i) for row in rows for i in row.ids}) > 3
        for row in rows[::7]:
            logits = MODEL([*row.prompt, *row.ids[:-1]]).data[0, len(row.prompt) - 1 :].astype(np.float64)
            scaled = logits / rule.temperature
            log_pi = scaled - np.log(np.exp(scaled).sum(axis=1, keepdims=True))  # among all ids, as in training
            np.testing.assert_allclose(row.log_probs, log_pi[np.arange(len(row.ids)), row.ids], atol=1e-4)


def test_streams_differ_by_seed_problem_and_sample():
    names = [(0, 0, 0), (0, 0, 1), (0, 1, 0), (1, 0, 0), ((0, 1), 0, 0), ((1, 0), 0, 0), ((1, 0, 0), 0, 0)]
    first = [row_stream(*name).random() for name in names]
    assert len(set(first)) == len(names)
    assert first == [row_stream(*name).random() for name in names]
