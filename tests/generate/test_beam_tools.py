"""Beam search whose beams call tools: exhaustive where it is wide enough, greedy where it is narrow, scores of what was
chosen alone."""

import functools

import numpy as np
import pytest

from minirl.autograd import no_grad
from minirl.generate import Beams, Sampling, beam_search_ids, generate_ids
from minirl.model import GPT, GPTConfig
from minirl.tools import Toolbox
from tests.letters import END, END_RESULT, END_TOOL, RESULT, TOOL, A, B, Letters, Twice, V

T = 4
PROMPTS = [np.array(ids, np.int32) for ids in ([A, B, B], [B], [A, A])]


BOX = Toolbox(Letters(), [Twice()])


@functools.cache
def tiny(seed):
    model = GPT(GPTConfig(V, 24, n_layer=1, n_head=1, d_model=4, d_ff=8, bias=False), seed=seed)
    for parameter in model.parameters():
        if parameter.ndim == 2:
            parameter.data *= 12
    return model


@no_grad()
def log_probs(model, prompt, ids):
    """log pi of each id, by a training forward."""
    z = model([*prompt, *ids][:-1]).data[0, len(prompt) - 1 :].astype(np.float64)
    z -= z.max(axis=1, keepdims=True)
    return (z - np.log(np.exp(z).sum(axis=1, keepdims=True)))[np.arange(len(ids)), ids]


def episodes(ids=(), forced=()):
    """Every episode of up to T chosen tokens, in the rules of the tools written again: (ids, forced, finished)."""
    for token in range(V):
        now, mine = [*ids, token], [*forced, False]
        chosen = [i for i, given in zip(now, mine, strict=True) if not given]
        inside = chosen[:-1].count(TOOL) > chosen[:-1].count(END_TOOL)
        misplaced = (TOOL, END) if inside else (END_TOOL,)
        misused = token in (RESULT, END_RESULT, *misplaced)
        last = len(chosen) == T
        if misused or (token == END_TOOL and last):
            yield now, mine, False
        elif token == END or last:
            yield now, mine, token == END
        elif token == END_TOOL:
            begun = len(now) - 1 - now[::-1].index(TOOL)
            letters = now[begun + 1 : -1]
            result = [A, A] if letters == [A] else [B]
            given = [RESULT, *result, END_RESULT]
            yield from episodes([*now, *given], [*mine, *[True] * len(given)])
        else:
            yield from episodes(now, mine)


@pytest.mark.parametrize(("form", "alpha"), [("power", 0.0), ("gnmt", 0.6), ("power", 1.0)])
@pytest.mark.parametrize("seed", [3, 9])
def test_a_wide_search_is_exhaustive(form, alpha, seed):
    model, rule = tiny(seed), Beams(V**T, form, alpha, T)
    (found,) = beam_search_ids(model, PROMPTS[:1], rule, END, tools=BOX)
    expected = []
    for ids, forced, finished in episodes():
        total = log_probs(model, PROMPTS[0], ids)[~np.array(forced)].sum()
        expected.append((not finished, -rule.score(total, len(ids) - sum(forced)), ids, forced))
    expected.sort(key=lambda one: one[:2])
    assert len(found) == len(expected)
    assert any(any(one.forced) and one.finished for one in found)
    for one, (cut, score, ids, forced) in zip(found, expected, strict=True):
        assert one.finished is not cut and one.score == pytest.approx(-score, abs=1e-4)
        if one.ids == ids:
            assert one.forced == forced
    assert sorted(one.ids for one in found) == sorted(ids for _, _, ids, _ in expected)


@pytest.mark.parametrize("seed", range(6))
def test_one_beam_is_greedy_decoding(seed):
    model = tiny(seed)
    greedy = list(generate_ids(model, PROMPTS, Sampling(temperature=0, max_new_tokens=12), END, tools=BOX))
    for row, found in zip(
        greedy, beam_search_ids(model, PROMPTS, Beams(1, "gnmt", 0, 12), END, tools=BOX), strict=True
    ):
        assert found[0].ids == row.ids.tolist() and found[0].forced == row.forced.tolist()
        assert found[0].finished == row.finished
        assert found[0].log_probs == pytest.approx(row.log_probs.tolist(), abs=1e-5)


def test_results_do_not_depend_on_the_other_prompts():
    model, rule = tiny(9), Beams(3, "gnmt", 0.6, 10)
    together = list(beam_search_ids(model, PROMPTS, rule, END, tools=BOX))
    assert any(any(one.forced) for found in together for one in found)
    for prompt, found in zip(PROMPTS, together, strict=True):
        (alone,) = beam_search_ids(model, [prompt], rule, END, tools=BOX)
        assert [(one.ids, one.forced, one.finished, one.spent) for one in alone] == [
            (one.ids, one.forced, one.finished, one.spent) for one in found
        ]
        assert [one.score for one in alone] == pytest.approx([one.score for one in found], abs=1e-5)  # NumPy rounds


def test_a_full_context_cuts_beams_off():
    config = GPTConfig(V, 8, n_layer=1, n_head=1, d_model=4, d_ff=8, bias=False)
    model = GPT(config, seed=9)
    for found in beam_search_ids(model, PROMPTS, Beams(8, "power", 0, 30), END, tools=BOX):
        assert found and all(len(one.ids) <= 9 for one in found)
