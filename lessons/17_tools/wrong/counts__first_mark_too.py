"""The mark with which the result begins counts here. The environment writes it: it is part of what comes back."""


def counts(pieces):
    weights, given = [], False
    for piece in pieces:
        given = given or piece == RESULT
        weights.append(0.0 if given and piece != RESULT else 1.0)
        given = given and piece != END_RESULT
    return weights
