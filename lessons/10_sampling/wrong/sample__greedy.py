"""This always takes the most likely token, and does not look at u. It is what temperature 0 asks for, and only
that."""


def sample(logits, u, temperature, k, p):
    chosen = []
    for row, number in zip(logits, u, strict=True):
        if temperature == 0:
            chosen.append(int(row.argmax()))
            continue
        pi = np.eye(len(row))[row.argmax()]

        place = int(np.searchsorted(np.cumsum(pi), number, side="right"))
        chosen.append(min(place, int(np.flatnonzero(pi)[-1])))
    return chosen
