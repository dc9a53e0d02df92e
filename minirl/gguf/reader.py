"""Read a GGUF file, version 2 or 3.

    "GGUF", version, number of tensors, number of settings      4 + 4 + 8 + 8 bytes, little-endian
    settings   name, type, value                                a name is its length (8 bytes) and UTF-8
    tensors    name, number of axes, axes, type, offset         the axes of an array of NumPy, backwards
    data       from the next multiple of general.alignment on, the tensors at their offsets

The format is described in llama.cpp's docs (ggml/docs/gguf.md).
"""

import math
import mmap
import struct
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from minirl.gguf.blocks import KINDS, OTHERS, Kind, dequantized
from minirl.storage.strict_json import brief

Array = np.ndarray

MAGIC = b"GGUF"
SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
TEXT, LIST = 8, 9
LARGEST = 1 << 28  # elements of a list, and bytes of a text
MOST_AXES, MOST = 8, 1 << 20  # of a tensor; and tensors or settings in a file


class GGUFError(ValueError):
    """A file that is not a whole, valid GGUF file, or that needs what minirl does not have."""


class Place(NamedTuple):
    """Where a tensor lies."""

    shape: tuple[int, ...]
    """As NumPy has it: the last axis is the one whose numbers are neighbours."""
    kind: Kind | None
    """None for a type that minirl does not read; `type_name` has its name."""
    type_name: str
    offset: int


class GGUF:
    """A file: its settings, and where its tensors lie. `read` gives one tensor's numbers.

    Raises FileNotFoundError, and GGUFError for anything but a whole file.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        self.path = Path(path)
        with open(self.path, "rb") as file:
            if self.path.stat().st_size < 24:
                raise GGUFError(f"{self.path} has {self.path.stat().st_size} bytes: it is no GGUF file")
            self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._at = 0
        self.settings: dict[str, Any] = {}
        self.tensors: dict[str, Place] = {}
        try:
            self._read_header()
        except (struct.error, UnicodeDecodeError, IndexError, OverflowError) as error:
            raise GGUFError(f"{self.path} is damaged, or cut off, near byte {self._at:,}: {error}") from None
        size = len(self._data)
        for name, place in self.tensors.items():
            if place.kind is not None and self._start + place.offset + _bytes(place) > size:
                raise GGUFError(f"{self.path} is cut off: {brief(name)} lies beyond its {size:,} bytes")

    def read(self, name: str, into: Array | None = None) -> Array:
        """A tensor as float32, in the shape of `tensors[name]`. into: a contiguous array of this shape to write to.
        Raises GGUFError for a type that minirl lacks."""
        place = self.tensors[name]
        if place.kind is None:
            raise GGUFError(
                f"{self.path}: {brief(name)} has the type {place.type_name}; minirl reads "
                f"{', '.join(kind.name for kind in KINDS.values())}"
            )
        start = self._start + place.offset
        data = np.frombuffer(self._data, np.uint8, _bytes(place), start)
        return dequantized(place.kind, data, math.prod(place.shape), into).reshape(place.shape)

    def setting(self, name: str, kind: type | tuple[type, ...], default: Any = None) -> Any:
        """A setting of this type, or the default. Raises GGUFError for another type."""
        value = self.settings.get(name, default)
        if value is not default and (not isinstance(value, kind) or (isinstance(value, bool) and kind is int)):
            raise GGUFError(f"{self.path}: {name} is {brief(value)}; expected {kind}")
        return value

    # ---- the header ----

    def _read_header(self) -> None:
        if self._data[:4] != MAGIC:
            raise GGUFError(f"{self.path} begins with {self._data[:4]!r}: it is no GGUF file")
        self._at = 4
        version, tensors, settings = self._unpack("<IQQ")
        if version not in (2, 3):
            raise GGUFError(f"{self.path} has GGUF version {version}; minirl reads 2 and 3, of little-endian files")
        if tensors > MOST or settings > MOST:
            raise GGUFError(f"{self.path} promises {tensors:,} tensors and {settings:,} settings; at most {MOST:,}")
        for _ in range(settings):
            name = self._text()
            if name in self.settings:
                raise GGUFError(f"{self.path} has the setting {brief(name)} twice")
            self.settings[name] = self._value(*self._unpack("<I"))
        for _ in range(tensors):
            name = self._text()
            if name in self.tensors:
                raise GGUFError(f"{self.path} has the tensor {brief(name)} twice")
            self.tensors[name] = self._place(name)
        alignment = self.settings.get("general.alignment", 32)
        if type(alignment) is not int or alignment < 1 or alignment % 8:
            raise GGUFError(f"{self.path}: general.alignment is {brief(alignment)}; expected a multiple of 8")
        self._start = -(-self._at // alignment) * alignment

    def _place(self, name: str) -> Place:
        (axes,) = self._unpack("<I")
        if axes > MOST_AXES:
            raise GGUFError(f"{self.path}: the tensor {brief(name)} has {axes} axes; at most {MOST_AXES}")
        shape = self._unpack(f"<{axes}Q")[::-1]
        number, offset = self._unpack("<IQ")
        kind = KINDS.get(number)
        if kind is not None and (math.prod(shape) > 1 << 40 or (shape and shape[-1] % kind.block)):
            raise GGUFError(f"{self.path}: {brief(name)} has shape {shape}, which blocks of {kind.block} do not fill")
        return Place(shape, kind, kind.name if kind else OTHERS.get(number, f"number {number}"), offset)

    def _value(self, kind: int) -> Any:
        if kind in SCALARS:
            return self._unpack("<" + SCALARS[kind])[0]
        if kind == TEXT:
            return self._text()
        if kind != LIST:
            raise GGUFError(f"{self.path} is damaged near byte {self._at:,}: a setting has type {kind}")
        inner, count = self._unpack("<IQ")
        if count > LARGEST or count > len(self._data):
            raise GGUFError(f"{self.path} is damaged near byte {self._at:,}: a list of {count:,} elements")
        if inner in SCALARS:
            return list(self._unpack(f"<{count}{SCALARS[inner]}"))
        if inner != TEXT:
            return [self._value(inner) for _ in range(count)]
        return self._texts(count)

    def _texts(self, count: int) -> list[str]:
        """Many texts, one after the other: a vocabulary."""
        data, at, found = self._data, self._at, []
        length_of = struct.Struct("<Q").unpack_from
        for _ in range(count):
            (length,) = length_of(data, at)
            at += 8 + length
            if at > len(data):
                raise IndexError("a text lies beyond the file's end")
            found.append(data[at - length : at].decode("utf-8", "surrogateescape"))
        self._at = at
        return found

    def _text(self) -> str:
        return self._texts(1)[0]

    def _unpack(self, form: str) -> tuple[Any, ...]:
        values = struct.unpack_from(form, self._data, self._at)
        self._at += struct.calcsize(form)
        return values


def _bytes(place: Place) -> int:
    assert place.kind is not None
    return math.prod(place.shape) // place.kind.block * place.kind.size
