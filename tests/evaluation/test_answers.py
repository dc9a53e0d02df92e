"""Answers are made once and kept, and do not depend on what they should not depend on."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from minirl import kernels
from minirl.evaluation import answers
from minirl.evaluation.answers import ANSWERS, Settings, answer, kept_answers
from minirl.generate import Beams, Sampling, Schedule, beam_search, generate, step_beams
from minirl.model import GPT
from minirl.runs import Run
from minirl.storage.checksums import DamagedError
from minirl.tasks import get

PROMPTS = [problem.prompt for problem in get("word_problems").problems("test", 5)]
SETTINGS = Settings(samples=3, max_new_tokens=6, seed=1)


@pytest.fixture
def own(run: Run, tmp_path: Path) -> Run:
    """A copy to write into."""
    shutil.copytree(run.folder, tmp_path / "own", ignore=shutil.ignore_patterns(ANSWERS))
    return Run.open(tmp_path / "own")


def files(run: Run) -> list[str]:
    return sorted(path.name for path in (run.folder / ANSWERS).glob("*"))


@pytest.fixture
def model_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise AssertionError("answers were made anew")

    monkeypatch.setattr(answers, "answer", refuse)


def test_any_number_of_threads_gives_the_same_answers(run: Run) -> None:
    model, tokenizer, before = run.model(), run.tokenizer(), kernels.get_threads()
    try:
        found = []
        for threads in (1, 2, 3):
            kernels.set_threads(threads)
            found.append(answer(model, tokenizer, PROMPTS, SETTINGS))
    finally:
        kernels.set_threads(before)
    assert found[0] == found[1] == found[2]
    assert len({sample.text for attempt in found[0] for sample in attempt.samples}) > 5


def test_kept_answers_are_the_answers(own: Run) -> None:
    made = kept_answers(own, "sft", PROMPTS, SETTINGS)
    assert made == answer(own.model("sft"), own.tokenizer(), PROMPTS, SETTINGS)
    assert len(files(own)) == 1


def test_they_are_made_once(own: Run, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    made = kept_answers(own, "sft", PROMPTS, SETTINGS)
    request.getfixturevalue("model_is_not_asked")
    kernels.set_threads(before := kernels.get_threads())
    assert kept_answers(own, "sft", PROMPTS, SETTINGS) == made
    for threads in (1, 2):
        kernels.set_threads(threads)
        assert kept_answers(own, "sft", PROMPTS, SETTINGS) == made
    kernels.set_threads(before)


@pytest.mark.parametrize(
    "change",
    [
        {"settings": replace(SETTINGS, seed=2)},
        {"settings": replace(SETTINGS, samples=2)},
        {"settings": replace(SETTINGS, max_new_tokens=5)},
        {"prompts": PROMPTS[1:]},
        {"stage": "rl"},
    ],
)
def test_what_differs_is_another_file(change: dict, own: Run) -> None:
    usual = {"stage": "sft", "prompts": PROMPTS, "settings": SETTINGS}
    first = kept_answers(own, **usual)
    before = (own.folder / ANSWERS / files(own)[0]).read_bytes()
    name = files(own)[0]
    kept_answers(own, **{**usual, **change})
    assert len(files(own)) == 2
    assert (own.folder / ANSWERS / name).read_bytes() == before and kept_answers(own, **usual) == first


def test_usual_settings_keep_the_names_of_their_files() -> None:
    """Settings that were added later do not count while they are as usual."""
    assert SETTINGS.as_json() == {"samples": 3, "max_new_tokens": 6, "seed": 1}
    rule = Sampling(Schedule(1.5, 0.3, 20), min_p=0.1, max_new_tokens=99)
    unusual = replace(SETTINGS, sampling=rule, beam=Beams(4), log_probs=True)
    assert unusual.as_json() == {
        **SETTINGS.as_json(), "temperature": "1.5:0.3/20", "min_p": 0.1, "search": [4, "gnmt", 0.6], "log_probs": True,
    }  # fmt: skip
    assert replace(unusual, by_steps=True).as_json()["search"] == [4, "steps"]
    assert [one.first for one in (SETTINGS, unusual, replace(unusual, by_steps=True))] == [
        "greedy",
        "beam@4",
        "steps@4",
    ]


def test_answers_of_a_search_and_of_a_schedule(own: Run) -> None:
    model, tokenizer = own.model("sft"), own.tokenizer()
    rule = Sampling(Schedule(1.5, 0.3, 4))
    settings = replace(SETTINGS, sampling=rule, beam=Beams(2), log_probs=True)
    made = kept_answers(own, "sft", PROMPTS, settings)
    assert kept_answers(own, "sft", PROMPTS, settings) == made  # read from the file
    searched = [found[0] for found in beam_search(model, tokenizer, PROMPTS, width=2, max_new_tokens=6)]
    said = [(one.text, one.log_prob, one.spent) for one in searched]
    assert [(a.greedy.text, a.greedy.log_prob, a.greedy.spent) for a in made] == said
    assert all(sample.spent is None for a in made for sample in a.samples)
    stepped = answer(model, tokenizer, PROMPTS[:2], replace(settings, samples=0, by_steps=True))
    found = step_beams(
        model, tokenizer, PROMPTS[:2], width=2, branches=2, temperature=rule.temperature, max_new_tokens=6, seed=1
    )
    assert [(a.greedy.text, a.greedy.spent) for a in stepped] == [(one[0].text, one[0].spent) for one in found]
    drawn = generate(model, tokenizer, PROMPTS, temperature=rule.temperature, samples=3, max_new_tokens=6, seed=1)
    assert [(s.text, s.log_prob) for a in made for s in a.samples] == [(one.text, one.log_prob) for one in drawn]


@pytest.mark.parametrize("spent", [[], [-1], [1.5], ["7"], [True], [7, 7]], ids=repr)
def test_a_search_says_what_it_spent(spent: list[object], own: Run) -> None:
    settings = replace(SETTINGS, samples=0, beam=Beams(2))
    kept_answers(own, "sft", PROMPTS, settings)
    path = own.folder / ANSWERS / files(own)[0]
    contents = json.loads(path.read_text())
    contents["attempts"][1][0][3:] = spent
    path.write_text(json.dumps(contents))
    with pytest.raises(ValueError, match="attempt 1 is not a greedy answer"):
        kept_answers(own, "sft", PROMPTS, settings)


def test_other_weights_have_other_answers(own: Run) -> None:
    """A run that went on training is not shown with the answers of before."""
    before = kept_answers(own, "rl", PROMPTS, SETTINGS)
    model = own.model("rl")
    for parameter in model.parameters():
        parameter.data += np.float32(0.3) * np.random.default_rng(0).standard_normal(parameter.shape, np.float32)
    own.save("rl", model, own.load_optimizer("rl"), own.state("rl") or {})
    assert kept_answers(own, "rl", PROMPTS, SETTINGS) != before
    assert len(files(own)) == 2


def test_a_file_that_holds_something_else_is_refused(own: Run) -> None:
    kept_answers(own, "sft", PROMPTS, SETTINGS)
    path = own.folder / ANSWERS / files(own)[0]
    contents = json.loads(path.read_text())
    contents["attempts"].pop()
    path.write_text(json.dumps(contents))
    with pytest.raises(ValueError, match="delete it"):
        kept_answers(own, "sft", PROMPTS, SETTINGS)


GOOD = ["x", 1, True]


@pytest.mark.parametrize(
    "attempt",
    [
        None, 7, "abc", {}, [], [GOOD, [GOOD] * 3], [GOOD, [GOOD] * 2, True], [GOOD, [GOOD] * 4, True],
        [GOOD, [GOOD] * 3, 1], [GOOD, [GOOD] * 3, True, True], [GOOD, None, True], [GOOD, 3, True],
        [None, [GOOD] * 3, True],
        [["x", 1], [GOOD] * 3, True], [["x", 1, True, 0], [GOOD] * 3, True], [[7, 1, True], [GOOD] * 3, True],
        [["x", "1", True], [GOOD] * 3, True], [["x", -1, True], [GOOD] * 3, True], [["x", 7, True], [GOOD] * 3, True],
        [["x", 1e300, True], [GOOD] * 3, True], [["x", float("nan"), True], [GOOD] * 3, True],
        [["x", True, True], [GOOD] * 3, True], [["x", 10**400, True], [GOOD] * 3, True],
        [["x", 1, "yes"], [GOOD] * 3, True], [["x", 1, None], [GOOD] * 3, True],
        [["\ud800", 1, True], [GOOD] * 3, True],
        [GOOD, [GOOD, GOOD, ["x", 1, []]], True], [GOOD, {"a": 1, "b": 2, "c": 3}, True], [GOOD, "abc", True],
    ],
    ids=lambda attempt: repr(attempt)[:40],
)  # fmt: skip
def test_an_attempt_that_was_edited_is_refused_by_its_number(attempt: object, own: Run) -> None:
    kept_answers(own, "sft", PROMPTS, SETTINGS)
    path = own.folder / ANSWERS / files(own)[0]
    contents = json.loads(path.read_text())
    contents["attempts"][3] = attempt
    path.write_text(json.dumps(contents))
    is_refused(own, path, "attempt 3 is not a greedy answer, 3 samples and whether")


@pytest.mark.parametrize(
    "contents",
    [
        b"", b"{", b"null", b"[]", b"7", b'"text"', b"\xff\xfe", b"\x00" * 100, b"{}", b'{"depends_on": {}}', b"nan",
        b'{"attempts": []}', b'{"depends_on": ' + b"9" * 10**5 + b"}", b"[" * 10**5, b'{"a":' * 10**5, b"\x1b[2J",
    ],
    ids=lambda contents: repr(contents[:20]),
)  # fmt: skip
def test_a_damaged_file_is_refused_in_one_line(contents: bytes, own: Run) -> None:
    path = answers.kept_in(own, "sft", answers.depends_on(own, "sft", PROMPTS, SETTINGS))
    path.parent.mkdir()
    path.write_bytes(contents)
    is_refused(own, path, "")


def test_a_file_that_was_cut_anywhere_is_refused(own: Run) -> None:
    kept_answers(own, "sft", PROMPTS, SETTINGS)
    path = own.folder / ANSWERS / files(own)[0]
    whole = path.read_bytes().rstrip()
    for length in range(0, len(whole), 97):
        path.write_bytes(whole[:length])
        is_refused(own, path, "no valid JSON")


@pytest.mark.parametrize("attempts", [None, {}, "abcde", 5, [], [[GOOD, [GOOD] * 3, True]] * 6])
def test_a_file_without_one_attempt_per_prompt_is_refused(attempts: object, own: Run) -> None:
    path = answers.kept_in(own, "sft", answers.depends_on(own, "sft", PROMPTS, SETTINGS))
    path.parent.mkdir()
    depends_on = answers.depends_on(own, "sft", PROMPTS, SETTINGS)
    path.write_text(json.dumps({"depends_on": depends_on, "attempts": attempts}))
    is_refused(own, path, "it does not hold 5 attempts")


def test_a_folder_in_the_place_of_the_file_is_named_before_the_model_is_asked(
    own: Run, model_is_not_asked: None
) -> None:
    path = answers.kept_in(own, "sft", answers.depends_on(own, "sft", PROMPTS, SETTINGS))
    path.mkdir(parents=True)
    with pytest.raises(OSError, match=path.name):
        kept_answers(own, "sft", PROMPTS, SETTINGS)


def is_refused(run: Run, path: Path, problem: str) -> None:
    with pytest.raises(DamagedError) as error:
        kept_answers(run, "sft", PROMPTS, SETTINGS)
    message = str(error.value)
    assert message.startswith(f"{path} is damaged: ") and problem in message
    assert message.endswith("; delete it, and the model answers again")
    assert len(message.splitlines()) == 1 and len(message) < len(str(path)) + 250 and message.isprintable()


@pytest.mark.parametrize("wrong", [{"samples": -1}, {"max_new_tokens": 0}, {"samples": 1.5}, {"max_new_tokens": True}])
def test_settings_are_counts(wrong: dict) -> None:
    ((name, value),) = wrong.items()
    with pytest.raises(ValueError, match=f"{name} is {value}"):
        replace(SETTINGS, **wrong)


def test_answers_are_made_in_the_precision_of_the_run(own: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    original = answers.answer

    def spy(*arguments):  # type: ignore[no-untyped-def]
        seen.append(kernels.precision())
        return original(*arguments)

    monkeypatch.setattr(answers, "answer", spy)
    half = Run(own.folder, replace(own.config, precision="bfloat16"))
    for one in (own, half):
        kept_answers(one, "sft", PROMPTS[:1], SETTINGS)
    assert seen == ["float32", "bfloat16"] and kernels.precision() == "float32"
    assert len(files(own)) == 2


def test_a_prompt_longer_than_the_context_is_not_answered(run: Run) -> None:
    """Its place among the others is kept, and the others are answered as without it."""
    model: GPT = run.model()
    prompts = [PROMPTS[0], "why " * 500, PROMPTS[1]]
    found = answer(model, run.tokenizer(), prompts, SETTINGS)
    assert [attempt.fits for attempt in found] == [True, False, True]
    assert found[1].greedy.text == "" and not found[1].greedy.finished and len(found[1].samples) == SETTINGS.samples
    assert [found[0], found[2]] == answer(model, run.tokenizer(), PROMPTS[:2], SETTINGS)
