"""Tokens of the prompt have a weight here. The model did not choose them: they are not actions."""


def token_weights(advantages, is_action, N):
    return advantages / N
