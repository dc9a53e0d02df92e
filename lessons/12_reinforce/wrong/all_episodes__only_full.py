"""The short episodes are missing: those that end with the end token before the horizon."""


def all_episodes(vocab_size, end, horizon):
    full = [()]
    for _ in range(horizon):
        full = [(*episode, token) for episode in full for token in range(vocab_size)]
    return [episode for episode in full if end not in episode[:-1]]
