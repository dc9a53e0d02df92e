"""What each process of `python -m minirl.bench scaling` does: updates of a model by random texts, and rollouts.

Rank 0 prints the times as a line of JSON. Each rank keeps to a core of its own.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from minirl.data import Batch
from minirl.generate import Sampling, generate_ids
from minirl.model import GPT, GPTConfig
from minirl.optim import AdamW, decay_groups
from minirl.parallel import Diloco, Outer, Pass, ShardedAdamW, Work, flat
from minirl.ranks import Group, current, everywhere, on_all_ranks
from minirl.train.stage import accumulate_gradients, add_part

PASS_TOKENS = 2048
PROMPTS, SAMPLES, PROMPT_TOKENS, NEW_TOKENS = 32, 4, 48, 32  # of a rollout
BETAS, DECAY, NORM = (0.9, 0.95), 0.1, 1.0


@dataclass(frozen=True)
class Case:
    """A model and a batch; see `scaling.Options`."""

    shards: int
    layers: int
    width: int
    vocabulary: int
    rows: int
    length: int
    updates: int
    inner_steps: int = 0
    overlap: bool = True

    def model(self) -> GPT:
        """The model, in Llama's shape."""
        shape = GPTConfig.llama(
            vocab_size=self.vocabulary, context_length=self.length, n_layer=self.layers,
            n_head=max(self.width // 64, 1), d_model=self.width, d_ff=self.width * 11 // 4, tie_embeddings=True,
        )  # fmt: skip
        return GPT(shape, seed=0)

    def batch(self, number: int) -> Batch:
        """Random texts, with weights that sum to 1."""
        rng = np.random.default_rng(number)
        ids = rng.integers(0, self.vocabulary, (2, self.rows * self.length), dtype=np.int32)
        starts = np.arange(self.rows + 1, dtype=np.int64) * self.length
        return Batch(ids[0], ids[1], np.ones(ids.shape[1], np.float32), starts).normalised()

    def work(self, shares: Sequence[Batch]) -> Work:
        """The passes of each shard."""
        return [[Pass(add_part, (part,), part.tokens) for part in share.split(1024, PASS_TOKENS)] for share in shares]


def exchange_seconds(parameters: float, ranks: int, bits_per_second: float) -> float:
    """The formula of docs/scaling.md: in an update each link carries 2 (1 - 1/N) 4 P bytes each way."""
    return 2 * (1 - 1 / ranks) * 4 * parameters * 8 / bits_per_second


def main(argv: Sequence[str]) -> int:
    """Measure the case that the first word describes."""
    case = Case(**json.loads(argv[0]))
    if current().size > 1:
        everywhere(keep_to_a_core)
    if not case.overlap:
        everywhere(in_one_bucket)
    model = case.model()
    found: dict[str, float] = {"parameters": model.parameter_count(), "rollout": timed(partial(rollout, model, case))}
    if case.shards == 1:
        optimizer = AdamW(decay_groups(model, DECAY), 1e-4, BETAS)
    else:
        optimizer = ShardedAdamW(model, DECAY, 1e-4, BETAS, case.shards)
    found["update"] = timed(partial(update, model, optimizer, case), case.updates)
    if isinstance(optimizer, ShardedAdamW):
        optimizer.close()
    if case.inner_steps:
        diloco = Diloco(model, DECAY, 1e-4, BETAS, case.shards, Outer(0.7, 0.9))
        found["diloco"] = timed(partial(round_of, diloco, case), 3) / case.inner_steps
        diloco.close()
    print(json.dumps(found), flush=True)
    return 0


def keep_to_a_core(group: Group) -> None:
    """Keep this rank to one core, where the system knows how, and each rank to another one."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[group.rank % len(cores)]})


def in_one_bucket(group: Group) -> None:
    """Exchange all gradients together, when backward is over."""
    flat.BUCKET = sys.maxsize


def update(model: GPT, optimizer: AdamW, case: Case) -> None:
    """One update, in shards or without."""
    batch = case.batch(0)
    if isinstance(optimizer, ShardedAdamW):
        optimizer.gradients(case.work(batch.shares(case.shards)))
    else:
        accumulate_gradients(model, batch, batch.tokens, PASS_TOKENS)
    optimizer.step(NORM)
    optimizer.zero_grad()


def round_of(optimizer: Diloco, case: Case) -> None:
    """A round of DiLoCo."""
    shares = [share.normalised() for share in case.batch(0).shares(case.shards)]
    optimizer.round([case.work(shares)] * case.inner_steps, [1e-4] * case.inner_steps, NORM)


def rollout(model: GPT, case: Case) -> None:
    """Answers to random prompts, all of the same length, as an untrained model hardly ever ends one."""
    rng = np.random.default_rng(0)
    prompts = list(rng.integers(0, case.vocabulary, (PROMPTS, PROMPT_TOKENS), dtype=np.int32))
    rule = Sampling(max_new_tokens=NEW_TOKENS)
    assert len(list(generate_ids(model, prompts, rule, None, samples=SAMPLES))) == PROMPTS * SAMPLES


def timed(work: Callable[[], None], times: int = 3) -> float:
    """The shortest of some times, in seconds, after one that is not counted: what else the machine does only adds."""
    work()
    found = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return min(found)


if __name__ == "__main__":
    sys.exit(on_all_ranks(partial(main, sys.argv[1:])))
