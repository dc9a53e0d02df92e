"""Stage 3, reinforcement learning: the model answers, the checker rewards right answers, REINFORCE updates the weights.

Every step takes new problems. (A published dataset is read in rounds.) Only their final answers are needed, no
solutions. Expert iteration is there to compare with.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from minirl.autograd import Array
from minirl.data import Loader
from minirl.evaluation.forgetting import Watch
from minirl.evaluation.forgetting_of_run import known_before
from minirl.evaluation.score import greedy_accuracy
from minirl.model import GPT
from minirl.rl.dpo import dpo_step
from minirl.rl.expert_iteration import expert_iteration_step
from minirl.rl.mdp import Episode, final_reward
from minirl.rl.ppo import PPO
from minirl.rl.preflight import Preflight, preflight
from minirl.rl.quality import is_valid
from minirl.rl.reinforce import Update, reinforce, reinforce_step
from minirl.rl.value import VALUE, Critic, NoValue, make_critic, under
from minirl.runs import SAMPLES, Run
from minirl.streams import stream_seed
from minirl.tasks import Task
from minirl.tasks.prompt import Form
from minirl.tokenizer import Tokenizer
from minirl.tools import toolbox, whole_text
from minirl.train.adapting import has_adapters, start_of
from minirl.train.own_answers import OwnRehearsal
from minirl.train.rehearsal import rehearsal, rehearses
from minirl.train.reward import reward_of
from minirl.train.stage import Measures, Stage

KEPT = 40  # steps of a run whose episodes are kept for the report
PREFLIGHT_PROBLEMS = 64


class RLStage(Stage):
    """REINFORCE, or another method, on a task. The KL divergence is measured from the policy after SFT."""

    name = "rl"
    headline = "reward"

    def __init__(self, run: Run, model: GPT, tokenizer: Tokenizer, task: Task, taught: Task | None = None) -> None:
        """task: where the problems come from. taught: the task of SFT, which is rehearsed, if that is another."""
        self.run, self.config, self.tokenizer, self.task = run, run.config, tokenizer, task
        super().__init__(model, self.config.rl, self.config.rl.steps, self.config.shards)
        self.tools = toolbox(tokenizer, task.tools)
        self.reference = start_of(model) if has_adapters(model) else run.model(run.before_rl)
        self.reward = reward_of(run, task, tokenizer)
        self.critic = self.value_function() if self.config.rl.method == "ppo" else NoValue()
        self.updating = self.method()
        self.dev = task.problems("dev", self.config.evaluation.dev_problems)
        if self.config.rl.own_answers:
            self.rehearsal: OwnRehearsal | Loader = OwnRehearsal(self.config, self.reference, tokenizer)
        else:
            self.rehearsal = rehearsal(self.config, taught or task, tokenizer)
        self.rehearses = bool(self.config.rl.own_answers) or rehearses(self.config, taught or task)
        self.forgetting = Watch(known_before(run, tokenizer), tokenizer) if self.config.evaluation.forgetting else None

    def update(self, step: int) -> Measures:
        settings, seed = self.config.rl, self.config.seed
        problems = self.task.batch(step, settings.prompts, seed)
        episodes, measures = reinforce(
            self.model, self.optimizer, self.tokenizer, self.task, problems, settings,
            seed=stream_seed(seed, "rollout", step), reference=self.reference,
            rehearsal=self.rehearsal.next_batch() if self.rehearses else None, update=self.updating,
            tools=self.tools, reward=self.reward, ask=self.run.ask,
        )  # fmt: skip
        right = [episode.reward for episode in episodes]
        if self.reward is not None:
            right = [final_reward(self.task, e.problem, e.text, e.finished) for e in episodes]
            valid = [is_valid(e.problem, e.text) for e in episodes]
            measures |= {"right": float(np.mean(right)), "valid": float(np.mean(valid))}
        if settings.reward == "model":  # `reward` keeps its meaning, so that curves of all runs can be compared
            measures |= {"paid": measures["reward"], "reward": measures["right"]}
        if step % max(1, self.steps // KEPT) == 0:
            for episode in notable(episodes, right):
                self.run.append(SAMPLES, episode_record(episode, step, self.tokenizer, self.run.form))
        return {**measures, "tokens": sum(len(episode.actions) for episode in episodes)}

    def probe(self) -> Measures:
        limit = self.config.evaluation.max_new_tokens
        accuracy = greedy_accuracy(
            self.model, self.tokenizer, self.task, self.dev, max_new_tokens=limit, form=self.run.form,
            shots=self.run.shots,
        )  # fmt: skip
        lost = self.forgetting.measures(self.model) if self.forgetting else {}
        return {"dev_accuracy": accuracy.value, **lost}

    def method(self) -> Update:
        """The update of the run's method."""
        if self.config.rl.method == "ppo":
            return PPO(self.critic)
        if self.config.rl.method == "dpo":
            return dpo_step
        return expert_iteration_step if self.config.rl.method == "expert_iteration" else reinforce_step

    def value_function(self) -> Critic:
        """PPO's value function, as it is before the first step. A network begins as the policy after SFT."""
        return make_critic(
            self.config.rl, self.model, lambda: self.run.model(self.run.before_rl), self.tokenizer, self.task,
            self.config.seed, self.reward,
        )  # fmt: skip

    def arrays(self) -> dict[str, Array]:
        return super().arrays() | {f"{VALUE}{name}": x for name, x in self.critic.arrays().items()}

    def load_arrays(self, arrays: Mapping[str, Array]) -> None:
        super().load_arrays({name: x for name, x in arrays.items() if not name.startswith(VALUE)})
        self.critic.load_arrays(under(VALUE, arrays))

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "cursor": self.rehearsal.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        super().load_state_dict(state)
        self.rehearsal.load_state_dict(state["cursor"])

    def preflight(self) -> Preflight:
        """Check before the first step whether samples differ in reward, so that there is something to learn from."""
        settings, seed = self.config.rl, self.config.seed
        problems = self.task.problems("train", PREFLIGHT_PROBLEMS, stream_seed(seed, "preflight problems"))
        return preflight(
            self.model, self.tokenizer, self.task, problems, samples=settings.samples, temperature=settings.temperature,
            max_new_tokens=settings.max_new_tokens, seed=stream_seed(seed, "preflight"), tools=self.tools,
            ask=self.run.ask,
        )  # fmt: skip


def notable(episodes: Sequence[Episode], rewards: Sequence[float]) -> list[Episode]:
    """One right and one wrong episode, by the checker's rewards, where there are both: of the first problem that has
    both, if one has."""
    right = [episode for episode, reward in zip(episodes, rewards, strict=True) if reward]
    wrong = [episode for episode, reward in zip(episodes, rewards, strict=True) if not reward]
    for one in right:
        for other in wrong:
            if one.problem is other.problem:
                return [one, other]
    return right[:1] + wrong[:1]


def episode_record(episode: Episode, step: int, tokenizer: Tokenizer, form: Form = "reasoning") -> dict[str, Any]:
    """An episode token by token, for samples.jsonl."""
    return {
        "kind": "episode",
        "stage": "rl",
        "step": step + 1,
        "prompt": episode.problem.prompt if form == "reasoning" else tokenizer.decode(episode.prompt),
        "completion": whole_text(tokenizer, episode.actions, episode.forced) if episode.forced.any() else episode.text,
        "answer": episode.problem.answer,
        "reward": episode.reward,
        "actions": [tokenizer.decode([action]) for action in episode.actions],
        "log_probs": [round(float(x), 4) for x in episode.log_probs],
    }
