"""Optimizers, AdamW and SGD, and gradient clipping."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from minirl import kernels
from minirl.autograd import Array
from minirl.nn import SHOWN, Module
from minirl.tensor import Tensor


def decay_groups(model: Module, weight_decay: float) -> list[dict[str, Any]]:
    """Two parameter groups, after GPT-3 (Brown et al. 2020, appendix B) and nanoGPT: matrices (and embeddings) decay;
    vectors, which are biases and the gains of norms, do not. What is frozen (requires_grad is False) is in neither."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    return [
        {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]


class Optimizer:
    """What optimizers have in common: parameters in groups, the learning rate, and a state to save.

    parameters: tensors, or groups {"params": tensors, "lr": ..., "weight_decay": ...} whose values override the
    defaults. `optimizer.lr = x` sets every group's learning rate, as a schedule does before each step; a group's own
    "lr" is kept as a ratio to it. A parameter without a gradient is left as it is.
    """

    def __init__(self, parameters: Iterable[Tensor] | Sequence[dict[str, Any]], lr: float, **defaults: Any) -> None:
        name = type(self).__name__
        given = list(parameters)
        groups: list[Any] = given if given and isinstance(given[0], dict) else [{"params": given}]
        self.lr = lr
        self.defaults = defaults
        self.groups: list[dict[str, Any]] = []
        for group in groups:
            unknown = set(group) - {"params", "lr", *defaults}
            if unknown:
                raise ValueError(
                    f"{name}: unknown group setting {sorted(unknown)}; a group may set {', '.join(['lr', *defaults])}"
                )
            settings = {**defaults, **group, "params": list(group["params"])}
            settings["lr_ratio"] = settings.pop("lr") / lr if "lr" in settings else 1.0
            self.groups.append(settings)
        self.parameters: list[Tensor] = [p for group in self.groups for p in group["params"]]
        if not self.parameters:
            raise ValueError(f"{name}: there are no parameters to train")
        if len({id(p) for p in self.parameters}) != len(self.parameters):
            raise ValueError(f"{name}: a parameter occurs twice; each must be in one group, once")
        self.steps = 0

    def step(self, max_norm: float | None = None) -> float | None:
        """Change every parameter by its gradient.

        max_norm: clip first, as clip_grad_norm does, but while the gradients are read anyway: they are not changed.
        Returns the gradients' norm before clipping, or None without max_norm. Raises FloatingPointError, having changed
        nothing, where that norm is NaN or infinite: the step would spoil the model.
        """
        norm, factor = None, 1.0
        if max_norm is not None:
            norm = grad_norm(self.parameters)
            if not math.isfinite(norm):
                raise FloatingPointError(
                    f"{type(self).__name__}.step: the gradients' norm is {norm}; no parameter was changed"
                )
            factor = clip_factor(norm, max_norm)
        self.steps += 1
        moments = zip(*self._moments().values(), strict=True)
        for group in self.groups:
            own = [(p.data, p.grad, *next(moments)) for p in group["params"]]
            changing = [arrays for arrays in own if arrays[1] is not None]
            if changing:
                self._change(group, *zip(*changing, strict=True), grad_scale=factor)
        return norm

    def _moments(self) -> dict[str, list[Array]]:
        """What it remembers of each parameter's gradients, by name."""
        raise NotImplementedError

    def _change(self, group: dict[str, Any], *arrays: Sequence[Array], grad_scale: float) -> None:
        """Step the parameters of a group in place. arrays: parameters, gradients, and then the moments."""
        raise NotImplementedError

    def zero_grad(self) -> None:
        """Forget all gradients."""
        for p in self.parameters:
            p.grad = None

    def state_dict(self) -> dict[str, Array]:
        """All that a later run needs to go on: the count of steps and the moments, by name; not copies."""
        state = {"steps": np.array([self.steps], np.int64)}
        for index in range(len(self.parameters)):
            for name, arrays in self._moments().items():
                state[f"{index}.{name}"] = arrays[index]
        return state

    def load_state_dict(self, state: Mapping[str, Array]) -> None:
        """Copy what state_dict gave. Raises ValueError, having changed nothing, where names or shapes do not fit."""
        own = self.state_dict()
        problems = [f"missing: {name}" for name in own if name not in state]
        problems += [f"unexpected: {name}" for name in state if name not in own]
        problems += [
            f"{name} has shape {state[name].shape}; expected {x.shape}"
            for name, x in own.items()
            if name in state and state[name].shape != x.shape
        ]
        if problems:
            more = f"; and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
            raise ValueError(f"{type(self).__name__}.load_state_dict: " + "; ".join(problems[:SHOWN]) + more)
        self.steps = int(state["steps"][0])
        for name, x in own.items():
            x[...] = state[name]

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={value}" for name, value in {"lr": self.lr, **self.defaults}.items())
        numbers = sum(p.size for p in self.parameters)
        return f"{type(self).__name__}({settings}; {numbers:,} numbers in {len(self.parameters)} arrays)"


class AdamW(Optimizer):
    """AdamW (Loshchilov and Hutter 2019, algorithm 2): Adam whose weight decay acts on the weights directly.

    For each parameter p with gradient g, at step t = 1, 2, ...:
        m = beta1 m + (1 - beta1) g           v = beta2 v + (1 - beta2) g^2
        p = p - lr (m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + eps) + weight_decay p)

    parameters and lr: see Optimizer.
    """

    def __init__(
        self,
        parameters: Iterable[Tensor] | Sequence[dict[str, Any]],
        lr: float = 3e-4,
        betas: tuple[float, float] = (0.9, 0.95),
        eps: float = 1e-8,
        weight_decay: float = 0.1,
    ) -> None:
        super().__init__(parameters, lr, betas=betas, eps=eps, weight_decay=weight_decay)
        self.first_moments = [kernels.zeros_like(p.data) for p in self.parameters]
        self.second_moments = [kernels.zeros_like(p.data) for p in self.parameters]

    def _moments(self) -> dict[str, list[Array]]:
        return {"first_moment": self.first_moments, "second_moment": self.second_moments}

    def _change(self, group: dict[str, Any], *arrays: Sequence[Array], grad_scale: float) -> None:
        p, g, m, v = arrays
        beta1, beta2 = group["betas"]
        kernels.adamw(
            p,
            g,
            m,
            v,
            step=self.steps,
            lr=self.lr * group["lr_ratio"],
            beta1=beta1,
            beta2=beta2,
            eps=group["eps"],
            weight_decay=group["weight_decay"],
            grad_scale=grad_scale,
        )


class SGD(Optimizer):
    """Stochastic gradient descent with momentum (Sutskever et al. 2013), as PyTorch writes it.

    For each parameter p with gradient g:    v = momentum v + g + weight_decay p    p = p - lr v

    The velocity v begins at 0. parameters and lr: see Optimizer.
    """

    def __init__(
        self,
        parameters: Iterable[Tensor] | Sequence[dict[str, Any]],
        lr: float = 1e-2,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr, momentum=momentum, weight_decay=weight_decay)
        self.velocities = [kernels.zeros_like(p.data) for p in self.parameters]

    def _moments(self) -> dict[str, list[Array]]:
        return {"velocity": self.velocities}

    def _change(self, group: dict[str, Any], *arrays: Sequence[Array], grad_scale: float) -> None:
        lr = self.lr * group["lr_ratio"]
        for p, g, v in zip(*arrays, strict=True):
            kernels.scale(v, group["momentum"])
            kernels.add(v, kernels.multiply(g, v.dtype.type(grad_scale)), out=v)
            if group["weight_decay"]:
                kernels.add(v, kernels.multiply(p, p.dtype.type(group["weight_decay"])), out=v)
            kernels.subtract(p, kernels.multiply(v, p.dtype.type(lr)), out=p)


def grad_norm(parameters: Iterable[Tensor]) -> float:
    """sqrt of the sum of all squared gradients, as if they were one long vector."""
    return math.sqrt(kernels.sum_squares([p.grad for p in parameters if p.grad is not None]))


def clip_factor(norm: float, max_norm: float) -> float:
    """What to multiply gradients of this norm by so that it is at most max_norm."""
    if not max_norm > 0:
        raise ValueError(f"max_norm {max_norm} must be positive")
    return max_norm / norm if norm > max_norm else 1.0


def clip_grad_norm(parameters: Iterable[Tensor], max_norm: float) -> float:
    """Scale all gradients in place so that their norm is at most max_norm (Pascanu et al. 2013); return the norm
    before. A norm that is NaN or infinite is returned too, with the gradients as they were: look at it, it means that
    the step would spoil the model."""
    tensors = list(parameters)
    norm = grad_norm(tensors)
    factor = clip_factor(norm, max_norm)
    if factor != 1.0 and math.isfinite(norm):
        for p in tensors:
            if p.grad is not None:
                kernels.scale(p.grad, factor)
    return norm
