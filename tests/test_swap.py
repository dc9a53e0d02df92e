"""A replaced function is another one everywhere, for a while."""

import numpy as np
import pytest

from minirl import swap
from minirl.rl import advantage, mdp, plain, reinforce
from minirl.swap import active, replaced


def test_it_is_replaced_where_it_is_defined_where_it_is_imported_and_in_tables() -> None:
    before = advantage.leave_one_out, plain.play
    with replaced("minirl.rl.advantage:leave_one_out", lambda original: lambda rewards: "mine"):
        assert advantage.leave_one_out(0) == "mine" == advantage.KINDS["leave_one_out"](0)
        with replaced("minirl.rl.mdp:play", lambda original: lambda *arguments: "played"):
            assert mdp.play() == plain.play() == "played"
            assert active() == ("minirl.rl.advantage:leave_one_out", "minirl.rl.mdp:play")
    assert (advantage.leave_one_out, plain.play) == before
    assert advantage.KINDS["leave_one_out"] is before[0] and active() == ()


def test_methods_are_replaced_and_the_original_is_at_hand() -> None:
    def longer(original):
        return lambda state, action: original(original(state, action), action)

    with replaced("minirl.rl.mdp:State.after", longer):
        assert mdp.State((1,), 1).after(5).tokens == (1, 5, 5)
    assert mdp.State((1,), 1).after(5).tokens == (1, 5)


def test_an_error_inside_brings_the_original_back() -> None:
    before = reinforce.normaliser
    with (
        pytest.raises(ZeroDivisionError),
        replaced("minirl.rl.reinforce:normaliser", lambda original: lambda *arguments: 1),
    ):
        assert reinforce.normaliser is not before
        raise ZeroDivisionError
    assert reinforce.normaliser is before and swap.active() == ()


def test_a_function_that_only_watches_is_not_among_the_replaced() -> None:
    seen = []
    with replaced(
        "minirl.rl.advantage:leave_one_out", lambda old: lambda rewards: seen.append(1) or old(rewards), watches=True
    ):
        advantage.KINDS["leave_one_out"](np.array([[1.0, 0.0]]))
        assert seen and active() == ()
