"""Gymnasium's own checker accepts the environment."""

from copy import deepcopy
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from roger import ANNA, ROGER

from minirl.rl import Environment
from minirl.runs import Run
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


def test_it_can_be_copied_after_it_was_used(environment):
    environment.reset(seed=0)
    environment.step(np.int64(1))
    copy = deepcopy(environment)
    assert [copy.step(np.int64(2))[1:4]] == [environment.step(np.int64(2))[1:4]]
    assert copy.render() == environment.render()


def test_many_of_it_step_side_by_side_in_processes(environment, tokenizer):
    """Gymnasium's processes are forks, or start anew with a pickled copy."""
    environment.reset(seed=0)
    together = gymnasium.vector.AsyncVectorEnv([partial(deepcopy, environment)] * 2, context="spawn")
    try:
        observations, _ = together.reset(seed=[0, 1])
        assert observations.shape == (2, environment.capacity)
        _, rewards, *_ = together.step(np.array([1, 2]))
        assert rewards.tolist() == [0, 0]
    finally:
        together.close()


def test_the_example_of_the_docs_runs(run, monkeypatch):
    """docs/rewards.md plugs in a reward of one's own."""
    page = (Path(__file__).parents[2] / "docs" / "rewards.md").read_text(encoding="utf-8")
    code = page.partition("<!-- gymnasium -->\n```python\n")[2].partition("```")[0]
    assert code.count("\n") <= 10
    monkeypatch.setattr(Run, "open", lambda folder: run)
    found: dict[str, object] = {}
    exec(code, found)
    assert found["reward"] == 0 and found["terminated"] in (True, False)
