"""Every episode has the full length here, so they go on after the end token. Nothing can follow the end."""


def all_episodes(vocab_size, end, horizon):
    episodes = [()]
    for _ in range(horizon):
        episodes = [(*episode, token) for episode in episodes for token in range(vocab_size)]
    return episodes
