"""One good call of every kernel with all of its array arguments, for tests that spoil one argument at a time."""

import inspect
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from minirl import kernels
from minirl.kernels.decoder.model import Decoder, Layer, Norm, Projection

BACKENDS = ["reference", "native"] if kernels.has_native() else ["reference"]
FAMILY_OPERATIONS = [name for name in kernels.OPERATIONS if name not in kernels.elementwise.__all__]


@dataclass(frozen=True)
class Call:
    """arrays: shape and dtype of each array argument, float32 unless given. An argument that is a list of arrays, or a
    tuple, has one entry for each: "p[0]". writes: the arguments that are written. rows: the arguments that may be
    slices. copied: arguments that NumPy copies before C reads them, so that any layout serves."""

    arrays: dict[str, Any]
    options: dict[str, Any] = field(default_factory=dict)
    writes: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    copied: tuple[str, ...] = ()

    def draw(self) -> dict[str, np.ndarray]:
        """Zeros for numbers of rows and tokens; random floats."""
        rng = np.random.default_rng(0)
        made = {}
        for name, shape in self.arrays.items():
            dtype = np.dtype(np.float32)
            if isinstance(shape[-1], type):
                dtype, shape = np.dtype(shape[-1]), shape[:-1]
            made[name] = rng.random(shape).astype(dtype)
        for name in made.keys() & {"rows"}:
            made[name][:] = np.arange(len(made[name]))
        for name in made.keys() & {"starts"}:
            made[name][:] = 0, 1, 3
        for name in made.keys() & {"prefixes"}:
            made[name][:] = -1
        return made

    def run(self, operation: str, arrays: dict[str, np.ndarray]) -> Any:
        arguments: dict[str, Any] = {}
        for name, x in arrays.items():
            if name.endswith("]"):
                arguments.setdefault(name[:-3], []).append(x)
            else:
                arguments[name] = x
        return getattr(kernels, operation)(**arguments, **self.options)


N, V, C, B, T, S, H, D, F = 3, 5, 8, 1, 3, 3, 2, 4, 6
i32, i64 = np.int32, np.int64
q, kv, row = (B, T, H, D), (B, S, 1, D), (N, C)
norm = {"x": row, "gamma": (C,)}


def small_decoder() -> Decoder:
    """A model of one layer, with H = 2 heads that share one key head."""
    plain = Norm(np.ones(C, np.float32), None)
    qkv, projection, up, down = (
        Projection(np.ones(shape, np.float32), None) for shape in ((4 * D, C), (C, H * D), (F, C), (C, F))
    )
    layer = Layer(plain, qkv, None, None, projection, plain, up, down, rotates=False)
    table = np.ones((V, C), np.float32)
    return Decoder(H, 1, D, 1e-5, True, False, "silu", False, table, None, None, (layer,), plain, table)


cache = (N, 7, 1, D)
CALLS = {
    "matmul": Call(
        {"a": (N, C), "b": (C, V), "bias": (V,), "residual": (N, V), "preactivation": (N, V), "out": (N, V)},
        {"activation": "silu"},
        writes=("preactivation", "out"),
    ),
    "round_bfloat16": Call({"x": row}),
    "attention": Call(
        {"q": q, "k": kv, "v": kv, "out": q, "starts": (3, i64), "prefixes": (2, i64)},
        writes=("out",),
        rows=("q", "k", "v", "out"),
        copied=("starts", "prefixes"),
    ),
    "attention_backward": Call(
        {"dout": q, "q": q, "k": kv, "v": kv, "out": q, "lse": (B, H, T), "dq": q, "dk": kv, "dv": kv,
         "starts": (3, i64), "prefixes": (2, i64)},
        writes=("dq", "dk", "dv"),
        rows=("dout", "q", "k", "v", "out", "dq", "dk", "dv"),
        copied=("starts", "prefixes"),
    ),
    "attention_decode": Call(
        {"q": (N, H, D), "k_cache": (N, 7, 1, D), "v_cache": (N, 7, 1, D), "lengths": (N, i32), "new[0]": (N, 1, D),
         "new[1]": (N, 1, D), "rows": (N, i32), "prefixes": (N, i32), "seen": (N, i32)},
        writes=("k_cache", "v_cache"),
        rows=("q", "new[0]", "new[1]"),
    ),
    "decode": Call(
        {"ids": (N, i32), "keys[0]": cache, "values[0]": cache, "held": (N, i32), "rows": (N, i32),
         "prefixes": (N, i32)},
        {"decoder": small_decoder()},
        writes=("keys[0]", "values[0]"),
    ),
    "softmax": Call({"x": row}),
    "softmax_backward": Call({"dy": row, "y": row}),
    "log_softmax": Call({"x": row}),
    "log_softmax_backward": Call({"dy": row, "y": row}),
    "cross_entropy": Call(
        {"logits": (N, V), "targets": (N, i32), "weights": (N,)}, {"gradient": True}, writes=("logits",)
    ),
    "linear_cross_entropy": Call({"h": row, "weight": (V, C), "targets": (N, i32), "weights": (N,)}),
    "linear_log_prob": Call({"h": row, "weight": (V, C), "targets": (N, i32)}),
    "layer_norm": Call({**norm, "beta": (C,)}),
    "layer_norm_backward": Call({"dy": row, **norm, "mean": (N,), "rstd": (N,)}),
    "rms_norm": Call(norm),
    "rms_norm_backward": Call({"dy": row, **norm, "rstd": (N,)}),
    "column_sums": Call({"x": row}),
    "sigmoid": Call({"x": row}),
    "gelu": Call({"x": row}),
    "gelu_backward": Call({"dy": row, "x": row}),
    "silu": Call({"x": row}),
    "silu_backward": Call({"dy": row, "x": row}),
    "swiglu": Call({"gate": (N, F), "up": (N, F)}, rows=("gate", "up")),
    "swiglu_backward": Call({"dy": (N, F), "gate": (N, F), "up": (N, F)}, rows=("gate", "up")),
    "rope_tables": Call({}, {"n_positions": 5, "head_size": 4}),
    "rope": Call(
        {"x": q, "positions": (B, T, i32), "cosine": (5, D // 2), "sine": (5, D // 2), "out": q},
        writes=("out",),
        rows=("x", "out"),
    ),
    "embedding": Call({"ids": (N, i32), "table": (V, C)}),
    "embedding_backward": Call({"dout": row, "ids": (N, i32), "dtable": (V, C)}, writes=("dtable",)),
    "adamw": Call(
        {f"{name}[{i}]": shape for name in "pgmv" for i, shape in enumerate([(4,), (2, 3)])},
        {"step": 1, "lr": 0.1, "beta1": 0.9, "beta2": 0.9, "eps": 0.1, "weight_decay": 0.0},
        writes=tuple(f"{name}[{i}]" for name in "pmv" for i in range(2)),
    ),
    "sum_squares": Call({"x[0]": (4,), "x[1]": (2, 3)}),
    "scale": Call({"x": row}, {"factor": 2.0}, writes=("x",)),
    "word_hashes": Call({"text": (N, np.uint8)}),
    "gram_hashes": Call({"hashes": (N, np.uint64), "shorter": (N, np.uint64)}, {"n": 2}),
    "gram_repeats": Call({"grams": (N, np.uint64), "lengths": (N, i32)}, {"n": 1}),
    "minhash": Call({"x": (N, np.uint32), "a": (V, np.uint32), "b": (V, np.uint32)}),
    "sample": Call({"logits": (N, V), "uniform": (N, np.float64)}),
}  # fmt: skip

ARGUMENTS = [(operation, name) for operation, call in CALLS.items() for name in call.arrays]


def array_parameters(operation: str) -> set[str]:
    """The parameters of a kernel that take arrays, by its signature."""
    parameters = inspect.signature(getattr(kernels, operation)).parameters.values()
    return {parameter.name for parameter in parameters if "ndarray" in str(parameter.annotation)}


def shown(name: str) -> str:
    """How a message names an argument of a table: "p" for "p[0]"."""
    return name.removesuffix("[0]").removesuffix("[1]")
