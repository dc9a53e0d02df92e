"""The models of the small world: what the pretrained one has read, and that it learns from it."""

import numpy as np

from minirl.data import encode_documents
from minirl.lessons.roger import (
    RogerTask,
    larger_problems,
    numbers_of_two_digits,
    pretrained_model,
    roger_tokenizer,
    roger_with_calls,
    taught_model,
    texts_to_read,
)
from minirl.tokenizer.special import END_RESULT, RESULT
from minirl.tools import calculator
from minirl.train.sft import mean_loss, solved


def test_pretraining_reads_no_worked_answer_and_no_question_that_is_kept_apart() -> None:
    task = RogerTask()
    texts = ["".join(text for text, _ in pieces) for pieces in texts_to_read(task, 600)]
    apart = [problem.question for split in ("train", "test") for problem in task.by_split[split]]
    assert not [text for text in texts if "Reasoning" in text or "Answer" in text]
    assert not [text for text in texts if any(question in text for question in apart)]
    assert any("Numbers:" in text for text in texts) and any(text.startswith(" ") for text in texts)


def test_the_same_seed_gives_the_same_model_which_has_learned() -> None:
    task, tokenizer = RogerTask(), roger_tokenizer()
    unread = encode_documents(tokenizer, texts_to_read(task, 20, seed=9))
    first, second, longer = (pretrained_model(tokenizer, task, steps=steps) for steps in (2, 2, 20))
    pairs = zip(first.parameters(), second.parameters(), strict=True)
    assert all(np.array_equal(one.data, other.data) for one, other in pairs)
    assert mean_loss(longer, unread) < mean_loss(first, unread) - 1


def test_a_model_learns_from_the_documents_that_it_is_given() -> None:
    tokenizer, (shown, kept) = roger_tokenizer(), larger_problems(test=3)
    assert not {problem.key for problem in shown} & {problem.key for problem in kept}
    new = solved(tokenizer, kept)
    first, longer = (taught_model(tokenizer, solved(tokenizer, shown[:100]), steps=steps) for steps in (1, 20))
    assert mean_loss(longer, new) < mean_loss(first, new) - 1


def test_a_solution_with_calls_says_what_the_calculator_says() -> None:
    learned, kept = (numbers_of_two_digits(500, seed) for seed in (0, 1))
    assert not set(learned) & set(kept)
    assert {number for story in learned + kept for number in story} == set(range(10, 100))
    problem = roger_with_calls(37, 46, 23)
    assert "calculator 46 * 23" in problem.completion and problem.answer == str(37 + 46 * 23)
    given = [piece for piece, weight in problem.solution if not weight]
    assert given == [RESULT, "1058", END_RESULT, RESULT, "1095", END_RESULT]
    said = "".join(piece for piece, weight in problem.solution)
    assert calculator.call("46 * 23") == given[1] and said == problem.completion
