"""The chance is taken to be sigmoid of the better reward alone. Only differences count: two answers that are both
good do not beat each other."""


def bradley_terry(chosen, rejected, weights):
    apart = chosen
    surprise = np.exp(-np.logaddexp(0.0, apart))
    loss = float(weights @ np.logaddexp(0.0, -apart))
    return loss, -weights * surprise
