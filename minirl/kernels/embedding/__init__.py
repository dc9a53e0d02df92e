"""Embeddings: rows of a table, looked up by token id."""

OPERATIONS = ("embedding", "embedding_backward")
