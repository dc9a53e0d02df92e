"""A tiny layer and a tiny model, with random weights of one decimal place, to try the functions of lesson 8 on.

    block(*example_layer(tokens=2, heads=1))
    gpt(*example_model(tokens=2, layers=1))

The checks of the lesson use the same ones, so a check that fails can be repeated and taken apart by hand. And a model
that is a table, `toy_model`, for the search of lesson 16.
"""

from collections.abc import Callable, Sequence

import numpy as np

from minirl.model import GPT, GPTConfig

HALVES = ("both", "attention", "feed-forward")
MOST = 8  # tokens
ENDS = ("attention.projection.weight", "mlp.projection.weight")  # the last matrices of the two halves of a layer


def example_layer(
    tokens: int = 2, heads: int = 1, half: str = "both"
) -> tuple[dict[str, np.ndarray], GPTConfig, np.ndarray]:
    """The arguments of `block`: parameters, configuration, and x (tokens, 4 heads).

    half: "attention" or "feed-forward" sets the last matrix of the other half to 0, so that it adds nothing to x.
    Raises ValueError for another half, and for less than 1 or more than 8 tokens.
    """
    if half not in HALVES:
        raise ValueError(f"example_layer: half is {half!r}; expected one of {', '.join(map(repr, HALVES))}")
    config, weights = example_weights(1, heads)
    first = "blocks.0."
    p = {name.removeprefix(first): value for name, value in weights.items() if name.startswith(first)}
    for end, other in zip(ENDS, ("feed-forward", "attention"), strict=True):
        if half == other:
            p[end] = np.zeros_like(p[end])
    rows = np.random.default_rng(heads).normal(size=(MOST, config.d_model)).round(1)
    return p, config, rows[: within(tokens)]


def example_model(
    tokens: int = 2, layers: int = 1, silent: bool = False
) -> tuple[dict[str, np.ndarray], GPTConfig, list[int]]:
    """The arguments of `gpt`: parameters, configuration, and a list of token numbers below 11. It has two heads.

    silent: the layers add nothing to x. Raises ValueError for less than 1 or more than 8 tokens.
    """
    config, weights = example_weights(layers, heads=2)
    if silent:
        weights = {name: np.zeros_like(value) if name.endswith(ENDS) else value for name, value in weights.items()}
    return weights, config, [3, 7, 0, 10, 3, 5, 1, 7][: within(tokens)]


def example_weights(layers: int, heads: int) -> tuple[GPTConfig, dict[str, np.ndarray]]:
    """The configuration and all parameters: 11 tokens, D = 4 numbers in a head, C = 4 heads, F = 5."""
    config = GPTConfig.llama(
        vocab_size=11, context_length=16, n_layer=layers, n_head=heads, d_model=4 * heads, d_ff=5, rope_base=100.0
    )
    rng, weights = np.random.default_rng(0), {}
    for name, parameter in GPT(config, seed=0).named_parameters():
        gain = parameter.ndim == 1
        drawn = rng.uniform(0.5, 1.5, parameter.shape) if gain else rng.normal(0, 0.7, parameter.shape)
        weights[name] = drawn.round(1)
    return config, weights


def within(tokens: int) -> int:
    """The number of tokens, where it is allowed."""
    if not 1 <= tokens <= MOST:
        raise ValueError(f"tokens is {tokens}; expected 1 to {MOST}")
    return tokens


def toy_model(seed: int, V: int) -> Callable[[Sequence[tuple[int, ...]]], np.ndarray]:
    """A model that is a small table, to try lesson 16's search on: log_probs(beginnings) is (n, V), the log-probability
    of each next token after each of n beginnings. It depends on the last two tokens. The table is drawn from `seed`."""
    table = np.random.default_rng(seed).normal(0, 1.5, (V + 1, V + 1, V))
    table -= np.log(np.exp(table).sum(axis=2, keepdims=True))

    def log_probs(beginnings: Sequence[tuple[int, ...]]) -> np.ndarray:
        lasts = [(V, V, *tokens)[-2:] for tokens in beginnings]  # V stands for "nothing yet"
        return np.array([table[before, last] for before, last in lasts])

    return log_probs
