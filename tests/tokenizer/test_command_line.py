"""python -m minirl.tokenizer: what it writes, what it prints, and how it refuses."""

from pathlib import Path

import numpy as np
import pytest

from minirl.tokenizer import Tokenizer
from minirl.tokenizer.__main__ import main, readable


@pytest.fixture
def folder(tmp_path: Path, code: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "code.txt").write_bytes(code.encode())
    monkeypatch.chdir(tmp_path)
    main(["train", "code.txt", "--vocab-size", "1000", "--out", "tokenizer.json"])
    return tmp_path


class TestTrain:
    def test_writes_a_tokenizer_and_a_summary(
        self, folder: Path, code: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        tok = Tokenizer.load(folder)
        assert len(tok) == 1000 and tok.decode(tok.encode(code)) == code
        capsys.readouterr()
        main(["train", "code.txt", "--vocab-size", "1000", "--out", "again.json"])
        printed = capsys.readouterr().out
        assert (folder / "again.json").read_bytes() == (folder / "tokenizer.json").read_bytes()
        assert "bytes per token" in printed and "longest tokens" in printed

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["train", "code.txt", "--vocab-size", "100", "--out", "x.json"], "vocab_size=100 is too small"),
            (["train", "latin1.txt", "--out", "x.json"], "byte 0xe9 at offset 3"),
            (["train", "empty.txt", "--out", "x.json"], "nothing to learn from"),
            (["train", "missing.txt", "--out", "x.json"], "missing.txt"),
            (["train"], "at least one file"),
            (["inspect", "x", "--tokenizer", "none.json"], "there is no none.json"),
            (["train", "code.txt", "--pattern", "gpt3", "--out", "x.json"], "there is no pattern 'gpt3'; did you mean"),
            (["train", "code.txt", "--pattern", "(", "--out", "x.json"], "nor a regular expression: missing )"),
            (["train", "code.txt"], "tokenizer.json is here already: --out tokenizer.json replaces it"),
        ],
    )
    def test_bad_input_is_one_line(self, folder: Path, arguments: list[str], message: str) -> None:
        (folder / "latin1.txt").write_bytes("café".encode("latin-1"))
        (folder / "empty.txt").touch()
        with pytest.raises(SystemExit) as exit:
            main(arguments)
        assert message in str(exit.value) and "\n" not in str(exit.value)

    def test_only_a_file_that_was_named_is_replaced(self, folder: Path) -> None:
        before = (folder / "tokenizer.json").read_bytes()
        with pytest.raises(SystemExit):
            main(["train", "code.txt", "--vocab-size", "300"])
        assert (folder / "tokenizer.json").read_bytes() == before
        main(["train", "code.txt", "--vocab-size", "300", "--out", "tokenizer.json"])
        assert len(Tokenizer.load(folder)) == 300
        (folder / "tokenizer.json").unlink()
        main(["train", "code.txt", "--vocab-size", "301"])
        assert len(Tokenizer.load(folder)) == 301

    def test_the_progress_bar_ends_with_the_merges_made(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (folder / "short.txt").write_text("ab ab ab", encoding="utf-8")
        capsys.readouterr()
        main(["train", "short.txt", "--vocab-size", "300", "--out", "short.json"])
        assert "2 merges" in (shown := capsys.readouterr().err) and " of 38" not in shown

    def test_errors_replace(self, folder: Path) -> None:
        (folder / "latin1.txt").write_bytes("café café".encode("latin-1"))
        main(["train", "latin1.txt", "--vocab-size", "264", "--errors", "replace", "--out", "replaced.json"])
        assert len(Tokenizer.load(folder / "replaced.json")) == 264


class TestUse:
    def test_encode_and_decode(self, folder: Path, code: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
        main(["encode", "code.txt", "--out", "ids.bin"])
        ids = np.fromfile(folder / "ids.bin", "<i4")
        assert ids.tolist() == Tokenizer.load(folder).encode(code)
        capfdbinary.readouterr()
        main(["decode", "ids.bin"])
        assert capfdbinary.readouterr().out == code.encode()

    def test_numbers_as_text(self, folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
        (folder / "short.txt").write_bytes(b"Roger, 5\n")
        capfdbinary.readouterr()
        main(["encode", "short.txt"])
        (folder / "ids.txt").write_bytes(capfdbinary.readouterr().out)
        main(["decode", "ids.txt"])
        assert capfdbinary.readouterr().out == b"Roger, 5\n"

    @pytest.mark.parametrize(
        ("name", "content", "message"),
        [
            ("ids.txt", b"65 -1", "token id -1 is outside the vocabulary, 0 to 999"),
            ("ids.txt", b"65 1000", "token id 1000 is outside"),
            ("ids.txt", b"65 six", "ids.txt holds 'six'; expected token ids"),
            ("ids.txt", b"1.5", "ids.txt holds '1.5'"),
            ("ids.txt", "٣".encode(), "ids.txt holds"),
            ("ids.txt", b"9" * 10_000, "ids.txt holds '999"),
            ("ids.txt", b"9" * 20, "token id 99999999999999999999 is outside"),
            ("ids.txt", b"65 \xff", "ids.txt: byte 0xff at offset 3"),
            ("ids.bin", b"\x41\x00\x00", "ids.bin has 3 bytes"),
            ("ids.bin", b"\xff\xff\xff\xff", "token id -1 is outside"),
            ("missing.txt", None, "missing.txt"),
            (".", None, "directory"),
        ],
    )
    def test_ids_that_cannot_be_decoded(self, folder: Path, name: str, content: bytes | None, message: str) -> None:
        if content is not None:
            (folder / name).write_bytes(content)
        with pytest.raises(SystemExit) as exit:
            main(["decode", name])
        assert message in str(exit.value) and "\n" not in str(exit.value) and len(str(exit.value)) < 500

    @pytest.mark.parametrize("content", ["", "  \n"])
    def test_no_ids_are_no_text(self, folder: Path, content: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
        (folder / "ids.txt").write_text(content)
        capfdbinary.readouterr()
        assert main(["decode", "ids.txt"]) == 0
        assert capfdbinary.readouterr().out == b""

    def test_inspect(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        capsys.readouterr()
        main(["inspect", "def f(x): é<|end|>"])
        printed = capsys.readouterr().out
        tok = Tokenizer.load(folder)
        assert all(str(number) in printed for number in tok.encode("def f(x): é<|end|>"))
        assert str(tok.special_tokens["<|end|>"]) not in printed.split()
        main(["inspect", "<|end|>", "--allow-special"])
        assert str(tok.special_tokens["<|end|>"]) in capsys.readouterr().out

    def test_readable(self) -> None:
        assert (
            readable(b" the\n") == "␣the⏎"
            and readable(b"\xf0\x9f") == "\\xf0\\x9f"
            and readable(b"\x00\x1b") == "\\x00\\x1b"
        )
