"""This is the mean of the rewards, as if all actions were equally likely. Weigh each reward by how often its
action comes up."""


def expected_reward(pi, rewards):
    return float(rewards.mean())
