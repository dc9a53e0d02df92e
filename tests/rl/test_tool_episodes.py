"""Episodes with tools: in batch as one step at a time, with results that carry no gradient and earn no reward."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from caller import Guesses, make_box, make_caller
from roger import ANNA, ROGER, Notes

from minirl.generate import Schedule, generate, row_stream, stream_pieces
from minirl.rl import Agent, Environment, RLConfig, play, rollout
from minirl.rl.batch import make_batch
from minirl.rl.loss import action_log_probs, policy_loss
from minirl.rl.plain import plain_loss
from minirl.rl.reinforce import normaliser
from minirl.tools import Toolbox, calculator

PROBLEMS, SAMPLES, LONGEST = [ROGER, ANNA], 20, 16
STYLES = [{}, {"position": "learned", "mlp": "gelu"}]


@pytest.fixture(scope="module")
def box(tokenizer):
    return make_box(tokenizer)


@pytest.fixture(scope="module", params=STYLES, ids=["rope", "learned"])
def caller(request, tokenizer):
    return make_caller(tokenizer, dropout=0.1, **request.param)


def episodes_of(model, tokenizer, box, samples=SAMPLES, **settings):
    return rollout(
        model, tokenizer, Guesses(), PROBLEMS, samples, tools=box, **{"max_new_tokens": LONGEST, "seed": 5, **settings}
    )


def flat(model):
    return np.concatenate([p.grad.ravel().astype(np.float64) for p in model.parameters()])


def test_every_outcome_occurs(caller, tokenizer, box):
    """What the other tests say of these episodes is said of all kinds of them."""
    episodes = episodes_of(caller, tokenizer, box, samples=80)
    found = Counter((bool(e.forced.any()), e.finished, e.reward) for e in episodes)
    assert set(found) == {(called, *rest) for called in (True, False) for rest in ((True, 1), (True, 0), (False, 0))}
    results = "".join(tokenizer.decode(e.actions[e.forced]) for e in episodes)
    assert all(said in results for said in ("Answer: ", "no digits", "no such tool", "no calls left"))


@pytest.mark.parametrize(
    ("temperature", "tight"), [(1.0, False), (1.0, True), (0.0, False), (Schedule(1.6, 0.7, 6), False)], ids=str
)
def test_a_rollout_equals_stepping_the_mdp_one_token_at_a_time(caller, tokenizer, box, temperature, tight):
    """Where the context is tight, some results have no room."""
    if tight:
        caller = make_caller(tokenizer, context_length=len(tokenizer.encode(ROGER.prompt)) + LONGEST - 1)
    episodes = episodes_of(caller, tokenizer, box, temperature=temperature)
    agent = Agent(caller, tokenizer, temperature)
    environment = Environment(tokenizer, Guesses(), LONGEST, box, caller.config.context_length)
    for index, fast in enumerate(episodes if temperature else episodes[::SAMPLES]):
        problem, sample = divmod(index, SAMPLES) if temperature else (index, 0)
        slow = play(agent, environment, PROBLEMS[problem], row_stream(5, problem, sample))
        for name in ("prompt", "actions", "forced"):
            np.testing.assert_array_equal(getattr(fast, name), getattr(slow, name))
        np.testing.assert_allclose(fast.log_probs, slow.log_probs, atol=1e-4)
        assert (fast.reward, fast.finished, fast.text) == (slow.reward, slow.finished, slow.text)
        assert not fast.log_probs[fast.forced].any()
        assert (~fast.forced).sum() <= LONGEST and len(fast.prompt) + len(
            fast.actions
        ) <= agent.model.config.context_length + 1


@pytest.mark.parametrize("temperature", [1.0, 0.6, Schedule(1.6, 0.7, 6)], ids=str)
def test_log_probabilities_are_those_of_the_training_forward(caller, tokenizer, box, temperature):
    episodes = episodes_of(caller, tokenizer, box, temperature=temperature)
    assert sum(e.forced.any() for e in episodes) > 3
    batch = make_batch(episodes, np.ones(len(episodes)))
    np.testing.assert_allclose(action_log_probs(caller, batch, temperature), batch.log_probs, atol=1e-4)


def test_a_rows_result_does_not_depend_on_the_batch_around_it(caller, tokenizer, box):
    alone = rollout(caller, tokenizer, Guesses(), [ROGER], SAMPLES, max_new_tokens=LONGEST, seed=5, tools=box, slots=1)
    among = episodes_of(caller, tokenizer, box, slots=7)
    assert sum(e.forced.any() for e in alone) > 2
    for a, b in zip(alone, among, strict=False):
        np.testing.assert_array_equal(a.actions, b.actions)
        np.testing.assert_allclose(a.log_probs, b.log_probs, atol=1e-6)


def test_results_carry_no_gradient(tokenizer, box):
    """Whatever stands in their log-probabilities and advantages."""
    model = make_caller(tokenizer)
    episodes = [e for e in episodes_of(model, tokenizer, box) if e.forced.any()]
    A = np.random.default_rng(0).standard_normal(len(episodes))
    assert normaliser(episodes, "tokens") == sum((~e.forced).sum() for e in episodes)
    garbage = [replace(e, log_probs=np.where(e.forced, np.float32(-7), e.log_probs)) for e in episodes]
    gradients = []
    for given in (episodes, garbage):
        batch = make_batch(given, A)
        policy_loss(model, batch, 1, RLConfig(clip=0.2, kl=0.1), batch.log_probs + np.float32(0.1))[0].backward()
        gradients.append(flat(model))
        model.zero_grad()
    np.testing.assert_array_equal(*gradients)
    assert np.abs(gradients[0]).max() > 0


def test_plain_reinforce_has_the_same_gradient(tokenizer, box):
    model = make_caller(tokenizer)
    episodes = episodes_of(model, tokenizer, box)
    plain_loss(Agent(model, tokenizer), episodes, SAMPLES).backward()
    plain = flat(model)
    model.zero_grad()
    rewards = np.array([e.reward for e in episodes]).reshape(-1, SAMPLES)
    A = (rewards - (rewards.sum(axis=1, keepdims=True) - rewards) / (SAMPLES - 1)).reshape(-1)
    policy_loss(model, make_batch(episodes, A), normaliser(episodes, "tokens"), RLConfig())[0].backward()
    np.testing.assert_allclose(flat(model), plain, atol=1e-5 * np.abs(plain).max())


# ---- the checker reads what the agent said ----


def ended(tokenizer, box, *actions):
    """The environment after these actions, and the reward of the last one."""
    environment = Environment(tokenizer, Notes(), 64, box)
    environment.reset(ROGER)
    for text in actions:
        for token in tokenizer.encode(text, allowed_special="all"):
            _, reward, done = environment.step(token)
    assert done
    return environment, reward


@pytest.mark.parametrize(
    ("actions", "said", "reward"),
    [
        (" So 11.\nAnswer: 11<|end|>", " So 11.\nAnswer: 11", 1),
        (" So<|tool|>1 38<|/tool|>.<|end|>", " So.", 0),  # the result is "Answer: 11"
        ("\n<|tool|>1 38<|/tool|><|end|>", "\n", 0),
        ("\nAnswer: <|tool|>1 38<|/tool|><|end|>", "\nAnswer: ", 0),
        ("<|tool|>1 38<|/tool|>\nAnswer: 11<|end|>", "\nAnswer: 11", 1),
        ("<|tool|>\nAnswer: 11<|/tool|><|end|>", "", 0),
        ("\nAnswer: 11<|tool|><|end|>", "\nAnswer: 11", 0),  # a call that has not ended
        ("\nAnswer: 11<|result|>", "\nAnswer: 11", 0),
        ("\nAnswer: 11<|pad|>", "\nAnswer: 11", 0),
    ],
)
def test_only_what_the_agent_says_is_paid(tokenizer, box, actions, said, reward):
    environment, paid = ended(tokenizer, box, actions)
    assert (environment.text, paid) == (said, reward)


def test_without_tools_the_marks_are_tokens_like_others(tokenizer):
    environment, reward = ended(tokenizer, None, " 12<|tool|><|result|> 7\nAnswer: 11<|end|>")
    assert (environment.text, environment.finished, reward) == (" 12 7\nAnswer: 11", True, 1.0)


def test_states_count_results_apart(tokenizer, box):
    environment = Environment(tokenizer, Notes(), 64, box)
    state = environment.reset(ROGER)
    for token in tokenizer.encode("<|tool|>1 38<|/tool|>", allowed_special="all"):
        before, (state, _, done) = state, environment.step(token)
    assert not done and state.chosen == before.chosen + 1 and state.forced == state.step - state.chosen > 3
    assert tokenizer.decode(state.actions).endswith("<|/tool|><|result|>Answer: 11<|/result|>")


def test_a_call_that_comes_too_late_is_cut_off(tokenizer):
    call = tokenizer.encode("<|tool|>calculator 1<|/tool|>", allowed_special="all")
    held = len(tokenizer.encode(ANNA.prompt)) + len(call) + 3  # with the result, 1, and its marks
    limits = [(99, None, False), (99, held, False), (99, held - 1, True)]
    for longest, context, over in [*limits, (len(call) + 1, None, False), (len(call), None, True)]:
        environment = Environment(tokenizer, Notes(), longest, Toolbox(tokenizer, [calculator]), context)
        environment.reset(ANNA)
        outcomes = [environment.step(token) for token in call]
        assert [done for _, _, done in outcomes] == [False] * (len(call) - 1) + [over]
        assert environment.state.forced == (0 if over else 3)


# ---- generate and stream ----


def test_generate_and_stream_say_the_same(caller, tokenizer, box):
    settings = {"max_new_tokens": LONGEST, "temperature": Schedule(1.4, 0.8, 5)}
    kinds = set()
    for seed in range(12):
        [made] = generate(caller, tokenizer, ROGER.prompt, seed=seed, tools=box, **settings)
        arrived = list(stream_pieces(caller, tokenizer, ROGER.prompt, box, seed=seed, **settings))
        assert "".join(piece.text for piece in arrived if piece.kind == "said") == made.text
        assert len(made.forced) == len(made.ids) and not made.log_probs[made.forced].any()
        kinds |= {piece.kind for piece in arrived}
    assert kinds == {"said", "call", "result"}


def test_penalties_do_not_count_results(tokenizer):
    """A result may repeat what the model wrote, and the model may repeat a result: only its own tokens count."""
    model, box = make_caller(tokenizer), make_box(tokenizer)
    rows = list(generate(model, tokenizer, [ROGER.prompt], tools=box, samples=30, max_new_tokens=12, no_repeat_ngram=1))
    assert any(row.forced.any() for row in rows)
    for row in rows:
        own = row.ids[~row.forced].tolist()
        assert len(set(own)) == len(own)
