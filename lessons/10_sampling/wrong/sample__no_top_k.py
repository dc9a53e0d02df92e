"""top_k is not used. Cut by top_k first, where k is above 0, and then by top_p, where p is below 1."""


def sample(logits, u, temperature, k, p):
    chosen = []
    for row, number in zip(logits, u, strict=True):
        if temperature == 0:
            chosen.append(int(row.argmax()))
            continue
        pi = np.exp((row - row.max()) / temperature)
        pi /= pi.sum()
        pi = top_p(pi, p) if p < 1 else pi
        place = int(np.searchsorted(np.cumsum(pi), number, side="right"))
        chosen.append(min(place, int(np.flatnonzero(pi)[-1])))
    return chosen
