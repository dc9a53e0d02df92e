"""The weights are the wrong way round: the results count, and what the model writes does not."""


def counts(pieces):
    weights, given = [], False
    for piece in pieces:
        given = given or piece == RESULT
        weights.append(1.0 if given else 0.0)
        given = given and piece != END_RESULT
    return weights
