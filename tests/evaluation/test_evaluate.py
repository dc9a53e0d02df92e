"""The program that examines a run."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from minirl import evaluate, kernels
from minirl.evaluation.answers import ANSWERS
from minirl.evaluation.problem_sets import SCIENCE_SPLITS, sets_of, test_splits
from minirl.evaluation.results import evaluate_run, show
from minirl.runs import Run, Screen, shown
from minirl.tasks import Problem, audit, get

test_splits.__test__ = False  # it is no test


def report(run: Run, file: Path, *flags: str) -> dict[str, Any]:
    """What --json writes."""
    assert evaluate.main([str(run.folder), "--json", str(file), *flags]) == 0
    return json.loads(file.read_text(encoding="utf-8"))


def test_no_model_is_tested_on_what_it_was_trained_on(run: Run) -> None:
    """The final table's problems share no key with train and dev."""
    task = get("word_problems")
    seen = {p.key for split in ("train", "dev") for p in task.problems(split, 3000)}
    sets = sets_of(run, problems=500, samples=1, seed=0)
    assert [chosen.label for chosen in sets] == test_splits(task) == ["test", "unseen"]
    assert not seen & {p.key for chosen in sets for p in chosen.problems}


def test_repeats_the_final_table(run: Run) -> None:
    again = evaluate_run(
        run, Screen(quiet=True), stages=["pretrain", "sft", "rl"], problems=6, samples=2, seed=run.config.seed
    )
    assert again == run.read_json("results.json")


def test_prints_a_table(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate.main([str(run.folder), "--limit", "3", "--stages", "sft", "--samples", "3", "--k", "1,2,3"]) == 0
    printed = capsys.readouterr().out
    for word in ("greedy", "pass@1", "pass@2", "pass@3", "maj@2", "maj@3", "tokens", "unseen (n=3)", "SFT",
                 *SCIENCE_SPLITS.values(), "seed 0, float32"):  # fmt: skip
        assert word in printed


def test_says_whether_it_solves_or_reads(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """And that a split was asked for by its former name."""
    flags = [str(run.folder), "--limit", "2", "--stages", "sft", "--split", "hard", "--seed", "77"]
    for words in (
        "after SFT: solving 2 problems of unseen ...",
        "after SFT: reading 2 answers to unseen from answers/",
    ):
        assert evaluate.main(flags) == 0
        printed = capsys.readouterr().out
        assert words in printed and "The split hard is now called unseen." in printed


def test_other_decoding(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Beam search, a schedule and other votes are columns of the table, and kept apart from the usual answers."""
    flags = ["--limit", "2", "--stages", "sft", "--split", "test", "--samples", "3", "--max-new-tokens", "6"]
    usual = report(run, tmp_path / "usual.json", *flags)
    before = {path.name for path in (run.folder / ANSWERS).iterdir()}
    capsys.readouterr()
    found = report(run, tmp_path / "other.json", *flags, "--beam", "2", "--temperature", "1.5:0.3/4", "--choose")
    assert {path.name for path in (run.folder / ANSWERS).iterdir()} > before
    (one,) = found["results"]
    choices = {"weighted@3", "arithmetic@3", "likeliest@3", "soundest@3", "adaptive@3", "drawn@3"}
    assert {"beam@2", "pass@3", "majority@3", *choices} <= set(one) and "greedy" not in one
    assert 1 <= one["drawn@3"]["value"] <= 3
    assert choices.isdisjoint(usual["results"][0]) and "greedy" in usual["results"][0]
    printed = capsys.readouterr().out
    for words in ("One answer chosen among k samples", "the best hypothesis of a search with k beams", "drawn@3"):
        assert words in printed
    assert (
        report(run, tmp_path / "again.json", *flags, "--beam", "2", "--temperature", "1.5:0.3/4", "--choose") == found
    )


def test_decoding_that_cannot_be(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    for flags, words in ((["--temperature", "x"], "--temperature is 'x'"), (["--beam", "-2"], "width is -2")):
        assert evaluate.main([str(run.folder), *flags]) == 1
        assert words in capsys.readouterr().err


def test_says_why_there_are_fewer_problems(run: Run) -> None:
    (few,) = sets_of(run, "arithmetic", "test", problems=200, samples=1, seed=0)
    assert len(few.problems) < 200 and few.note is not None
    assert f"of the 200 problems drawn {len(few.problems)} are different" in few.note
    (all_of_it,) = sets_of(run, "science", "test", problems=2000, samples=1, seed=0)
    assert all_of_it.note is not None and f"holds {len(all_of_it.problems)} problems" in all_of_it.note
    assert {chosen.note for chosen in sets_of(run, problems=5, samples=1, seed=0)} == {None}


def test_the_same_bytes_whatever_the_number_of_threads(run: Run, tmp_path: Path) -> None:
    shutil.copytree(run.folder, tmp_path / "own")  # other tests read the answers of the run itself
    own = Run.open(tmp_path / "own")
    before, written = kernels.get_threads(), []
    try:
        for threads in (1, 2):
            shutil.rmtree(own.folder / ANSWERS, ignore_errors=True)
            kernels.set_threads(threads)
            report(own, tmp_path / "report.json", "--limit", "4")
            written.append((tmp_path / "report.json").read_bytes())
    finally:
        kernels.set_threads(before)
    assert written[0] == written[1]


def test_json_has_what_came_of_every_problem(run: Run, tmp_path: Path) -> None:
    found = report(run, tmp_path / "report.json", "--limit", "5", "--samples", "3", "--split", "dev", "--stages", "rl")
    (result,) = found["results"]
    assert (found["seed"], result["split"], result["stage"], result["problems"]) == (0, "dev", "rl", 5)
    outcomes = result["outcomes"]
    assert len({outcome["question"] for outcome in outcomes}) == 5
    assert result["greedy"]["value"] == pytest.approx(sum(o["greedy"]["right"] for o in outcomes) / 5)
    assert result["pass@1"]["value"] == pytest.approx(sum(o["right"] for o in outcomes) / 15)
    assert result["tokens"]["value"] == pytest.approx(sum(o["greedy"]["tokens"] for o in outcomes) / 5)


@pytest.mark.parametrize(("task", "split"), [("arithmetic", "test"), ("countdown", "dev"), ("science", "test")])
def test_another_task(task: str, split: str, run: Run, tmp_path: Path) -> None:
    flags = ["--task", task, "--split", split, "--limit", "200", "--stages", "sft", "--max-new-tokens", "2"]
    found = report(run, tmp_path / "report.json", *flags)
    (result,) = found["results"]
    questions = [outcome["question"] for outcome in result["outcomes"]]
    assert result["split"] == f"{task} {split}"
    assert 30 < len(questions) == len(set(questions)) <= 200  # small tasks have fewer, and none counts twice
    assert all(outcome["greedy"]["tokens"] <= 2 for outcome in result["outcomes"])


def test_compares_stages_of_a_run(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, names = tmp_path / "report.json", [f"{run.folder}:sft", f"{run.folder}:rl"]
    assert evaluate.main(["--compare", *names, "--limit", "5", "--json", str(file)]) == 0
    found = json.loads(file.read_text())
    assert [found["first"], found["second"]] == names
    results = report(run, file, "--limit", "5")["results"]
    for row in found["comparisons"]:
        alone = {r["stage"]: r[row["measure"]] for r in results if r["split"] == row["label"]}
        assert (row["first"], row["second"]) == (alone["sft"], alone["rl"])
        difference = row["comparison"]["difference"]
        assert difference["value"] == pytest.approx(row["first"]["value"] - row["second"]["value"])
        assert difference["low"] <= difference["value"] <= difference["high"]
    printed = capsys.readouterr().out
    assert "P(A > B)" in printed and "A > B means longer, not better" in printed and "-0.0" not in printed


def test_a_run_without_a_stage_is_its_last(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    assert evaluate.main(["--compare", str(run.folder), f"{run.folder}:rl", "--limit", "3", "--json", str(file)]) == 0
    found = json.loads(file.read_text())
    assert found["first"] == found["second"]
    assert all(row["comparison"]["ahead"] == row["comparison"]["behind"] == 0 for row in found["comparisons"])


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["RUN", "--stages", "ppo"], "choose from pretrain, sft, rl"),
        (["RUN", "--k", "1,3"], "give numbers from 1 to --samples, 2"),
        (["RUN", "--k", "many"], "give numbers from 1 to --samples, 2"),
        (["RUN", "--limit", "0"], "--limit is 0; give 1 or more"),
        (["RUN", "--task", "chess"], "no task is called 'chess'"),
        (["RUN", "--split", "exam"], "its splits are train, dev, test, unseen"),
        (["--compare", "RUN:ppo", "RUN"], "choose from pretrain, sft, rl"),
        (["--compare", "RUN:sft", "NOWHERE"], "there is no run in"),
        (["RUN", "--compare", "RUN", "RUN"], "give the folder of a run"),
        ([], "give the folder of a run"),
        (["RUN", "--audit"], "give the folder of a run"),
        (["RUN", "--seed", "-1"], "--seed is -1; give 0 or more"),
    ],
)
def test_what_cannot_be_done_is_said(
    flags: list[str], message: str, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places = {"RUN": str(run.folder), "NOWHERE": str(tmp_path / "nowhere")}
    for name, place in places.items():
        flags = [flag.replace(name, place) for flag in flags]
    assert evaluate.main(flags) == 1
    assert message in capsys.readouterr().err


def test_problems_that_no_model_can_read_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    result = {"stage": "sft", "split": "x", "problems": 4, "too_long": 3, "greedy": {"value": 0, "low": 0, "high": 1}}
    show([result], Screen())
    assert "3 problems of x are longer than the model's context and count as not solved." in capsys.readouterr().out


def test_audit_counts_the_errors_of_the_checkers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    results = audit.audit()
    lax = audit.Case(Problem("Why?", "", "7", "k"), "Answer: eight", False)
    monkeypatch.setattr(audit, "audit", lambda: [results[0]._replace(false_positives=[lax]), *results[1:]])
    file = tmp_path / "report.json"
    assert evaluate.main(["--audit", "--json", str(file)]) == 0
    found = json.loads(file.read_text())["audit"]
    assert [one["right"] for one in found] == [result.right for result in results]
    assert found[0]["false_positives"] == [["7", "Answer: eight"]]
    printed = capsys.readouterr().out
    assert "The checkers accept 1 of " in printed and ", and refuse 0 of " in printed
    assert "false negatives" in printed and "'Answer: eight'; the right answer is '7'" in printed


def test_contamination(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = report(run, tmp_path / "report.json", "--contamination", "--limit", "6", "--ngram", "5")
    found, example = whole["contamination"], whole["running_example"]
    assert example["key"] == "packs more 5 2 3" and sum(example["found"].values()) == 0
    assert example["texts"]["demonstrations"] == len(shown(run.config, get("word_problems")))
    assert [one["split"] for one in found] == ["test", "unseen", "Roger reworded", "science paraphrases", "Roger"]
    for one in found:
        stages = ["pretraining", "demonstrations", "rehearsal", "reinforcement learning"]
        assert list(one["found"]) == [*stages, "all of it"]
        assert 0 <= one["found"]["all of it"]["all"] <= one["found"]["all of it"]["any"] <= one["problems"]
    assert found[0]["found"]["all of it"]["any"] > 0 and found[0]["examples"]
    printed = capsys.readouterr().out
    assert "5 words: " in printed and "any 5-gram found" in printed and "all 5-grams found" in printed
    assert "Our running example: 0 of " in printed and " 5-grams; " in printed
