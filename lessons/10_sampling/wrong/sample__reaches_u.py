"""It takes the first token whose running sum reaches u. The sum has to exceed u: with u = 0, a token with probability
0 would be drawn. np.searchsorted needs side="right" for this."""


def sample(logits, u, temperature, k, p):
    chosen = []
    for row, number in zip(logits, u, strict=True):
        if temperature == 0:
            chosen.append(int(row.argmax()))
            continue
        pi = np.exp((row - row.max()) / temperature)
        pi /= pi.sum()
        pi = top_k(pi, k) if k > 0 else pi
        pi = top_p(pi, p) if p < 1 else pi
        place = int(np.searchsorted(np.cumsum(pi), number))
        chosen.append(min(place, int(np.flatnonzero(pi)[-1])))
    return chosen
