"""Texts to tokenize: a mixture of scripts, Python's own source, and real data where MINIRL_DATA_DIR names a folder."""

import json
import os
from pathlib import Path

import pytest

MIXED = (
    "Roger has 5 tennis balls. He buys 2 more cans of tennis balls. Each can has 3 tennis balls.\r\n"
    "It's 1,234.50 dollars; we'd've said I'M, YOU'RE, they'LL and doſn'ſ!!!\n\n\n   \t  trailing   \n  \n"
    "naïve café, Ελληνικά, Русский, עברית, العربية ٣٤٥, हिन्दी क्षत्रिय १२३, ไทย, 한국어, "
    "日本語のテキスト。中文，没有空格。\n"
    "e\u0301 (combining) ½ ² Ⅷ ㊿ 👩\u200d👩\u200d👧\u200d👦 "
    "🏳️\u200d🌈 🇫🇷 \u200b\u00a0\u3000\u2028 \x00\x1f\x7f \ufeff\uffff"
    "def f(x):\n    return [x ** 2 for _ in range(10)]  # comment\n\t\tif x:\n\t\t\tpass\n"
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa ----------------------------------------\n"
)


def data_folder() -> Path | None:
    folder = os.environ.get("MINIRL_DATA_DIR")
    return Path(folder) if folder and Path(folder).is_dir() else None


@pytest.fixture(scope="session")
def mixed() -> str:
    return MIXED


@pytest.fixture(scope="session")
def code() -> str:
    """About 300 kB of Python source."""
    folder = Path(json.__file__).parent.parent
    names = ("argparse.py", "ast.py", "datetime.py", "json/decoder.py", "inspect.py", "html/entities.py")
    return "".join((folder / name).read_bytes().decode() for name in names if (folder / name).exists())


@pytest.fixture(scope="session")
def real_texts() -> list[str]:
    """Every UTF-8 text of the data folder, about 45 MB."""
    folder = data_folder()
    if folder is None:
        pytest.skip("MINIRL_DATA_DIR names no folder of real text")
    texts = []
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".txt", ".json", ".jsonl", ".md"):
            try:
                texts.append(path.read_bytes().decode())
            except UnicodeDecodeError:
                continue
    return texts


@pytest.fixture(scope="session")
def some_real_text(real_texts: list[str]) -> list[str]:
    """The first 300,000 characters of each."""
    return [text[:300_000] for text in real_texts]
