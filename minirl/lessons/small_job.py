"""The main job in small: the same chain of stages, on one story with 192 sets of numbers, in a quarter of a minute.

    run = main_job(SMALL, my_parts())

    Q: Roger has 5 tennis balls. He buys 2 more cans of tennis balls. Each can has 3 tennis balls. How many tennis balls
    does he have now?
    Reasoning: Roger has 5. 2 * 3 = 6. 5 + 6 = 11.
    Answer: 11<|end|>

It is small enough to be done twice in a lesson, and large enough that something happens in each stage: pretraining
learns to copy numbers, fine-tuning learns the form of a solution from 48 examples, and reinforcement learning practises
on 112 problems. The 40 problems of `test`, with Roger's own among them, are kept from all stages.
"""

from collections.abc import Sequence
from types import MappingProxyType

import numpy as np

from minirl.lessons.roger import ROGER, roger
from minirl.rl import rollout
from minirl.runs import (
    EvalConfig,
    ModelConfig,
    PretrainConfig,
    RLStageConfig,
    Run,
    SFTConfig,
    TrainConfig,
    demonstrations,
)
from minirl.tasks import TASKS, Problem
from minirl.tasks.checker import NumberChecker
from minirl.tasks.finite import Finite

TRAIN, DEV = 112, 40  # problems of these splits; the others are test


class Tennis(Finite):
    """Roger's story with 2 to 13 balls, and 2 to 5 cans of 2 to 5."""

    name = "tennis"
    checker = NumberChecker()
    documents = MappingProxyType({"recap": 0.2, "repeat": 0.3, "sums": 0.5})
    science = False

    def __init__(self) -> None:
        every = [roger(a, b, c) for a in range(2, 14) for b in range(2, 6) for c in range(2, 6)]
        others = [problem for problem in every if problem.key != ROGER.key]
        order = [others[i] for i in np.random.default_rng(0).permutation(len(others))]
        dev = TRAIN + DEV
        self._split = {"train": order[:TRAIN], "dev": order[TRAIN:dev], "test": [ROGER, *order[dev:]]}

    def listed(self, split: str) -> Sequence[Problem]:
        return self._split[self.require_split(split)]


TASKS[Tennis.name] = Tennis

SMALL = TrainConfig(
    name="small",
    task=Tennis.name,
    model=ModelConfig(vocab_size=320, n_layer=2, n_head=4, d_model=64, d_ff=176, init_std=0.1),
    pretrain=PretrainConfig(steps=300, batch_tokens=768, learning_rate=3.5e-3, warmup=20),
    sft=SFTConfig(demonstrations=48, epochs=20, learning_rate=3e-3, rehearsal_texts=0),
    rl=RLStageConfig(
        steps=40,
        prompts=16,
        samples=8,
        learning_rate=1e-3,
        warmup=3,
        rehearsal=16,
        rehearsal_texts=0,
        rehearsal_weight=0.3,
    ),
    evaluation=EvalConfig(problems=40, dev_problems=24, probes=4),
)


def kinds(run: Run) -> dict[str, list[Problem]]:
    """The problems of the small job by what a run has done with them: those that SFT has "shown" with their solutions,
    and RL practised too; those that RL alone has "practised"; and those "kept apart" from both."""
    task = Tennis()
    in_sft = {problem.key for problem in demonstrations(run.config, task)}
    return {
        "shown": [problem for problem in task.listed("train") if problem.key in in_sft],
        "practised": [problem for problem in task.listed("train") if problem.key not in in_sft],
        "kept apart": list(task.listed("test")),
    }


def rates(run: Run, stage: str, problems: Sequence[Problem], samples: int = 8) -> np.ndarray:
    """(P,) the share of right answers to each problem, among samples of the run's model after a stage."""
    limit = run.config.rl.max_new_tokens
    episodes = rollout(run.model(stage), run.tokenizer(), run.task(), problems, samples, max_new_tokens=limit, seed=5)
    return np.array([episode.reward for episode in episodes]).reshape(len(problems), samples).mean(axis=1)
