"""Reinforcement learning on language models: the notes in code (mdp), and the same in batch and fast."""
