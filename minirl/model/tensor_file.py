"""The safetensors format, read and written: a JSON header that says where each tensor lies, then raw bytes.

    8 bytes      length of the header, little-endian
    header       {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ..., "__metadata__": {...}}
    data         the tensors' bytes, row-major, little-endian, without gaps

The safetensors library has no bfloat16 for NumPy, which has none either: here uint16 arrays hold its bits. It also
copies all tensors into one buffer to write them; this file reads one tensor at a time and is short. Loading runs
nothing, unlike pickle.
"""

import json
import math
import re
import zlib
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from minirl import kernels
from minirl.kernels.precision import BFLOAT16, from_bfloat16_bits
from minirl.model.json_file import CheckpointError, parse_json, plain
from minirl.storage.files import naming
from minirl.storage.strict_json import brief

Array = np.ndarray

DTYPES: dict[str, np.dtype[Any]] = {
    "F64": np.dtype("<f8"),
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<f2"),
    "BF16": BFLOAT16.newbyteorder("<"),  # its bits, as in all of minirl's arrays; `read` widens them
    "I64": np.dtype("<i8"),
    "I32": np.dtype("<i4"),
    "I16": np.dtype("<i2"),
    "I8": np.dtype("i1"),
    "U8": np.dtype("u1"),
    "BOOL": np.dtype("?"),
}
HEADER_LIMIT = 100_000_000  # bytes; the library's own limit
MOST_AXES = 32  # of a tensor
CHECKSUM = "crc32"  # the metadata's first key: eight hexadecimal digits
NO_CHECKSUM = "0" * 8  # what stands there while the sum over header and data is taken


class TensorFileError(CheckpointError):
    """A file that is not a whole, valid safetensors file."""


def write_tensors(
    path: str | PathLike[str], tensors: Mapping[str, Array], metadata: Mapping[str, str] | None = None
) -> None:
    """Write named arrays as a safetensors file, with a checksum in its metadata. Not atomic by itself: see files.py.

    uint16 arrays are bfloat16 bits. Raises TypeError for a dtype that the format does not have.
    """
    names = {dtype: name for name, dtype in DTYPES.items()}
    header: dict[str, Any] = {"__metadata__": {CHECKSUM: NO_CHECKSUM, "format": "pt", **(metadata or {})}}
    start = 0
    for name, x in tensors.items():
        dtype = x.dtype.newbyteorder("<")
        if dtype not in names:
            raise TypeError(f"safetensors: {name} has dtype {x.dtype}; expected one of {', '.join(map(str, names))}")
        header[name] = {"dtype": names[dtype], "shape": list(x.shape), "data_offsets": [start, start + x.nbytes]}
        start += x.nbytes

    def head() -> bytes:
        text = json.dumps(header, separators=(",", ":")).encode()
        return text + b" " * (-len(text) % 8)  # so that the data is aligned

    with naming(path), open(path, "wb") as file:
        checksum = zlib.crc32(head())
        file.write(len(head()).to_bytes(8, "little") + head())
        for x in tensors.values():
            data = np.ascontiguousarray(kernels.fetch(x), x.dtype.newbyteorder("<")).reshape(-1).view(np.uint8).data
            checksum = zlib.crc32(data, checksum)
            file.write(data)
        header["__metadata__"][CHECKSUM] = f"{checksum:08x}"  # as many digits as held its place
        file.seek(8)
        file.write(head())


Entry = tuple[str, tuple[int, ...], tuple[int, int]]  # dtype, shape, and the data's first byte and one past its last


def read_entry(name: str, entry: Any) -> Entry:
    """What the header says about a tensor. Raises ValueError for anything but the three fields of the format."""
    if not isinstance(entry, dict) or not {"dtype", "shape", "data_offsets"} <= entry.keys():
        raise ValueError(f"{plain(name)} is {brief(entry)}; expected dtype, shape and data_offsets")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    counts = isinstance(shape, list) and isinstance(offsets, list) and len(shape) <= MOST_AXES and len(offsets) == 2
    if not isinstance(dtype, str) or not counts or not all(map(is_count, [*shape, *offsets])):
        raise ValueError(f"{plain(name)} has dtype {brief(dtype)}, shape {brief(shape)}, offsets {brief(offsets)}")
    return dtype, tuple(shape), (offsets[0], offsets[1])


def is_count(number: object) -> bool:
    """Whether it is a whole number that can count bytes."""
    return isinstance(number, int) and not isinstance(number, bool) and 0 <= number < 2**63


class TensorFile:
    """A safetensors file, checked when opened, whose tensors are read one by one.

    Raises TensorFileError saying what is wrong with a truncated or corrupted file. Header and data are held
    against their checksum where the file has one (those that minirl writes do).
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        self.path = Path(path)
        size = self.path.stat().st_size
        with open(self.path, "rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if size < 8 or length > min(size - 8, HEADER_LIMIT):
                raise self._error(f"has {size} bytes, too few for its header; it is truncated, or no safetensors")
            text = file.read(length)
            try:
                header = parse_json(text, "it")
                self.metadata = {key: str(value) for key, value in header.pop("__metadata__", {}).items()}
                self._entries = {name: read_entry(name, entry) for name, entry in header.items()}
            except (ValueError, AttributeError) as error:
                raise self._error(f"has a header that cannot be read ({error}); it is corrupted") from None
            self._start = 8 + length
            self._check_layout(size - self._start)
            if CHECKSUM in self.metadata:
                if not re.fullmatch("[0-9a-f]{8}", self.metadata[CHECKSUM]):
                    raise self._error(f"has the checksum {brief(self.metadata[CHECKSUM])}; it is corrupted")
                checksum = zlib.crc32(text.replace(self.metadata[CHECKSUM].encode(), NO_CHECKSUM.encode(), 1))
                while block := file.read(1 << 22):
                    checksum = zlib.crc32(block, checksum)
                if f"{checksum:08x}" != self.metadata[CHECKSUM]:
                    raise self._error("does not match its checksum; it is corrupted")

    def _check_layout(self, size: int) -> None:
        end = 0
        for name, (dtype, shape, (start, stop)) in sorted(self._entries.items(), key=lambda item: item[1][2]):
            if dtype not in DTYPES:
                raise self._error(f"holds {plain(name)} as {plain(dtype)}; this reads {', '.join(DTYPES)}")
            if start != end or stop - start != math.prod(shape) * DTYPES[dtype].itemsize:
                placed = f"{plain(name)} {dtype} {brief(shape)} at bytes {start} to {stop}"
                raise self._error(f"places {placed}, but the tensor before it ends at {end}; it is corrupted")
            end = stop
        if end != size:
            raise self._error(f"holds {size} bytes of data, its header says {end}; it is truncated or corrupted")

    def _error(self, problem: str) -> TensorFileError:
        return TensorFileError(f"{self.path} {problem}")

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Name -> shape of every tensor."""
        return {name: shape for name, (_, shape, _) in self._entries.items()}

    def dtypes(self) -> dict[str, str]:
        """Name -> dtype of every tensor, as the format calls it."""
        return {name: dtype for name, (dtype, _, _) in self._entries.items()}

    def read(self, name: str) -> Array:
        """The tensor's array, in its own dtype; bfloat16 becomes float32."""
        dtype, shape, (start, stop) = self._entries[name]
        count = (stop - start) // DTYPES[dtype].itemsize
        flat = np.fromfile(self.path, DTYPES[dtype], count, offset=self._start + start)
        if flat.size != count:
            raise self._error("changed while it was read")
        if dtype == "BF16":
            flat = from_bfloat16_bits(flat)
        return flat.reshape(shape)

    def mapped(self, name: str) -> Array:
        """The tensor's array, read-only and memory-mapped: it is read as it is used. bfloat16 stays bits."""
        dtype, shape, (start, stop) = self._entries[name]
        if start == stop:  # no system maps nothing
            return np.empty(shape, DTYPES[dtype])
        return np.asarray(np.memmap(self.path, DTYPES[dtype], "r", self._start + start, shape))
