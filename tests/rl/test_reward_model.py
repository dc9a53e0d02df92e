"""Reward models and verifiers: their losses by hand, what they are blind to, and that they learn."""

import numpy as np
import pytest
from roger import ANNA, ROGER, make_model

from minirl.preferences import Pair
from minirl.rl import Environment, rollout
from minirl.rl.bradley_terry import FitConfig, contests, fit_preferences, pair_loss
from minirl.rl.calibration import auc_within, calibration_error, correlation
from minirl.rl.pairs import graded_pairs
from minirl.rl.reward_model import ModelReward, RewardModel, pack_answers
from minirl.rl.verifier import by_arithmetic, by_completions, fit_labels, labelled, labelled_loss, solution_scores
from minirl.tensor import Tensor

GOOD, BAD = " Anna has 4 pens.\nAnswer: 4", " Roger has 5.\nAnswer: 6"


@pytest.fixture
def judge(tokenizer):
    return RewardModel(make_model(tokenizer), tokenizer, seed=1)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


# ---- Bradley-Terry ----


def test_the_gradient_of_a_pair_is_what_the_formula_says():
    """d loss / d r_w = -(1 - P), and the opposite for r_l; a tie pulls the two together."""
    w, l_ = np.array([1.0, -0.5, 2.0], np.float32), np.array([0.2, 0.3, 1.0], np.float32)
    ties, weights = np.array([False, False, True]), np.array([0.5, 0.25, 0.25])
    chosen, rejected = Tensor(w, requires_grad=True), Tensor(l_, requires_grad=True)
    loss = pair_loss(chosen, rejected, ties, weights, centring=0)
    loss.backward()
    P = sigmoid(w - l_)
    won = np.where(ties, 0.5, 1.0)
    np.testing.assert_allclose(chosen.grad, weights * (P - won), atol=1e-6)
    np.testing.assert_allclose(rejected.grad, -weights * (P - won), atol=1e-6)
    by_hand = -(weights * (won * np.log(P) + (1 - won) * np.log(1 - P))).sum()
    assert loss.item() == pytest.approx(by_hand, rel=1e-5)


def test_a_constant_for_each_prompt_changes_nothing():
    rng = np.random.default_rng(0)
    w, l_, c = (rng.normal(size=5).astype(np.float32) for _ in range(3))
    found = []
    for shift in (0 * c, c):
        chosen, rejected = Tensor(w + shift, requires_grad=True), Tensor(l_ + shift, requires_grad=True)
        loss = pair_loss(chosen, rejected, np.zeros(5, bool), np.full(5, 0.2), centring=0)
        loss.backward()
        found.append((loss.item(), chosen.grad))
    assert found[0][0] == pytest.approx(found[1][0], rel=1e-5)
    np.testing.assert_allclose(found[0][1], found[1][1], atol=1e-6)
    centred = pair_loss(Tensor(w + 9), Tensor(l_ + 9), np.zeros(5, bool), np.full(5, 0.2)).item()
    assert centred > found[0][0] + 1  # the small term sees the constant


def test_a_prompt_weighs_the_same_however_many_pairs_it_has(judge):
    many = [Pair("a:", f" {i}", f" {j}") for i in range(3) for j in range(3, 6)]
    found = contests(judge, [*many, Pair("b:", " x", " y")])
    assert [len(c.pairs) for c in found] == [9, 1]
    assert [len(c.answers.answers) for c in found] == [6, 2]  # each answer is read once


def test_it_learns_what_is_preferred(tokenizer, judge):
    pairs = [Pair(p.prompt, GOOD, BAD) for p in (ROGER, ANNA)] * 4
    losses = fit_preferences(judge, pairs, FitConfig(epochs=30, learning_rate=1e-2))
    assert losses[-1] < 0.2 < losses[0]
    assert judge.one(ANNA.prompt, GOOD) > judge.one(ANNA.prompt, BAD)
    with pytest.raises(ValueError, match="no pair fits"):
        fit_preferences(judge, [Pair("a:", " x" * 200, " y")])


# ---- scores ----


def test_a_score_depends_on_nothing_but_prompt_and_answer(judge):
    alone = judge.one(ROGER.prompt, GOOD)
    many = judge.score([ANNA.prompt, ROGER.prompt, ROGER.prompt], [BAD, GOOD, BAD])
    assert many[1] == pytest.approx(alone, abs=1e-5)
    assert judge.score([ROGER.prompt] * 2, [BAD, GOOD])[1] == pytest.approx(alone, abs=1e-5)


def test_the_score_stands_after_the_end_token(judge, tokenizer):
    """A forward pass of prompt, answer and end token, read at its last place."""
    end = [tokenizer.special_tokens["<|end|>"]]
    ids = np.concatenate([tokenizer.encode_array(ROGER.prompt), tokenizer.encode_array(GOOD), end])
    h = judge.trunk.hidden(ids.astype(np.int32)).data[0, -1]
    by_hand = h @ judge.head.weight.data[0] + judge.head.bias.data[0]
    assert judge.one(ROGER.prompt, GOOD) == pytest.approx(float(by_hand), abs=1e-4)
    assert judge.one(ROGER.prompt, GOOD + "<|end|>") == judge.one(ROGER.prompt, GOOD)  # one end, not two


def test_reasoning_that_goes_on_is_judged_without_an_end_token(judge, tokenizer):
    """A step beam is not finished: the judge reads what stands there, and ends only what has its answer."""
    of_beam = judge.judge(ROGER.prompt)
    for text, end in ((" Anna has 4 pens. It", []), (GOOD, [tokenizer.special_tokens["<|end|>"]])):
        ids = np.concatenate([tokenizer.encode_array(ROGER.prompt), tokenizer.encode_array(text), end])
        h = judge.trunk.hidden(ids.astype(np.int32)).data[0, -1]
        by_hand = h @ judge.head.weight.data[0] + judge.head.bias.data[0]
        assert of_beam(text) == pytest.approx(float(by_hand), abs=1e-4)
    assert of_beam("") == judge.one(ROGER.prompt, "")  # a prompt alone has no token to read but the end


def test_scoring_reads_each_token_once(judge):
    group = judge.encode(ROGER.prompt, [GOOD, BAD])
    packed = pack_answers([group])
    assert len(packed.ids) == group.tokens == len(group.prompt) - 1 + sum(1 + len(a) for a in group.answers)


def test_rewards_are_normalised_under_the_starting_policy(judge, model, tokenizer, chance):
    episodes = rollout(model, tokenizer, chance, [ROGER, ANNA], 8, max_new_tokens=12, seed=0)
    prompts, texts = [e.problem.prompt for e in episodes], [e.text for e in episodes]
    judge.normalise(prompts, texts)
    r = judge.score(prompts, texts)
    assert r.mean() == pytest.approx(0, abs=1e-5) and r.std() == pytest.approx(1, rel=1e-5)
    with pytest.raises(ValueError, match="spread 0"):
        judge.normalise(prompts[:1] * 2, texts[:1] * 2)


def test_files_give_the_model_back(judge, tokenizer, tmp_path):
    judge.gain, judge.shift = 2.5, -0.25
    judge.save(tmp_path / "reward")
    again = RewardModel.load(tmp_path / "reward", tokenizer)
    assert again.one(ROGER.prompt, GOOD) == judge.one(ROGER.prompt, GOOD)
    with pytest.raises(FileNotFoundError, match="no reward model in"):
        RewardModel.load(tmp_path, tokenizer)


# ---- as the reward of an environment ----


def test_a_reward_of_ones_own_pays_in_rollouts_and_step_by_step(model, tokenizer, task):
    def reward(problem, text, finished):
        return len(text) / 10

    episodes = rollout(model, tokenizer, task, [ROGER, ANNA], 3, max_new_tokens=8, seed=1, reward=reward)
    assert [e.reward for e in episodes] == [len(e.text) / 10 for e in episodes]
    environment = Environment(tokenizer, task, max_new_tokens=8, reward=reward)
    environment.reset(ROGER)
    done, paid = False, 0.0
    for action in episodes[0].actions:
        _, paid, done = environment.step(int(action))
    assert done and paid == episodes[0].reward


def test_a_reward_model_pays_all_at_once_what_it_pays_one_by_one(judge, model, tokenizer, task):
    reward = ModelReward(judge, missing_end=0.5)
    episodes = rollout(model, tokenizer, task, [ROGER, ANNA], 4, max_new_tokens=10, seed=1, reward=reward)
    for e in episodes:
        expected = judge.one(e.problem.prompt, e.text) - (0.0 if e.finished else 0.5)
        assert e.reward == pytest.approx(expected, abs=1e-4)
        assert reward(e.problem, e.text, e.finished) == pytest.approx(e.reward, abs=1e-4)


# ---- verifiers ----


def test_the_loss_of_labels_is_binary_cross_entropy_and_blind_where_there_is_none():
    v = np.array([0.5, np.nan, -2.0, np.inf], np.float32)
    y = np.array([1.0, np.nan, 0.25, np.nan])
    x = Tensor(v, requires_grad=True)
    loss = labelled_loss(x, y)
    loss.backward()
    p = sigmoid(v[[0, 2]])
    by_hand = -(y[[0, 2]] * np.log(p) + (1 - y[[0, 2]]) * np.log(1 - p)).mean()
    assert loss.item() == pytest.approx(by_hand, rel=1e-5)
    np.testing.assert_allclose(x.grad[[0, 2]], (p - y[[0, 2]]) / 2, atol=1e-6)
    assert (x.grad[[1, 3]] == 0).all()


@pytest.fixture
def told(model, tokenizer, chance):
    made = rollout(model, tokenizer, chance, [ROGER, ANNA] * 4, 8, max_new_tokens=40, seed=3)
    return [e for e in made if e.finished][:24]


def test_an_outcome_verifier_learns_its_labels(judge, told):
    groups = [labelled(judge, [e], 1)[0] for e in told]
    losses = fit_labels(judge, groups, FitConfig(epochs=40, learning_rate=1e-2))
    assert losses[-1] < 0.7 * losses[0]
    assert all((label == label[0]).all() for group in groups for label in group.labels)


def test_steps_are_labelled_by_arithmetic(judge, tokenizer, told):
    import dataclasses

    text = " 5 + 6 = 11. 2 * 3 = 7. 1 + 1 = 2.\nAnswer: 2"
    episode = dataclasses.replace(told[0], text=text)
    (group,) = labelled(judge, [episode], 1, by_arithmetic(judge))
    known = group.labels[0][np.isfinite(group.labels[0])]
    assert known.tolist() == [1, 0, 0, 0]  # once an equation is false, it stays false


def test_steps_are_labelled_by_completions(judge, model, tokenizer, chance, told):
    import dataclasses

    episode = dataclasses.replace(told[0], text=" 5 + 6 = 11. 2.\nAnswer: 2", reward=1.0)
    labels = by_completions(judge, model, tokenizer, chance, samples=10, max_new_tokens=20, seed=1)
    (group,) = labelled(judge, [episode], 1, labels)
    known = group.labels[0][np.isfinite(group.labels[0])]
    assert len(known) == 3 and known[-1] == 1 and set(np.round(known * 10, 6) % 1) == {0}


def test_a_solution_is_as_good_as_its_steps(judge):
    texts = [" 1 + 1 = 2. 2.\nAnswer: 2"]
    product, least = (solution_scores(judge, [ROGER], texts, how) for how in ("product", "least"))
    assert 0 < product[0] <= least[0] < 1
    with pytest.raises(ValueError, match="together is 'mean'"):
        solution_scores(judge, [ROGER], [""], "mean")


# ---- pairs and measures ----


def test_pairs_by_grade(told):
    grades = {e.text: len(e.text) % 3 for e in told}
    pairs = list(graded_pairs(told[:6], 6, lambda problem, text, finished: grades[text], ties=True))
    assert all(grades[p.chosen] > grades[p.rejected] for p in pairs if not p.tie)
    assert all(grades[p.chosen] == grades[p.rejected] for p in pairs if p.tie)
    different = len({e.text for e in told[:6]})
    assert len(pairs) == different * (different - 1) / 2


def test_measures_of_a_judge():
    assert calibration_error([0.25, 0.25, 0.25, 0.25, 1.0], [True, False, False, False, True]) == 0
    with pytest.raises(ValueError, match="0 to 1"):
        calibration_error([1.5], [True])
    assert auc_within([[1, 2, 2], [9, 0]], [[False, True, False], [True, True]]) == pytest.approx(0.75)
    assert np.isnan(auc_within([[1.0]], [[True]]))
    assert correlation([1, 2, 3], [2, 4, 6]) == pytest.approx(1) and correlation([1, 1], [0, 1]) == 0
