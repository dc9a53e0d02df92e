"""After the last action the value is taken to be the last one again. The episode is over there: V = 0."""


def gae(rewards, values, chosen, gamma, lam):
    A = np.zeros(len(rewards))
    later, following, paid = 0.0, values[np.flatnonzero(chosen)[-1]], 0.0
    for t in range(len(rewards) - 1, -1, -1):
        paid += rewards[t]
        if chosen[t]:
            later = paid + gamma * following - values[t] + gamma * lam * later
            A[t], following, paid = later, values[t], 0.0
    return A
