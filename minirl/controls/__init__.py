"""Controls: what does reinforcement learning add, and which part of it does? (Ablations.)"""
