"""Prompt forms: one question, asked in different ways."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minirl.evaluation.answers import Answer, Settings, asked
from minirl.evaluation.score import is_right
from minirl.tasks import ROGER, get
from minirl.tasks import prompt as module
from minirl.tasks.prompt import FORMS, in_form, judged

TASK = get("word_problems")


def test_the_examples():
    assert doctest.testmod(module).failed == 0


def test_the_usual_form_is_the_problems_own_prompt():
    assert TASK.prompt(ROGER) == ROGER.prompt == TASK.prompt(ROGER, "reasoning")


def test_every_form_asks_the_question():
    given = {
        "facts": {"facts": ["A can holds 3."]},
        "tools": {"tools": ["calculator", "search"]},
        "few_shot": {"shots": TASK.shots(2)},
    }
    made = {form: TASK.prompt(ROGER, form, **given.get(form, {})) for form in FORMS if form != "chat"}
    assert all(f"Q: {ROGER.question}\n" in prompt for prompt in made.values()) and len(set(made.values())) == 5
    assert made["tools"].startswith("Tools: calculator, search\nQ: ")
    assert made["direct"].endswith("\nAnswer:")
    with pytest.raises(ValueError, match="the prompt form chat is a conversation and no text"):
        in_form(ROGER.prompt, "chat")


def test_worked_examples_stand_in_front():
    shots = TASK.shots(2)
    assert shots == TASK.shots(3)[:2] and TASK.shots(0) == []
    text = TASK.prompt(ROGER, "few_shot", shots=shots)
    first, second, last = text.split("\n\n")
    assert (first, second) == tuple(f"{shot.prompt} {shot.reasoning}\nAnswer: {shot.answer}" for shot in shots)
    assert last == ROGER.prompt


def test_chat_is_a_conversation():
    (asked,) = TASK.prompt(ROGER, "chat")
    assert asked["role"] == "user" and asked["content"].startswith(ROGER.question) and "Answer:" in asked["content"]
    shots = TASK.shots(2)
    messages = TASK.prompt(ROGER, "chat", shots=shots)
    assert [message["role"] for message in messages] == ["user", "assistant"] * 2 + ["user"]
    assert messages[0]["content"] == shots[0].question and messages[-1]["content"] == ROGER.question
    assert messages[1]["content"] == f"{shots[0].reasoning}\nAnswer: {shots[0].answer}"
    assert TASK.checker.check(shots[0], messages[1]["content"])


def test_an_answer_without_reasoning_is_one_line():
    addition = get("addition")
    (shot,) = addition.shots(1)
    assert shot.worked == f"Answer: {shot.answer}"
    longer = addition.problems("longer", 20)
    assert all(len(number) == 3 for one in longer for number in one.question[8:-1].split(" + "))
    assert all(len(number) == 2 for one in addition.problems("test", 20) for number in one.question[8:-1].split(" + "))


@pytest.mark.parametrize("text, right", [(" 11", True), (" 12", False), ("", False), (" 11 balls", True)])
def test_a_direct_answer_is_judged_as_an_answer(text, right):
    assert is_right(TASK, ROGER, Answer(judged(text, "direct"), 3, True)) == right
    assert not is_right(TASK, ROGER, Answer(judged(text), 3, True))  # in another form it is no answer


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_a_fact_makes_no_line(facts):
    assert in_form(ROGER.prompt, "facts", facts=facts).splitlines()[1:] == ROGER.prompt.splitlines()


@pytest.mark.parametrize(
    ("form", "given", "message"),
    [
        ("aloud", {}, "no prompt form 'aloud'; choose from reasoning, direct, facts, tools"),
        ("facts", {}, "was given 0 facts"),
        ("few_shot", {}, "was given 0 shots; shots need the form few_shot"),
        ("reasoning", {"shots": ["x"]}, "was given 1 shots"),
        ("tools", {}, "was given 0 tools"),
        ("direct", {"facts": ["x"]}, "was given 1 facts; facts need the form facts"),
    ],
)
def test_what_is_no_form(form, given, message):
    with pytest.raises(ValueError, match=message):
        in_form(ROGER.prompt, form, **given)


def test_a_prompt_of_your_own_needs_the_usual_end():
    with pytest.raises(ValueError, match="the prompt ends with 'Why\\?'"):
        in_form("Why?", "direct")


def test_evaluation_asks_in_its_form():
    settings = Settings(0, 8, seed=0, form="tools", tools=("calculator",))
    assert asked(TASK, [ROGER], settings) == [in_form(ROGER.prompt, "tools", tools=["calculator"])]
    assert asked(TASK, [ROGER], Settings(0, 8, seed=0)) == [ROGER.prompt]
    assert Settings(0, 8, seed=0, form="direct").as_json()["form"] == "direct"
    assert "form" not in Settings(0, 8, seed=0).as_json()
    few = Settings(0, 8, seed=0, form="chat", shots=2)
    assert asked(TASK, [ROGER], few) == [TASK.prompt(ROGER, "chat", shots=TASK.shots(2))]
    assert few.as_json()["shots"] == 2 and "shots" not in Settings(0, 8, seed=0, form="chat").as_json()
    for form, shots, message in (("few_shot", 0, "there are none"), ("direct", 2, "shows none")):
        with pytest.raises(ValueError, match=message):
            Settings(0, 8, seed=0, form=form, shots=shots)
    with pytest.raises(ValueError, match="the form tools names the tools"):
        Settings(0, 8, seed=0, form="tools")
