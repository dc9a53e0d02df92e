"""What reinforcement learning adds, and which of its parts do it: variants of finished runs, compared in tables."""
