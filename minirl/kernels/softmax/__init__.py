"""Softmax and log-softmax along rows, and their gradients."""

OPERATIONS = ("softmax", "softmax_backward", "log_softmax", "log_softmax_backward")
