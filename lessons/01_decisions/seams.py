"""Where the functions of lesson 1 go into minirl: one for each method of the agent and the environment."""

import functools

import numpy as np

from minirl.lessons import Seam
from minirl.lessons.compare import Bound
from minirl.lessons.lesson import find_exercise, load
from minirl.rl.mdp import Episode, State

checks = load(find_exercise("decisions.policy")[0].folder / "checks.py")


def fit_after(after, original):
    """State.after, whose tokens are the learner's tuple."""
    return lambda self, action: State(after(self.tokens, int(action)), self.prompt_length, self.tokenizer)


def fit_policy(policy, original):
    """Agent.policy: the learner's, from the model's logits."""

    def fitted(self, state):
        return policy(self._logits(state)[: self.vocabulary].astype(np.float64), float(self.temperature))

    return fitted


def fit_draw(draw, original):
    """Agent.act: one number from rng picks from the agent's policy."""
    return lambda self, state, rng: draw(self.policy(state), rng.random())


def fit_step(step, original):
    """Environment.step, with the learner's answer to the action."""
    rules_of = step.__wrapped__.__globals__["Rules"]  # of the learner's own file

    def fitted(self, action):
        if self.problem is None:
            return original(self, action)  # which explains that reset was forgotten

        def is_correct(actions):
            return self.task.checker.check(self.problem, self.tokenizer.decode(actions, skip_special=True))

        rules = rules_of(self.state.prompt_length, self.end, self.max_new_tokens, is_correct)
        tokens, reward, done = step(self.state.tokens, int(action), rules)
        self.state = State(tokens, self.state.prompt_length, self.tokenizer)
        if done:
            self.problem = None
        return self.state, reward, done

    return fitted


def fit_play(play, original):
    """minirl.rl.mdp.play: an Episode from the learner's list."""

    @functools.wraps(original)
    def fitted(agent, environment, problem, rng):
        listed = play(agent, environment, problem, rng)
        first = listed[0][0]
        actions = np.array([action for _, action, _ in listed], np.int32)
        return Episode(
            problem,
            prompt=np.array(first.tokens, np.int32),
            actions=actions,
            log_probs=np.array([np.log(agent.policy(state)[action]) for state, action, _ in listed], np.float32),
            reward=listed[-1][2],
            finished=bool(actions[-1] == environment.end),
            text=agent.tokenizer.decode(actions, skip_special=True),
            forced=np.zeros(len(actions), bool),
        )

    return fitted


def right_step(state, action, rules):
    """What a step must return."""
    actions, finished = (*state[rules.prompt_length :], action), action == rules.end
    return (*state, action), float(finished and rules.is_correct(actions)), finished or len(actions) == rules.limit


SEAMS = [
    Seam(
        "rl.after",
        places=[("minirl.rl.mdp:State.after", fit_after)],
        oracle=lambda state, action: (*state, action),
        meter="minirl.rl.mdp:Environment.step",
        unit="new states",
    ),
    Seam(
        "rl.policy",
        places=[("minirl.rl.mdp:Agent.policy", fit_policy)],
        oracle=checks.softmax,
        bound=lambda logits, temperature: Bound(500, reason="rounding of the exponents and of the sum"),
        meter="minirl.rl.mdp:Agent._logits",
        unit="readings of the model",
    ),
    Seam(
        "rl.draw",
        places=[("minirl.rl.mdp:Agent.act", fit_draw)],
        oracle=checks.first_above,
        meter="minirl.rl.mdp:Agent.act",
        unit="actions",
    ),
    Seam(
        "rl.step",
        places=[("minirl.rl.mdp:Environment.step", fit_step)],
        oracle=right_step,
        meter="minirl.rl.mdp:Agent.act",
        unit="actions",
    ),
    Seam(
        "rl.play",
        places=[("minirl.rl.mdp:play", fit_play)],
        oracle=lambda *arguments: None,
        compare=False,
        meter="minirl.rl.mdp:Environment.reset",
        unit="episodes",
    ),
]
