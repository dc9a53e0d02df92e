"""One episode, token by token: what is recorded, what is said about the gradient, and the page."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pytest

from minirl.microscope import Origin, Trace, draw, look, page
from minirl.microscope.record import record, signed, with_values
from minirl.rl.advantage import KINDS
from minirl.rl.mdp import Agent, Episode, State
from minirl.rl.rollout import rollout
from minirl.runs import Run
from minirl.tasks import Problem, Task

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
        assert found.advantage == KINDS[kind](np.array([found.rewards]))[0, 0] and found.kind == kind

    def test_at_temperature_0_there_is_nothing_to_compare(self, run: Run) -> None:
        cold = Agent(run.model(), run.tokenizer(), temperature=0)
        problem = Problem("How many?", "", "3", "k")
        found = record(cold, Ends(), problem, samples=8, max_new_tokens=4, kind="leave_one_out")
        assert found.rewards is not None and len(found.rewards) == 1 and found.advantage is None
        assert all(moment.entropy == 0 and moment.probability == 1 for moment in found.moments)
        warm = Agent(cold.model, cold.tokenizer)  # the log-probabilities are at temperature 1, and say how sure it was
        for moment in found.moments:
            action = np.argmax(cold.policy(moment.state))
            assert moment.log_prob == pytest.approx(warm.log_prob(moment.state, int(action)), abs=1e-5)
            assert moment.log_prob < 0
        assert "nothing to compare" in found.gradient()

    @pytest.mark.parametrize("wrong", [{"top": 0}, {"top": -1}, {"top": 10**6}, {"samples": 0}, {"max_new_tokens": 0}])
    def test_a_number_out_of_its_range(self, wrong: dict[str, int], agent: Agent) -> None:
        settings = {"samples": 2, "max_new_tokens": 3, **wrong}
        (name, number), *_ = wrong.items()
        with pytest.raises(ValueError, match=rf"{name} is {number}; give 1"):
            record(agent, Ends(), Problem("How many?", "", "3", "k"), kind="plain", **settings)

    def test_the_action_has_a_bar_also_when_it_is_unlikely(self, agent: Agent) -> None:
        for moment in look(agent, episode(agent, " Roger has 5."), None, None, "plain", top=1).moments:
            taken = [bar for bar in moment.bars() if bar.taken]
            assert [(bar.word, bar.probability) for bar in taken] == [(moment.action, moment.probability)]
            assert len(moment.bars()) == (1 if moment.rank == 0 else 2)


class TestGradient:
    @pytest.mark.parametrize(
        ("rewards", "advantage", "words"),
        [
            ([1.0, 0.0], 0.5, "Training makes this action likelier: the advantage is +0.50."),
            ([0.0, 1.0], -0.5, "Training makes this action less likely: the advantage is −0.50."),
            ([1.0] * 4, 0.0, "No gradient: all 4 episodes got the same reward, so the advantage is 0."),
            ([0.0, 1.0], 0.0, "No gradient: the advantage is 0."),
            ([1.0], None, "The advantage is unknown: there is only one episode, and nothing to compare it with."),
            (None, None, "The gradient's sign is unknown without the right answer (--answer)."),
        ],
    )
    def test_of_an_action(self, rewards: list[float] | None, advantage: float | None, words: str, agent: Agent) -> None:
        found = look(agent, episode(agent, " 5"), rewards, advantage, "plain")
        assert all(found.gradient(moment) == words for moment in found.moments)
        assert found.gradient().startswith(words.replace("this action", "these actions"))

    @pytest.mark.parametrize("advantage", [0.5, -0.5])
    def test_a_certain_action_stays_whatever_the_advantage(self, advantage: float, agent: Agent) -> None:
        """0.994 is shown as 99%, 0.996 as 100%; neither sign of the advantage moves what is at 100%."""
        found = look(agent, episode(agent, " 5"), [1.0, 0.0], advantage, "plain")
        first, *rest = found.moments
        certain, unsure = first._replace(probability=0.996), first._replace(probability=0.994)
        mixed, sure = replace(found, moments=[certain, *rest]), replace(found, moments=[certain, certain])
        assert found.gradient(certain).startswith("This action stays at 100%: ")
        assert signed(f"the advantage is {advantage:+.2f}.") in found.gradient(certain)
        assert "Training makes this action" in found.gradient(unsure)
        assert "Actions at 100% stay there." in mixed.gradient() and "100%" not in found.gradient()
        assert sure.gradient().startswith("These actions stay at 100%: ")
        entries = json.loads(Page(page(mixed)).scripts[0])
        assert [entry["pull"] for entry in entries] == [0, *[advantage] * len(rest)]

    def test_forced_tokens_carry_none(self, agent: Agent) -> None:
        found = look(agent, episode(agent, " 5 and 6", forced=(0, 2)), [1.0], 0.5, "plain")
        told = ["inserted" in found.gradient(moment) for moment in found.moments]
        assert told == [t in (0, 2) for t in range(len(told))]
        read = Page(page(found))
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
            origin = Origin("<b onclick=alert(3)>", "<i>", 1.0, 0, "<u onclick=alert(4)>")
            read = Page(page(replace(told, origin=origin)))
            plain = look(agent, episode(agent, " 5\n🎾"), told.rewards, told.advantage, "plain")
            harmless = Page(page(replace(plain, origin=Origin("x", "rl", 1.0, 0, "y"))))
            kinds = {tag for tag, _ in read.elements}
            assert kinds == {tag for tag, _ in harmless.elements}
            assert len(read.scripts) == 2 and not read.comments
            assert not any(name.startswith("on") for _, attributes in read.elements for name in attributes)
            assert all("alert(" not in script for script in read.scripts[1:])

    def test_no_token_ends_the_data(self, found: Trace) -> None:
        """A large vocabulary may hold a whole </script>."""
        evil = [found.moments[0]._replace(action="</script><script>alert(1)//"), *found.moments[1:]]
        read = Page(page(replace(found, moments=evil)))
        assert len(read.scripts) == 2
        assert json.loads(read.scripts[0])[0]["action"] == evil[0].action

    def test_the_tokens_are_the_text(self, found: Trace) -> None:
        read = Page(page(found))
        text = "".join(read.tokens).replace("↵", "").replace("·", "")
        assert text == found.problem.prompt + WRITTEN + "<|end|>"

    def test_the_data_is_that_of_the_moments(self, found: Trace) -> None:
        entries = json.loads(Page(page(found)).scripts[0])
        assert [entry["logProb"] for entry in entries] == [moment.log_prob for moment in found.moments]
        assert [entry["advantage"] for entry in entries] == [0.5] * len(found.moments)
        assert entries[-1]["reward"] == 1 and entries[0]["reward"] == 0

    def test_it_needs_nothing_else(self, found: Trace) -> None:
        text = page(found)
        assert not [tag for tag, _ in Page(text).elements if tag in ("link", "img", "iframe")]
        assert not re.findall(r"\b(?:src|href)=|url\(|@import|fetch\(|XMLHttp", text)
        assert set(re.findall(r"https?://[\w.]+", text)) <= {"http://www.w3.org"}  # the name of SVG, which nobody opens

    def test_what_is_not_known_is_said(self, found: Trace) -> None:
        told = page(replace(found, rewards=None, advantage=None))
        assert "(--answer)" in told and "<dd>unknown</dd>" in told
        assert "unknown</dd>" not in page(found)


class TestNotebook:
    @pytest.fixture
    def found(self, agent: Agent) -> Trace:
        return look(agent, episode(agent, WRITTEN), [1.0], 0.5, "plain", origin=Origin("roger", "rl", 1.0, 0))

    def test_the_page_is_in_a_frame_of_its_own(self, found: Trace) -> None:
        """Nothing of it is an element of the notebook: its styles would change the notebook's."""
        ((tag, attributes),) = Page(found._repr_html_()).elements
        assert tag == "iframe" and attributes["srcdoc"] == page(found)
        assert attributes["sandbox"] == "allow-scripts"

    def test_reprs_say_what_happened_and_hold_no_ids(self, found: Trace, agent: Agent) -> None:
        for told, words in (
            (repr(found), ("Is <script>", "🎾", "reward 1", "advantage +0.50", "roger after rl")),
            (repr(episode(agent, " 5")), ("Is <script>", "' 5'", "reward 1")),
            (repr(found.moments[1].state), ("State s_1: 'Q: Is <script>", "Reasoning:")),
            (repr(State((5, 6, 7), 2)), ("State s_1: 2 tokens of the prompt, then [7]",)),
        ):
            assert all(word in told for word in words), told
            assert "array(" not in told and len(told) < 300

    def test_a_figure_shows_itself(self, found: Trace) -> None:
        assert draw(found)._repr_png_().startswith(b"\x89PNG")


def test_control_characters_are_shown_and_not_obeyed(agent: Agent) -> None:
    found = look(agent, episode(agent, " a\x1b[2Jb"), None, None, "plain")
    assert "\x1b" not in page(found) and "\\x1b" in page(found)


def test_a_minus_is_a_minus_and_zero_has_none() -> None:
    assert [signed(f"{x:+.2f}") for x in (0.5, -0.5, -0.001, 0.0)] == ["+0.50", "−0.50", "0.00", "0.00"]


def test_state_zero_is_the_prompt(agent: Agent) -> None:
    found = look(agent, episode(agent, " 5"), None, None, "plain")
    assert found.moments[0].state == State(tuple(agent.tokenizer.encode(found.problem.prompt)), len(found.prompt))


class TestValues:
    """What a value function says of each step."""

    def valued(self, agent: Agent, rewards: list[float] | None) -> Trace:
        written = episode(agent, " 5 and 6", forced=(1,))
        n = len(written.actions)
        found = look(agent, written, rewards, None if rewards is None else 0.5, "plain")
        return with_values(found, np.linspace(0, 1, n), np.linspace(-1, 1, n), np.linspace(0, 0.1, n))

    def test_each_step_has_its_own_advantage(self, agent: Agent) -> None:
        found = self.valued(agent, [1.0])
        first, last = found.moments[0], found.moments[-1]
        assert (first.value, first.advantage, first.reward) == (0, -1, 0)
        assert (last.value, last.advantage, last.reward) == (1, 1, pytest.approx(0.1))
        assert "less likely: the advantage is −1.00" in found.gradient(first)
        assert "likelier: the advantage is +1.00" in found.gradient(last)
        assert found.moments[1].value is None  # inserted, so nobody chose it
        shown = json.loads(html_data(page(found)))
        assert [m["advantage"] for m in shown][-1] == 1 and shown[0]["value"] == 0 and shown[1]["value"] is None

    def test_without_a_right_answer_only_the_value_is_known(self, agent: Agent) -> None:
        moment = self.valued(agent, None).moments[0]
        assert moment.value == 0 and moment.advantage is None

    def test_without_a_value_function_nothing_changes(self, agent: Agent) -> None:
        found = look(agent, episode(agent, " 5"), [1.0], 0.5, "plain")
        assert all(m.value is None and found.advantage_of(m) == 0.5 for m in found.moments)


def html_data(text: str) -> str:
    return text.partition('id="data">')[2].partition("</script>")[0]
