"""The program that walks through an episode: in the terminal, as a page, as an image."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from minirl import trace
from minirl.generate import Schedule
from minirl.rl.rollout import rollout
from minirl.runs import Run, demonstrations
from minirl.runs.folder import RunFolder
from minirl.runs.trace import SEARCHED, find_problem
from minirl.tasks import ROGER, Problem, Task, get
from tests.microscope.test_microscope import EVIL, Ends, Page


class Mixed(Ends):
    """Rewards that are mixed for some problems."""

    def problems(self, split: str, n: int, seed: int = 0) -> list[Problem]:
        return [Problem(f"How many are {i}?", "", "3", str(i)) for i in range(n)]


class Never(Mixed):
    class checker:
        @staticmethod
        def check(problem: Problem, text: str) -> bool:
            return False


def with_task(monkeypatch: pytest.MonkeyPatch, task: type[Task]) -> None:
    """The run was trained on this task."""
    monkeypatch.setattr(RunFolder, "task", lambda run: task())


class TestProgram:
    def test_walks_the_running_example(self, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
        assert trace.main([str(run.folder), "roger", "--max-new-tokens", "3"]) == 0
        printed = capsys.readouterr().out
        for words in (ROGER.question[:40],
                      "s_0 = (prompt)", "s_1 = (prompt, ", "a_0 = ", "r_2 = 0", "%", "log pi", "entropy",
                      "return G = 0", "advantage A = 0", "0 of 2 right",
                      "No gradient: all 2 episodes got the same reward"):  # fmt: skip
            assert words in printed.replace("\n", " ")
        assert "unknown" not in printed
        assert printed.count("<- action") == 3

    def test_without_a_question_it_finds_an_informative_one(
        self, run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with_task(monkeypatch, Mixed)
        model, tokenizer, problems = run.model(), run.tokenizer(), Mixed().problems("dev", 20)

        def rewards(problem: Problem, seed: int) -> list[float]:
            episodes = rollout(model, tokenizer, Mixed(), [problem], 4, max_new_tokens=30, seed=seed)
            return [episode.reward for episode in episodes]

        def informative(seed: int) -> list[int]:
            return [i for i, problem in enumerate(problems) if len(set(rewards(problem, seed))) > 1]

        # a seed with which the first problem is not informative, but another is, so that there is something to find
        seed, first = next((seed, found[0]) for seed in range(50) if (found := informative(seed)) and found[0] > 0)
        found = run.trace(samples=4, max_new_tokens=30, seed=seed)
        assert found.problem == problems[first] and found.rewards == rewards(problems[first], seed)
        assert found.advantage != 0
        assert trace.main([str(run.folder), "--samples", "4", "--max-new-tokens", "30", "--seed", str(seed)]) == 0
        printed = capsys.readouterr().out
        assert printed.startswith(f"Dev problem {first}, the first informative one: ")
        assert "Training makes these actions" in printed

    def test_where_none_is_informative_it_says_so(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        with_task(monkeypatch, Never)
        found = run.trace(max_new_tokens=2)
        assert found.origin is not None and f"None of {SEARCHED} was informative" in found.origin.chosen
        assert found.problem.question == "How many are 0?"

    @pytest.mark.parametrize("settings", [{"temperature": 0.0}, {"samples": 1}])
    def test_one_sample_is_never_informative(self, settings: dict[str, float], run: Run) -> None:
        found = run.trace(max_new_tokens=2, **settings)
        assert found.origin is not None and "With one sample" in found.origin.chosen

    @pytest.mark.parametrize(
        ("flags", "words"),
        [
            (["", "--stage", "rl"], "the question is empty"),
            ([" \n"], "the question is empty"),
            (["roger", "--answer", ""], "the answer is empty"),
            (["roger", "--top", "0"], "top is 0; give 1 to"),
            (["roger", "--top", "-1"], "top is -1; give 1 to"),
            (["roger", "--top", "99999"], "top is 99999; give 1 to"),
            (["roger", "--samples", "0"], "samples is 0; give 1 or more"),
            (["roger", "--seed", "-1"], "seed is -1; give 0 or more"),
            (["roger", "--temperature", "nan"], "temperature is nan; give 0 or more"),
            (["roger", "--temperature", "1:2"], "temperature is '1:2'; give a number, or a schedule"),
            (["--max-new-tokens", "99999"], "fits into the model's context length, 256"),
            (["roger", "--stage", "ppo"], "choose one of pretrain, sft, rl"),
        ],
    )
    def test_what_cannot_be_is_refused_in_one_line(
        self, flags: list[str], words: str, run: Run, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert trace.main([str(run.folder), *flags]) == 1
        printed, said = capsys.readouterr()
        assert not printed and words in said and said.count("\n") == 1

    def test_without_an_answer_the_reward_is_unknown(self, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
        assert trace.main([str(run.folder), "What is a star like?", "--max-new-tokens", "2"]) == 0
        printed = capsys.readouterr().out
        assert "--answer" in printed and "r_1 = ?" in printed

    @pytest.mark.parametrize("where", ["demonstrations", "dev", "science"])
    def test_questions_of_the_run_have_known_answers(self, where: str, run: Run) -> None:
        own = get(run.config.task)
        places: dict[str, Callable[[], list[Problem]]] = {
            "demonstrations": lambda: demonstrations(run.config, own),
            "dev": lambda: own.problems("dev", run.config.evaluation.dev_problems),
            "science": lambda: get("science").problems("train", 2),
        }
        problem = places[where]()[-1]
        assert find_problem(run, problem.question, None)[1] == problem

    def test_writes_a_page_and_an_image(self, run: Run, tmp_path: Path) -> None:
        files = tmp_path / "new" / "episode.html", tmp_path / "new" / "episode.png"
        flags = ["--html", str(files[0]), "--png", str(files[1]), "--max-new-tokens", "6", "--stage", "sft"]
        assert trace.main([str(run.folder), EVIL, "--answer", "5", *flags]) == 0
        read = Page(files[0].read_text(encoding="utf-8"))
        assert len(json.loads(read.scripts[0])) <= 6
        assert files[1].read_bytes().startswith(b"\x89PNG") and files[1].stat().st_size > 10_000

    def test_the_same_seed_gives_the_same_page(self, run: Run, tmp_path: Path) -> None:
        texts = []
        for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
            file = tmp_path / name
            assert (
                trace.main([str(run.folder), "roger", "--html", str(file), "--seed", seed, "--temperature", "1"]) == 0
            )
            texts.append(file.read_bytes())
        assert texts[0] == texts[1] != texts[2]

    def test_a_schedule(self, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
        """Its last temperature is 0 here: from token 2 on all probability is on one token."""
        found = run.trace("roger", temperature=Schedule(1.5, 0.0, 2), max_new_tokens=4, samples=2)
        assert [moment.probability == 1 for moment in found.moments[:4]] == [False, False, True, True]
        assert found.origin is not None and ("temperature", "1.5:0/2") in found.origin.facts()
        assert trace.main([str(run.folder), "roger", "--temperature", "1.5:0.3/20", "--max-new-tokens", "2"]) == 0

    def test_a_prompt_without_room(self, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
        assert trace.main([str(run.folder), "why " * 500]) == 1
        assert "context length, 256" in capsys.readouterr().err
