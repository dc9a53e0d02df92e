"""The models of the small world: what the pretrained one has read, and that it learns from it."""

import numpy as np

from minirl.data import encode_documents
from minirl.lessons.roger import RogerTask, pretrained_model, roger_tokenizer, texts_to_read
from minirl.train.sft import mean_loss


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
