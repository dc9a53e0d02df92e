"""A whole model in one call: from each row's new token to the logits of the one after it."""

OPERATIONS = ("decode",)
