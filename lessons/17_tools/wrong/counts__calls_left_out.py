"""The calls do not count here. The model has to write them: they are its actions."""


def counts(pieces):
    weights, given = [], False
    for piece in pieces:
        given = given or piece in (RESULT, "<|tool|>")
        weights.append(0.0 if given else 1.0)
        given = given and piece != END_RESULT
    return weights
