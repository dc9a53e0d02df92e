"""All rewards are added up, however likely their actions are. Multiply each by its probability first."""


def expected_reward(pi, rewards):
    return float(rewards.sum())
