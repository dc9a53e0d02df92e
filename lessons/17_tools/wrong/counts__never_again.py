"""After the first result nothing counts any more. The model goes on when the result has ended."""


def counts(pieces):
    weights, given = [], False
    for piece in pieces:
        given = given or piece == RESULT
        weights.append(0.0 if given else 1.0)
    return weights
