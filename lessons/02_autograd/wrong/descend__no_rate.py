"""The step is the whole gradient. Multiply it by the rate."""


def descend(parameters, rate):
    for parameter in parameters:
        parameter.data -= parameter.grad
        parameter.grad = 0.0
