"""Better and worse are exchanged: this is the loss of the opposite verdicts."""


def bradley_terry(chosen, rejected, weights):
    apart = chosen - rejected
    surprise = np.exp(-np.logaddexp(0.0, -apart))
    loss = float(weights @ np.logaddexp(0.0, apart))
    return loss, weights * surprise
