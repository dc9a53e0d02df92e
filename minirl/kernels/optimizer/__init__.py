"""AdamW on all parameters at once, and what clipping their gradients needs."""

OPERATIONS = ("adamw", "sum_squares", "scale")
