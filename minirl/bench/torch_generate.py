"""Batched generation with a KV cache in PyTorch: the peer of minirl's engine.

Prompts of different lengths are padded on the left, read once each and copied to their samples; rows that have ended
are dropped as soon as they are a quarter. Tokens are drawn by inverting the distribution at the numbers that minirl
draws with, so both sides write the same text (but for rounding) and do the same work.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from minirl.bench.torch_gpt import GPT, Cache


@torch.inference_mode()
def complete(
    model: GPT,
    prompts: Sequence[np.ndarray],
    new_tokens: int,
    end: int | None = None,
    samples: int = 1,
    uniforms: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Ids (rows, new_tokens), -1 after the end token, and their log-probabilities; rows are prompts times samples.

    uniforms: (rows, new_tokens) in [0, 1); without them the most likely token is taken.
    """
    longest = max(map(len, prompts))
    ids = torch.zeros(len(prompts), longest, dtype=torch.long)
    padding = torch.tensor([longest - len(prompt) for prompt in prompts])
    for row, prompt in zip(ids, prompts, strict=True):
        row[longest - len(prompt) :] = torch.from_numpy(prompt)
    cache = Cache(model.config, len(prompts), longest, model.output_weight.dtype)
    logits = extend(model, ids, padding, cache).repeat_interleave(samples, 0)
    cache, padding = cache.repeat(samples, longest + new_tokens), padding.repeat_interleave(samples)

    numbers = None if uniforms is None else torch.from_numpy(uniforms).float()
    rows = torch.arange(len(logits))  # that are in work
    going = torch.ones(len(rows), dtype=torch.bool)
    written = torch.full((len(rows), new_tokens), -1)
    log_probs = torch.zeros(len(rows), new_tokens)
    for t in range(new_tokens):
        tokens, chosen = draw(logits, None if numbers is None else numbers[rows, t])
        written[rows[going], t], log_probs[rows[going], t] = tokens[going], chosen[going]
        if end is not None:
            going &= tokens != end
            if not going.any():
                break
            if going.sum() <= 0.75 * len(going):
                cache.select(going)
                rows, tokens, padding, going = rows[going], tokens[going], padding[going], going[going]
        if t + 1 < new_tokens:
            logits = extend(model, tokens[:, None], padding, cache)
    return written.numpy(), log_probs.numpy()


def extend(model: GPT, ids: Tensor, padding: Tensor, cache: Cache) -> Tensor:
    """The logits (B, V) that follow the new tokens (B, T); row b has padding[b] tokens of padding before its text."""
    start, stop = cache.used, cache.used + ids.shape[1]
    at = torch.arange(start, stop)
    positions = (at - padding[:, None]).clamp(min=0)
    mask = None
    if padding.any():
        keys = torch.arange(stop)
        seen = (keys >= padding[:, None, None]) & (keys <= at[:, None])
        mask = (seen | (keys == at[:, None]))[:, None]  # padding sees itself: rows that see nothing would be NaN
    h = model.hidden(ids, positions, mask, cache)[:, -1]
    return F.linear(h, model.output_weight)


def draw(logits: Tensor, uniform: Tensor | None) -> tuple[Tensor, Tensor]:
    """A token for each row, and log pi(token)."""
    if uniform is None:
        tokens = logits.argmax(-1)
        return tokens, logits.float().log_softmax(-1).gather(-1, tokens[:, None])[:, 0]
    pi = torch.softmax(logits, -1)
    running = pi.cumsum(-1)
    tokens = torch.searchsorted(running, uniform[:, None] * running[:, -1:], right=True).clamp(max=pi.shape[1] - 1)
    return tokens[:, 0], pi.gather(1, tokens)[:, 0].log()
