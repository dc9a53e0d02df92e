"""chat, evaluate and trace with tools: calls and results are shown as what they are, and judges see neither."""

import io
import json

import pytest
from rich.console import Console

from minirl import chat, evaluate, microscope, trace
from minirl.evaluation.answers import Settings, answer, as_written, read_attempt
from minirl.generate import Beams, beam_search, generate, step_beams
from minirl.generate.options import Searching
from minirl.microscope import record
from minirl.rl import rollout
from minirl.rl.mdp import Agent
from minirl.runs import Run
from minirl.tasks import ROGER
from minirl.tokenizer import Tokenizer
from minirl.tools import TOOLS, said, shown, toolbox, transcript
from minirl.train.rl import episode_record
from tests.rl.caller import Guesses, Sums, make_caller

NAMES = ("t", "1", "7")
LONGEST = 16


@pytest.fixture(scope="module")
def tokenizer():
    texts = [ROGER.prompt, ROGER.completion.removesuffix("<|end|>")]
    return Tokenizer.train(texts * 4, 330)


@pytest.fixture(scope="module")
def model(tokenizer):
    return make_caller(tokenizer)


@pytest.fixture(autouse=True)
def known(monkeypatch):
    for name in NAMES:
        monkeypatch.setitem(TOOLS, name, Sums(name))


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        ([("said", " 12 * 34 = "), ("call", "calc"), ("call", " 12 * 34"), ("result", "408"), ("said", "408.")],
         " 12 * 34 = [calc 12 * 34 → 408]408."),
        ([("call", "a"), ("result", "1"), ("call", "b"), ("result", "2")], "[a → 1][b → 2]"),
        ([("said", "x"), ("call", "a")], "x[a]"),
        ([("call", "a"), ("said", "x")], "[a]x"),
        ([], ""),
    ],
)  # fmt: skip
def test_how_calls_are_shown(pieces, text):
    assert "".join(shown(iter(pieces))) == text


def test_chat_shows_calls_and_results(model, tokenizer):
    box = toolbox(tokenizer, NAMES)
    arguments = chat.Arguments(run=None, drawing=chat.Drawing("1"))
    told = []
    for seed in range(25):
        told.append("".join(chat.answer(model, tokenizer, ROGER.question, arguments, seed, tools=box)))
        [whole] = generate(model, tokenizer, ROGER.prompt, max_new_tokens=128, seed=seed, tools=box)
        assert told[-1] == "".join(shown(transcript(tokenizer, whole.ids, whole.forced)))
    assert any(" → Answer: " in text for text in told) and any(" → error: " in text for text in told)


def test_chat_shows_the_calls_of_the_chosen_sample(model, tokenizer):
    box, checker = toolbox(tokenizer, NAMES), Guesses().checker
    arguments = chat.Arguments(run=None, drawing=chat.Drawing("1"), samples=40, choose="likeliest")
    [text] = chat.answer(model, tokenizer, ROGER.question, arguments, 0, checker, box)
    assert text.endswith("of 40 samples give this answer)")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--tools abacus", "no tool is called 'abacus'; there are "),
        ("--tools calculator:twice", "no tool is called 'calculator:twice'; there are "),
    ],
)
@pytest.mark.parametrize("main", [chat.main, evaluate.main])
def test_flags_that_do_not_work(main, words, message, run: Run, capsys):
    question = ["Why?"] if main is chat.main else []
    assert main([str(run.folder), *question, *words.split()]) == 1
    assert message in capsys.readouterr().err


def test_answers_are_what_was_said(model, tokenizer):
    settings = Settings(60, LONGEST, seed=0, tools=NAMES)
    [attempt] = answer(model, tokenizer, [ROGER.prompt], settings)
    box = toolbox(tokenizer, NAMES)
    samples = list(generate(model, tokenizer, ROGER.prompt, samples=60, max_new_tokens=LONGEST, tools=box))
    called = [sample.forced.any() for sample in samples]
    assert any(called) and [one.text for one in attempt.samples] == [sample.text for sample in samples]
    assert all(one.tokens <= LONGEST for one in attempt.samples)
    assert any(len(sample.ids) > LONGEST for sample in samples)  # results are no tokens of the answer
    assert read_attempt(json.loads(json.dumps(as_written(attempt))), 0, settings) == attempt


def test_the_best_beam_calls_tools_in_chat_and_evaluation(model, tokenizer):
    box = toolbox(tokenizer, NAMES)
    [[best, *_]] = beam_search(model, tokenizer, ROGER.prompt, width=6, max_new_tokens=LONGEST, tools=box)
    settings = Settings(0, LONGEST, seed=0, tools=NAMES, beam=Beams(6))
    [attempt] = answer(model, tokenizer, [ROGER.prompt], settings)
    assert attempt.greedy.text == best.text and attempt.greedy.tokens == (~best.forced).sum()
    arguments = chat.Arguments(run=None, searching=Searching(beam=6))
    [text] = chat.answer(model, tokenizer, ROGER.question, arguments, 0, tools=box)
    assert text == chat.readable(next(beam_search(model, tokenizer, ROGER.prompt, width=6, tools=box))[0], tokenizer)


def test_beams_of_sentences_call_tools(model, tokenizer):
    """A judge that likes "7" leads to the calls that return it; calls that were answered count as before."""
    box, prompts = toolbox(tokenizer, NAMES), [ROGER.prompt, "7 + 1", ROGER.prompt]
    wanted = {"width": 3, "branches": 5, "max_new_tokens": 40, "tools": box, "temperature": 1.0, "seed": 3}
    found = list(step_beams(model, tokenizer, prompts, **wanted))
    called = [one for beams in found for one in beams if one.forced.any()]
    assert called
    for one in called:
        assert one.text == said(tokenizer, one.ids, one.forced) and not one.log_probs[one.forced].any()
        assert (~one.forced).sum() <= 40
        results = [piece for piece in transcript(tokenizer, one.ids, one.forced) if piece.kind == "result"]
        answered = [piece for piece in results if "no calls left" not in piece.text]
        assert len(answered) <= box.calls
    alone = next(step_beams(model, tokenizer, prompts[:1], **wanted))
    assert [one.ids.tolist() for one in alone] == [one.ids.tolist() for one in found[0]]
    arguments = chat.Arguments(
        run=None, drawing=chat.Drawing("1"), searching=Searching(beam=3, judge="arithmetic"), seed=0
    )
    [text] = chat.answer(model, tokenizer, ROGER.question, arguments, 0, tools=box)
    assert text


def test_evaluate_keeps_answers_with_tools_apart(run: Run, capsys):
    kept = set((run.folder / "answers").glob("*"))
    for words in (["--tools", "calculator"], ["--tools"], []):
        assert evaluate.main([str(run.folder), "--limit", "3", "--stages", "sft", *words]) == 0
        new = set((run.folder / "answers").glob("*")) - kept
        written = [json.loads(path.read_text())["depends_on"].get("tools") for path in new]
        assert all(tools == ["calculator"] for tools in written) if "calculator" in words else None in written


def test_a_trace_tells_calls_and_results_apart(model, tokenizer, tmp_path):
    agent, box, seed = Agent(model, tokenizer), toolbox(tokenizer, NAMES), 0
    while True:
        found = record(agent, Guesses(), ROGER, samples=4, max_new_tokens=LONGEST, kind="plain", seed=seed, tools=box)
        if {moment.kind for moment in found.moments} == {"said", "call", "result"}:
            break
        seed += 1
    forced = [moment for moment in found.moments if moment.forced]
    assert all(moment.kind == "result" for moment in forced)
    assert found.log_prob == sum(moment.log_prob for moment in found.moments if not moment.forced)
    console = Console(width=200, record=True, file=io.StringIO())
    trace.show(found, console)
    assert console.export_text().count("result of the tool, not chosen") == len(forced)
    text = microscope.page(found)
    for kind, wanted in (("action call", "call"), ("action forced result", "result")):
        assert text.count(f'class="token {kind}"') == sum(moment.kind == wanted for moment in found.moments)
    microscope.draw(found).save(tmp_path / "episode.png")
    assert (tmp_path / "episode.png").stat().st_size > 10_000


def test_samples_of_a_run_show_calls(model, tokenizer):
    box = toolbox(tokenizer, NAMES)
    episodes = rollout(model, tokenizer, Guesses(), [ROGER], 40, max_new_tokens=LONGEST, tools=box)
    written = [episode_record(episode, 0, tokenizer)["completion"] for episode in episodes]
    assert [("→" in text) for text in written] == [bool(episode.forced.any()) for episode in episodes]
    assert any("→" in text for text in written)
