"""Reinforcement learning on language models.

Read mdp.py first (states, actions, rewards), then plain.py (REINFORCE on one screen). rollout.py and reinforce.py do
the same for hundreds of episodes at once.
"""

from minirl.rl.advantage import advantages
from minirl.rl.config import PPOConfig, RLConfig
from minirl.rl.finite import NonFiniteError
from minirl.rl.mdp import Agent, Environment, Episode, State, play
from minirl.rl.preflight import Preflight, preflight
from minirl.rl.reinforce import reinforce_step
from minirl.rl.rollout import rollout

__all__ = [
    "Agent",
    "Environment",
    "Episode",
    "NonFiniteError",
    "PPOConfig",
    "Preflight",
    "RLConfig",
    "State",
    "advantages",
    "play",
    "preflight",
    "reinforce_step",
    "rollout",
]
