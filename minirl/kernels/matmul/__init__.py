"""Matrix products: A @ B, with what usually follows it in the same pass over memory."""

OPERATIONS = ("matmul", "round_bfloat16")
