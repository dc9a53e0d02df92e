"""Mean and standard deviation are taken over all problems together. Then hard problems get negative advantages
throughout. Each row is a group of its own: axis=1."""


def group_normalised(rewards):
    spread = rewards.std()
    return (rewards - rewards.mean()) / spread if spread > 0 else np.zeros_like(rewards)
