"""What PPO and reward models cost in time, beside what they are compared with."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro

from minirl import kernels
from minirl.autograd import no_grad
from minirl.generate import without_dropout
from minirl.optim import AdamW
from minirl.rewards.samples import answers, markdown
from minirl.rl.config import PPOConfig
from minirl.rl.ppo import PPO
from minirl.rl.reinforce import reinforce_step
from minirl.rl.reward_model import RewardModel, pack_answers
from minirl.rl.value import HeadValue, NetworkValue
from minirl.runs import Run


def cost(run: Annotated[Path, tyro.conf.Positional], problems: int = 64, repeats: int = 5) -> None:
    """Time one update of PPO and of REINFORCE from the same answers, and a reward model's scores beside one forward
    pass of the same tokens. Each is measured in turn, several times; the fastest counts.

    Args:
        run: Folder of a run; its model after SFT answers.
        problems: Training problems, with 4 answers each.
        repeats: How often each is measured.
    """
    opened = Run.open(run)
    if repeats < 1:
        raise ValueError(f"--repeats is {repeats}; give 1 or more")
    with kernels.using_precision(opened.config.precision):
        known = answers(opened, "sft", "train", problems, 4, 0)
        # every answer gets an advantage, as it does in PPO: else REINFORCE would skip some, and do less
        episodes = [replace(e, reward=float(np.cos(i))) for i, e in enumerate(known.episodes)]
        config = PPOConfig(samples=4, method="ppo", advantage="plain", value_warmup=0)
        jobs: dict[str, Callable[[], object]] = {}
        for name, update in (
            ("REINFORCE", reinforce_step),
            ("PPO, V is a head", PPO(HeadValue(known.model, 1e-2))),
            ("PPO, V is a network", PPO(NetworkValue(opened.model("sft"), 3e-4))),
        ):
            model = opened.model("sft")
            optimizer = AdamW(model.parameters(), lr=1e-5)
            settings = replace(config, value_updates=1) if "network" in name else config
            jobs[name] = lambda u=update, m=model, o=optimizer, s=settings: u(m, o, episodes, s, None, None)  # type: ignore[misc]
        judge = RewardModel(opened.model("sft"), known.tokenizer)
        groups = [judge.encode(g[0].problem.prompt, [e.text for e in g]) for g in known.groups()]
        packed = pack_answers(groups)

        @no_grad()
        def forward() -> None:
            with without_dropout(judge.trunk):
                judge.trunk.hidden(packed.ids, packed.starts, packed.prefixes)

        jobs["one forward pass"] = forward
        jobs["a reward model's scores"] = lambda: judge.token_scores(groups)
        times = {name: [clock(job) for _ in range(1)] for name, job in jobs.items()}  # the first time fetches all
        for _ in range(repeats):
            for name, job in jobs.items():
                times[name].append(clock(job))
    best = {name: min(found[1:]) for name, found in times.items()}
    rows = []
    for name, seconds in best.items():
        beside = "one forward pass" if "PPO" not in name and name != "REINFORCE" else "REINFORCE"
        rows.append([name, f"{1000 * seconds:.0f}", f"{seconds / best[beside]:.2f}"])
    print(markdown(f"\n{len(episodes)} answers", ["", "ms", "relative"], rows))


def clock(job: Callable[[], object]) -> float:
    """The seconds that a job takes."""
    start = time.perf_counter()
    job()
    return time.perf_counter() - start
