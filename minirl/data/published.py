"""Published datasets: their files, where the files come from, and where they are kept on this machine.

A file is identified by the SHA-256 of its bytes, so it does not matter how it came here. fetch.py downloads the files,
`python -m minirl.data` is the program around it, and the tasks of the same names read them.
"""

import os
import sys
from pathlib import Path
from typing import NamedTuple


class File(NamedTuple):
    """A file as it was published; size in bytes."""

    url: str
    size: int
    sha256: str


class Dataset(NamedTuple):
    """A published dataset: its files by name."""

    title: str
    paper: str
    licence: str
    files: dict[str, File]


_RAW = "https://raw.githubusercontent.com"
_GSM8K = f"{_RAW}/openai/grade-school-math/3101c7d5072418e28b9008a6636bde82a006892c/grade_school_math/data"
_SVAMP = f"{_RAW}/arkilpatel/SVAMP/689d7ccac74b9983a2ac7cc3b264f441b99e7c53"
_AQUA = f"{_RAW}/google-deepmind/AQuA/26b64ed1f22208c6742f47df547dfd65088ec30d"
_ADAPTERS = f"{_RAW}/AGI-Edgerunners/LLM-Adapters/816657208af4db747803f87ba40a4c71383fed7a/dataset"
_QASC = f"{_RAW}/allenai/aristo-leaderboard/60d5be31b5a7d36f29d13223ece29a8d2bfa8b5f/qasc/data"
_PANDALM = f"{_RAW}/WeOpenML/PandaLM/3871806e72b4832f815ecafd24d3503c73403f48/data"
_LLMBAR = f"{_RAW}/princeton-nlp/LLMBar/900616bff90b6c6c8e1681f7d079250637c55992/Dataset/LLMBar/Natural"
_STRATEGYQA = f"{_RAW}/eladsegal/strategyqa/1ba1e97452e189569357876f2854b01357ffbe37/data/strategyqa"

DATASETS = {
    "gsm8k": Dataset(
        "GSM8K: word problems of grade-school mathematics, solved in sentences",
        "Cobbe et al. 2021, Training Verifiers to Solve Math Word Problems",
        "MIT",
        {
            "train.jsonl": File(
                f"{_GSM8K}/train.jsonl",
                4_166_206,
                "17f347dc51477c50d4efb83959dbb7c56297aba886e5544ee2aaed3024813465",
            ),
            "test.jsonl": File(
                f"{_GSM8K}/test.jsonl",
                749_738,
                "3730d312f6e3440559ace48831e51066acaca737f6eabec99bccb9e4b3c39d14",
            ),
        },
    ),
    "svamp": Dataset(
        "SVAMP: short word problems, varied so that shallow patterns fail, with equations",
        "Patel et al. 2021, Are NLP Models really able to Solve Simple Math Word Problems?",
        "MIT",
        {
            "SVAMP.json": File(
                f"{_SVAMP}/SVAMP.json",
                339_970,
                "5be77703a6d891ae476d7c082787ad361392aa02453b132516cdd5f4e7934e3e",
            ),
        },
    ),
    "aqua": Dataset(
        "AQuA: algebra with five options and a written rationale",
        "Ling et al. 2017, Program Induction by Rationale Generation",
        "Apache-2.0",
        {
            "train.json": File(
                f"{_AQUA}/train.json",
                47_570_935,
                "35b70c7cb1660c34d302bb932dfd3656ce3d05e8c982c797767fec31d7d1e0ba",
            ),
            "dev.json": File(
                f"{_AQUA}/dev.json",
                132_008,
                "4a52301d8a49ae0b286f8e697f9c5da1b109b247b825b47b4c6de34312dceec5",
            ),
            "test.json": File(
                f"{_AQUA}/test.json",
                130_192,
                "de41581881ef95c5588c44ddc701c77fd480839241dd422a0d181262af24520c",
            ),
        },
    ),
    "strategyqa": Dataset(
        "StrategyQA: yes or no questions that take several facts",
        "Geva et al. 2021, Did Aristotle Use a Laptop?",
        "MIT",
        {
            "train.json": File(
                f"{_STRATEGYQA}/train.json",
                3_857_762,
                "0f72560b8a6fad3db847d2f1a7524fb087297843bb45a8d3245ffd68cbe0de12",
            ),
            "dev.json": File(
                f"{_STRATEGYQA}/dev.json",
                424_195,
                "0d94842ffb022db8fd5ecd2168b785d5cf67f6faf64f665476bad544a3eb9dde",
            ),
        },
    ),
    "science_qa": Dataset(
        "ARC-Easy, OpenBookQA and QASC: science questions with four or eight options",
        "Clark et al. 2018, Think you have Solved Question Answering?; Mihaylov et al. 2018, Can a Suit of Armor "
        "Conduct Electricity?; Khot et al. 2020, QASC",
        "CC BY-SA 4.0 (ARC), Apache-2.0 (OpenBookQA), CC BY 4.0 (QASC)",
        {
            "arc-easy-train.json": File(
                f"{_ADAPTERS}/ARC-Easy/train.json",
                1_092_324,
                "6a06cece3dec32f4fb1c1b0fc29dab14be7cf3053b417290dbc6cd845359f5ff",
            ),
            "openbookqa-train.json": File(
                f"{_ADAPTERS}/openbookqa/train.json",
                1_987_446,
                "a1e094eeea01f70c0baa880f37497b26700ae99b243927b9c529984de9b1fe90",
            ),
            "qasc-dev.jsonl": File(
                f"{_QASC}/dev.jsonl",
                795_310,
                "b3c60e18b1ff0aa67b868f9a06921dc7e0c11f211e6601eecf9baee1c1a0df55",
            ),
        },
    ),
    "preferences": Dataset(
        "PandaLM's test set and LLMBar's natural pairs: which of two answers people like better",
        "Wang et al. 2023, PandaLM; Zeng et al. 2023, Evaluating Large Language Models at Instruction Following",
        "Apache-2.0 (PandaLM), MIT (LLMBar)",
        {
            "pandalm-testset-v1.json": File(
                f"{_PANDALM}/testset-v1.json",
                937_899,
                "cc154f9067c7382d7ea86f8f246511a5e1ac87e1fddd845c5938d789505b07a4",
            ),
            "llmbar-natural.json": File(
                f"{_LLMBAR}/dataset.json",
                91_269,
                "f7127b7aa78104cb8e03a2b1b3ac0077e95b125714dd441a8ee63666145a3375",
            ),
        },
    ),
}


def folder() -> Path:
    """Where datasets are kept, each in its own folder: MINIRL_DATA_DIR, or minirl/ in the user's cache."""
    chosen = os.environ.get("MINIRL_DATA_DIR")
    if chosen:
        return Path(chosen)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "minirl"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "minirl"


def find(dataset: str, name: str) -> Path:
    """The path of a dataset's file on this machine. Raises FileNotFoundError naming the command that fetches it."""
    path = folder() / dataset / name
    if not path.is_file():
        raise FileNotFoundError(
            f"{dataset} needs the file {path}, which is not there; "
            f"download it with: python -m minirl.data fetch {dataset}"
        )
    return path
