"""Softmax, norms, activations and rotations: little arithmetic on much memory.

Operands take turns among copies that no cache can hold, and so do results, so the ceiling is the machine's memory:
each kernel has to read its inputs and write its outputs once. Backward cases receive what their forward saved.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from minirl import kernels
from minirl.bench.case import FLOAT, Case, normal, torch
from minirl.bench.sizes import Sizes


def softmax_cases(sizes: Sizes) -> Iterator[Case]:
    """As attention without its own kernel would use it: one row of T weights for each query of each head."""
    rows, T = sizes.B * sizes.H * sizes.T, sizes.T
    x, dy = normal(rows, T), normal(rows, T, scale=0.1)
    y, log_y = kernels.softmax(x), kernels.log_softmax(x)
    common: dict[str, Any] = {"group": "softmax", "cold": True}
    yield Case(
        **common,
        name=f"softmax  {rows} x {T}",
        operands=(x,),
        bytes=2 * x.nbytes,
        kernel=lambda x: kernels.softmax(x),
        torch=lambda x: torch.softmax(x, -1),
    )
    yield Case(
        **common,
        name=f"softmax backward  {rows} x {T}",
        operands=(dy, y),
        bytes=3 * x.nbytes,
        kernel=lambda dy, y: kernels.softmax_backward(dy, y),
        torch=lambda dy, y: torch.ops.aten._softmax_backward_data(dy, y, -1, torch.float32),
    )
    yield Case(
        **common,
        name=f"log-softmax  {rows} x {T}",
        operands=(x,),
        bytes=2 * x.nbytes,
        kernel=lambda x: kernels.log_softmax(x),
        torch=lambda x: torch.log_softmax(x, -1),
    )
    yield Case(
        **common,
        name=f"log-softmax backward  {rows} x {T}",
        operands=(dy, log_y),
        bytes=3 * x.nbytes,
        kernel=lambda dy, y: kernels.log_softmax_backward(dy, y),
        torch=lambda dy, y: torch.ops.aten._log_softmax_backward_data(dy, y, -1, torch.float32),
    )


def norm_cases(sizes: Sizes) -> Iterator[Case]:
    """The per-row statistics and the parameters are small beside x, y and their gradients, and not counted."""
    rows, C = sizes.B * sizes.T, sizes.C
    x, dy, gamma, beta = normal(rows, C), normal(rows, C), normal(C), normal(C, scale=0.1)
    _, mean, rstd = kernels.layer_norm(x, gamma, beta)
    _, rms = kernels.rms_norm(x, gamma)
    common: dict[str, Any] = {"group": "norm", "cold": True}

    def layer_norm_backward_torch(dy: Any, x: Any, gamma: Any, mean: Any, rstd: Any) -> Any:
        statistics = mean.reshape(-1, 1), rstd.reshape(-1, 1)
        return torch.ops.aten.native_layer_norm_backward(dy, x, [C], *statistics, gamma, gamma, [True, True, True])

    def rms_norm_backward_torch(dy: Any, x: Any, gamma: Any, rstd: Any) -> Any:
        scaled = x * rstd.reshape(-1, 1)
        dscaled = dy * gamma
        dx = rstd.reshape(-1, 1) * (dscaled - scaled * (dscaled * scaled).mean(-1, keepdim=True))
        return dx, (dy * scaled).sum(0)

    yield Case(
        **common,
        name=f"layer norm  {rows} x {C}",
        operands=(x, gamma, beta),
        bytes=2 * x.nbytes,
        kernel=lambda x, gamma, beta: kernels.layer_norm(x, gamma, beta),
        torch=lambda x, gamma, beta: torch.nn.functional.layer_norm(x, [C], gamma, beta),
    )
    yield Case(
        **common,
        name=f"layer norm backward  {rows} x {C}",
        operands=(dy, x, gamma, mean, rstd),
        bytes=3 * x.nbytes,
        kernel=lambda dy, x, gamma, mean, rstd: kernels.layer_norm_backward(dy, x, gamma, mean, rstd),
        torch=layer_norm_backward_torch,
    )
    yield Case(
        **common,
        name=f"RMS norm  {rows} x {C}",
        operands=(x, gamma),
        bytes=2 * x.nbytes,
        kernel=lambda x, gamma: kernels.rms_norm(x, gamma, eps=1e-5),
        torch=lambda x, gamma: torch.nn.functional.rms_norm(x, [C], gamma, eps=1e-5),
    )
    yield Case(
        **common,
        name=f"RMS norm backward  {rows} x {C}",
        operands=(dy, x, gamma, rms),
        bytes=3 * x.nbytes,
        kernel=lambda dy, x, gamma, rstd: kernels.rms_norm_backward(dy, x, gamma, rstd),
        torch=rms_norm_backward_torch,
    )


def activation_cases(sizes: Sizes) -> Iterator[Case]:
    """GELU, SiLU and SwiGLU with their gradients."""
    rows, F = sizes.B * sizes.T, sizes.F
    x, dy = normal(rows, F), normal(rows, F)
    gate_up = normal(rows, 2 * F)
    common: dict[str, Any] = {"group": "activation", "cold": True}
    yield Case(
        **common,
        name=f"GELU (tanh)  {rows} x {F}",
        operands=(x,),
        bytes=2 * x.nbytes,
        kernel=lambda x: kernels.gelu(x),
        torch=lambda x: torch.nn.functional.gelu(x, approximate="tanh"),
    )
    yield Case(
        **common,
        name=f"GELU (tanh) backward  {rows} x {F}",
        operands=(dy, x),
        bytes=3 * x.nbytes,
        kernel=lambda dy, x: kernels.gelu_backward(dy, x),
        torch=lambda dy, x: torch.ops.aten.gelu_backward(dy, x, approximate="tanh"),
    )
    yield Case(
        **common,
        name=f"SiLU  {rows} x {F}",
        operands=(x,),
        bytes=2 * x.nbytes,
        kernel=lambda x: kernels.silu(x),
        torch=lambda x: torch.nn.functional.silu(x),
    )
    yield Case(
        **common,
        name=f"SiLU backward  {rows} x {F}",
        operands=(dy, x),
        bytes=3 * x.nbytes,
        kernel=lambda dy, x: kernels.silu_backward(dy, x),
        torch=lambda dy, x: torch.ops.aten.silu_backward(dy, x),
    )
    yield Case(
        **common,
        name=f"SwiGLU  {rows} x {F}",
        operands=(gate_up,),
        bytes=3 * x.nbytes,
        kernel=lambda z: kernels.swiglu(z[:, :F], z[:, F:]),
        torch=lambda z: torch.nn.functional.silu(z[:, :F]) * z[:, F:],
    )
    yield Case(
        **common,
        name=f"SwiGLU backward  {rows} x {F}",
        operands=(dy, gate_up),
        bytes=5 * x.nbytes,
        kernel=lambda dy, z: kernels.swiglu_backward(dy, z[:, :F], z[:, F:]),
        torch=_swiglu_backward_torch,
    )


def _swiglu_backward_torch(dy: Any, z: Any) -> tuple[Any, Any]:
    gate, up = z.chunk(2, -1)
    return torch.ops.aten.silu_backward(dy * up, gate), dy * torch.nn.functional.silu(gate)


def rope_cases(sizes: Sizes) -> Iterator[Case]:
    """Rotary position embedding."""
    B, T, H, D = sizes.B, sizes.T, sizes.H, sizes.C // sizes.H
    x, positions = normal(B, T, H, D), np.tile(np.arange(T, dtype=np.int32), (B, 1))
    cosine, sine = kernels.rope_tables(T, D)

    def run_torch(x: Any, positions: Any, cosine: Any, sine: Any) -> Any:
        c, s = cosine[positions][:, :, None], sine[positions][:, :, None]
        first, second = x.chunk(2, -1)
        return torch.cat((first * c - second * s, second * c + first * s), -1)

    yield Case(
        group="rope",
        name=f"RoPE  {B} x {T} x {H} x {D}",
        operands=(x, positions, cosine, sine),
        bytes=2 * FLOAT * x.size,
        kernel=lambda x, positions, cosine, sine: kernels.rope(x, positions, cosine, sine),
        torch=run_torch,
        prepare_torch=lambda x, positions, cosine, sine: (x, positions.long(), cosine, sine),
        cold=True,
    )
