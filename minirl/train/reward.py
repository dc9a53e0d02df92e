"""What a run's reinforcement learning pays; and the reward model, where it is one, which learns before it.

The reward model begins as the model after SFT. That model answers some training problems several times, a checker
grades the answers (rl/quality.py), and the reward model learns from the pairs whose grades differ. Some problems are
held out to measure it, beside two judges that understand nothing.

    reward/    in the run's folder: the reward model as a checkpoint, head.safetensors beside it

It depends on the settings and on the model after SFT alone. So it is trained again, with the same bits, where a run
resumes before the first checkpoint of reinforcement learning.
"""

import time
from collections.abc import Sequence
from functools import partial

import numpy as np

from minirl.model import GPT
from minirl.preferences import Pair, accuracy, grouped_split, length, surface_judge
from minirl.rl.bradley_terry import FitConfig, fit_preferences
from minirl.rl.mdp import Episode, Reward
from minirl.rl.pairs import graded_pairs
from minirl.rl.quality import grade, quality_reward
from minirl.rl.reward_model import ModelReward, RewardModel
from minirl.rl.rollout import rollout
from minirl.runs import METRICS, Run, Screen
from minirl.runs.checkpoints import replacing_checkpoint
from minirl.storage.checksums import DamagedError, check_listed
from minirl.streams import stream_seed
from minirl.tasks import Task
from minirl.tokenizer import Tokenizer

REWARD = "reward"  # the folder, and the stage in metrics.jsonl
HELD_OUT = 0.2  # of the problems


def reward_of(run: Run, task: Task, tokenizer: Tokenizer) -> Reward | None:
    """The run's reward; None is the checker's. Raises FileNotFoundError where its model is not there yet."""
    if run.config.rl.reward == "model":
        return ModelReward(RewardModel.load(run.folder / REWARD, tokenizer), run.config.rl.missing_end)
    return quality_reward(task) if run.config.rl.reward == "reasoning" else None


def prepare(run: Run, task: Task, tokenizer: Tokenizer, screen: Screen) -> None:
    """Train the reward model, where the run needs one and has none that is whole."""
    if run.config.rl.reward != "model":
        return
    begins = run.state("rl") is None
    if begins or not is_whole(run):
        train_reward_model(run, task, tokenizer, screen, log=begins)


def is_whole(run: Run) -> bool:
    """Whether the run's reward model is there, with the bytes that were written."""
    try:
        check_listed(run.folder / REWARD)
    except DamagedError:
        return False
    return (run.folder / REWARD).is_dir()


def train_reward_model(run: Run, task: Task, tokenizer: Tokenizer, screen: Screen, log: bool = True) -> RewardModel:
    """Train it, measure it on problems that it has not seen, and save it. log: whether metrics.jsonl gets its lines.

    Raises ValueError where the model's answers hardly differ, so that there are no pairs."""
    began = time.perf_counter()
    settings, seed = run.config.rl, run.config.seed
    policy = run.model(run.before_rl)
    episodes = own_answers(run, policy, task, tokenizer)
    pairs = list(graded_pairs(episodes, settings.samples, partial(grade, task), ties=True))
    try:
        known, held = grouped_split(pairs, HELD_OUT, stream_seed(seed, "pairs held out"))
    except ValueError:
        raise ValueError(
            f"there are {len(pairs)} pairs of different answers, too few to learn a reward; give more "
            "--rl.pair-problems or --rl.samples, or train SFT less"
        ) from None
    model = RewardModel(policy, tokenizer, stream_seed(seed, "reward head"))
    fit = FitConfig(
        settings.reward_epochs, settings.reward_learning_rate, batch_tokens=settings.pass_tokens,
        seed=stream_seed(seed, "order of pairs"),
    )  # fmt: skip
    losses = fit_preferences(model, known, fit)
    model.normalise([e.problem.prompt for e in episodes], [e.text for e in episodes])
    found = judged(model, known, held)
    seconds = round(time.perf_counter() - began, 3)
    if log:
        for step, loss in enumerate(losses, start=1):
            last = found if step == len(losses) else {}
            run.append(METRICS, {"stage": REWARD, "step": step, "seconds": seconds, "loss": loss, **last})
    screen.say(told(found))
    with replacing_checkpoint(run.folder / REWARD) as new:
        model.save(new)
    return model


def own_answers(run: Run, policy: GPT, task: Task, tokenizer: Tokenizer) -> list[Episode]:
    """Answers of the model after SFT to problems of the split train, --rl.samples each."""
    settings, seed = run.config.rl, run.config.seed
    problems = task.problems("train", settings.pair_problems, stream_seed(seed, "pair problems"))
    return rollout(
        policy, tokenizer, task, problems, settings.samples, temperature=settings.temperature,
        max_new_tokens=settings.max_new_tokens, seed=stream_seed(seed, "pairs"),
    )  # fmt: skip


def told(found: dict[str, float]) -> str:
    """The measures of `judged` in a sentence."""
    if "pair_accuracy" not in found:
        return (
            f"reward model: {found['pairs']:.0f} pairs; no held-out pair has a winner, so nothing tells how good it is"
        )
    return (
        f"reward model: {found['pairs']:.0f} pairs; on held-out pairs with a winner it is right in "
        f"{found['pair_accuracy']:.1%}, the longer answer in {found['pair_length']:.1%}, surface features in "
        f"{found['pair_surface']:.1%}"
    )


def judged(model: RewardModel, known: Sequence[Pair], held: Sequence[Pair]) -> dict[str, float]:
    """How many pairs there were to learn from; and on held-out pairs with a winner, if there are any, the accuracy of
    the reward model, of the longer answer, and of surface features."""
    held = [pair for pair in held if not pair.tie]
    if not held:
        return {"pairs": len(known)}
    chosen, rejected = (
        model.score([p.prompt for p in held], [getattr(p, side) for p in held]) for side in ("chosen", "rejected")
    )
    return {
        "pair_accuracy": float(np.mean(0.5 + 0.5 * np.sign(chosen - rejected))),
        "pair_length": accuracy(length, held),
        "pair_surface": accuracy(surface_judge(known), held),
        "pairs": len(known),
    }
