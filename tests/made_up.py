"""Datasets that are made up, in the formats of the published ones."""

import json
from pathlib import Path

import pytest

NAMES = [a + b for a in ("An", "Be", "Ca", "Do", "Eli", "Fa", "Gre", "Hu") for b in ("na", "lo", "ra", "ta", "vin")]
THINGS = ["apples", "books", "coins", "drums", "eggs", "forks", "gloves", "hats", "inks", "jars", "kites", "lamps",
          "maps", "nets"]  # fmt: skip


def pairs(n: int) -> list[tuple[int, str, str]]:
    """Numbered names and things; no two are the same."""
    return [(i, NAMES[i % len(NAMES)], THINGS[i // len(NAMES)]) for i in range(n)]


def gsm8k(first: str, n: int) -> list[dict]:
    return [
        {
            "question": f"{name} has {1000 * i} {thing} {first}.  Half are sold. How many are sold?",
            "answer": f"{name} sells {1000 * i}/2 = <<{1000 * i}/2={500 * i}>>{500 * i} {thing}\nIt is half.\n"
            f"#### {500 * i:,}",
        }
        for i, name, thing in pairs(n)
    ]


def svamp(n: int) -> list[dict]:
    records = [
        {
            "ID": f"chal-{i}",
            "Body": f"{name} had {i + 9} {thing}. If {name} gave away {i} of them",
            "Question": "How many are left?",
            "Equation": f"( {i + 9}.0 - {i}.0 )",
            "Answer": 9.0,
            "Type": "Subtraction",
        }
        for i, name, thing in pairs(n)
    ]
    wrong = {**records[0], "Body": "Zoe's tree had 4 apples. She picked 2. 3 grew.", "Question": "How many are there?"}
    return [*records, {**wrong, "Equation": "( ( 4.0 - 2.0 ) + 3.0 )", "Answer": 1.0}]


def aqua(first: str, n: int) -> list[dict]:
    return [
        {
            "question": f"{first} {name} has {i} {thing}.\nOne more is how many?",
            "options": [f"A){i}", f"B) {i + 1}", f"C){i + 2} {thing}.", f"D){i}", "E)None of these"],
            "rationale": f"{i} + 1 = {i + 1}\nAnswer: B",
            "correct": "B",
        }
        for i, name, thing in pairs(n)
    ]


def strategyqa(first: str, n: int) -> list[dict]:
    return [
        {
            "qid": str(i),
            "question": f"{first} {name} of old own {thing}?",
            "answer": i % 2 == 0,
            "facts": [f"{name} lived long ago.", f"There were {'some' if i % 2 == 0 else 'no'} {thing} then"],
            "decomposition": [],
            "evidence": [],
        }
        for i, name, thing in pairs(n)
    ]


def instructions(n: int) -> list[dict]:
    """ARC-Easy and OpenBookQA as LLM-Adapters writes them."""
    return [
        {
            "instruction": f"Please choose the correct answer to the question: What did {name} see beside {thing}?\n\n"
            f"Answer1: the moon Answer2: {i} stars  Answer3: a cloud Answer4: rain\n\n"
            "Answer format: answer1/answer2/answer3/answer4",
            "input": "",
            "output": f"the correct answer is answer{i % 4 + 1}",
            "answer": f"answer{i % 4 + 1}",
        }
        for i, name, thing in pairs(n)
    ]


def qasc(n: int) -> list[dict]:
    return [
        {
            "id": str(i),
            "question": {
                "stem": f"What does {name} need beside {thing}?",
                "choices": [{"text": f"thing {k}", "label": "ABCDEFGH"[k]} for k in range(8)],
            },
            "answerKey": "ABCDEFGH"[i % 8],
            "fact1": f"{name} has {thing}.",
            "fact2": "Whoever has some needs another",
            "combinedfact": f"{name} needs thing {i % 8}.",
        }
        for i, name, thing in pairs(n)
    ]


@pytest.fixture(scope="session")
def made_up_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all files of the datasets. A question of each test file stands in the train file too."""
    folder = tmp_path_factory.mktemp("datasets")
    files = {
        "gsm8k/train.jsonl": gsm8k("at home", 480) + gsm8k("at work", 1),
        "gsm8k/test.jsonl": gsm8k("at work", 60),
        "svamp/SVAMP.json": svamp(550),
        "aqua/train.json": aqua("Now", 200) + aqua("Later", 1),
        "aqua/dev.json": aqua("Soon", 50),
        "aqua/test.json": aqua("Later", 60),
        "strategyqa/train.json": strategyqa("Did", 480) + strategyqa("Could", 1),
        "strategyqa/dev.json": strategyqa("Could", 60),
        "science_qa/arc-easy-train.json": instructions(550),
        "science_qa/openbookqa-train.json": instructions(550),
        "science_qa/qasc-dev.jsonl": qasc(550),
    }
    for name, records in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        lines = name.startswith(("gsm8k", "aqua")) or name.endswith("qasc-dev.jsonl")
        text = "\n".join(json.dumps(record, ensure_ascii=False) for record in records) + "\n"
        path.write_text(text if lines else json.dumps(records), encoding="utf-8")
    return folder


@pytest.fixture
def made_up_datasets(made_up_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of published datasets is one with made-up ones."""
    monkeypatch.setenv("MINIRL_DATA_DIR", str(made_up_folder))
    return made_up_folder
