"""The scan finds what is there, and reads what was trained on."""

from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minirl import tasks
from minirl.data import Document, encode_documents
from minirl.evaluation.contamination import Overlap, find_overlaps, ngrams, usual_n, words
from minirl.runs import Run
from minirl.tasks import Problem
from minirl.tokenizer import Tokenizer
from minirl.train import pretrain, rehearsal, sft
from minirl.train.rl import RLStage
from minirl.train.texts import training_texts

FEW_WORDS = st.lists(st.sampled_from(["a", "b", "c"]), max_size=9).map(" ".join)


def problem(question: str) -> Problem:
    return Problem(question, "r", "1", question)


def scan(questions: list[str], texts: list[str], n: int | None = None) -> Overlap:
    (found,) = find_overlaps({"test": list(map(problem, questions))}, (("here", text) for text in texts), n)
    return found


@given(st.lists(FEW_WORDS, min_size=1, max_size=4), st.lists(FEW_WORDS, min_size=1, max_size=4), st.integers(1, 5))
def test_counts_are_those_of_the_definition(questions: list[str], texts: list[str], n: int) -> None:
    found = scan(questions, texts, n)
    inside = [f" {text} " for text in texts]
    parts = [[" ".join(q.split()[i : i + n]) for i in range(len(q.split()) - n + 1)] for q in questions]
    seen = [[any(f" {part} " in text for text in inside) for part in row] for row in parts]
    assert found.touched(["here"]) == sum(map(any, seen))
    assert found.covered(["here"]) == sum(bool(row) and all(row) for row in seen)
    assert found.too_short == sum(not row for row in parts)


def test_capital_letters_and_punctuation_do_not_hide_anything() -> None:
    found = scan(["Roger has 5 tennis balls."], ["... and ROGER has 5 (tennis) balls, he says"], 5)
    assert found.covered(["here"]) == 1
    (example,) = found.examples
    assert (example.words, example.source) == ("roger has 5 tennis balls", "here")


def test_words_of_two_texts_are_not_in_a_row() -> None:
    assert scan(["a b c d"], ["a b", "c d"], 4).touched(["here"]) == 0


def test_sources_are_counted_apart_and_together() -> None:
    questions = ["a b c d e", "c d e f g", "v w x y z"]
    texts = [("one", "a b c d e"), ("two", "d e f g"), ("two", "nothing")]
    (found,) = find_overlaps({"test": list(map(problem, questions))}, texts, 3)
    assert {name: (found.touched(of), found.covered(of)) for name, of in found.rows().items()} == {
        "one": (2, 1), "two": (1, 0), "all of it": (2, 2),
    }  # fmt: skip


def test_sets_of_several_lengths_are_read_in_one_pass() -> None:
    sets = {"long": [problem(" ".join(map(str, range(20))))], "short": [problem("a b c d e")]}
    long, short = find_overlaps(sets, iter([("x", " ".join(map(str, range(30)))), ("x", "z a b c d e")]))
    assert (long.n, short.n) == (13, 5)
    assert long.covered(["x"]) == short.covered(["x"]) == 1


@pytest.mark.parametrize(("length", "n"), [(2, 4), (6, 6), (40, 13)])
def test_short_questions_have_short_ngrams(length: int, n: int) -> None:
    assert usual_n([problem("w " * length)] * 30 + [problem("w")]) == n


def test_nothing_is_shorter_than_its_ngrams() -> None:
    assert list(ngrams(words("a b"), 3)) == [] and list(ngrams(words("a b c"), 3)) == [("a", "b", "c")]


class TestTrainingTexts:
    """What the scan reads is what the stages train on."""

    @pytest.fixture
    def encoded(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """The texts that stages turn into tokens."""
        texts: list[str] = []

        def spy(tokenizer: Tokenizer, documents: Iterable[Sequence[tuple[str, float]]]) -> list[Document]:
            kept = [list(pieces) for pieces in documents]
            texts.extend("".join(text for text, _ in pieces) for pieces in kept)
            return encode_documents(tokenizer, kept)

        for stage in (pretrain, sft, rehearsal):
            monkeypatch.setattr(stage, "encode_documents", spy)
        return texts

    def test_of_pretraining(self, run: Run, encoded: list[str]) -> None:
        stage = pretrain.PretrainStage(run.config, run.model("pretrain"), run.tokenizer(), tasks.get(run.config.task))
        encoded.clear()  # what it is probed with
        for _ in range(stage.steps):
            stage.loader.next_batch()
        assert encoded == [text for source, text in training_texts(run) if source == "pretraining"]

    def test_of_fine_tuning(self, run: Run, encoded: list[str]) -> None:
        stage = sft.SFTStage(run.config, run.model("sft"), run.tokenizer(), tasks.get(run.config.task))
        shown = [text for source, text in training_texts(run) if source == "demonstrations"]
        assert encoded == shown
        encoded.clear()
        for _ in range(stage.steps):
            stage.loader.next_batch()
        assert encoded and encoded == self.rehearsed(run, "sft")

    def test_of_what_reinforcement_learning_rehearses(self, run: Run, encoded: list[str]) -> None:
        stage = RLStage(run, run.model("rl"), run.tokenizer(), tasks.get(run.config.task))
        encoded.clear()  # the demonstrations
        for _ in range(stage.steps):
            stage.rehearsal.next_batch()
        assert encoded and encoded == self.rehearsed(run, "rl")

    @staticmethod
    def rehearsed(run: Run, stage: str) -> list[str]:
        """What the scan reads of a stage's rehearsal: fine-tuning's comes first."""
        texts = [text for source, text in training_texts(run) if source == "rehearsal"]
        first = run.config.sft.epochs * len(sft.chunk_texts(run.config, tasks.get(run.config.task), 0))
        return texts[:first] if stage == "sft" else texts[first:]

    def test_of_reinforcement_learning(self, run: Run) -> None:
        read = {text for source, text in training_texts(run) if source == "reinforcement learning"}
        episodes = run.records("samples.jsonl", kind="episode")
        assert episodes and {e["prompt"].split("Q: ")[1].split("\nReasoning:")[0] for e in episodes} <= read
        assert len(read) <= run.config.rl.steps * run.config.rl.prompts
