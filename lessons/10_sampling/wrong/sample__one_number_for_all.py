"""All rows use the first random number. Rows with the same policy then always draw the same token: each row has its
own u."""


def sample(logits, u, temperature, k, p):
    chosen = []
    for row, number in zip(logits, np.full(len(u), u[0]), strict=True):
        if temperature == 0:
            chosen.append(int(row.argmax()))
            continue
        pi = np.exp((row - row.max()) / temperature)
        pi /= pi.sum()
        pi = top_k(pi, k) if k > 0 else pi
        pi = top_p(pi, p) if p < 1 else pi
        place = int(np.searchsorted(np.cumsum(pi), number, side="right"))
        chosen.append(min(place, int(np.flatnonzero(pi)[-1])))
    return chosen
