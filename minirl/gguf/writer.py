"""Write a GGUF file, version 3, atomically: weights in F32, F16, BF16 or Q8_0."""

import struct
from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from typing import Any, BinaryIO, Literal, NamedTuple, cast

import numpy as np

from minirl.gguf.blocks import quantize_q8_0
from minirl.gguf.reader import LIST, MAGIC, SCALARS, TEXT
from minirl.kernels.precision import BFLOAT16, from_bfloat16_bits, to_bfloat16_bits
from minirl.storage.files import atomic_write

Array = np.ndarray
Type = Literal["F32", "F16", "BF16", "Q8_0"]

ALIGNMENT = 32
UINT32, INT32, FLOAT32, BOOL = 4, 5, 6, 7  # types of settings, among the reader's
NUMBERS = {"F32": 0, "F16": 1, "BF16": 30, "Q8_0": 8}
FILE_TYPES = {"F32": 0, "F16": 1, "BF16": 32, "Q8_0": 7}  # general.file_type: what most of the weights are


class Waiting(NamedTuple):
    """A tensor that is to be written. Its numbers are made when it is their turn, so that memory holds one tensor."""

    name: str
    shape: tuple[int, ...]
    numbers: Callable[[], Array]


def write(path: str | PathLike[str], settings: Mapping[str, Any], tensors: Sequence[Waiting], kind: Type) -> None:
    """Write settings and tensors. Tensors with one axis (norms, biases) stay F32, as llama.cpp has them.

    settings: texts, numbers, truth values, and lists of one of them. Whole numbers are uint32, and int32 in lists or
    below 0: llama.cpp refuses a count or a token's id of another type. kind: "F32", "F16", "BF16" or "Q8_0". Raises
    ValueError for another kind, for a matrix whose rows Q8_0's blocks of 32 do not fill, and for weights that are not
    finite (or too large for F16).
    """
    if kind not in NUMBERS:
        raise ValueError(f"gguf.write: kind is {kind!r}; expected one of {', '.join(NUMBERS)}")
    kinds = [kind if len(tensor.shape) > 1 else "F32" for tensor in tensors]
    for tensor, own in zip(tensors, kinds, strict=True):
        if own == "Q8_0" and tensor.shape[-1] % 32:
            raise ValueError(f"gguf.write: {tensor.name} has rows of {tensor.shape[-1]}; Q8_0 needs multiples of 32")
    settings = {**settings, "general.alignment": ALIGNMENT, "general.file_type": FILE_TYPES[kind]}
    header = [MAGIC, struct.pack("<IQQ", 3, len(tensors), len(settings))]
    for name, value in settings.items():
        header += [_text(name), _value(name, value)]
    offset = 0
    for tensor, own in zip(tensors, kinds, strict=True):
        axes = tensor.shape[::-1]
        header += [_text(tensor.name), struct.pack(f"<I{len(axes)}Q", len(axes), *axes)]
        header.append(struct.pack("<IQ", NUMBERS[own], offset))
        offset += _padded(_size(tensor.shape, own))
    with atomic_write(path, "wb") as opened:
        file = cast(BinaryIO, opened)
        written = file.write(b"".join(header))
        file.write(bytes(_padded(written) - written))
        for tensor, own in zip(tensors, kinds, strict=True):
            data = _encoded(tensor, own)
            file.write(data)
            file.write(bytes(_padded(len(data)) - len(data)))


def _encoded(tensor: Waiting, kind: str) -> bytes:
    x = tensor.numbers()
    if kind == "BF16":
        return (x if x.dtype == BFLOAT16 else to_bfloat16_bits(x)).astype("<u2").tobytes()
    if x.dtype == BFLOAT16:
        x = from_bfloat16_bits(x)
    if kind == "Q8_0":
        return quantize_q8_0(x).tobytes()
    if kind == "F16":
        with np.errstate(over="ignore"):
            halved = x.astype("<f2")
        if not np.isfinite(halved).all():
            raise ValueError(f"gguf.write: {tensor.name} has a number that float16 cannot hold; write F32")
        return halved.tobytes()
    return x.astype("<f4").tobytes()


def _size(shape: tuple[int, ...], kind: str) -> int:
    count = int(np.prod(shape))
    return {"F32": 4 * count, "F16": 2 * count, "BF16": 2 * count, "Q8_0": count // 32 * 34}[kind]


def _padded(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT


def _text(text: str) -> bytes:
    data = text.encode("utf-8", "surrogateescape")
    return struct.pack("<Q", len(data)) + data


def _value(name: str, value: Any) -> bytes:
    """A setting's type and value."""
    if isinstance(value, list | tuple):
        kinds = {_kind(name, one) for one in value} or {INT32}
        if len(kinds) > 1:
            raise ValueError(f"gguf.write: {name} is a list of several types; expected one")
        (kind,) = kinds
        return struct.pack("<IIQ", LIST, kind, len(value)) + b"".join(_scalar(kind, one) for one in value)
    kind = _kind(name, value)
    if kind == INT32 and value >= 0:
        kind = UINT32
    return struct.pack("<I", kind) + _scalar(kind, value)


def _kind(name: str, value: Any) -> int:
    for type_, kind in ((bool, BOOL), (int, INT32), (float, FLOAT32), (str, TEXT)):
        if isinstance(value, type_):
            return kind
    raise ValueError(f"gguf.write: {name} is {value!r:.60}; expected a text, a number, True, False or a list")


def _scalar(kind: int, value: Any) -> bytes:
    return _text(value) if kind == TEXT else struct.pack("<" + SCALARS[kind], value)
