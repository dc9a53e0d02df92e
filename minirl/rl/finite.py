"""The error that stops a run before a NaN reaches its parameters."""

import numpy as np

from minirl import kernels
from minirl.nn import Module


class NonFiniteError(FloatingPointError):
    """A loss or a gradient is NaN or infinite. The parameters are as they were before the step."""


def non_finite_error(model: Module, loss: float, step: int) -> NonFiniteError:
    """The error to raise at step `step`. It names the tensors that are not finite, and says what to do.

    The message lists parameters first: if a parameter is NaN, an earlier step broke it.
    """
    named = list(model.named_parameters())
    bad = [f"parameter {name}" for name, p in named if not np.isfinite(p.numpy()).all()]
    gradients = [(name, p.grad) for name, p in named if p.grad is not None]
    bad += [f"gradient of {name}" for name, gradient in gradients if not np.isfinite(kernels.fetch(gradient)).all()]
    shown = ", ".join(bad[:3]) + (f" and {len(bad) - 3} more" if len(bad) > 3 else "")
    return NonFiniteError(
        f"step {step}: the loss is {loss}; not finite: {shown or 'the loss alone'}. The step was not taken. Go on from "
        "the last good checkpoint with a lower learning rate (a half), a longer warm-up or a smaller max_norm"
    )
