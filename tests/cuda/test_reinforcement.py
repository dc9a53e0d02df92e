"""Reinforcement learning on the GPU: training finds what was drawn as likely, and the gradient is the CPU's."""

import numpy as np
import pytest
from models import CONFIGS, CONTEXT, CPU, model

from minirl import kernels
from minirl.generate import Engine, Row, Sampling
from minirl.generate.sampling import row_stream
from minirl.model.transformer import IGNORE
from minirl.rl.batch import Batch
from minirl.rl.config import RLConfig
from minirl.rl.loss import action_log_probs, policy_loss

PROMPT, SAMPLES, TEMPERATURE = 4, 3, 0.8


def drawn(gpt):
    """Episodes of one prompt, drawn by `gpt`, as a batch in which they share that prompt."""
    engine = Engine(gpt, Sampling(TEMPERATURE, max_new_tokens=6), end=None, slots=SAMPLES, capacity=CONTEXT)
    prompt = np.arange(3, 3 + PROMPT, dtype=np.int32)
    engine.add([Row(prompt, 0, sample, row_stream(1, 0, sample)) for sample in range(SAMPLES)])
    rows = []
    while engine.busy:
        rows += engine.step()
    ids, targets = [prompt[:-1]], [np.full(PROMPT - 1, IGNORE, np.int32)]
    log_probs, advantages = [np.zeros(PROMPT - 1, np.float32)], [np.zeros(PROMPT - 1, np.float32)]
    for number, row in enumerate(rows):
        ids.append(np.concatenate([prompt[-1:], row.ids[:-1]]))
        targets.append(row.ids)
        log_probs.append(row.log_probs)
        advantages.append(np.full(len(row.ids), number - 1.25, np.float32))
    starts = np.cumsum([0, *map(len, ids)])
    joined = [np.concatenate(parts) for parts in (ids, targets, advantages, log_probs)]
    prefixes, counts = np.array([-1, *[0] * SAMPLES]), np.array([len(row.ids) for row in rows])
    return Batch(*joined, starts, prefixes, counts)


@pytest.mark.parametrize("shape", CONFIGS)
def test_the_gradient_of_a_policy(shape):
    gpt = model(shape)
    batch = drawn(gpt)
    np.testing.assert_allclose(action_log_probs(gpt, batch, TEMPERATURE), batch.log_probs, atol=2e-5)
    config, found = RLConfig(temperature=TEMPERATURE, clip=0.1, kl=0.2, updates=2), {}
    moved = batch.log_probs - np.linspace(-0.3, 0.3, len(batch.ids), dtype=np.float32) * (batch.targets != IGNORE)
    for backend in ("cuda", CPU):
        with kernels.using(backend):
            policy = model(shape, backend)
            batch.log_probs[...] = moved  # as if the policy had moved since: some ratios are clipped
            loss, clipped = policy_loss(policy, batch, 18, config, reference=moved * np.float32(0.9))
            loss.backward()
            found[backend] = loss.item(), clipped, [kernels.fetch(p.grad) for p in policy.parameters()]
    assert found["cuda"][1] == found[CPU][1] > 0
    assert found["cuda"][0] == pytest.approx(found[CPU][0], rel=1e-4)
    for got, expected in zip(found["cuda"][2], found[CPU][2], strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-3, atol=1e-5)
