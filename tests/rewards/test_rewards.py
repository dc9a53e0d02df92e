"""The experiments with rewards, small: that each runs, and that its table says what its parts found."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from minirl.preferences import Pair, write_pairs
from minirl.rewards import __main__ as program
from minirl.rewards import verify
from minirl.rewards.overoptimise import curve, kl, own_pairs
from minirl.rewards.quality import follows_plan
from minirl.rewards.samples import Answered, markdown
from minirl.rewards.verify import best_right, chosen_right
from minirl.rl.mdp import Episode
from minirl.rl.pairs import graded_pairs
from minirl.runs import METRICS, PLOTS, Run
from minirl.tasks import ROGER, get


@pytest.fixture
def copied(run, tmp_path):
    """The run, to write into."""
    shutil.copytree(run.folder, tmp_path / "run")
    return Run(tmp_path / "run", replace(run.config, runs=str(tmp_path), name="run"))


def table(capsys):
    """The rows of the table that was printed."""
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_a_verifier_is_trained_saved_and_measured(copied, capsys):
    command = [
        "verifier",
        str(copied.folder),
        "--problems",
        "6",
        "--samples",
        "2",
        "--tested",
        "4",
        "--kind",
        "outcome",
    ]
    status = program.main(command)
    output = capsys.readouterr()
    if status:  # a model without knowledge may end none of its answers
        assert "no answers to learn from" in output.err or "shapes" in output.err
        return
    assert (copied.folder / verify.FOLDER / "head.safetensors").is_file()
    assert "AUC within problems, verifier" in output.out


def made(rewards, texts):
    """Answers to Roger's problem and their rewards, 4 each."""
    tokens = np.zeros(1, np.int32)
    episodes = [
        Episode(ROGER, tokens, tokens, np.zeros(1, np.float32), r, True, text, np.zeros(1, bool))
        for r, text in zip(rewards, texts, strict=True)
    ]
    return Answered(None, None, get("word_problems"), [ROGER], episodes, 4)


def test_a_vote_is_weighted_and_the_best_is_chosen():
    tested = made([0, 0, 0, 1], ["\nAnswer: 7", "\nAnswer: 7", "\nAnswer: 7", "\nAnswer: 11"])
    assert chosen_right(tested, [[1.0] * 4]) == 0
    assert chosen_right(tested, [[0.1, 0.1, 0.1, 0.9]]) == 1
    assert chosen_right(tested, [[0.0] * 4]) == 0  # without any weight the majority decides
    assert best_right([[0.3, 0.1, 0.2, 0.9]], [[False, False, False, True]]) == 1


def test_best_of_n_can_only_raise_the_proxy():
    rng = np.random.default_rng(0)
    gold = rng.normal(size=800)
    found = curve(gold + rng.normal(size=800), gold, most=8)
    assert [n for n, _, _ in found] == [1, 2, 4, 8]
    proxies = [proxy for _, proxy, _ in found]
    assert proxies == sorted(proxies) and found[3][2] > found[0][2]
    assert found[0][2] == pytest.approx(gold.mean())
    assert kl(1) == 0 and kl(4) == pytest.approx(np.log(4) - 0.75)


def test_few_pairs_are_the_first_of_many(run):
    many = own_pairs(run, 6, seed=1)
    assert own_pairs(run, 6, seed=1) == many
    assert len({pair.prompt for pair in many}) == len(many)


def test_pairs_without_ties_have_winners():
    tested = made([0, 0, 1, 1], [" a", " b", " c", " c"])
    pairs = list(graded_pairs(tested.episodes, 4, lambda problem, text, finished: float(text == " c")))
    assert {(p.chosen, p.rejected) for p in pairs} == {(" c", " a"), (" c", " b")}


def test_quality_counts_right_answers_and_valid_traces(run, capsys):
    assert program.main(["quality", str(run.folder), "--problems", "3", "--samples", "2"]) == 0
    rows = table(capsys)
    assert len(rows) == 2 and all(len(row) == 6 for row in rows)
    assert follows_plan(ROGER, " 5 + 6 = 11.\nAnswer: 11") and not follows_plan(ROGER, " 5 + 2 = 7.\nAnswer: 7")


def test_values_are_compared_with_many_samples(run, capsys):
    command = ["values", str(run.folder), "--problems", "8", "--steps", "1", "--truth", "2", "--tested", "2"]
    assert program.main(command) == 0
    assert [row[0] for row in table(capsys)] == ["head", "network", "monte carlo, 4 samples", "a constant, the mean"]


def test_ones_own_pairs_teach_a_reward_model(run, tmp_path, capsys):
    pairs = [Pair(f"Q: {i}\nReasoning:", " long answer", " no") for i in range(10)]
    write_pairs(tmp_path / "mine.jsonl", pairs)
    command = [
        "people",
        str(run.folder / "sft"),
        "--pairs",
        str(tmp_path / "mine.jsonl"),
        "--seeds",
        "1",
        "--epochs",
        "20",
    ]
    assert program.main([*command, "--learning-rate", "0.003", "--out", str(tmp_path / "judge")]) == 0
    rows = dict(table(capsys))
    assert rows["the longer answer"].startswith("100.0") and rows["the reward model"].startswith("100.0")
    assert (tmp_path / "judge" / "head.safetensors").is_file()


def test_how_far_a_policy_followed_its_reward_model(copied, capsys):
    assert program.main(["followed", str(copied.folder)]) == 1
    assert "0 steps that a reward model paid; give a run of --rl.reward model" in capsys.readouterr().err
    for step in range(1, 45):
        measured = {
            "seconds": 1.0,
            "paid": step / 10,
            "right": 0.5,
            "valid": 0.25,
            "kl_to_start": 0.01 * step,
            "answer_tokens": 20.0,
        }
        copied.append(METRICS, {"stage": "rl", "step": step, **measured})
    assert program.main(["followed", str(copied.folder)]) == 0
    rows = table(capsys)  # the means of steps 1 to 20 and 21 to 40; the last four make no point
    assert [row[1:] for row in rows] == [["20", "2.10", "1.05", "50.0", "25.0"], ["40", "6.10", "3.05", "50.0", "25.0"]]
    assert (copied.folder / PLOTS / "followed.png").is_file()


def test_what_is_refused(run, capsys):
    assert program.main(["quality", str(run.folder), "--problems", "0"]) == 1
    assert "--problems is 0; give 1 or more" in capsys.readouterr().err
    assert program.main(["overoptimise", str(run.folder), "--most", "1"]) == 1
    assert "give 2 or more samples" in capsys.readouterr().err


def test_a_table_of_markdown():
    assert markdown("t", ["a", "b"], [["x", "1"]]).splitlines() == ["t", "", "| a | b |", "|---|---:|", "| x | 1 |"]
