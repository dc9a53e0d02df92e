"""This is the mean of the rewards, as if all episodes were equally likely. Weigh each by its probability."""


def expected_return(theta, episodes, rewards):
    return sum(rewards) / len(rewards)
