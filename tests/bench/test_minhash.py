"""The benchmark of MinHash: its documents, and estimates that are as good as MinHash can be."""

from pathlib import Path

import numpy as np
import pytest

from minirl.bench import duplicates
from minirl.bench.duplicates import FUNCTIONS, MAKERS, Options, collect, estimation_error, grams, shingles
from minirl.bench.runner import OptionError

TEXT = " ".join(f"word{(i * i) % 997}x{i % 31}" for i in range(4000))


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, ...]:
    (tmp_path / "text.txt").write_text(TEXT)
    return (tmp_path / "text.txt",)


def test_documents_have_as_many_words_as_asked_for(files: tuple[Path, ...]) -> None:
    texts = collect(Options(documents=8, words=500, files=files))
    assert [len(text.split()) for text in texts] == [500] * 8
    assert " ".join(texts) == TEXT
    with pytest.raises(OptionError, match="--documents is 9, and the text has 8"):
        collect(Options(documents=9, words=500, files=files))


def test_minirl_estimates_what_pairs_have_in_common(files: tuple[Path, ...]) -> None:
    """112 functions estimate a share s with a standard deviation of sqrt(s (1 - s) / 112), 0.047 at the most."""
    documents = [grams(text) for text in collect(Options(documents=16, words=250, files=files))]
    assert estimation_error(MAKERS[0], documents) < 0.06


@pytest.mark.peers
@pytest.mark.parametrize("maker", MAKERS[1:], ids=lambda maker: maker.name)
def test_peers_get_the_same_task(maker: duplicates.Maker, files: tuple[Path, ...]) -> None:
    pytest.importorskip(maker.name)
    texts = collect(Options(documents=16, words=250, files=files))
    assert np.asarray(maker.of_texts(texts)).shape == (16, FUNCTIONS)
    assert [len(shingles(text)) for text in texts] == [len(grams(text)) for text in texts]
    assert estimation_error(maker, [grams(text) for text in texts]) < 0.06


def test_it_prints_two_tables(files: tuple[Path, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert duplicates.main(["--documents", "8", "--repeats", "1", "--files", str(files[0])]) == 0
    out = capsys.readouterr().out
    assert "from texts, MB/s" in out
    assert "from numbers, MB/s" in out
