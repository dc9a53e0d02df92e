"""Published datasets: how each format is read, what the splits hold, and the real files where they are here."""

import itertools
import json
import re
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minirl import tasks
from minirl.data.published import folder
from minirl.tasks.choice import Choice
from minirl.tasks.corpus import FULL, QUESTION, pretraining_documents
from minirl.tasks.finite import Finite
from minirl.tasks.published import Published
from minirl.tasks.records import DataError
from minirl.tasks.svamp import ask, work_out
from minirl.tasks.task import END, Checker, Problem

NAMES = ("gsm8k", "svamp", "aqua", "strategyqa", "arc-easy", "openbookqa", "qasc")
SIZES = {"gsm8k": 540, "aqua": 310, "strategyqa": 540}  # made up: all splits together
REAL = {  # name: problems in train, dev, test
    "gsm8k": (6730, 743, 1319),
    "svamp": (541, 131, 327),
    "aqua": (None, 254, 254),
    "strategyqa": (1853, 207, 229),
    "arc-easy": (1589, 227, 429),
    "openbookqa": (3861, 486, 484),
    "qasc": (183, 90, 621),
}
SCIENCE_QA = {"arc-easy": "arc-easy-train.json", "openbookqa": "openbookqa-train.json", "qasc": "qasc-dev.jsonl"}
FETCHED = {name: "science_qa" if name in SCIENCE_QA else name for name in NAMES}  # under which name
real_data = pytest.mark.skipif(
    not all((folder() / name).is_dir() for name in FETCHED.values()),
    reason="the published datasets are not on this machine: python -m minirl.data fetch all",
)


def problem_of(name: str, question: str) -> Problem:
    """The problem of a dataset that begins so."""
    task = tasks.get(name)
    assert isinstance(task, Published)
    return next(p for split in task.splits for p in task.listed(split) if p.question.startswith(question))


@pytest.mark.usefixtures("made_up_datasets")
class TestFormats:
    def test_gsm8k_loses_its_marks_and_commas(self) -> None:
        problem = problem_of("gsm8k", "Belo has 6000 apples at home.")
        assert problem.prompt == "Q: Belo has 6000 apples at home. Half are sold. How many are sold?\nReasoning:"
        assert problem.completion == " Belo sells 6000/2 = 3000 apples. It is half.\nAnswer: 3000<|end|>"

    def test_svamp_works_its_equation_out(self) -> None:
        problem = problem_of("svamp", "Belo had 15 apples.")
        assert problem.question == "Belo had 15 apples. If Belo gave away 6 of them, how many are left?"
        assert problem.completion == " 15 - 6 = 9.\nAnswer: 9<|end|>"

    def test_aqua_lists_its_options(self) -> None:
        problem = problem_of("aqua", "Soon Belo")
        assert problem.question == (
            "Soon Belo has 6 apples. One more is how many? Options: A) 6 B) 7 C) 8 apples. D) 6 E) None of these"
        )
        assert problem.completion == " 6 + 1 = 7. Answer: B.\nAnswer: B<|end|>"

    def test_strategyqa_reasons_with_its_facts(self) -> None:
        problem = problem_of("strategyqa", "Did Belo of old own apples?")
        assert problem.completion == " Belo lived long ago. There were some apples then.\nAnswer: yes<|end|>"
        assert problem_of("strategyqa", "Did Bera of old own apples?").answer == "no"

    def test_science_questions_list_their_options(self) -> None:
        problem = problem_of("arc-easy", "What did Belo see beside apples?")
        assert isinstance(problem, Choice)
        assert problem.question.endswith("beside apples? Options: A) the moon B) 6 stars C) a cloud D) rain")
        assert (problem.stem, problem.right) == ("What did Belo see beside apples?", 2)
        assert problem.completion == " a cloud.\nAnswer: C<|end|>"
        problem = problem_of("qasc", "What does Belo need beside apples?")
        assert problem.completion == (
            " Belo has apples. Whoever has some needs another. Belo needs thing 6.\nAnswer: G<|end|>"
        )

    def test_a_line_separator_within_a_record_does_not_end_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("MINIRL_DATA_DIR", str(tmp_path))
        (tmp_path / "aqua").mkdir()
        record = {
            "question": "A\u2028b?",
            "options": ["A)1", "B)2", "C)3", "D)4", "E)5"],
            "rationale": "",
            "correct": "A",
        }
        (tmp_path / "aqua" / "test.json").write_text(json.dumps(record, ensure_ascii=False) + "\n", encoding="utf-8")
        assert tasks.get("aqua").problems("test", 1)[0].question.startswith("A b? Options")


@pytest.mark.usefixtures("made_up_datasets")
class TestSplits:
    @pytest.mark.parametrize("name", NAMES)
    def test_share_no_question_and_leave_none_out(self, name: str) -> None:
        task = tasks.get(name)
        assert isinstance(task, Finite)
        keys = {split: [problem.key for problem in task.listed(split)] for split in task.splits}
        for one, other in itertools.combinations(keys, 2):
            assert not set(keys[one]) & set(keys[other])
        assert sum(map(len, keys.values())) == SIZES.get(name, 550)
        assert all(len(set(split)) == len(split) == task.size(name) for name, split in keys.items())

    def test_a_question_of_test_is_not_in_train_too(self, made_up_datasets: Path) -> None:
        assert "Anna has 0 apples at work." in (made_up_datasets / "gsm8k" / "train.jsonl").read_text()
        task = tasks.get("gsm8k")
        assert len([p for p in task.problems("test", 60) if p.question.startswith("Anna has 0 apples at work.")]) == 1
        for split in ("train", "dev"):
            assert not [p for p in task.problems(split, task.size(split) or 0) if "at work" in p.question]

    def test_one_story_of_svamp_stays_in_one_split(self) -> None:
        """Its family is the body without numbers, so another number does not move it."""
        task = tasks.get("svamp")
        assert isinstance(task, Published)
        first = {"Body": "Tom had 5 pens.", "Question": "How many?"}
        assert task.family(first) == task.family({"Body": "Tom had 17 pens.", "Question": "How few?"})
        assert task.family(first) != task.family({**first, "Body": "Tim had 5 pens."})

    def test_what_contradicts_itself_is_left_out(self) -> None:
        task = tasks.get("svamp")
        assert isinstance(task, Published)
        assert not [p for split in task.splits for p in task.listed(split) if "Zoe" in p.question]

    @pytest.mark.parametrize("name", NAMES)
    def test_asking_for_too_many_names_the_size(self, name: str) -> None:
        task = tasks.get(name)
        size = task.size("test")
        assert size is not None and len(task.problems("test", size)) == size
        with pytest.raises(ValueError, match=f"'test' of {name} holds {size} problems; {size + 1} were"):
            task.problems("test", size + 1)


class TestMissing:
    @pytest.mark.parametrize("name", NAMES)
    def test_a_missing_file_names_the_command_that_brings_it(
        self, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("MINIRL_DATA_DIR", str(tmp_path))
        task = tasks.get(name)  # making the task reads nothing
        with pytest.raises(FileNotFoundError, match=f"python -m minirl.data fetch {FETCHED[name]}"):
            task.problems("train", 1)

    def test_a_split_can_be_read_without_the_files_of_the_others(
        self, made_up_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("MINIRL_DATA_DIR", str(tmp_path))
        (tmp_path / "aqua").mkdir()
        for name in ("dev.json", "test.json"):
            (tmp_path / "aqua" / name).write_bytes((made_up_folder / "aqua" / name).read_bytes())
        assert tasks.get("aqua").size("dev") == 50


GOOD = {
    "gsm8k": ("test.jsonl", {"question": "Why?", "answer": "Because 1 + 1 = 2.\n#### 2"}),
    "svamp": (
        "SVAMP.json",
        {"Body": "Tom had 5.", "Question": "How many?", "Equation": "( 5.0 - 1.0 )", "Answer": 4.0},
    ),
    "aqua": (
        "test.json",
        {"question": "Why?", "options": ["A)1", "B)2", "C)3", "D)4", "E)5"], "rationale": "So.", "correct": "A"},
    ),
    "strategyqa": ("dev.json", {"question": "Is it?", "answer": True, "facts": ["It is."]}),
    **dict.fromkeys(
        ("arc-easy", "openbookqa"),
        (
            "",
            {
                "instruction": "Please choose the correct answer to the question: Why?\n\nAnswer1: a b Answer2: c\n\n"
                "Answer format: answer1/answer2",
                "answer": "answer2",
            },
        ),
    ),
    "qasc": (
        "",
        {
            "question": {"stem": "Why?", "choices": [{"text": "so", "label": "A"}, {"text": "no", "label": "B"}]},
            "answerKey": "B",
            "fact1": "It is.",
            "fact2": "It was.",
            "combinedfact": "It will be.",
        },
    ),
}
GOOD |= {name: (file, GOOD[name][1]) for name, file in SCIENCE_QA.items()}


class TestDamage:
    """What others' editors do to a file is read; what would change a problem is refused with file, line and field."""

    def listed(self, folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, data: bytes) -> list[Problem]:
        monkeypatch.setenv("MINIRL_DATA_DIR", str(folder))
        (folder / FETCHED[name]).mkdir()
        (folder / FETCHED[name] / GOOD[name][0]).write_bytes(data)
        task = tasks.get(name)
        assert isinstance(task, Published)
        parts = tuple(part._replace(tenths=range(10)) for part in task.parts if part.split == "test")
        monkeypatch.setattr(task, "parts", parts)
        return task.listed("test")

    @pytest.mark.parametrize("name", NAMES)
    @pytest.mark.parametrize(
        "form", [b"\xef\xbb\xbf%s", b"\n\n%s\n\n", b"\r\n%s\r\n", b"[%s]", b"\n [\r\n%s\n]\n", b"\xef\xbb\xbf\n[ %s ]"]
    )
    def test_harmless_differences(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, form: bytes
    ) -> None:
        data = form % json.dumps(GOOD[name][1]).encode()
        assert len(self.listed(tmp_path, monkeypatch, name, data)) == 1

    @pytest.mark.parametrize(
        ("name", "field", "value", "said"),
        [
            ("gsm8k", "question", None, "'question' is None; expected text"),
            ("gsm8k", "question", " ", "expected some text"),
            ("gsm8k", "question", "\ud800", "lone surrogate"),
            ("gsm8k", "answer", 7, "'answer' is 7; expected text"),
            ("gsm8k", "answer", "It is 2.", "'answer' ends in 'It is 2.'; expected a last line #### NUMBER"),
            ("gsm8k", "answer", "It is 2.\n#### two", "expected a last line #### NUMBER"),
            ("svamp", "Answer", "4.0", "'Answer' is '4.0'; expected a number"),
            ("svamp", "Answer", True, "'Answer' is True; expected a number"),
            ("svamp", "Answer", float("nan"), "NaN"),
            ("svamp", "Answer", float("inf"), "Infinity"),
            ("svamp", "Equation", "( 5.0 ! 1.0 )", "'Equation': '( 5.0 ! 1.0 )' is no equation"),
            ("svamp", "Equation", "( 1e99999999 + 1.0 )", "is no equation"),
            ("svamp", "Equation", "( 5.0 - 1.0", "'Equation': '( 5.0 - 1.0' is left"),
            ("svamp", "Equation", "( 1/0 + 1.0 )", "'Equation': Fraction"),
            ("svamp", "Body", [], "'Body' is []; expected text"),
            ("aqua", "correct", "F", "'correct' is 'F'; expected one of A, B, C, D, E"),
            ("aqua", "correct", "ABC", "'correct' is 'ABC'"),
            ("aqua", "options", ["A)1"], "'options' has 1 options; expected 5"),
            ("aqua", "options", "ABCDE", "'options' is 'ABCDE'; expected a list"),
            ("aqua", "options", ["A)1", "B)2", 3, "D)4", "E)5"], "'options'[2] is 3; expected text"),
            ("aqua", "rationale", None, "'rationale' is None"),
            ("strategyqa", "answer", "false", "'answer' is 'false'; expected true or false"),
            ("strategyqa", "answer", 1, "'answer' is 1; expected true or false"),
            ("strategyqa", "facts", "It is.", "'facts' is 'It is.'; expected a list"),
            ("arc-easy", "instruction", "Why?", "'instruction' is 'Why?'; expected a question, Answer1:"),
            ("arc-easy", "answer", "answer3", "'answer' is 'answer3'; expected one of answer1, answer2"),
            ("openbookqa", "answer", "2", "'answer' is '2'; expected one of answer1, answer2"),
            ("qasc", "question", "Why?", "'question' is 'Why?'; expected an object with stem and choices"),
            ("qasc", "answerKey", "C", "'answerKey' is 'C', and the labels are A, B"),
            ("qasc", "fact1", None, "'fact1' is None; expected text"),
        ],
    )
    def test_a_field_that_is_wrong(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, field: str, value: object, said: str
    ) -> None:
        file, good = GOOD[name]
        for number, record in enumerate(({**good, field: value}, {k: v for k, v in good.items() if k != field})):
            data = f"\n{json.dumps(good)}\n\n{json.dumps(record)}\n".encode()
            folder = tmp_path / str(number)
            folder.mkdir()
            expected = said if field in record else f"the field '{field}' is missing"
            with pytest.raises(DataError, match=rf"{file}, line 4: .*{re.escape(expected)}"):
                self.listed(folder, monkeypatch, name, data)

    @pytest.mark.parametrize(
        ("data", "said"),
        [
            (b"", "holds no records"),
            (b"[]", "holds no records"),
            (b'\n{"question": ', "line 2: no valid JSON"),
            (b"[\n{},\n3]", "line 2: the field 'question' is missing"),
            (b"3", "line 1 has 3; expected an object"),
            (b'{"question": "\xff"}', "line 1: byte 0xff is not UTF-8"),
            (b'{"question": "a", "question": "b"}', "the name 'question' stands twice"),
            (b"[" * 100_000, "line 1: lists or objects stand too deep"),
            (b'{"question": ' + b"[" * 100_000, "line 1: lists or objects stand too deep"),
            (b"\x1f\x8b\x08", "is compressed"),
            (b'{"question": "a"} {}', "line 1: ' {}' stands after the record"),
        ],
    )
    def test_a_file_that_is_wrong(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, said: str
    ) -> None:
        with pytest.raises(DataError, match=re.escape(said)) as error:
            self.listed(tmp_path, monkeypatch, "gsm8k", data)
        assert "test.jsonl" in str(error.value) and len(str(error.value)) < 2000

    def test_an_array_says_on_which_line_a_record_begins(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        good = json.dumps(GOOD["strategyqa"][1], indent=1)
        with pytest.raises(DataError, match="line 10: the field 'question' is missing"):
            self.listed(tmp_path, monkeypatch, "strategyqa", f"[\n{good},\n\n{{}}]".encode())


class Numbered(Finite):
    """Twelve problems in train, none in dev."""

    name = "numbered"
    checker: Checker

    def listed(self, split: str) -> list[Problem]:
        return [Problem(f"{n}?", "", str(n), str(n)) for n in range(12 if split == "train" else 0)]


class TestRounds:
    @given(st.integers(1, 30), st.integers(1, 6), st.integers(0, 5))
    def test_batches_follow_each_other_through_the_rounds(self, n: int, batches: int, seed: int) -> None:
        """However the batches are cut: each twelve problems are all of them, and a batch does not need those before."""
        task = Numbered()
        drawn = [problem.key for number in range(batches) for problem in task.batch(number, n, seed)]
        assert len(drawn) == n * batches
        for start in range(0, len(drawn) - 11, 12):
            assert len(set(drawn[start : start + 12])) == 12
        assert drawn == [problem.key for problem in itertools.islice(task.endless("train", seed), n * batches)]

    def test_each_round_has_another_order(self) -> None:
        rounds = [[p.key for p in Numbered().batch(number, 12)] for number in range(3)]
        assert rounds[0] != rounds[1] != rounds[2] != rounds[0]
        assert rounds[0] != [p.key for p in Numbered().batch(0, 12, seed=1)]

    def test_an_empty_split_is_an_error_and_no_endless_search(self) -> None:
        with pytest.raises(ValueError, match="'dev' of numbered is empty"):
            next(Numbered().endless("dev"))


class TestPretraining:
    @pytest.mark.usefixtures("made_up_datasets")
    @pytest.mark.parametrize("name", NAMES)
    def test_reads_the_worked_problems_of_train(self, name: str) -> None:
        task = tasks.get(name)
        train = {p.prompt + p.completion for p in task.problems("train", task.size("train") or 0)}
        documents = list(pretraining_documents(task, 40, seed=3))
        for document in documents:
            assert "".join(text for text, _ in document) in train
            assert [weight for _, weight in document] == [QUESTION, FULL, FULL] and document[-1][0] == END
        assert len({document[0][0] for document in documents}) == 40

    @pytest.mark.usefixtures("made_up_datasets")
    def test_held_out_documents_are_of_dev(self) -> None:
        task = tasks.get("gsm8k")
        dev = {p.prompt + p.completion for p in task.problems("dev", task.size("dev") or 0)}
        for document in pretraining_documents(task, 200, split="dev"):  # more than there are
            assert "".join(text for text, _ in document) in dev


@given(st.lists(st.tuples(st.sampled_from("+-*/"), st.integers(1, 99)), max_size=4), st.integers(1, 99))
def test_equations_are_worked_out_exactly(rest: list[tuple[str, int]], first: int) -> None:
    """Against Python's own arithmetic on fractions; every step that is told is true."""
    equation, expected = f"{first}.0", Fraction(first)
    for sign, number in rest:
        equation = f"( {equation} {sign} {number}.0 )"
        results = {"+": expected + number, "-": expected - number, "*": expected * number, "/": expected / number}
        expected = results[sign]
    reasoning, value = work_out(equation)
    assert value == expected
    assert reasoning.endswith(f"{expected}.") and reasoning.count("=") == len(rest)


@pytest.mark.parametrize(
    ("body", "question", "expected"),
    [
        ("Tom has 3.", "How many?", "Tom has 3. How many?"),
        ("Ann is here. If Tom has 3", "How many?", "Ann is here. If Tom has 3, how many?"),
        ("Then Tom got 3", "How many?", "Then Tom got 3. How many?"),
    ],
)
def test_the_two_parts_of_a_question_of_svamp(body: str, question: str, expected: str) -> None:
    assert ask(body, question) == expected


@real_data
class TestRealFiles:
    @pytest.mark.parametrize("name", NAMES)
    def test_sizes(self, name: str) -> None:
        task = tasks.get(name)
        for split, size in zip(task.splits, REAL[name], strict=True):
            assert size is None or task.size(split) == size

    @pytest.mark.parametrize("name", NAMES)
    def test_every_solution_is_right_and_on_one_line(self, name: str) -> None:
        task = tasks.get(name)
        assert isinstance(task, Published)
        for split in task.splits if name != "aqua" else ("dev", "test"):
            for problem in task.listed(split):
                assert task.checker.check(problem, problem.completion)
                assert problem.reasoning and problem.reasoning[-1] in ".?!:;,"
                assert len((problem.prompt + problem.completion).splitlines()) == 3
                assert "<<" not in problem.completion and "####" not in problem.completion
                assert problem.completion.count(END) == 1 and END not in problem.prompt
