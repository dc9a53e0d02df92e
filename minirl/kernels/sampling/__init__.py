"""Drawing the next token from its logits."""

OPERATIONS = ("sample",)
