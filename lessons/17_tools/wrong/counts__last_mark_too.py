"""The mark with which the result ends counts here. The environment writes it, too."""


def counts(pieces):
    weights, given = [], False
    for piece in pieces:
        given = given or piece == RESULT
        weights.append(0.0 if given and piece != END_RESULT else 1.0)
        given = given and piece != END_RESULT
    return weights
