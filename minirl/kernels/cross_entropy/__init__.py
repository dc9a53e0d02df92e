"""The loss: log-probabilities of tokens, and the loss of the whole training story without its N x V logits."""

OPERATIONS = ("cross_entropy", "linear_cross_entropy", "linear_log_prob")
