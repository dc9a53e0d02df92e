"""This is delta alone, without the advantages of the later actions. It is right for lam = 0 only."""


def gae(rewards, values, chosen, gamma, lam):
    A = np.zeros(len(rewards))
    later, following, paid = 0.0, 0.0, 0.0
    for t in range(len(rewards) - 1, -1, -1):
        paid += rewards[t]
        if chosen[t]:
            later = paid + gamma * following - values[t]
            A[t], following, paid = later, values[t], 0.0
    return A
