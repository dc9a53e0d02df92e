"""Is a gradient right? Compare it with the slope of the function itself."""

from collections.abc import Callable, Sequence

import numpy as np

from minirl import kernels
from minirl.autograd import no_grad
from minirl.tensor import Tensor


def check_gradients(
    function: Callable[..., Tensor],
    inputs: Sequence[Tensor | np.ndarray],
    step: float = 1e-5,
    tolerance: float = 1e-6,
    seed: int = 0,
) -> None:
    """Compare the gradients of function(*inputs) with central differences, in float64 on the reference backend.

    For each element x_i of each input, d f / d x_i must agree with (f(x + step e_i) - f(x - step e_i)) / (2 step), an
    estimate whose error falls with step^2 (and whose rounding error grows with 1 / step). The output is first
    multiplied by fixed random numbers and summed, so that every element of it counts.

    Raises AssertionError naming the input, the index, the gradient got and the one expected, where they differ by more
    than tolerance * max(1, |expected|).

    >>> check_gradients(lambda x: x * x, [np.array([1.0, -2.0])])
    """
    arrays = [np.array(x.data if isinstance(x, Tensor) else x, np.float64) for x in inputs]
    generator = np.random.default_rng(seed)
    weights: list[np.ndarray] = []

    def scalar(tensors: list[Tensor]) -> Tensor:
        output = function(*tensors)
        if not weights:
            weights.append(generator.standard_normal(output.shape))
        return (output * Tensor(weights[0])).sum()

    with kernels.using("reference"):
        tensors = [Tensor(x.copy(), requires_grad=True) for x in arrays]
        scalar(tensors).backward()
        got = [np.zeros_like(x) if t.grad is None else t.grad for t, x in zip(tensors, arrays, strict=True)]
        with no_grad():
            for which, x in enumerate(arrays):
                for index in np.ndindex(x.shape):
                    values = []
                    for sign in (1, -1):
                        moved = [array.copy() for array in arrays]
                        moved[which][index] += sign * step
                        values.append(scalar([Tensor(array) for array in moved]).item())
                    expected = (values[0] - values[1]) / (2 * step)
                    if not abs(got[which][index] - expected) <= tolerance * max(1.0, abs(expected)):
                        raise AssertionError(
                            f"gradient of input {which} at index {index}: got {got[which][index]:.10g}, "
                            f"expected {expected:.10g} (central difference)"
                        )
