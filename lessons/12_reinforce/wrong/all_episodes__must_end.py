"""The episodes that are cut off are missing: those of full length without an end token. They happen too, and
without them the probabilities do not add up to 1."""


def all_episodes(vocab_size, end, horizon):
    complete, growing = [], [()]
    for _ in range(horizon):
        longer = [(*episode, token) for episode in growing for token in range(vocab_size)]
        complete += [episode for episode in longer if episode[-1] == end]
        growing = [episode for episode in longer if episode[-1] != end]
    return complete
