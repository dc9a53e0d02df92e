"""The parameters have not changed. `p = Value(...)` gives the name p to a new Value, and the old one stays as it is.
Change the parameter itself: p.data = ..."""


def descend(parameters, rate):
    for parameter in parameters:
        parameter = Value(parameter.data - rate * parameter.grad)
