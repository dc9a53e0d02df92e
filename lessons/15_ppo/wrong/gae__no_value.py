"""The value of the state is not subtracted. An advantage says how much better it went than was expected there."""


def gae(rewards, values, chosen, gamma, lam):
    A = np.zeros(len(rewards))
    later, following, paid = 0.0, 0.0, 0.0
    for t in range(len(rewards) - 1, -1, -1):
        paid += rewards[t]
        if chosen[t]:
            later = paid + gamma * following + gamma * lam * later
            A[t], following, paid = later, values[t], 0.0
    return A
