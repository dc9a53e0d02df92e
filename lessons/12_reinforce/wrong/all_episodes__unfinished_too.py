"""Unfinished episodes are in the list as well. An episode that is shorter than the horizon and does not end with the
end token goes on."""


def all_episodes(vocab_size, end, horizon):
    complete, growing = [], [()]
    for _ in range(horizon):
        longer = [(*episode, token) for episode in growing for token in range(vocab_size)]
        complete += longer
        growing = [episode for episode in longer if episode[-1] != end]
    return complete
