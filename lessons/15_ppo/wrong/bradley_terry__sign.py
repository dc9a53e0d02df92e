"""The gradient has the wrong sign. The loss falls where the reward of the better answer rises."""


def bradley_terry(chosen, rejected, weights):
    apart = chosen - rejected
    surprise = np.exp(-np.logaddexp(0.0, apart))
    loss = float(weights @ np.logaddexp(0.0, -apart))
    return loss, weights * surprise
