"""The episodes that are cut off have one token too many. After `horizon` tokens it is over."""


def all_episodes(vocab_size, end, horizon):
    complete, growing = [], [()]
    for _ in range(horizon + 1):
        longer = [(*episode, token) for episode in growing for token in range(vocab_size)]
        complete += [episode for episode in longer if episode[-1] == end and len(episode) <= horizon]
        growing = [episode for episode in longer if episode[-1] != end or len(episode) > horizon]
    return complete + growing
