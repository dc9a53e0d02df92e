"""The report: what it shows, that it states only what is so, and that a browser reads all of it as it is meant."""

import json
import re
import shutil
import struct
from collections.abc import Callable, Sequence
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from minirl.evaluation import markdown, page
from minirl.evaluation.answers import Answer, Attempt
from minirl.evaluation.content import Code, Items, Plot, Section, Strong, Table, Verbatim, paragraph, row
from minirl.evaluation.model import Model
from minirl.evaluation.problem_sets import REWORDED, reworded
from minirl.evaluation.report import contents, write_report
from minirl.evaluation.summary import changes_by_rl
from minirl.runs import Run, Screen
from minirl.tasks import ROGER, Problem
from minirl.tasks.rewordings import rewordings
from minirl.train.rl import notable

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + struct.pack(">II", 770, 462)
EVIL = '"><script>alert(1)</script><img src=x onerror=alert(2)> & {{body}} | `x` </pre> \x1b[2J\u202e <!-- $x$'
LAST_STAGES = ("pretrain", "sft", "rl")


class Page(HTMLParser):
    """What a browser makes of a page: its elements and the text within each kind of element."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self.inside: list[str] = []
        self.comments: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "img"):
            self.inside.append(tag)
            self.texts.setdefault(tag, []).append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.inside.pop() == tag

    def handle_data(self, data: str) -> None:
        for tag in set(self.inside):
            self.texts[tag][-1] += data

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def both(run: Run) -> tuple[str, str]:
    """The report of a run in both forms, with one plot that is not drawn."""
    report = contents(run, [Plot("plots/reward.png", PNG, "Reward rises.")])
    return markdown.render(report), page.render(report)


def copy(run: Run, folder: Path, last: str = "rl", evil: str | None = None, task: str = "word_problems") -> Run:
    """The run's small files in another folder, as a run up to `last` would have left them. evil: what every text of
    its samples says."""
    folder.mkdir()
    for name in ("config.json", "metrics.jsonl", "SHA256SUMS"):
        shutil.copy(run.folder / name, folder)
    stages = LAST_STAGES[: LAST_STAGES.index(last) + 1]
    samples = [sample for sample in run.records("samples.jsonl") if sample["stage"] in stages]
    if evil is not None:
        texts = ("question", "prompt", "completion", "answer")
        samples = [{**sample, **{name: evil for name in texts if name in sample}} for sample in samples]
    (folder / "samples.jsonl").write_text("".join(json.dumps(sample) + "\n" for sample in samples))
    made = Run(folder, replace(run.config, last_stage=last, task=task))  # type: ignore[arg-type]
    made.write_json("results.json", [entry for entry in run.results() or [] if entry["stage"] in stages])
    return made


def kept(step: int, reward: float, text: str = " 2 + 3 = 5.") -> dict[str, Any]:
    return {"kind": "episode", "stage": "rl", "step": step, "prompt": "Q: How many?\nReasoning:", "completion": text,
            "answer": "5", "reward": reward}  # fmt: skip


@pytest.fixture
def with_episodes(run: Run, tmp_path: Path) -> Callable[[Sequence[dict[str, Any]]], tuple[str, str]]:
    def make(episodes: Sequence[dict[str, Any]]) -> tuple[str, str]:
        made = copy(run, tmp_path / "episodes")
        (made.folder / "samples.jsonl").write_text("".join(json.dumps(one) + "\n" for one in episodes))
        return both(made)

    return make


class TestFirstScreen:
    def test_is_in_this_order(self, run: Run) -> None:
        for text in both(run):
            places = [text.index(words) for words in (
                "A transformer of 1 layer and width 16 was trained to solve word problems.",
                "of the unseen problems before reinforcement learning",
                "Reward rises.",
                "Roger&#x27;s tennis balls" if "<html" in text else "Roger's tennis balls",
                "After SFT",
                "After RL",
                "Problems solved",
                "unseen (n=6)",
                "How it was trained",
                "Time",
                "Configuration",
            )]  # fmt: skip
            assert places == sorted(places)

    @pytest.mark.parametrize("last", LAST_STAGES)
    def test_says_only_what_the_run_has(self, last: str, run: Run, tmp_path: Path) -> None:
        for text in both(copy(run, tmp_path / "part", last)):
            assert ("before reinforcement learning" in text) == (last == "rl")
            assert ("After RL" in text) == (last == "rl") and ("fine-tuned on" in text) == (last != "pretrain")
            if last != "rl":
                name = {"sft": "SFT", "pretrain": "pretraining"}[last]
                assert f"After {name} it solves" in text and f"After {name}" in text.split("it solves")[1]

    def test_of_a_run_without_results_and_answers(self, run: Run, tmp_path: Path) -> None:
        made = copy(run, tmp_path / "begun")
        for name in ("results.json", "samples.jsonl", "metrics.jsonl"):
            (made.folder / name).unlink()
        report = contents(made, [])
        for text in (markdown.render(report), page.render(report)):
            assert "It has not been evaluated yet." in text and "Not evaluated yet." in text
            assert "None yet." in text and "Curves" not in text and "tennis" not in text

    def test_of_another_task(self, run: Run, tmp_path: Path) -> None:
        made = copy(run, tmp_path / "other", task="arithmetic")
        made.write_json("results.json", [one for one in made.results() or [] if one["split"] in ("test", "unseen")])
        for text in both(made):
            assert "was trained on the task arithmetic." in text and "in other words" not in text
            assert "It is not a problem of this run" in text

    @pytest.mark.parametrize(
        ("completion", "finished", "verdict"),
        [(" 5 + 6 = 11.\nAnswer: 11", True, "✓ right"), ("\nAnswer: 12", True, "✗ wrong"),
         ("\nAnswer: 11", False, "✗ cut off"), ("\nAnswer: 11", None, "✓ right")],
    )  # fmt: skip
    def test_the_checker_marks_the_answers(
        self, completion: str, finished: bool | None, verdict: str, run: Run, tmp_path: Path
    ) -> None:
        """Runs of earlier versions did not note whether an answer was finished."""
        made = copy(run, tmp_path / "roger")
        sample = {"kind": "stage", "stage": "rl", "question": ROGER.question, "prompt": "", "completion": completion}
        sample |= {} if finished is None else {"finished": finished}
        (made.folder / "samples.jsonl").write_text(json.dumps(sample) + "\n")
        text, html = both(made)
        assert f"| After RL: {verdict} |" in text
        assert f"After RL {verdict}" in html.replace("</b>", "").replace('<b class="verdict right">', "").replace(
            '<b class="verdict wrong">', "")  # fmt: skip

    def test_what_got_worse_is_said_too(self) -> None:
        values = {("test", "sft"): 0.5, ("test", "rl"): 0.9, ("unseen", "sft"): 0.6, ("unseen", "rl"): 0.95,
                  ("science paraphrases", "sft"): 0.6, ("science paraphrases", "rl"): 0.5,
                  ("x", "sft"): 1.0}  # fmt: skip
        results = [{"split": name, "stage": stage, "greedy": {"value": x}} for (name, stage), x in values.items()]
        assert changes_by_rl(results) == [
            "unseen 60.0% → 95.0%", "test 50.0% → 90.0%", "science paraphrases 60.0% → 50.0%",
        ]  # fmt: skip


class TestInOtherWords:
    def test_shows_every_wording_with_its_answer(
        self, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = copy(run, tmp_path / "answered")
        answers = [Answer(f" 5 + {n} = 11.\nAnswer: 11", 8, n % 4 > 0) for n in range(20)]
        with monkeypatch.context() as patch:
            patch.setattr("minirl.evaluation.answers._loaded", lambda *_: (None, None))
            patch.setattr("minirl.evaluation.answers.answer", lambda *_: [Attempt(one, [], True) for one in answers])
            Model(made, "rl").solve(reworded(made), Screen(quiet=True))
        text, html = both(made)
        assert "After RL the model solves 15 of 20 wordings" in text and "After RL the model solves 15 of 20" in html
        part = text.split("The running example in other words")[1].split("\n## ")[0]
        rows = [line for line in part.splitlines() if line.startswith("| ") and "| question |" not in line]
        for problem, number in zip(rewordings(), range(20), strict=True):
            verdict = "✓ right" if number % 4 else "✗ cut off"
            assert f"| {problem.question} | 5 + {number} = 11.<br>Answer: 11 | {verdict} |" in rows
            assert problem.question in html and f"5 + {number} = 11.\nAnswer: 11" in html
        assert "how the model reasons about it" in part and f"| {ROGER.question} |" in part

    def test_answers_that_are_not_kept_are_not_made(self, run: Run, tmp_path: Path) -> None:
        made = copy(run, tmp_path / "it's")
        for text in both(made):
            assert "python -m minirl.evaluate" in text and "wordings that training never shows" not in text
        assert not (made.folder / "answers").exists()

    def test_is_in_the_final_table(self, run: Run) -> None:
        found = [entry for entry in run.results() or [] if entry["split"] == REWORDED]
        assert [(entry["stage"], entry["problems"]) for entry in found] == [(stage, 20) for stage in LAST_STAGES]
        assert all("pass@1" not in entry for entry in found)


class TestEpisodes:
    def test_are_pairs_of_right_and_wrong(self, with_episodes: Any) -> None:
        """Also where many more kept episodes are wrong: some steps have no right one."""
        made = [sample for step in range(1, 81) for sample in ([kept(step, 1)] if step % 3 else []) + [kept(step, 0)]]
        for text in with_episodes(made):
            assert text.count("Right, reward 1 (the right answer is 5)") == 3
            assert text.count("Wrong, reward 0 (the right answer is 5)") == 3
            steps = [int(number) for number in re.findall(r"(?:###|<h3>) ?Step (\d+)", text)]
            assert steps[0] == 1 and 30 < steps[1] < 50 and steps[2] == 80
            assert "one right and one wrong episode" in text

    def test_that_are_all_wrong(self, with_episodes: Any) -> None:
        for text in with_episodes([kept(step, 0) for step in (1, 2, 3)]):
            assert "In none of the 3 steps" in text and text.count("Wrong, reward 0") == 3 and "Right," not in text

    def test_a_question_is_one_heading(self, run: Run, tmp_path: Path) -> None:
        text, html = both(copy(run, tmp_path / "two"))
        for question in (ROGER.question, "What is the Milky Way?"):
            assert text.count(f"### {question}") == html.count(f"<h3>{question}</h3>") == 1
        shown = text.split("### What is the Milky Way?")[1]
        places = [shown.index(f"After {stage}:") for stage in ("pretraining", "SFT", "RL")]
        assert places == sorted(places)

    @pytest.mark.parametrize(
        ("rewards", "chosen"),
        [("1111 1010", [4, 5]), ("1100 1010", [0, 2]), ("1111 0000", [0, 4]), ("0000 0000", [0]), ("1111 1111", [0])],
    )
    def test_kept_are_of_the_same_problem_if_possible(self, rewards: str, chosen: list[int]) -> None:
        made: list[Any] = []
        for number, group in enumerate(rewards.split()):
            problem = Problem(f"{number}?", "", "5", str(number))
            made += [SimpleNamespace(problem=problem, reward=float(reward)) for reward in group]
        assert [made.index(episode) for episode in notable(made, [episode.reward for episode in made])] == chosen


class TestMarkdown:
    def test_no_text_of_a_model_ends_its_block(self) -> None:
        text = markdown.render(Section("x", [Verbatim("```\n# not a heading\n```")]))
        assert text == "# x\n\n````\n```\n# not a heading\n```\n````\n"

    def test_no_text_is_markup(self, run: Run, tmp_path: Path) -> None:
        text, _ = both(copy(run, tmp_path / "*a* <b> |c|", evil=EVIL))
        assert text.startswith("# \\*a\\* \\<b\\> \\|c\\|\n")
        outside = re.sub(r"```.*?```|(?<!\\)`[^`\n]*`", "", text, flags=re.DOTALL)
        assert not re.search(r"(?<!\\)<(?!br>)", outside) and "\x1b" not in text

    def test_words_of_each_kind(self) -> None:
        words = paragraph("a*b ", Strong("c|d"), Code("e|f"), Code("`g"))
        table = Table("t", ["n", "v"], [row("a|b", "1"), [(Code("a|b"),), ("2",)]])
        text = markdown.render(Section("x", [words, Items([("one",), ("two",)]), table]))
        assert "a\\*b **c\\|d**`e|f``` `g ``" in text and "- one\n- two" in text
        assert "| a\\|b | 1 |" in text and "| `a\\|b` | 2 |" in text


class TestPage:
    def test_no_text_is_markup(self, run: Run, tmp_path: Path) -> None:
        """Whatever questions, answers and the folder's name say, the page has the same elements."""
        harmless = Page(both(copy(run, tmp_path / "plain", evil="words"))[1])
        _, html = both(copy(run, tmp_path / "<u>&\"'", evil=EVIL))
        read = Page(html)
        assert [tag for tag, _ in read.elements] == [tag for tag, _ in harmless.elements]
        assert not read.comments and "script" not in read.texts
        assert not [name for _, attributes in read.elements for name in attributes if name.startswith("on")]
        assert read.texts["h1"] == ["<u>&\"'"] and read.texts["title"] == ["<u>&\"' | minirl"]
        shown = EVIL.replace("\x1b", "\\x1b").replace("\u202e", "\\u202e")
        assert any(shown in text for text in read.texts["pre"]) and shown in read.texts["h3"]

    def test_it_needs_nothing_else(self, run: Run) -> None:
        _, html = both(run)
        assert not re.findall(r"https?:|url\(|@import|href|<link|<script|<iframe", html)
        images = Page(html).all("img")
        assert images and all((image["src"] or "").startswith("data:image/png;base64,") for image in images)
        (policy,) = [m["content"] for m in Page(html).all("meta") if m.get("http-equiv") == "Content-Security-Policy"]
        assert policy is not None and policy.startswith("default-src 'none';")

    def test_everybody_can_read_it(self, run: Run) -> None:
        _, html = both(run)
        read = Page(html)
        assert read.all("html")[0]["lang"] == "en" and read.texts["title"] and len(read.all("main")) == 1
        levels = [int(tag[1]) for tag, _ in read.elements if re.fullmatch("h[1-6]", tag)]
        assert levels[0] == 1 and levels.count(1) == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))
        assert all(image["alt"] for image in read.all("img"))
        assert all(head.get("scope") in ("col", "row", "rowgroup") for head in read.all("th"))
        assert len(read.all("table")) == len(read.all("caption")) == 2
        scrolled = [one for one in read.all("div") if one.get("class") == "wide"]
        assert all(one.get("tabindex") == "0" and one.get("aria-label") for one in scrolled) and len(scrolled) == 2
        assert any(m.get("name") == "viewport" for m in read.all("meta")) and "prefers-color-scheme: dark" in html

    def test_colours_have_contrast(self, run: Run) -> None:
        """WCAG asks for 4.5 to 1 between small text and what is behind it."""
        _, html = both(run)
        light, dark = (dict(re.findall(r"--(\w+): (#\w{6})", block)) for block in html.split("@media")[:2])
        for colours in (light, dark):
            for ink in ("ink", "soft", "right", "wrong"):
                for behind in ("page", "card"):
                    assert contrast(colours[ink], colours[behind]) >= 4.5, (ink, behind)

    def test_an_image_has_its_size(self, run: Run) -> None:
        (image,) = Page(both(run)[1]).all("img")
        assert (image["width"], image["height"], image["alt"]) == ("770", "462", "Reward rises.")


def contrast(first: str, second: str) -> float:
    """The contrast of two colours as WCAG 2 defines it, from 1 to 21."""
    lights = []
    for colour in (first, second):
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts)
        lights.append(0.2126 * red + 0.7152 * green + 0.0722 * blue)
    return (max(lights) + 0.05) / (min(lights) + 0.05)


def test_both_files_are_written_with_every_plot(run: Run) -> None:
    text = write_report(run).read_text(encoding="utf-8")
    images = Page((run.folder / "report.html").read_text(encoding="utf-8")).all("img")
    names = sorted(path.name for path in (run.folder / "plots").glob("*.png"))
    assert sorted(re.findall(r"\]\(plots/(\S+)\)", text)) == names and len(images) == len(names) > 5
    (alt,) = [str(image["alt"]) for image in images if str(image["alt"]).startswith("Reward and accuracy")]
    assert "RL update 1 to 2" in alt and "mean reward of the samples (train): " in alt
