"""A large logit overflows. Subtract the largest logit of the row before you take the exponential: nothing else
changes."""


def sample(logits, u, temperature, k, p):
    chosen = []
    for row, number in zip(logits, u, strict=True):
        if temperature == 0:
            chosen.append(int(row.argmax()))
            continue
        pi = np.exp(row / temperature)
        pi /= pi.sum()
        pi = top_k(pi, k) if k > 0 else pi
        pi = top_p(pi, p) if p < 1 else pi
        place = int(np.searchsorted(np.cumsum(pi), number, side="right"))
        chosen.append(min(place, int(np.flatnonzero(pi)[-1])))
    return chosen
