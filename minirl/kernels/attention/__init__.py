"""Attention: of whole sequences or of documents end to end, its gradient, and of one new token against a cache."""

OPERATIONS = ("attention", "attention_backward", "attention_decode")
