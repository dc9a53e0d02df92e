"""The end token is missing at the end of the episodes. It is an action of the agent, and belongs to the episode."""


def all_episodes(vocab_size, end, horizon):
    complete, growing = [], [()]
    for _ in range(horizon):
        complete += growing
        growing = [(*episode, token) for episode in growing for token in range(vocab_size) if token != end]
    return complete + growing
