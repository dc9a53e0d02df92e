"""safetensors files, written and read; every kind of damage is an error."""

import json

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from minirl.model.tensor_file import TensorFile, TensorFileError, write_tensors

TENSORS = {
    "a": np.arange(6, dtype=np.float32).reshape(2, 3),
    "transposed": np.arange(6, dtype=np.float32).reshape(2, 3).T,
    "half": np.array([1.5, -2], np.float16),
    "double": np.array(3.0),
    "count": np.array([7], np.int64),
    "empty": np.zeros((0, 4), np.float32),
    "truth": np.array([True, False]),
}


@pytest.fixture
def path(tmp_path):
    write_tensors(tmp_path / "x.safetensors", TENSORS, {"note": "hello"})
    return tmp_path / "x.safetensors"


def test_round_trip(path):
    file = TensorFile(path)
    assert file.metadata["note"] == "hello"
    assert file.shapes() == {name: x.shape for name, x in TENSORS.items()}
    for name, x in TENSORS.items():
        found = file.read(name)
        assert found.dtype == x.dtype
        np.testing.assert_array_equal(found, x)


def test_the_library_reads_ours(path):
    for name, x in load_file(path).items():
        np.testing.assert_array_equal(x, TENSORS[name])
    with safe_open(path, "numpy") as file:
        assert file.metadata()["format"] == "pt"


def test_we_read_the_librarys(tmp_path):
    tensors = {name: np.ascontiguousarray(x) for name, x in TENSORS.items()}
    save_file(tensors, tmp_path / "x.safetensors")
    file = TensorFile(tmp_path / "x.safetensors")
    for name, x in tensors.items():
        np.testing.assert_array_equal(file.read(name), x)


def test_bfloat16_is_widened(tmp_path):
    header = json.dumps({"x": {"dtype": "BF16", "shape": [3], "data_offsets": [0, 6]}}).encode()
    data = np.array([0x3F80, 0xC000, 0x7F80], "<u2").tobytes()
    (tmp_path / "x").write_bytes(len(header).to_bytes(8, "little") + header + data)
    found = TensorFile(tmp_path / "x").read("x")
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, [1, -2, np.inf])


def test_bits_of_bfloat16_are_written_as_such(tmp_path):
    bits = np.array([[0x3F80, 0xC000, 0x7F80]], np.uint16)
    write_tensors(tmp_path / "x", {"x": bits.T})
    assert b'"x":{"dtype":"BF16","shape":[3,1],"data_offsets":[0,6]}' in (tmp_path / "x").read_bytes()
    np.testing.assert_array_equal(TensorFile(tmp_path / "x").read("x"), [[1], [-2], [np.inf]])
    with pytest.raises(TypeError, match="x has dtype uint32; expected one of"):
        write_tensors(tmp_path / "x", {"x": bits.astype(np.uint32)})


def test_every_truncation_is_an_error(path):
    data = path.read_bytes()
    for length in range(len(data)):
        path.write_bytes(data[:length])
        with pytest.raises(TensorFileError, match=r"truncated|corrupted"):
            TensorFile(path)


def test_every_changed_byte_is_an_error_or_changes_nothing_that_is_read(path):
    """Nor can a byte change unseen, in the data or in the header."""
    data = path.read_bytes()
    for position in range(len(data)):
        path.write_bytes(data[:position] + bytes([data[position] ^ 0x11]) + data[position + 1 :])
        try:
            file = TensorFile(path)
        except TensorFileError:
            continue
        for name in set(file.shapes()) & set(TENSORS):  # a changed name is found by who looks for it
            assert file.shapes()[name] == TENSORS[name].shape
            np.testing.assert_array_equal(file.read(name), TENSORS[name])


@pytest.mark.parametrize(
    "entry, message",
    [
        ({"dtype": "F8", "shape": [2], "data_offsets": [0, 8]}, "holds x as F8"),
        ({"dtype": "F32", "shape": [3], "data_offsets": [0, 8]}, "corrupted"),
        ({"dtype": "F32", "shape": [2], "data_offsets": [4, 12]}, "corrupted"),
        ({"dtype": "F32", "shape": [2], "data_offsets": [0, -8]}, "corrupted"),
        ({"dtype": "F32", "shape": [-1, -2], "data_offsets": [0, 8]}, "corrupted"),
        ({"dtype": "F32", "shape": [2]}, "cannot be read"),
        ({"dtype": "F32", "shape": 2, "data_offsets": [0, 8]}, "cannot be read"),
        ([], "cannot be read"),
    ],
)
def test_headers_that_make_no_sense(tmp_path, entry, message):
    header = json.dumps({"x": entry}).encode()
    (tmp_path / "x").write_bytes(len(header).to_bytes(8, "little") + header + bytes(8))
    with pytest.raises(TensorFileError, match=message):
        TensorFile(tmp_path / "x")


def test_what_cannot_be_stored_is_refused(tmp_path):
    with pytest.raises(TypeError, match="x has dtype complex64"):
        write_tensors(tmp_path / "x", {"x": np.zeros(1, np.complex64)})
