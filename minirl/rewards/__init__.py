"""Experiments with rewards: `python -m minirl.rewards`."""
