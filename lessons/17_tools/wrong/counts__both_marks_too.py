"""The two marks around a result count here. The environment writes both: RESULT and END_RESULT belong to what comes
back."""


def counts(pieces):
    weights, given = [], False
    for piece in pieces:
        given = given and piece != END_RESULT
        weights.append(0.0 if given else 1.0)
        given = given or piece == RESULT
    return weights
