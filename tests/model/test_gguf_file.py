"""GGUF files: what is written is read, blocks of every type give the numbers of the gguf package, damage is said."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minirl.gguf import GGUF, GGUFError, write
from minirl.gguf.blocks import KINDS, dequantized, quantize_q8_0
from minirl.gguf.writer import Waiting

SETTINGS = {
    "general.architecture": "llama", "llama.count": 7, "a.number": -3, "a.fraction": 0.5, "a.truth": True,
    "a.list": ["x", "é", ""], "numbers": [1, 2, 3], "fractions": [0.25, -1.0], "empty": [],
}  # fmt: skip


def waiting(tensors):
    return [Waiting(name, x.shape, lambda x=x: x) for name, x in tensors.items()]


@pytest.fixture
def tensors():
    rng = np.random.default_rng(0)
    shapes = {"matrix": (5, 64), "norm": (64,), "cube": (2, 3, 32), "odd": (7,)}
    return {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


@pytest.mark.parametrize(("kind", "error"), [("F32", 0.0), ("F16", 2e-3), ("BF16", 2e-2), ("Q8_0", 2e-2)])
def test_what_is_written_is_read(tensors, tmp_path, kind, error):
    write(tmp_path / "a.gguf", SETTINGS, waiting(tensors), kind)
    file = GGUF(tmp_path / "a.gguf")
    assert {name: file.settings[name] for name in SETTINGS} == SETTINGS
    assert list(file.tensors) == list(tensors)
    for name, x in tensors.items():
        found = file.read(name)
        assert found.shape == x.shape and found.dtype == np.float32
        assert np.abs(found - x).max() <= (error if x.ndim > 1 else 0)
        assert file.tensors[name].type_name == (kind if x.ndim > 1 else "F32")


@given(st.lists(st.floats(-1e4, 1e4, width=32), min_size=32, max_size=32))
def test_q8_0_is_as_near_as_its_scale_allows(numbers):
    x = np.array(numbers, np.float32)
    found = dequantized(KINDS[8], np.frombuffer(quantize_q8_0(x).tobytes(), np.uint8), 32)
    d = np.float32(np.float16(np.abs(x).max() / 127))
    assert np.abs(found - x).max() <= 0.5 * d + 2e-3 * np.abs(x).max() + 1e-5


@pytest.mark.peers
@pytest.mark.parametrize("number", KINDS)
def test_blocks_have_the_numbers_of_the_gguf_package(number):
    """On random bytes whose scales are finite: every field of a block counts."""
    quants = pytest.importorskip("gguf.quants")
    constants = pytest.importorskip("gguf.constants")
    kind = KINDS[number]
    data = np.random.default_rng(number).integers(0, 256, (500, kind.size)).astype(np.uint8)
    scales = {"Q4_0": [0], "Q4_1": [0, 2], "Q8_0": [0], "Q4_K": [0, 2], "Q6_K": [208], "F16": [0]}.get(kind.name, [])
    for at in scales:
        data[:, at : at + 2] = np.random.default_rng(1).normal(size=(500, 1)).astype(np.float16).view(np.uint8)
    if kind.name == "F32":
        data = np.random.default_rng(1).normal(size=(500, 1)).astype(np.float32).view(np.uint8)
    if kind.name == "BF16":
        data[:, 1] &= 0x3F
    count = 500 * kind.block
    theirs = quants.dequantize(data, constants.GGMLQuantizationType(number)).reshape(-1)
    np.testing.assert_allclose(dequantized(kind, data.reshape(-1), count), theirs, rtol=1e-6, atol=1e-6)


@pytest.mark.peers
def test_q8_0_has_the_bytes_of_the_gguf_package():
    quants = pytest.importorskip("gguf.quants")
    constants = pytest.importorskip("gguf.constants")
    x = np.random.default_rng(0).normal(size=(40, 64)).astype(np.float32)
    x[3] = 0
    theirs = quants.quantize(x, constants.GGMLQuantizationType.Q8_0)
    assert quantize_q8_0(x).tobytes() == theirs.tobytes()


@pytest.mark.peers
@pytest.mark.parametrize("kind", ["F32", "F16", "BF16", "Q8_0"])
def test_the_gguf_package_reads_our_file(kind, tensors, tmp_path):
    library = pytest.importorskip("gguf")
    write(tmp_path / "a.gguf", SETTINGS, waiting(tensors), kind)
    theirs = library.GGUFReader(tmp_path / "a.gguf")
    assert theirs.get_field("general.architecture").contents() == "llama"
    assert theirs.get_field("a.list").contents() == SETTINGS["a.list"]
    types = {"llama.count": "UINT32", "a.number": "INT32", "numbers": "INT32"}  # llama.cpp refuses others
    assert {name: theirs.get_field(name).types[-1].name for name in types} == types
    ours = GGUF(tmp_path / "a.gguf")
    for tensor in theirs.tensors:
        found = library.quants.dequantize(tensor.data, tensor.tensor_type).reshape(tensors[tensor.name].shape)
        np.testing.assert_array_equal(found, ours.read(tensor.name))


class TestDamage:
    @pytest.fixture
    def whole(self, tensors, tmp_path):
        write(tmp_path / "a.gguf", SETTINGS, waiting(tensors), "F16")
        return (tmp_path / "a.gguf").read_bytes()

    def test_a_file_that_is_cut_off_anywhere(self, whole, tmp_path):
        """Up to the padding after the last tensor."""
        for length in [*range(0, 900, 7), len(whole) - 40]:
            (tmp_path / "cut.gguf").write_bytes(whole[:length])
            with pytest.raises(GGUFError, match=r"cut\.gguf"):
                GGUF(tmp_path / "cut.gguf")

    @pytest.mark.parametrize(
        ("at", "value", "message"),
        [
            (0, b"GGUX", "it is no GGUF file"),
            (4, struct.pack("<I", 9), "GGUF version 9"),
            (8, struct.pack("<Q", 1 << 40), "promises"),
            (16, struct.pack("<Q", 1 << 40), "promises"),
            (24, struct.pack("<Q", 1 << 60), "damaged"),
        ],
    )
    def test_fields_that_cannot_be(self, whole, tmp_path, at, value, message):
        (tmp_path / "bad.gguf").write_bytes(whole[:at] + value + whole[at + len(value) :])
        with pytest.raises(GGUFError, match=message):
            GGUF(tmp_path / "bad.gguf")

    def test_any_byte_may_be_wrong(self, whole, tmp_path):
        """A file is read, or refused with a GGUFError; nothing else happens."""
        rng = np.random.default_rng(0)
        for _ in range(300):
            data = bytearray(whole)
            data[rng.integers(0, 900)] = rng.integers(0, 256)
            (tmp_path / "bad.gguf").write_bytes(data)
            try:
                file = GGUF(tmp_path / "bad.gguf")
                for name in file.tensors:
                    file.read(name)
            except GGUFError:
                pass

    def test_a_type_that_minirl_lacks_is_named(self, whole, tmp_path):
        """Where the type of the first tensor stands, after its name and two axes."""
        at = whole.index(b"matrix") + len(b"matrix") + 4 + 16
        assert whole[at : at + 4] == struct.pack("<I", 1)
        (tmp_path / "other.gguf").write_bytes(whole[:at] + struct.pack("<I", 13) + whole[at + 4 :])
        file = GGUF(tmp_path / "other.gguf")
        with pytest.raises(GGUFError, match="'matrix' has the type Q5_K; minirl reads F32, F16, Q4_0"):
            file.read("matrix")


@pytest.mark.parametrize(
    ("settings", "x", "kind", "message"),
    [
        ({}, np.zeros((2, 33), np.float32), "Q8_0", "multiples of 32"),
        ({}, np.full((2, 32), np.nan, np.float32), "Q8_0", "not finite"),
        ({}, np.full((2, 32), 1e6, np.float32), "F16", "float16 cannot hold"),
        ({}, np.zeros((2, 32), np.float32), "Q4_K", "expected one of F32, F16, BF16, Q8_0"),
        ({"a": object()}, np.zeros((2, 32), np.float32), "F32", "expected a text, a number"),
        ({"a": [1, "x"]}, np.zeros((2, 32), np.float32), "F32", "several types"),
    ],
)
def test_what_cannot_be_written(tmp_path, settings, x, kind, message):
    with pytest.raises(ValueError, match=message):
        write(tmp_path / "a.gguf", settings, waiting({"x": x}), kind)
    assert not list(tmp_path.iterdir())
