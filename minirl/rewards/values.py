"""How good a value function is, against the truth: the mean reward of many completions from the same state."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro

from minirl import kernels
from minirl.rewards.samples import answers, markdown
from minirl.rl.calibration import correlation
from minirl.rl.config import PPOConfig
from minirl.rl.value import Critic, HeadValue, LearnedValue, MonteCarloValue, NetworkValue
from minirl.runs import Run, Screen
from minirl.streams import stream_seed


def values(
    run: Annotated[Path, tyro.conf.Positional],
    problems: int = 256,
    steps: int = 30,
    truth: int = 32,
    tested: int = 32,
    seed: int = 0,
) -> None:
    """Let value functions learn from the answers of a run's model after SFT, and compare each with the mean reward of
    many completions from the beginning of every sentence.

    Args:
        run: Folder of a run.
        problems: Training problems, with 4 answers each; every step reads an eighth of them.
        steps: Steps in which a value function learns, with 4 updates each.
        truth: Completions of a state that make the truth.
        tested: Unseen problems whose states are compared.
        seed: Of problems and samples.
    """
    opened, screen = Run.open(run), Screen()
    config = PPOConfig(method="ppo", max_new_tokens=opened.config.rl.max_new_tokens, value_samples=truth)
    with kernels.using_precision(opened.config.precision):
        known = answers(opened, "sft", "train", problems, 4, stream_seed(seed, "values"))
        unknown = answers(opened, "sft", None, tested, 1, seed)
        exact = MonteCarloValue(known.tokenizer, known.task, stream_seed(seed, "truth"))
        wanted = exact.look(known.model, unknown.episodes, config)
        at = wanted.decisions
        real = np.concatenate([V[places] for V, places in zip(wanted.values, at, strict=True)])
        rows = []
        critics: dict[str, tuple[Critic, PPOConfig]] = {
            "head": (HeadValue(known.model, 1e-3), replaced(config, 1e-3)),
            "network": (NetworkValue(opened.model("sft"), 3e-4), replaced(config, 3e-4)),
            "monte carlo, 4 samples": (MonteCarloValue(known.tokenizer, known.task, 1), replaced(config, 1e-3, 4)),
        }
        for name, (critic, settings) in critics.items():
            if isinstance(critic, LearnedValue):
                for step in range(steps):
                    part = known.episodes[(step % 8) * len(known.episodes) // 8 :][: len(known.episodes) // 8]
                    returns = [np.full(len(e.actions), e.reward) for e in part]
                    critic.learn(critic.look(known.model, part, settings), part, returns, settings)
            seen = critic.look(known.model, unknown.episodes, settings)
            said = np.concatenate([V[places] for V, places in zip(seen.values, at, strict=True)])
            rows.append([name, f"{correlation(said, real):.2f}", f"{np.abs(said - real).mean():.3f}"])
            screen.say(f"{name}: done")
        rows.append(["a constant, the mean", "0.00", f"{np.abs(real - real.mean()).mean():.3f}"])
    title = f"\n{len(real)} states of {tested} unseen problems; the truth is the mean of {truth} completions"
    print(markdown(title, ["value function", "correlation with the truth", "mean error"], rows))


def replaced(config: PPOConfig, rate: float, samples: int | None = None) -> PPOConfig:
    """The settings with another learning rate, and another number of samples."""
    return replace(config, value_learning_rate=rate, value_samples=samples or config.value_samples)
