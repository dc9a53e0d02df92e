"""Top-p comes before top-k. The order is temperature, top-k, top-p: top-p has to see the policy that top-k has
made."""


def sample(logits, u, temperature, k, p):
    chosen = []
    for row, number in zip(logits, u, strict=True):
        if temperature == 0:
            chosen.append(int(row.argmax()))
            continue
        pi = np.exp((row - row.max()) / temperature)
        pi /= pi.sum()
        pi = top_p(pi, p) if p < 1 else pi
        pi = top_k(pi, k) if k > 0 else pi
        place = int(np.searchsorted(np.cumsum(pi), number, side="right"))
        chosen.append(min(place, int(np.flatnonzero(pi)[-1])))
    return chosen
