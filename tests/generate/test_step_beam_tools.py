"""Beams of sentences with tools: what counts against the limits, and that a call counts for the whole episode."""

import numpy as np

from minirl.generate.step_beam import Beam, Reader, Search
from minirl.tools import Toolbox
from tests.letters import END_RESULT, END_TOOL, RESULT, TOOL, A, B, Letters, Twice

CALL = (TOOL, A, A, END_TOOL, RESULT, A, A, END_RESULT, B)
FORCED = (False,) * 4 + (True,) * 4 + (False,)


def searching(longest, turn):
    box = turn.box
    search = Search(0, np.array([B], np.int32), longest, 30, 1, 2, (0,), Reader(Letters(), box))
    search.beams = [Beam(CALL, (0.0,) * 9, FORCED, False, 0.0, turn=turn)]
    return search


def test_results_do_not_count_as_drawn():
    turn = Toolbox(Letters(), [Twice()]).turn()
    assert searching(6, turn).live and not searching(5, turn).live
    [rows] = searching(6, turn).next_rows()
    assert all(row.written.tolist() == [TOOL, A, A, END_TOOL, B] for row in rows)


def test_a_sentence_goes_on_with_the_calls_that_are_left():
    turn = Toolbox(Letters(), [Twice()], calls=1).turn()
    turn.calls = 1
    [rows] = searching(20, turn).next_rows()
    assert [row.turn.calls for row in rows] == [1, 1]
    assert len({id(row.turn) for row in rows} | {id(turn)}) == 3
