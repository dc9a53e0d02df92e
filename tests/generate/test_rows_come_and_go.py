"""An eager engine, as a server has it: rows come one by one, go on from given ids, and are given up; each gets the bits
that it would get alone."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minirl import kernels
from minirl.generate import Engine, Row, Sampling, Schedule, generate_ids, row_stream
from minirl.generate import engine as engine_file
from minirl.model import GPT, GPTConfig, KVCache
from minirl.tokenizer import DEFAULT_SPECIAL_TOKENS, Tokenizer
from minirl.tools import Toolbox, calculator

V, END, CONTEXT = 61, 5, 96
RULES = [Sampling(1.0), Sampling(0.0), Sampling(0.7, 5), Sampling(1.3, 0, 0.8), Sampling(Schedule(1.5, 0.3, 9)),
         Sampling(1.0, frequency_penalty=0.5, no_repeat_ngram=3)]  # fmt: skip


def make_model(vocabulary=V, context=CONTEXT):
    model = GPT(GPTConfig.llama(vocab_size=vocabulary, context_length=context, n_layer=2, n_head=2, d_model=16), seed=1)
    for parameter in model.parameters():
        if parameter.ndim == 2:
            parameter.data *= 8
    return model.eval()


MODEL = make_model()


def alone(prompt, rule, samples, seed):
    return list(generate_ids(MODEL, [prompt], rule, END, seed=seed, samples=samples))


def same(row, other):
    assert row.ids.tolist() == other.ids.tolist()
    if kernels.backend() == "native":
        assert row.log_probs.tobytes() == other.log_probs.tobytes()
    else:
        np.testing.assert_allclose(row.log_probs, other.log_probs, atol=2e-5)
    assert row.finished == other.finished


arrivals = st.lists(
    st.tuples(
        st.integers(1, 70),  # tokens of the prompt
        st.integers(1, 3),  # samples
        st.sampled_from(RULES),
        st.integers(1, 20),  # max_new_tokens
        st.integers(0, 4),  # steps until the next arrives
        st.sampled_from([None, None, None, 0, 3]),  # given up after so many further arrivals
    ),
    min_size=1, max_size=9,
)  # fmt: skip


@settings(deadline=None, max_examples=40)
@given(arrivals=arrivals, slots=st.integers(3, 7), piece=st.integers(1, 50))
def test_rows_get_the_bits_that_they_get_alone_whoever_comes_and_goes(arrivals, slots, piece):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine_file, "PIECE", piece)
        engine = Engine(MODEL, Sampling(max_new_tokens=CONTEXT), END, slots, CONTEXT, eager=True)
        rng, wanted, ended, given_up = np.random.default_rng(0), {}, {}, []

        def step():
            for row in engine.step():
                ended[row.problem, row.sample] = row
            assert len(engine.rows) + sum(len(start.rows) for start in engine.starting) + len(engine.free) == slots

        for number, (length, samples, rule, most, pause, patience) in enumerate(arrivals):
            prompt = rng.integers(0, V, length).astype(np.int32)
            own = Sampling(**{**vars(rule), "max_new_tokens": most})
            rows = [Row(prompt, number, i, row_stream(number, 0, i), sampling=own) for i in range(samples)]
            engine.add(rows)
            wanted[number] = alone(prompt, own, samples, number)
            given_up += [] if patience is None else [(number + patience, rows)]
            for at, gone in given_up:
                if at == number:
                    engine.drop(gone)
                    wanted.pop(gone[0].problem)
            for _ in range(pause if engine.busy else 0):
                if engine.busy:
                    step()
        while engine.busy:
            step()
        for number, rows in wanted.items():
            for row in rows:
                same(ended[number, row.sample], row)
        assert sorted(engine.free) == list(range(slots))
        assert sorted(engine.prompt_rows) == list(range(slots, 2 * slots))
        assert not engine.cache.held.any()


@settings(deadline=None, max_examples=30)
@given(length=st.integers(1, 60), rule=st.sampled_from(RULES), share=st.floats(0, 1), company=st.booleans())
def test_going_on_from_ones_own_tokens_gives_the_same_rest(length, rule, share, company):
    prompt = np.random.default_rng(length).integers(0, V, length).astype(np.int32)
    own = Sampling(**{**vars(rule), "max_new_tokens": 30})
    [whole] = alone(prompt, own, 1, 7)
    k = min(int(share * len(whole.ids)), len(whole.ids) - 1)
    engine = Engine(MODEL, Sampling(max_new_tokens=CONTEXT), END, 4, CONTEXT, eager=True)
    if company:
        engine.add([Row(prompt[:1], 1, 0, row_stream(3, 0, 0))])
        engine.step()
    begun = whole.ids[:k]
    engine.add([Row(prompt, 0, 0, row_stream(7, 0, 0), sampling=own, begun=begun, begun_forced=np.zeros(k, bool))])
    ended = {}
    while engine.busy:
        ended |= {row.problem: row for row in engine.step()}
    assert ended[0].ids.tolist() == whole.ids.tolist()
    if kernels.backend() == "native":
        assert ended[0].log_probs[k:].tobytes() == whole.log_probs[k:].tobytes()


def test_a_prompt_in_pieces_has_the_logits_of_one_that_is_read_at_once():
    prompt = np.random.default_rng(0).integers(0, V, (1, 90)).astype(np.int32)
    at = np.array([0], np.int32)
    whole = MODEL.extend(prompt, KVCache(MODEL.config, 1).at(at))
    for cuts in ([0, 1, 2, 90], [0, 40, 80, 90], [0, 89, 90], list(range(91))):
        cache = KVCache(MODEL.config, 1)
        for start, stop in pairwise(cuts):
            logits = MODEL.extend(prompt[:, start:stop], cache.at(at, few=0))
        if kernels.backend() == "native":
            assert logits.tobytes() == whole.tobytes()
        else:
            np.testing.assert_allclose(logits, whole, atol=1e-4)


def test_there_must_be_room_after_the_ids_that_a_row_goes_on_from():
    engine = Engine(MODEL, Sampling(max_new_tokens=4), END, 2, CONTEXT)
    prompt, begun = np.arange(3, dtype=np.int32), np.arange(4, dtype=np.int32)
    with pytest.raises(ValueError, match=r"4 ids, 4 of them drawn.*max_new_tokens, 4"):
        engine.add([Row(prompt, 0, 0, row_stream(0, 0, 0), begun=begun, begun_forced=np.zeros(4, bool))])
    assert not engine.busy


def test_stops_count_what_was_drawn_and_not_what_a_tool_says():
    """A stop that stands in a tool's result ends nothing."""
    tokenizer = Tokenizer.train(["12 * 34 = 408 calculator"] * 4, 274, special_tokens=DEFAULT_SPECIAL_TOKENS)
    box = Toolbox(tokenizer, [calculator])
    special = tokenizer.special_tokens
    call = [special["<|tool|>"], *tokenizer.encode("calculator 12 * 34"), special["<|/tool|>"]]
    model = make_model(len(tokenizer), 128)
    seen = []

    def finish(ids):
        seen.append(ids.tolist())
        return False

    engine = Engine(model, Sampling(max_new_tokens=len(call) + 3), None, 1, 128, eager=True)
    turn = box.turn()
    begun = np.array(call, np.int32)
    result = turn.resume(begun, np.zeros(len(call), bool), 100)
    assert tokenizer.decode(result, skip_special=True) == "408"
    row = Row(
        np.array(tokenizer.encode("12"), np.int32), 0, 0, row_stream(0, 0, 0), turn=turn, finish=finish,
        begun=np.concatenate([begun, result]),
        begun_forced=np.concatenate([np.zeros(len(call), bool), np.ones(len(result), bool)]),
    )  # fmt: skip
    engine.add([row])
    while engine.busy:
        engine.step()
    assert seen and all(ids[: len(call)] == call for ids in seen)
    assert seen[0] == [*call, *row.ids[len(call) + len(result) : len(call) + len(result) + 1].tolist()]
    assert turn.calls == 1
