"""The small inputs that lesson 8's checks show: each is what it says, and can be typed by a learner."""

import numpy as np
import pytest

from minirl import Tensor, kernels
from minirl.lessons.example_model import example_layer, example_model
from minirl.lessons.lesson import find_lesson
from minirl.model.plain import plain_block, plain_gpt


def tensors(p: dict[str, np.ndarray]) -> dict[str, Tensor]:
    return {name: Tensor(value) for name, value in p.items()}


def added(tokens: int, heads: int, half: str) -> np.ndarray:
    """What the layer adds to x."""
    p, config, x = example_layer(tokens, heads, half)
    with kernels.using("reference"):
        return plain_block(tensors(p), config, Tensor(x)).data - x


def logits(tokens: int, layers: int, silent: bool) -> np.ndarray:
    p, config, ids = example_model(tokens, layers, silent)
    with kernels.using("reference"):
        return plain_gpt(tensors(p), config, ids).data


@pytest.mark.parametrize("heads", [1, 2, 3])
def test_a_half_of_the_layer_is_what_it_says(heads: int) -> None:
    _, config, x = example_layer(3, heads)
    assert x.shape == (3, 4 * heads) and (config.n_head, config.head_size, config.ff_size) == (heads, 4, 5)
    attention, feed_forward, both = (added(3, heads, half) for half in ("attention", "feed-forward", "both"))
    assert np.abs(attention).min() > 0 and np.abs(feed_forward).min() > 0
    alone = added(1, heads, "attention")  # a token sees itself, and not those after it
    np.testing.assert_allclose(alone, attention[:1])
    assert not np.allclose(attention + feed_forward, both)  # the second half reads what the first has added


def test_a_silent_model_is_a_table_a_norm_and_an_output_matrix() -> None:
    p, config, ids = example_model(tokens=4, layers=2, silent=True)
    x = p["token_embedding.weight"][ids]
    normed = p["final_norm.weight"] * x / np.sqrt((x * x).mean(axis=1, keepdims=True) + config.norm_eps)
    found = logits(4, 2, silent=True)
    np.testing.assert_allclose(found, normed @ p["head.weight"].T)
    assert not np.allclose(found, logits(4, 2, silent=False))


def test_every_weight_can_be_read() -> None:
    for value in example_model(layers=2)[0].values():
        np.testing.assert_array_equal(value, value.round(1))


def test_what_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="half is 'mlp'; expected one of 'both'"):
        example_layer(half="mlp")
    for tokens in (0, 9):
        with pytest.raises(ValueError, match=f"tokens is {tokens}; expected 1 to 8"):
            example_model(tokens)


@pytest.mark.parametrize("name", ["block", "gpt"])
def test_the_shown_call_gives_the_input_of_the_check(name: str) -> None:
    check = find_lesson("8").module("checks").CHECKS[name]
    names = {"example_layer": example_layer, "example_model": example_model, name: lambda *given: given}
    for case in check.cases(np.random.default_rng(0)):
        p, config, rest = eval(check.show(*case), names)
        wanted = check.given(*case)
        assert config == wanted[1] and np.array_equal(rest, wanted[2])
        assert p.keys() == wanted[0].keys() and all(np.array_equal(p[key], wanted[0][key]) for key in p)
