"""Preferences as files, splits that leak nothing, and judges that understand nothing."""

import json

import numpy as np
import pytest

from minirl import prefer
from minirl.data import published as data
from minirl.preferences import (
    Pair,
    accuracy,
    append_pair,
    grouped_split,
    length,
    llmbar,
    pandalm,
    read_pairs,
    surface_judge,
    write_pairs,
)
from minirl.tasks.records import DataError

PAIRS = [
    Pair("Q: a\nReasoning:", " good", " bad", group="a"),
    Pair("Q: a\nReasoning:", " fine", " bad", tie=True, group="a"),
    Pair('Q: "b" é\nReasoning:', " yes", ""),
]


def test_a_file_gives_the_pairs_back(tmp_path):
    write_pairs(tmp_path / "pairs.jsonl", PAIRS[:2])
    append_pair(tmp_path / "pairs.jsonl", PAIRS[2])
    assert read_pairs(tmp_path / "pairs.jsonl") == PAIRS
    assert json.loads((tmp_path / "pairs.jsonl").read_text().splitlines()[2])["tie"] is False


@pytest.mark.parametrize(
    "line, message",
    [
        ('{"prompt": "a", "chosen": "b"}', "line 1: the field 'rejected' is missing"),
        ('{"prompt": "a", "chosen": "b", "rejected": 3}', "'rejected' is 3; expected text"),
        ('{"prompt": "a", "chosen": "b", "rejected": "c", "tie": 1}', "expected true or false"),
        ('{"prompt": "a", "chosen": "b", "rejected": "c", "better": 1}', "a field 'better'"),
    ],
)
def test_what_a_file_may_not_hold(tmp_path, line, message):
    (tmp_path / "pairs.jsonl").write_text(line)
    with pytest.raises(DataError, match=message):
        read_pairs(tmp_path / "pairs.jsonl")


def test_no_group_stands_on_both_sides():
    pairs = [Pair(f"prompt {i % 10}", f"a {i}", f"b {i}") for i in range(60)]
    train, test = grouped_split(pairs, 0.3, seed=1)
    assert len(train) + len(test) == 60 and len(test) == 18
    assert not {p.prompt for p in train} & {p.prompt for p in test}
    assert grouped_split(pairs, 0.3, seed=1)[1] == test != grouped_split(pairs, 0.3, seed=2)[1]
    with pytest.raises(ValueError, match="leaves one side empty"):
        grouped_split(pairs, 0.01)


def test_the_longer_one_wins_half_of_the_ties_of_length():
    pairs = [Pair("p", "long", "a"), Pair("p", "ab", "cd"), Pair("p", "a", "b", tie=True), Pair("p", "a", "bcd")]
    assert accuracy(length, pairs) == pytest.approx(0.5)
    with pytest.raises(ValueError, match="no pair with a winner"):
        accuracy(length, pairs[2:3])


def test_surface_features_find_what_is_on_the_surface():
    """Where people prefer digits, counting digits is enough; on words that they do not count it is worthless."""
    rng = np.random.default_rng(0)
    answers = [" ".join(rng.choice(["red", "blue", "7", "42"], 8)) for _ in range(400)]
    digits = [sum(map(str.isdigit, a)) for a in answers]
    pairs = []
    for i in range(0, 400, 2):
        a, b = (i, i + 1) if digits[i] >= digits[i + 1] else (i + 1, i)
        pairs.append(Pair(f"p {i}", answers[a], answers[b], tie=digits[a] == digits[b]))
    train, test = grouped_split(pairs, 0.5)
    assert accuracy(surface_judge(train), test) > 0.95
    coin = [Pair(p.prompt, *(rng.permutation([p.chosen, p.rejected]).tolist())) for p in train]
    assert abs(accuracy(surface_judge(coin), [p for p in test]) - 0.5) < 0.45


needs_files = pytest.mark.skipif(
    not (data.folder() / "preferences").is_dir(), reason="python -m minirl.data fetch preferences"
)


@needs_files
def test_the_published_preferences():
    pairs = pandalm()
    assert len(pairs) == 999 and len({p.belongs_to for p in pairs}) == 170
    assert sum(p.tie for p in pairs) == 105
    assert all(p.prompt.endswith("\nResponse:") and p.chosen.startswith(" ") for p in pairs)
    assert " true" in {p.chosen for p in pairs} | {p.rejected for p in pairs}
    assert round(100 * accuracy(length, pairs), 1) == 67.4
    assert len(llmbar()) == 100 and not any(p.tie for p in llmbar())
    assert round(100 * accuracy(length, llmbar()), 1) == 56.5


@needs_files
def test_a_vote_that_is_none_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("MINIRL_DATA_DIR", str(tmp_path))
    (tmp_path / "preferences").mkdir()
    record = {"instruction": "i", "input": "", "response1": "a", "response2": "b"}
    votes = {"annotator1": 0, "annotator2": 1, "annotator3": 2}
    (tmp_path / "preferences" / "pandalm-testset-v1.json").write_text(json.dumps([record | votes]))
    with pytest.raises(DataError, match="the three people say"):
        pandalm()


# ---- a person's own ----


def keys(*pressed):
    waiting = iter(pressed)
    return lambda: next(waiting)


def test_one_key_saves_a_pair_at_once_and_the_same_command_goes_on(run, tmp_path, capsys):
    out = tmp_path / "mine.jsonl"
    command = [str(run.folder), "--out", str(out)]
    assert prefer.main(command, keys("1", "x", "=", "s", "q")) == 0
    first = read_pairs(out)
    assert [pair.tie for pair in first] == [False, True]
    assert prefer.main(command, keys("2", "q")) == 0
    pairs = read_pairs(out)
    assert pairs[:2] == first and len(pairs) == 3
    assert len({pair.prompt for pair in pairs}) == 3  # nothing is asked twice
    assert all(pair.chosen != pair.rejected for pair in pairs)
    assert "3 pairs in" in capsys.readouterr().out


def test_1_and_2_choose_what_is_shown_there(run, tmp_path, capsys):
    chosen = []
    for pressed in "12":
        out = tmp_path / f"{pressed}.jsonl"
        prefer.main([str(run.folder), "--out", str(out)], keys(pressed, "q"))
        shown = capsys.readouterr().out
        (pair,) = read_pairs(out)
        places = {1 + (shown.index(f"[2]{text}") >= 0) for text in (pair.chosen,) if f"[2]{text}" in shown}
        chosen.append((pair.chosen, pair.rejected, places or {1}))
    assert chosen[0][:2] == chosen[1][1::-1]
    assert chosen[1][2] == {2}


def test_what_prefer_refuses(run, tmp_path, capsys):
    assert prefer.main([str(tmp_path)]) == 1
    assert "there is no run in" in capsys.readouterr().err
    assert prefer.main([str(run.folder), "--temperature", "0"]) == 1
    assert "--temperature is 0.0; give more than 0" in capsys.readouterr().err
