"""Damage to JSON, as disks, editors and other programs do it, and worse: the same damage for the same seed."""

import copy
import json
import random
from typing import Any

ODD_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2, 65, 10**6, 2**31, 2**63, 10**400, 0.5, -0.0, float("nan"), float("inf"), "", " ",
    "A", "Ġ", "\ud800", "日", "\x00", "false", "12", "x" * 5000, [], [[]], {}, {"type": 3}, [1, 2], ["a", "b"],
    {"a": None},
)  # fmt: skip
ODD_BYTES = (
    b"", b"", b"\xff", b"\x00", b"\xed\xa0\x80", b"\\ud800", b"\n", b"\r\n", b"\xef\xbb\xbf", b'"', b",", b"}", b"]",
    b"[" * 3000, b"NaN", b"-Infinity", b"1e999", b"9" * 5000,
)  # fmt: skip


def odd_value(rng: random.Random) -> Any:
    return copy.deepcopy(rng.choice(ODD_VALUES))


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of each value within a value; of long lists and objects some."""
    found = [path]
    if isinstance(value, dict | list):
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        for key in keys if len(keys) < 16 else [*keys[:12], *keys[-3:]]:
            found += places(value[key], (*path, key))
    return found


def damaged_value(value: Any, rng: random.Random) -> Any:
    """The value with one to three fields changed, removed, exchanged, doubled or buried."""
    value = copy.deepcopy(value)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        path = rng.choice(places(value))
        if not path:
            if rng.random() < 0.1:
                return odd_value(rng)
            continue
        holder = value
        for key in path[:-1]:
            holder = holder[key]
        key = path[-1]
        kind = rng.randrange(6)
        if kind == 0:
            del holder[key]
        elif kind == 1:
            other = rng.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
            holder[key], holder[other] = holder[other], holder[key]
        elif kind == 2 and isinstance(holder, list):
            holder.insert(rng.randrange(len(holder) + 1), rng.choice((copy.deepcopy(holder[key]), odd_value(rng))))
        elif kind == 2:
            name = rng.choice(("", "type", "extra", "Ġa", "\ud800", "x" * 3000))
            holder[name] = rng.choice((copy.deepcopy(holder[key]), odd_value(rng)))
        elif kind == 3:
            for _ in range(depth := rng.choice((1, 3, 400))):
                holder[key] = [holder[key]]
            if depth == 400:
                return value  # whoever walked or copied this again would meet Python's own limit
        else:
            holder[key] = odd_value(rng)
    return value


def damaged_bytes(data: bytes, rng: random.Random) -> bytes:
    """The bytes with a few cut out, changed, doubled or put in."""
    for _ in range(rng.choice((1, 1, 2, 5))):
        start = rng.randrange(len(data) + 1)
        end = min(len(data), start + rng.choice((0, 1, 1, 3, 50)))
        other = rng.choice((*ODD_BYTES, data[start : start + 200], bytes([rng.randrange(256)])))
        data = data[:start] + other + data[end:]
        if rng.random() < 0.05:
            data = rng.choice(
                (data[: len(data) // 2], b"", b"\xef\xbb\xbf" + data, data.decode("latin-1").encode("utf-16"))
            )
    return data


def to_bytes(value: Any) -> bytes:
    """JSON, of NaN and lone surrogates too."""
    return json.dumps(value).encode()
