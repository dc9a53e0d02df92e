"""The weights of the pairs are left out."""


def bradley_terry(chosen, rejected, weights):
    apart = chosen - rejected
    surprise = np.exp(-np.logaddexp(0.0, apart))
    loss = float(np.logaddexp(0.0, -apart).sum())
    return loss, -surprise
