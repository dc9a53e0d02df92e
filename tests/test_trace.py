"""One episode, token by token: in the terminal, as a page, as an image."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from minirl import trace
from minirl.microscope import Trace, look, page
from minirl.microscope.record import record, signed
from minirl.rl.advantage import KINDS
from minirl.rl.mdp import Agent, Episode, State
from minirl.rl.rollout import rollout
from minirl.runs import Run, demonstrations
from minirl.runs.trace import find_problem
from minirl.tasks import ROGER, Problem, Task, get

EVIL = 'Is <script>alert("1")</script> & <!-- {{data}} worth $5, $x^2$ \\frac{ 🎾?'
WRITTEN = " </script><script>alert(2)</script> 🎾\n&amp; {{title}}"


class Ends(Task):
    """A reward that a model without knowledge gets now and then."""

    name = "ends"

    class checker:
        @staticmethod
        def check(problem: Problem, text: str) -> bool:
            return len(text) % 2 == 0

    def problems(self, split: str, n: int, seed: int = 0) -> list[Problem]:
        return []


@pytest.fixture
def agent(run: Run) -> Agent:
    """Prone to end its answers."""
    model, tokenizer = run.model(), run.tokenizer()
    return Agent(model, tokenizer)


def episode(agent: Agent, text: str, forced: tuple[int, ...] = ()) -> Episode:
    """An answer that somebody wrote."""
    problem = Problem(EVIL, "", "5", "k")
    actions = np.array([*agent.tokenizer.encode(text), agent.tokenizer.special_tokens["<|end|>"]], np.int32)
    put = np.isin(np.arange(len(actions)), forced)
    prompt = agent.tokenizer.encode_array(problem.prompt)
    return Episode(problem, prompt, actions, np.zeros(len(actions), np.float32), 1.0, True, text, put)


class Page(HTMLParser):
    """What a browser makes of a page: elements, scripts, and the tokens' text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.tokens: list[str] = []
        self.comments: list[str] = []
        self.inside: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        token = "token" in (dict(attrs).get("class") or "").split()
        self.inside.append("token" if token else tag)
        if tag == "script":
            self.scripts.append("")
        if token:
            self.tokens.append("")

    def handle_data(self, data: str) -> None:
        if self.inside and self.inside[-1] == "script":
            self.scripts[-1] += data
        elif "token" in self.inside:
            self.tokens[-1] += data

    def handle_endtag(self, tag: str) -> None:
        while self.inside and self.inside.pop() not in (tag, "token" if tag == "span" else tag):
            pass  # elements without an end tag

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)


class TestRecord:
    def test_is_the_first_episode_of_the_rollout(self, agent: Agent) -> None:
        problem = Problem("How many?", "", "3", "k")
        found = record(agent, Ends(), problem, samples=6, max_new_tokens=7, kind="leave_one_out", seed=3)
        episodes = rollout(agent.model, agent.tokenizer, Ends(), [problem], 6, max_new_tokens=7, seed=3)
        assert found.rewards == [e.reward for e in episodes]
        assert [m.action for m in found.moments] == [agent.tokenizer.decode([a]) for a in episodes[0].actions]
        np.testing.assert_allclose([m.log_prob for m in found.moments], episodes[0].log_probs, atol=1e-4)

    def test_each_moment_is_what_the_policy_says(self, agent: Agent) -> None:
        found = look(agent, episode(agent, " Roger has 5."), [1.0], 0.5, "plain", top=4)
        for moment in found.moments:
            policy = agent.policy(moment.state).astype(np.float64)
            assert moment.entropy == pytest.approx(-(policy * np.log(policy)).sum(), rel=1e-4)
            assert [c.probability for c in moment.choices] == sorted(policy, reverse=True)[:4]
            assert moment.rank == (policy > moment.probability).sum()
            assert moment.state.step == moment.t
        assert [m.reward for m in found.moments] == [0.0] * (len(found.moments) - 1) + [1.0]

    def test_states_follow_the_actions(self, agent: Agent) -> None:
        moments = look(agent, episode(agent, " Roger has 5."), None, None, "plain").moments
        for before, after in pairwise(moments):
            assert agent.tokenizer.decode([after.state.actions[-1]]) == before.action

    @pytest.mark.parametrize("kind", KINDS)
    def test_advantage_is_that_of_the_kind(self, kind: str, agent: Agent) -> None:
        problem = Problem("How many?", "", "3", "k")
        found = record(agent, Ends(), problem, samples=8, max_new_tokens=30, kind=kind, seed=1)
        assert found.rewards is not None
        assert found.advantage == KINDS[kind](np.array([found.rewards]))[0, 0]

    def test_at_temperature_0_there_is_nothing_to_compare(self, run: Run) -> None:
        cold = Agent(run.model(), run.tokenizer(), temperature=0)
        problem = Problem("How many?", "", "3", "k")
        found = record(cold, Ends(), problem, samples=8, max_new_tokens=4, kind="leave_one_out")
        assert found.rewards is not None and len(found.rewards) == 1 and found.advantage is None
        assert all(moment.entropy == 0 and moment.probability == 1 for moment in found.moments)
        assert "nothing to compare" in (found.why_unknown() or "")


class TestGradient:
    @pytest.mark.parametrize(
        ("advantage", "words"), [(0.5, "likelier"), (-0.5, "less likely"), (0.0, "is 0"), (None, "not known")]
    )
    def test_of_an_action(self, advantage: float | None, words: str, agent: Agent) -> None:
        found = look(agent, episode(agent, " 5"), [1.0], advantage, "plain")
        assert all(words in found.gradient(moment) for moment in found.moments)

    def test_forced_tokens_carry_none(self, agent: Agent) -> None:
        found = look(agent, episode(agent, " 5 and 6", forced=(0, 2)), [1.0], 0.5, "plain")
        told = ["put there" in found.gradient(moment) for moment in found.moments]
        assert told == [t in (0, 2) for t in range(len(told))]
        read = Page(page(found, []))
        classes = [attributes["class"] for _, attributes in read.elements if "data-t" in attributes]
        assert ["forced" in (names or "").split() for names in classes] == told
        assert [entry["pull"] for entry in json.loads(read.scripts[0])] == [0 if put else 0.5 for put in told]


class TestPage:
    @pytest.fixture
    def found(self, agent: Agent) -> Trace:
        return look(agent, episode(agent, WRITTEN), [1.0], 0.5, "plain")

    def test_nothing_that_was_written_becomes_an_element(self, found: Trace, agent: Agent) -> None:
        evil = replace(found, rewards=None, advantage=None)
        for told in (found, evil):
            read = Page(page(told, [("run", "<b onclick=alert(3)>")]))
            plain = look(agent, episode(agent, " 5\n🎾"), told.rewards, told.advantage, "plain")
            harmless = Page(page(plain, [("run", "x")]))
            kinds = {tag for tag, _ in read.elements}
            assert kinds == {tag for tag, _ in harmless.elements}
            assert len(read.scripts) == 2 and not read.comments
            assert not any(name.startswith("on") for _, attributes in read.elements for name in attributes)
            assert all("alert(" not in script for script in read.scripts[1:])

    def test_no_token_ends_the_data(self, found: Trace) -> None:
        """A large vocabulary may hold a whole </script>."""
        evil = [found.moments[0]._replace(action="</script><script>alert(1)//"), *found.moments[1:]]
        read = Page(page(replace(found, moments=evil), []))
        assert len(read.scripts) == 2
        assert json.loads(read.scripts[0])[0]["action"] == evil[0].action

    def test_the_tokens_are_the_text(self, found: Trace) -> None:
        read = Page(page(found, []))
        text = "".join(read.tokens).replace("↵", "").replace("·", "")
        assert text == found.problem.prompt + WRITTEN + "<|end|>"

    def test_the_data_is_that_of_the_moments(self, found: Trace) -> None:
        entries = json.loads(Page(page(found, [])).scripts[0])
        assert [entry["logProb"] for entry in entries] == [moment.log_prob for moment in found.moments]
        assert [entry["advantage"] for entry in entries] == [0.5] * len(found.moments)
        assert entries[-1]["reward"] == 1 and entries[0]["reward"] == 0

    def test_it_needs_nothing_else(self, found: Trace) -> None:
        text = page(found, [])
        assert not [tag for tag, _ in Page(text).elements if tag in ("link", "img", "iframe")]
        assert not re.findall(r"\b(?:src|href)=|url\(|@import|fetch\(|XMLHttp", text)
        assert set(re.findall(r"https?://[\w.]+", text)) <= {"http://www.w3.org"}  # the name of SVG, which nobody opens

    def test_what_is_not_known_is_said(self, found: Trace) -> None:
        told = page(replace(found, rewards=None, advantage=None), [])
        assert "give it with --answer" in told and "<dd>unknown</dd>" in told
        assert "unknown</dd>" not in page(found, [])


class TestProgram:
    def test_walks_the_notes_episode(self, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
        assert trace.main([str(run.folder), "--max-new-tokens", "3"]) == 0
        printed = capsys.readouterr().out
        for words in (ROGER.question[:40],
                      "s_0 = (prompt)", "s_1 = (prompt, ", "a_0 = ", "r_2 = 0", "%", "log pi", "entropy",
                      "return G = 0", "advantage A = 0", "the prompt carries no gradient"):  # fmt: skip
            assert words in printed.replace("\n", " ")
        assert "not known" not in printed

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
            assert trace.main([str(run.folder), "--html", str(file), "--seed", seed, "--temperature", "1"]) == 0
            texts.append(file.read_bytes())
        assert texts[0] == texts[1] != texts[2]

    def test_a_prompt_without_room(self, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
        assert trace.main([str(run.folder), "why " * 500]) == 1
        assert "context length, 256" in capsys.readouterr().err


def test_a_minus_is_a_minus_and_zero_has_none() -> None:
    assert [signed(f"{x:+.2f}") for x in (0.5, -0.5, -0.001, 0.0)] == ["+0.50", "−0.50", "0.00", "0.00"]


def test_state_zero_is_the_prompt(agent: Agent) -> None:
    found = look(agent, episode(agent, " 5"), None, None, "plain")
    assert found.moments[0].state == State(tuple(agent.tokenizer.encode(found.problem.prompt)), len(found.prompt))
