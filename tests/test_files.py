"""A file is written whole or not at all."""

import pytest

from minirl.files import atomic_write


def test_text_and_bytes(tmp_path):
    with atomic_write(tmp_path / "new" / "a.txt") as file:
        file.write("Zoë\n")
    assert (tmp_path / "new" / "a.txt").read_bytes() == "Zoë\n".encode()
    with atomic_write(tmp_path / "b.bin", "wb") as file:
        file.write(b"\0\1")
    assert (tmp_path / "b.bin").read_bytes() == b"\0\1"


def test_an_error_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), atomic_write(path) as file:
        file.write("half of the new")
        file.flush()
        assert path.read_text() == "old"
        raise ZeroDivisionError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
