"""The rewards are weighted with log-probabilities, which are negative. Take exp first."""


def expected_return(theta, episodes, rewards):
    return sum(log_prob(theta, episode) * reward for episode, reward in zip(episodes, rewards))
