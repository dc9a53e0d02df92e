"""The gradient has the wrong sign. It points to where the loss rises: where a value is too large already, upwards."""


def value_loss(values, returns):
    error = values - returns
    return float(error @ error / 2), -error
