"""A piece counts or not by its text: wherever the same text stands, it has the same weight. The number 6 may be a
result at one place and written by the model at another."""


def counts(pieces):
    results = {pieces[i + 1] for i, piece in enumerate(pieces[:-1]) if piece == RESULT} | {RESULT, END_RESULT}
    return [0.0 if piece in results else 1.0 for piece in pieces]
