"""The tokens of the prompt are left out. The result has a weight for every token, and theirs is 0."""


def token_weights(advantages, is_action, N):
    return advantages[is_action] / advantages.dtype.type(N)
