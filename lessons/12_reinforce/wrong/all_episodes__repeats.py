"""Some episodes come several times: what would follow the end token makes no difference any more. Each may come only
once."""


def all_episodes(vocab_size, end, horizon):
    full = [()]
    for _ in range(horizon):
        full = [(*episode, token) for episode in full for token in range(vocab_size)]
    return [episode[: episode.index(end) + 1] if end in episode else episode for episode in full]
