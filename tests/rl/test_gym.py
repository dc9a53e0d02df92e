"""Gymnasium's own checker accepts the environment."""

import numpy as np
import pytest
from roger import ANNA, ROGER

from minirl.rl import Environment
from minirl.tasks.task import END

pytestmark = pytest.mark.peers
gymnasium = pytest.importorskip("gymnasium")


@pytest.fixture
def environment(tokenizer, task):
    from minirl.rl.gym import GymEnvironment

    return GymEnvironment(Environment(tokenizer, task, max_new_tokens=45), [ROGER, ANNA])


@pytest.mark.filterwarnings("error")
def test_the_environment_checker_accepts_it(environment):
    from gymnasium.utils.env_checker import check_env

    check_env(environment, skip_render_check=True)


def test_an_episode_pays_1_for_the_right_answer(environment, tokenizer):
    observation, info = environment.reset(seed=3, options={"problem": ANNA})
    assert info == {"question": ANNA.question, "text": ""}
    results = [environment.step(np.int64(a)) for a in tokenizer.encode(ANNA.completion, allowed_special={END})]
    assert [r for _, r, *_ in results] == [0.0] * (len(results) - 1) + [1.0]
    assert [(ended, cut) for *_, ended, cut, _ in results] == [(False, False)] * (len(results) - 1) + [(True, False)]
    tokens = results[-1][0]
    assert tokenizer.decode(tokens[tokens < tokenizer.vocab_size]) == ANNA.prompt + ANNA.completion
    assert environment.render() == ANNA.prompt + ANNA.completion
    assert observation.shape == tokens.shape == environment.observation_space.shape


def test_an_episode_that_is_cut_off_is_truncated(environment):
    environment.reset(seed=0)
    *_, last = [environment.step(np.int64(0)) for _ in range(45)]
    assert last[1:4] == (0.0, False, True)


def test_the_seed_chooses_the_problems(environment):
    def questions(seed):
        environment.reset(seed=seed)
        return [environment.reset()[1]["question"] for _ in range(20)]

    assert questions(1) == questions(1) != questions(2)
    assert set(questions(1)) == {ROGER.question, ANNA.question}
