"""The gradient has the chance of what happened, P. It should be the chance of what did not, 1 - P: a surprising
verdict moves the rewards far, an expected one hardly."""


def bradley_terry(chosen, rejected, weights):
    apart = chosen - rejected
    surprise = np.exp(-np.logaddexp(0.0, -apart))
    loss = float(weights @ np.logaddexp(0.0, -apart))
    return loss, -weights * surprise
